//! Every way in which a stream can go, for streams small enough that all of them can be looked at.
//!
//! There is a client end and a server end. Each counts its frames with the product's own [`Inbound`] and [`Outbound`]
//! (`end.rs`), and around them are the rules of sections 8 and 10 of `docs/wire.md`: `client.rs`, `server.rs`. Between
//! them is NATS (`world.rs`): the OPEN goes through the queue group, all else in order to `_i` or to the inbox. A state is
//! the two ends, what is on its way, and what may still go wrong. What can happen next is in `action.rs`, and when it can
//! in `rules.rs`:
//!
//! - frames come, messages are sent and read, the audit asks, time passes: this happens by itself, sooner or later;
//! - somebody gives up, a frame is lost or comes twice, a connection ends: this may happen at any moment, so many times.
//!
//! `search.rs` looks at all states that can be reached. In each of them:
//!
//! - no honest end is said to break the protocol, and none says `FRAME_LOST` when nothing was lost;
//! - what a reader was given is the beginning of what was sent, and with OK, or a half-close, it is all of it;
//! - each end ends the call once;
//! - what happens by itself is enough to come to an end of which nothing is left, whatever went wrong until then.
//!
//! Time is not counted: a time-out can happen as soon as nothing is on its way that it waits for. Where it comes too early,
//! that is a mistake, and there may be so many of those.
//!
//! [`Inbound`]: nats_rpc::wire::flow::Inbound
//! [`Outbound`]: nats_rpc::wire::flow::Outbound

mod action;
mod client;
mod end;
mod frame;
mod rules;
mod search;
mod server;
mod setup;
mod world;

use crate::search::explore;
use crate::setup::{LARGE, SMALL, Setup};

const CHUNKS: Setup = Setup { requests: &[LARGE, SMALL], responses: &[SMALL, LARGE], ..Setup::new("chunks") };
/// As few states as possible, for more trouble.
const SHORT: Setup = Setup { responses: &[SMALL], head: false, in_open: 1, ..Setup::new("short") };

#[test]
fn nothing_goes_wrong() {
    for setup in [
        Setup::new("two messages each way"),
        CHUNKS,
        Setup { in_open: 1, ..Setup::new("one in the OPEN") },
        Setup { in_open: 2, end_with_last: true, head: false, ..Setup::new("all in the OPEN") },
        Setup { requests: &[2100, 520, 100], responses: &[2100, 520, 100], ..Setup::new("large ones first") },
        Setup { window: 1677, head: false, responses: &[900, 250, 419], ..Setup::new("over half is left") },
    ] {
        let ends = explore(&setup);
        assert_eq!(ends.into_keys().collect::<Vec<_>>(), ["Ok"], "{}", setup.name);
    }
}

#[test]
fn frames_are_lost() {
    explore(&Setup { losses: 1, ..Setup::new("a loss") });
    explore(&Setup { losses: 2, ..Setup::new("two losses") });
    explore(&Setup { losses: 2, ..CHUNKS.named("chunks, two losses") });
}

#[test]
fn frames_come_twice() {
    for setup in [
        Setup { duplicates: 2, ..Setup::new("two repeats") },
        Setup { duplicates: 1, ..CHUNKS.named("chunks, a repeat") },
    ] {
        let ends = explore(&setup);
        assert_eq!(ends.into_keys().collect::<Vec<_>>(), ["Ok"], "{}", setup.name);
    }
    explore(&Setup { duplicates: 1, losses: 1, ..CHUNKS.named("chunks, a repeat, a loss") });
}

#[test]
fn somebody_gives_up() {
    explore(&Setup { whims: true, ..Setup::new("whims") });
    explore(&Setup { whims: true, losses: 2, ..Setup::new("whims, two losses") });
    explore(&Setup {
        whims: true,
        losses: 1,
        duplicates: 1,
        ..SHORT.named("short, whims, a repeat, a loss")
    });
}

#[test]
fn connections_end() {
    explore(&Setup { disconnects: 2, mistakes: 1, ..Setup::new("two disconnects, a mistake") });
    explore(&Setup {
        disconnects: 2,
        losses: 1,
        whims: true,
        ..Setup::new("two disconnects, whims, a loss")
    });
    explore(&Setup {
        disconnects: 1,
        losses: 1,
        mistakes: 1,
        whims: true,
        ..CHUNKS.named("chunks, all but repeats")
    });
}

/// Minutes, and some gigabytes.
#[test]
fn more_goes_wrong_if_wanted() {
    if std::env::var_os("NATS_RPC_EXPLORE").is_none() {
        return;
    }
    explore(&Setup { losses: 2, duplicates: 2, ..CHUNKS.named("chunks, two losses, two repeats") });
    explore(&Setup { whims: true, losses: 1, duplicates: 1, ..Setup::new("whims, a repeat, a loss") });
    explore(&Setup {
        whims: true,
        losses: 3,
        mistakes: 1,
        disconnects: 1,
        ..CHUNKS.named("chunks, three losses")
    });
    let all = Setup { whims: true, losses: 1, duplicates: 1, mistakes: 1, disconnects: 1, ..CHUNKS };
    explore(&all.named("chunks, all"));
}
