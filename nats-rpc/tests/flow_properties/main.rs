//! The counting of a stream's frames: what honest ends send arrives whatever the window, and nothing harms it.

mod garbage;
mod pipe;
mod writer;

use nats_rpc::wire::flow::Fault;
use nats_rpc::wire::{Data, flow::Inbound};
use nats_rpc::wire::{DataFlags, Terminal};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::pipe::{Pipe, Step};

/// From the smallest first window that a stream gets.
fn window() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1024..2100_u64, 2 => 1024..20_000_u64, 1 => 1024..600_000_u64]
}

/// Lengths of messages, also such as just fit or just do not.
fn lens(window: u64) -> impl Strategy<Value = Vec<usize>> {
    let window = usize::try_from(window).expect("it is small");
    let near = |at: usize| at.saturating_sub(3)..at + 3;
    let len = prop_oneof![
        2 => 0..40_usize,
        2 => 0..window,
        2 => near(window / 4),
        1 => near(window / 2),
        1 => near(window - 512),
        1 => near(window),
        2 => window..window * 3,
        1 => 0..200_000_usize,
        1 => Just(1_500_000),
    ];
    vec(len, 0..8)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Make),
        4 => Just(Step::Send),
        3 => Just(Step::Deliver),
        1 => Just(Step::DeliverTwice),
        3 => Just(Step::Credit),
        2 => Just(Step::Read),
        1 => Just(Step::ReadAndWiden),
    ];
    vec(step, 0..120)
}

/// Windows in which a frame's cost is much, and messages that are about a part of them.
fn narrow() -> impl Strategy<Value = (u64, Vec<usize>, Vec<Step>)> {
    let lens = |window: u64| {
        let quarter = usize::try_from(window / 4).expect("it is small");
        vec(prop_oneof![1 => 200..1000_usize, 1 => quarter - 60..quarter + 3], 3..10)
    };
    (1024..2100_u64).prop_flat_map(move |window| (Just(window), lens(window), steps()))
}

fn honest() -> impl Strategy<Value = (u64, Vec<usize>, Vec<Step>)> {
    window().prop_flat_map(|window| (Just(window), lens(window), steps()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    /// Whoever reads, in the end, gets everything, in order.
    #[test]
    fn responses_arrive((window, lens, steps) in honest(), head in any::<bool>(), frame in 24_576..1_000_000_usize) {
        let mut pipe = Pipe::responses(window, lens, frame, head);
        steps.into_iter().for_each(|step| pipe.step(step));
        pipe.finish();
    }

    #[test]
    fn responses_pass_narrow_windows((window, lens, steps) in narrow(), head in any::<bool>()) {
        let mut pipe = Pipe::responses(window, lens, 1_000_000, head);
        steps.into_iter().for_each(|step| pipe.step(step));
        pipe.finish();
    }

    #[test]
    fn requests_arrive((window, lens, steps) in honest(), in_open in 0..4_usize, frame in 24_576..1_000_000_usize) {
        let mut pipe = Pipe::requests(window, lens, frame, in_open);
        steps.into_iter().for_each(|step| pipe.step(step));
        pipe.finish();
    }

    #[test]
    fn garbage_does_no_harm_to_a_receiver(
        begin in garbage::begin(),
        acts in vec(garbage::act(), 0..40),
    ) {
        let mut inbound = begin;
        for act in acts {
            let before = (inbound.received(), inbound.credit(), inbound.window());
            act.on(&mut inbound);
            let after = (inbound.received(), inbound.credit(), inbound.window());
            prop_assert!(before.0 <= after.0 && before.1 <= after.1 && before.2 <= after.2, "{:?}", act);
        }
    }

    #[test]
    fn garbage_does_no_harm_to_a_sender(
        begin in garbage::begin_sending(),
        acts in vec((garbage::number(), garbage::number(), any::<bool>()), 0..40),
    ) {
        let mut outbound = begin;
        for (number, other, sends) in acts {
            let (before, room) = ((outbound.sent(), outbound.counts()), outbound.room());
            if sends {
                outbound.send(usize::try_from(number).expect("64 bits"), other);
            } else {
                let more = outbound.allow(number);
                prop_assert!(outbound.room().is_none_or(|room| !more || room < number));
                prop_assert!(room <= outbound.room());
            }
            let after = (outbound.sent(), outbound.counts());
            prop_assert!(before.0 <= after.0 && before.1.frames <= after.1.frames);
            prop_assert!(before.1.messages <= after.1.messages);
        }
    }
}

/// An end that adds up, but not with what has come, is none: something is wrong with whoever says so.
#[test]
fn an_end_says_how_many_messages_came() {
    let mut inbound = Inbound::responses(4096);
    assert!(inbound.data(&Data::default(), 10).is_ok());
    for messages in [0, 2, u64::MAX] {
        let end = Terminal { seq: 1, messages, ..Terminal::default() };
        assert!(matches!(inbound.clone().terminal(&end), Err(Fault::Protocol(_))), "{messages}");
    }
    assert_eq!(inbound.terminal(&Terminal { seq: 1, messages: 1, ..Terminal::default() }), Ok(true));
}

/// A good end does not come within a message; a bad one may.
#[test]
fn a_good_end_does_not_cut_a_message() {
    let mut inbound = Inbound::responses(4096);
    let first = Data { total_len: 100, ..Data::default() };
    assert!(inbound.data(&first, 10).is_ok());
    let end = |code| Terminal { seq: 1, code, ..Terminal::default() };
    assert!(matches!(inbound.clone().terminal(&end(0)), Err(Fault::Protocol(_))));
    assert_eq!(inbound.clone().terminal(&end(13)), Ok(true));
    let half_close = Data { seq: 1, flags: DataFlags::END, ..Data::default() };
    assert!(matches!(inbound.data(&half_close, 10), Err(Fault::Protocol(_))));
}

/// After which frames a reader gives credit who has a full window of so many to read.
fn credited(frames: u64, cost: u64) -> Vec<u64> {
    let mut inbound = Inbound::responses(frames * cost);
    for seq in 0..frames {
        assert!(inbound.data(&Data { seq, ..Data::default() }, (cost - 512) as usize).is_ok());
    }
    (1..=frames).filter(|_| inbound.consume(cost) && inbound.grant() > 0).collect()
}

/// A reader with a full window to read gives credit for a good part of it at once, not for each frame.
#[test]
fn a_full_window_is_credited_in_parts() {
    // By halves; there was credit for a HEAD, too.
    assert_eq!(credited(32, 1024), [17]);
    assert_eq!(credited(16, 16 * 1024), [9]);
    // By 128 KiB where half would be more.
    assert_eq!(credited(32, 16 * 1024), [9, 17, 25]);
}
