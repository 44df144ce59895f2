use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::model::{Model, Outcome, Told};
use crate::call::Priority;
use crate::layer::overload::line::Discipline;
use crate::layer::overload::queue::Key;
use crate::layer::overload::seats::{Arrival, Changes, Entered, Seats};

const DISCIPLINE: Discipline =
    Discipline { target: Duration::from_millis(5), interval: Duration::from_millis(100) };

#[derive(Debug, Clone)]
enum Step {
    /// A call comes, with so many ms until its deadline.
    Enter(Priority, Option<u64>),
    /// One that runs is over.
    Leave,
    /// One of those that have been told to wait gives up, whether it still waits or not.
    Withdraw(usize),
    SetLimit(u32),
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    use Priority::{Background, Critical, Default, Sheddable};
    let priority = prop_oneof![
        3 => Just(Critical), 6 => Just(Default), 1 => Just(Sheddable), 1 => Just(Background),
    ];
    let enter = (priority, proptest::option::weighted(0.2, 0..60_u64));
    prop_oneof![
        12 => enter.prop_map(|(priority, deadline)| Step::Enter(priority, deadline)),
        7 => Just(Step::Leave),
        2 => any::<usize>().prop_map(Step::Withdraw),
        1 => (1..24_u32).prop_map(Step::SetLimit),
        6 => (0..4_u64).prop_map(Step::Advance),
        1 => (10..120_u64).prop_map(Step::Advance),
    ]
}

/// In any order: whom a step concerns.
fn told(changes: Changes<u32>) -> Told {
    let Changes { mut granted, mut overdue } = changes;
    granted.sort_unstable();
    overdue.sort_unstable();
    (granted, overdue)
}

fn sorted((mut granted, mut overdue): Told) -> Told {
    granted.sort_unstable();
    overdue.sort_unstable();
    (granted, overdue)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn they_do_what_the_model_does(
        limit in 1..24_u32,
        queue_percent in prop_oneof![Just(0), Just(50), Just(100), Just(300)],
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let seats = Seats::new(limit, queue_percent, DISCIPLINE);
        let mut model = Model::new(limit, 0, DISCIPLINE);
        let (mut now, mut keys) = (Instant::now(), HashMap::<u32, Key>::new());
        for (id, step) in (0..).zip(steps) {
            model.room = (model.limit * queue_percent).div_ceil(100);
            match step {
                Step::Enter(priority, remaining) => {
                    let deadline = remaining.map(|ms| now + Duration::from_millis(ms));
                    let expected = model.enter(id, priority, deadline, now);
                    let given = if seats.try_enter(priority) {
                        (Outcome::Admitted, Told::default())
                    } else {
                        let (entered, changes) = seats.enter(Arrival { priority, deadline, now }, id);
                        let outcome = match entered {
                            Entered::Admitted => Outcome::Admitted,
                            Entered::Waits(key, until) => {
                                keys.insert(id, key);
                                Outcome::Waits(until)
                            }
                            Entered::Expired => Outcome::Expired,
                            Entered::Shed => Outcome::Shed,
                        };
                        (outcome, told(changes))
                    };
                    prop_assert_eq!(given, (expected.0, sorted(expected.1)));
                }
                Step::Leave if model.running == 0 => {}
                Step::Leave => prop_assert_eq!(told(seats.leave(|| now)), sorted(model.leave(now))),
                Step::Withdraw(_) if keys.is_empty() => {}
                Step::Withdraw(which) => {
                    let mut ids: Vec<u32> = keys.keys().copied().collect();
                    ids.sort_unstable();
                    let id = ids[which % ids.len()];
                    prop_assert_eq!(seats.withdraw(keys[&id], now).is_some(), model.withdraw(id, now));
                }
                Step::SetLimit(limit) => {
                    prop_assert_eq!(told(seats.set_limit(limit, now)), sorted(model.set_limit(limit, now)));
                }
                Step::Advance(ms) => now += Duration::from_millis(ms),
            }
            prop_assert_eq!((seats.running(), seats.queue(now).0), (model.running, model.waiting.len()));
        }
        // No place is lost: who leaves is followed by all who wait, and in the end nobody is there.
        while model.running > 0 {
            prop_assert_eq!(told(seats.leave(|| now)), sorted(model.leave(now)));
        }
        prop_assert_eq!((seats.running(), seats.queue(now).0), (0, 0));
    }
}
