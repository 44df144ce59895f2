//! What a user relies on, one test for each behaviour, most of them on a real nats-server and on the broker
//! within the process.

mod calls;
mod connect;
mod deadlines;
mod errors;
mod events;
mod foreign;
mod garbage;
mod in_process;
mod layers;
mod lifecycle;
mod metadata;
mod outage;
mod panics;
mod parallel;
mod permissions;
mod plain;
mod security;
mod sizes;
mod subjects;
