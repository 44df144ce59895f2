//! Every way in which a stream can go, for streams small enough that all of them can be looked at.
//!
//! There is a client end and a server end. Each counts its frames with the product's own [`Inbound`] and [`Outbound`]
//! (`end.rs`), and around them are the rules of sections 8 and 10 of `docs/wire.md`: `client.rs`, `server.rs`. Between
//! them is NATS (`world.rs`): the OPEN goes through the queue group, all else in order to `_i` or to the inbox. A state is
//! the two ends, what is on its way, and what may still go wrong. What can happen next is an [`Action`](world::Action):
//!
//! - frames come, messages are sent and read, the audit asks, time passes: this happens by itself, sooner or later;
//! - somebody gives up, a frame is lost or comes twice, a connection ends: this may happen at any moment, so many times.
//!
//! `search.rs` looks at all states that can be reached. In each of them:
//!
//! - no honest end is said to break the protocol, and none says FRAME_LOST when nothing was lost;
//! - what a reader was given is the beginning of what was sent, and with OK, or a half-close, it is all of it;
//! - each end ends the call once;
//! - what happens by itself is enough to come to an end of which nothing is left, whatever went wrong until then.
//!
//! Time is not counted: a time-out can happen when nothing is on its way that it waits for. The worlds after it are those
//! of all real times.
//!
//! [`Inbound`]: nats_rpc::wire::flow::Inbound
//! [`Outbound`]: nats_rpc::wire::flow::Outbound

mod client;
mod end;
mod frame;
mod search;
mod server;
mod setup;
mod world;

use crate::search::explore;
use crate::setup::{LARGE, SMALL, Setup};

const CHUNKS: Setup = Setup { requests: &[LARGE, SMALL], responses: &[SMALL, LARGE], ..Setup::new("chunks") };

#[test]
fn nothing_goes_wrong() {
    explore(&Setup::new("two messages each way"));
    explore(&CHUNKS);
    explore(&Setup { in_open: 1, ..Setup::new("one in the OPEN") });
    explore(&Setup { in_open: 2, end_with_last: true, head: false, ..Setup::new("all in the OPEN") });
    explore(&Setup {
        responses: &[2100, 520, 100],
        requests: &[2100, 520, 100],
        ..Setup::new("large ones first")
    });
    explore(&Setup {
        window: 1677,
        head: false,
        responses: &[900, 250, 419],
        ..Setup::new("more than half is left")
    });
}

#[test]
fn frames_are_lost() {
    explore(&Setup { losses: 1, ..Setup::new("one loss") });
    explore(&Setup { losses: 2, ..Setup::new("two losses") });
    explore(&Setup { losses: 2, ..CHUNKS });
}

#[test]
fn frames_come_twice() {
    explore(&Setup { duplicates: 1, ..Setup::new("one twice") });
    explore(&Setup { duplicates: 1, ..CHUNKS });
    explore(&Setup { duplicates: 2, losses: 1, ..CHUNKS });
}

#[test]
fn somebody_gives_up() {
    explore(&Setup { whims: true, ..Setup::new("whims") });
    explore(&Setup { whims: true, losses: 2, ..Setup::new("whims, two losses") });
    explore(&Setup { whims: true, losses: 1, duplicates: 1, ..Setup::new("whims, a loss, one twice") });
}

#[test]
fn connections_end() {
    explore(&Setup { disconnects: 2, ..Setup::new("dis") });
    explore(&Setup { disconnects: 2, losses: 1, whims: true, ..Setup::new("dis, whims, loss") });
    explore(&Setup { disconnects: 1, losses: 2, mistakes: 1, whims: true, ..Setup::new("all") });
}
