//! A circuit does what a simple model of it does, whatever happens.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{Circuit, Rejected};
use crate::layer::breaker::BreakerState;
use crate::layer::breaker::outcome::Outcome;
use crate::spec::BreakerSpec;

const MIN_CALLS: usize = 5;
const SPEC: BreakerSpec = BreakerSpec::new().with_min_calls(5);

#[derive(Debug, Clone)]
enum Step {
    /// A call with this timeout, in milliseconds.
    Call(Option<u64>),
    /// The end of one of the calls that were let through.
    End(prop::sample::Index, Outcome),
    /// So many calls that end at once.
    Calls(usize, Outcome),
    Wait(u64),
    ForceOpen,
    ForceClosed,
    Isolate,
    Reset,
}

/// Keeps everything, and looks at all of it each time. Times are in milliseconds.
struct Model {
    now: u64,
    state: BreakerState,
    /// When the state began, and when an open or a ramp ends.
    since: u64,
    until: u64,
    /// When counting began, and what was counted: when, and whether it succeeded.
    counting_since: u64,
    ended: Vec<(u64, bool)>,
    /// Calls that were let through, and whether they still count.
    calls: Vec<bool>,
    /// Which of them tries the service, when it is overdue, and whether it has more time than that.
    probe: Option<(usize, u64, bool)>,
    succeeded: u32,
    doublings: u32,
    overdue: u32,
    ramped: u64,
}

impl Model {
    fn new() -> Self {
        Self {
            now: 0,
            state: BreakerState::Closed,
            since: 0,
            until: 0,
            counting_since: 0,
            ended: Vec::new(),
            calls: Vec::new(),
            probe: None,
            succeeded: 0,
            doublings: 0,
            overdue: 0,
            ramped: 0,
        }
    }

    fn enter(&mut self, state: BreakerState, at: u64) {
        (self.state, self.since, self.probe) = (state, at, None);
    }

    /// No call of before counts any more.
    fn forget(&mut self, at: u64) {
        self.calls.iter_mut().for_each(|counts| *counts = false);
        self.ended.clear();
        self.counting_since = at;
    }

    fn open(&mut self, at: u64) {
        if self.state == BreakerState::Closed {
            self.doublings = self.doublings.saturating_sub(((at - self.since) / 60_000) as u32);
        }
        let time = [1000, 2000, 3000][self.doublings as usize];
        self.doublings = (self.doublings + 1).min(2);
        self.forget(at);
        self.enter(BreakerState::Open, at);
        self.until = at + time;
    }

    fn catch_up(&mut self) {
        if let Some((_, due, is_hurried)) = self.probe
            && due <= self.now
        {
            self.overdue += u32::from(is_hurried);
            self.open(due);
        }
        if self.state == BreakerState::Ramp && self.until <= self.now {
            self.overdue = 0;
            self.enter(BreakerState::Closed, self.until);
        }
    }

    fn call(&mut self, timeout: Option<u64>) -> Result<usize, Option<u64>> {
        self.catch_up();
        match self.state {
            BreakerState::Isolated => return Err(None),
            BreakerState::Open if self.now < self.until => return Err(Some(self.until - self.now)),
            BreakerState::Open => {
                self.enter(BreakerState::HalfOpen, self.now);
                self.succeeded = 0;
            }
            BreakerState::HalfOpen if self.probe.is_some() => {
                return Err(self.probe.map(|(_, due, _)| (due - self.now).min(1000)));
            }
            BreakerState::Ramp => {
                let step = (self.now - self.since) / 500;
                let before = self.ramped / 100;
                self.ramped += [10, 25, 50, 100][step as usize];
                if self.ramped / 100 == before {
                    return Err(Some(500 - (self.now - self.since) % 500));
                }
            }
            _ => {}
        }
        if self.state == BreakerState::HalfOpen {
            self.calls.iter_mut().for_each(|counts| *counts = false);
            let (patience, timeout) = (5000 << self.overdue.min(6), timeout.unwrap_or(u64::MAX));
            self.probe = Some((self.calls.len(), self.now + timeout.min(patience), timeout > patience));
        }
        self.calls.push(true);
        Ok(self.calls.len() - 1)
    }

    fn end(&mut self, call: usize, outcome: Outcome) {
        self.catch_up();
        if !self.calls[call] {
            return;
        }
        match self.state {
            BreakerState::Closed | BreakerState::Ramp => self.count(outcome),
            BreakerState::HalfOpen if self.probe.is_some_and(|(probe, ..)| probe == call) => match outcome {
                Outcome::Nothing => self.probe = None,
                Outcome::Failure | Outcome::Busy => self.open(self.now),
                Outcome::Success => {
                    self.probe = None;
                    self.succeeded += 1;
                    if self.succeeded == 3 {
                        self.forget(self.now);
                        self.enter(BreakerState::Ramp, self.now);
                        (self.until, self.ramped) = (self.now + 2000, 90);
                    }
                }
            },
            _ => {}
        }
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.ended.push((self.now, true)),
            Outcome::Failure => {
                self.ended.push((self.now, false));
                let second = |at| (at - self.counting_since) / 1000;
                let recent = self.ended.iter().filter(|(at, _)| second(*at) + 10 > second(self.now));
                let (calls, failures) = recent.fold((0, 0), |(calls, failures), (_, success)| {
                    (calls + 1, failures + usize::from(!success))
                });
                let streak: Vec<_> = self.ended.iter().rev().take_while(|(_, success)| !success).collect();
                let silence = streak.last().is_some_and(|(first, _)| self.now - first >= 1000);
                let by_ratio = calls >= MIN_CALLS && failures * 5 >= calls * 4;
                if by_ratio || silence && streak.len().min(failures) >= MIN_CALLS {
                    self.open(self.now);
                }
            }
            _ => {}
        }
    }

    fn by_hand(&mut self, state: BreakerState) {
        self.catch_up();
        if state == BreakerState::Open {
            return self.open(self.now);
        }
        self.forget(self.now);
        self.enter(state, self.now);
        if state == BreakerState::Closed {
            (self.doublings, self.overdue) = (0, 0);
        }
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Success),
        6 => Just(Outcome::Failure),
        1 => Just(Outcome::Busy),
        1 => Just(Outcome::Nothing),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => option::of(0_u64..10_000).prop_map(Step::Call),
        20 => (any::<prop::sample::Index>(), outcome()).prop_map(|(index, outcome)| Step::End(index, outcome)),
        20 => (1_usize..30, outcome()).prop_map(|(calls, outcome)| Step::Calls(calls, outcome)),
        20 => (0_u64..3000).prop_map(Step::Wait),
        2 => (0_u64..200_000).prop_map(Step::Wait),
        1 => Just(Step::ForceOpen),
        1 => Just(Step::ForceClosed),
        1 => Just(Step::Isolate),
        3 => Just(Step::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn it_does_what_its_model_does(steps in vec(step(), 1..200)) {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let (mut circuit, mut model) = (Circuit::new(SPEC, start, || 0.0), Model::new());
        let mut permits = Vec::new();
        let mut before = circuit.state();
        for step in steps {
            let now = at(model.now);
            match &step {
                Step::Call(timeout) => {
                    let admitted = circuit.admit(now, timeout.map(|timeout| at(model.now + timeout)));
                    let expected = model.call(*timeout);
                    let rejected = admitted.as_ref().err().map(|Rejected { retry_in }| *retry_in);
                    let expected = expected.err().map(|retry_in| retry_in.map(Duration::from_millis));
                    prop_assert_eq!(rejected, expected);
                    permits.extend(admitted.ok().map(Some));
                }
                Step::End(_, _) if permits.is_empty() => {}
                Step::End(index, outcome) => {
                    let index = index.index(permits.len());
                    if let Some(permit) = permits[index].take() {
                        circuit.end(permit, *outcome, now);
                        model.end(index, *outcome);
                    }
                }
                Step::Calls(calls, outcome) => for _ in 0..*calls {
                    let admitted = circuit.admit(now, None);
                    prop_assert_eq!(admitted.is_ok(), model.call(None).is_ok());
                    if let Ok(permit) = admitted {
                        circuit.end(permit, *outcome, now);
                        model.end(permits.len(), *outcome);
                        permits.push(None);
                    }
                },
                Step::Wait(ms) => model.now += ms,
                Step::ForceOpen => { circuit.force_open(now); model.by_hand(BreakerState::Open); }
                Step::ForceClosed => { circuit.force_closed(now); model.by_hand(BreakerState::ForcedClosed); }
                Step::Isolate => { circuit.isolate(now); model.by_hand(BreakerState::Isolated); }
                Step::Reset => { circuit.reset(now); model.by_hand(BreakerState::Closed); }
            }
            circuit.advance(at(model.now));
            model.catch_up();
            prop_assert_eq!(circuit.state(), model.state, "after {:?}", step);
            while let Some(change) = circuit.next_change() {
                prop_assert_eq!(change.from, before);
                before = change.to;
            }
            prop_assert_eq!(before, model.state);
        }
    }
}
