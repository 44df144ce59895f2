//! What a user relies on, one test for each behaviour, most of them on a real nats-server and on the broker
//! within the process.

mod accounts;
mod answers;
mod calls;
mod connect;
mod deadlines;
mod discovery;
mod errors;
mod events;
mod foreign;
mod garbage;
mod giving_up;
mod in_process;
mod inheritance;
mod layers;
mod lifecycle;
mod metadata;
mod noise;
mod openings;
mod outage;
mod panics;
mod parallel;
mod parity;
mod permissions;
mod plain;
mod processes;
mod proxied;
mod raw_socket;
mod reachability;
mod security;
mod sizes;
mod stale;
mod startup;
mod subjects;
