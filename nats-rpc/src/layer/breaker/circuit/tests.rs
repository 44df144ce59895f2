use std::time::{Duration, Instant};

use super::{Change, Circuit, Permit, Rejected};
use crate::layer::breaker::outcome::Outcome;
use crate::layer::breaker::tally::Tally;
use crate::layer::breaker::{BreakerCause, BreakerState};
use crate::spec::BreakerSpec;

const SECOND: Duration = Duration::from_secs(1);

/// A circuit and a clock.
struct Bench {
    circuit: Circuit,
    now: Instant,
}

impl Bench {
    fn new(spec: BreakerSpec) -> Self {
        let now = Instant::now();
        Self { circuit: Circuit::new(spec, now, || 0.0), now }
    }

    /// One whose circuit has just opened for a second.
    fn open() -> Self {
        let mut bench = Self::new(BreakerSpec::new());
        bench.calls(20, Outcome::Failure);
        assert_eq!(bench.state(), BreakerState::Open);
        bench
    }

    /// One that has let a call through to try the service.
    fn trying() -> (Self, Permit) {
        let mut bench = Self::open();
        bench.wait(SECOND);
        let probe = bench.admit().unwrap();
        (bench, probe)
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    fn admit(&mut self) -> Result<Permit, Rejected> {
        self.circuit.admit(self.now, Some(self.now + SECOND))
    }

    fn end(&mut self, permit: Permit, outcome: Outcome) {
        self.circuit.end(permit, outcome, self.now);
    }

    /// Calls that end at once. Returns how many were let through.
    fn calls(&mut self, count: u32, outcome: Outcome) -> u32 {
        let admitted = (0..count).filter_map(|_| self.admit().ok().map(|permit| self.end(permit, outcome)));
        admitted.count().try_into().unwrap()
    }

    fn state(&mut self) -> BreakerState {
        self.circuit.advance(self.now);
        self.circuit.state()
    }

    fn changes(&mut self) -> Vec<Change> {
        std::iter::from_fn(|| self.circuit.next_change()).collect()
    }
}

#[test]
fn it_opens_at_four_failures_in_five_of_twenty_calls() {
    for (successes, failures, open) in [(4, 16, true), (0, 19, false), (5, 15, false), (3, 16, false)] {
        let mut bench = Bench::new(BreakerSpec::new());
        bench.calls(successes, Outcome::Success);
        bench.calls(failures, Outcome::Failure);
        assert_eq!(bench.state() == BreakerState::Open, open, "{successes} and {failures}");
    }
    let mut bench = Bench::new(BreakerSpec::new());
    bench.calls(4, Outcome::Success);
    bench.calls(16, Outcome::Failure);
    let cause = BreakerCause::FailureRatio { failures: 16, calls: 20 };
    assert_eq!(bench.changes(), [Change { from: BreakerState::Closed, to: BreakerState::Open, cause }]);
}

#[test]
fn it_opens_when_none_has_succeeded_for_a_second() {
    let mut bench = Bench::new(BreakerSpec::new());
    bench.calls(1000, Outcome::Success);
    bench.calls(19, Outcome::Failure);
    bench.wait(SECOND - Duration::from_millis(1));
    bench.calls(1, Outcome::Failure);
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.wait(Duration::from_millis(1));
    bench.calls(1, Outcome::Failure);
    assert_eq!(bench.changes().pop().unwrap().cause, BreakerCause::NoSuccess { failures: 21 });
}

#[test]
fn a_burst_of_calls_to_a_group_with_a_hanging_instance_does_not_open_it() {
    let mut bench = Bench::new(BreakerSpec::new());
    for _ in 0..100 {
        let hanging: Vec<_> = (0..33).map(|_| bench.admit().unwrap()).collect();
        bench.calls(67, Outcome::Success);
        bench.wait(SECOND);
        hanging.into_iter().for_each(|permit| bench.end(permit, Outcome::Failure));
        bench.wait(SECOND * 2);
    }
    assert_eq!(bench.state(), BreakerState::Closed);
}

#[test]
fn one_bad_instance_of_three_never_opens_it() {
    let mut bench = Bench::new(BreakerSpec::new());
    for number in 0..100_000_u32 {
        bench.wait(Duration::from_millis(1));
        // Which instance a call comes to is random.
        let bad = number.wrapping_mul(2_654_435_761) % 3 == 0;
        assert_eq!(bench.calls(1, if bad { Outcome::Failure } else { Outcome::Success }), 1);
    }
}

#[test]
fn what_is_too_much_or_says_nothing_never_opens_it() {
    for outcome in [Outcome::Busy, Outcome::Nothing] {
        let mut bench = Bench::new(BreakerSpec::new());
        assert_eq!(bench.calls(1000, outcome), 1000);
        // They do not hide what fails either.
        assert_eq!(bench.calls(1000, Outcome::Failure), 20);
    }
}

/// A defect of others: a breaker that has been healthy for a day needs a day of failures to open.
#[test]
fn the_window_slides() {
    let mut bench = Bench::new(BreakerSpec::new());
    for _ in 0..100_000 {
        bench.wait(Duration::from_millis(1));
        bench.calls(1, Outcome::Success);
    }
    let mut failures = 0;
    while bench.state() == BreakerState::Closed {
        bench.wait(Duration::from_millis(1));
        // Every tenth call succeeds, so that only the ratio can open it.
        failures += bench.calls(9, Outcome::Failure);
        bench.calls(1, Outcome::Success);
        assert!(failures < 50_000, "nine failures in ten calls did not open it");
    }
    assert!(matches!(bench.changes().pop().unwrap().cause, BreakerCause::FailureRatio { .. }));
}

/// A defect of others: trials whose outcome never comes, or comes rarely, keep all calls out for ever.
#[test]
fn half_open_does_not_lock() {
    let (mut bench, probe) = Bench::trying();
    // It is forgotten by everybody, and its deadline passes.
    assert_eq!(bench.calls(20, Outcome::Success), 0);
    bench.wait(SECOND);
    assert_eq!(bench.state(), BreakerState::Open);
    bench.wait(SECOND * 2);
    for _ in 0..3 {
        assert_eq!(bench.calls(1, Outcome::Success), 1);
        // Longer than anything is counted.
        bench.wait(SECOND * 60);
    }
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.end(probe, Outcome::Failure);
    assert_eq!(bench.state(), BreakerState::Closed);
}

/// Other calls do not wait for its deadline: most instances may be well.
#[test]
fn a_trial_that_hangs_and_has_much_time_is_over_before_that() {
    let mut bench = Bench::open();
    bench.wait(SECOND);
    bench.circuit.admit(bench.now, Some(bench.now + SECOND * 3600)).unwrap();
    bench.wait(SECOND * 5);
    assert_eq!(bench.state(), BreakerState::Open);
    bench.wait(SECOND * 2);
    assert_eq!(bench.calls(3, Outcome::Success), 3);
    assert_eq!(bench.state(), BreakerState::Ramp);
}

#[test]
fn a_method_of_long_calls_comes_through() {
    for deadline in [None, Some(SECOND * 3600)] {
        let mut bench = Bench::open();
        let mut trials = 0;
        while bench.state() != BreakerState::Ramp {
            assert!(trials < 20, "it does not recover");
            if let Ok(probe) = bench.circuit.admit(bench.now, deadline.map(|time| bench.now + time)) {
                trials += 1;
                bench.wait(SECOND * 30);
                bench.end(probe, Outcome::Success);
            }
            bench.wait(SECOND);
        }
        // For 5, 10 and 20 s they were too long.
        assert_eq!(trials, 6);
    }
}

/// A defect of others: calls that were made before it opened close it, while the trial still runs.
#[test]
fn stragglers_decide_nothing() {
    let mut bench = Bench::new(BreakerSpec::new());
    let [good, bad, late] = [0, 1, 2].map(|_| (0..20).map(|_| bench.admit().unwrap()).collect::<Vec<_>>());
    bench.calls(20, Outcome::Failure);
    bench.wait(SECOND);
    let probe = bench.admit().unwrap();
    good.into_iter().for_each(|permit| bench.end(permit, Outcome::Success));
    assert_eq!(bench.state(), BreakerState::HalfOpen);
    assert!(bench.admit().is_err(), "the trial still runs");
    bad.into_iter().for_each(|permit| bench.end(permit, Outcome::Failure));
    assert_eq!(bench.state(), BreakerState::HalfOpen);
    bench.end(probe, Outcome::Success);
    bench.calls(2, Outcome::Success);
    assert_eq!(bench.state(), BreakerState::Ramp);
    late.into_iter().for_each(|permit| bench.end(permit, Outcome::Failure));
    assert_eq!(bench.state(), BreakerState::Ramp);
}

/// A defect of others: each call looks at all calls of the window.
#[test]
fn room_and_work_are_the_same_for_any_number_of_calls() {
    // What is `Copy` owns nothing elsewhere, so this is all that is kept and all that is looked at.
    fn is_all<T: Copy>() -> usize {
        size_of::<T>()
    }
    assert!(is_all::<Tally>() <= 256, "{} bytes", is_all::<Tally>());
}

/// A defect of others: after one cycle it is said to be open, half-open and closed at once.
#[test]
fn it_is_in_one_state_at_a_time() {
    use BreakerState::{Closed, HalfOpen, Open, Ramp};
    let (mut bench, probe) = Bench::trying();
    bench.end(probe, Outcome::Failure);
    bench.wait(SECOND * 2);
    bench.calls(3, Outcome::Success);
    bench.wait(SECOND * 2);
    assert_eq!(bench.state(), Closed);
    let changes = bench.changes();
    let states: Vec<_> = changes.iter().map(|change| change.to).collect();
    assert_eq!(states, [Open, HalfOpen, Open, HalfOpen, Ramp, Closed]);
    let before: Vec<_> = changes.iter().map(|change| change.from).collect();
    assert_eq!(before, [Closed, Open, HalfOpen, Open, HalfOpen, Ramp]);
}

#[test]
fn one_call_at_a_time_tries_the_service() {
    let (mut bench, probe) = Bench::trying();
    for _ in 0..2 {
        assert_eq!(bench.admit(), Err(Rejected { retry_in: Some(SECOND) }));
    }
    // Given up by its caller: another one may try.
    bench.end(probe, Outcome::Nothing);
    let probe = bench.admit().unwrap();
    assert!(bench.admit().is_err());
    bench.end(probe, Outcome::Success);
    assert_eq!(bench.calls(2, Outcome::Success), 2);
    assert_eq!(bench.state(), BreakerState::Ramp);
}

#[test]
fn a_trial_that_fails_opens_it_for_longer() {
    for outcome in [Outcome::Failure, Outcome::Busy] {
        let mut bench = Bench::open();
        for open in [1, 2, 3, 3, 3] {
            assert_eq!(bench.admit(), Err(Rejected { retry_in: Some(SECOND * open) }));
            bench.wait(SECOND * open);
            assert_eq!(bench.calls(1, outcome), 1);
            assert_eq!(bench.state(), BreakerState::Open);
        }
    }
}

#[test]
fn the_ramp_lets_more_and_more_through() {
    let mut bench = Bench::open();
    bench.wait(SECOND);
    bench.calls(3, Outcome::Success);
    for admitted in [10, 25, 50, 100] {
        assert_eq!(bench.state(), BreakerState::Ramp);
        assert_eq!(bench.calls(100, Outcome::Success), admitted);
        bench.wait(SECOND / 2);
    }
    assert_eq!(bench.state(), BreakerState::Closed);
    assert_eq!(bench.calls(100, Outcome::Success), 100);
    // What was let through in the ramp still counts.
    assert_eq!(bench.calls(100, Outcome::Failure), 100);
}

#[test]
fn the_ramp_ends_when_too_many_fail_again() {
    let mut bench = Bench::open();
    bench.wait(SECOND);
    bench.calls(3, Outcome::Success);
    assert_eq!(bench.calls(1000, Outcome::Failure), 20);
    assert_eq!(bench.admit(), Err(Rejected { retry_in: Some(SECOND * 2) }));
}

#[test]
fn without_a_breaker_it_stays_closed() {
    let mut bench = Bench::new(BreakerSpec::off());
    assert_eq!(bench.calls(1000, Outcome::Failure), 1000);
    assert_eq!(bench.changes(), []);
}

#[test]
fn by_hand_it_stays_as_it_was_told_to() {
    let mut bench = Bench::new(BreakerSpec::new());
    bench.circuit.force_closed(bench.now);
    assert_eq!(bench.calls(1000, Outcome::Failure), 1000);
    bench.circuit.isolate(bench.now);
    bench.wait(SECOND * 1000);
    assert_eq!(bench.admit(), Err(Rejected { retry_in: None }));
    bench.circuit.reset(bench.now);
    assert_eq!(bench.calls(1000, Outcome::Failure), 20);
    bench.circuit.reset(bench.now);
    // It recovers from this by itself.
    bench.circuit.force_open(bench.now);
    assert_eq!(bench.admit(), Err(Rejected { retry_in: Some(SECOND) }));
    bench.wait(SECOND);
    assert_eq!(bench.calls(3, Outcome::Success), 3);
    assert_eq!(bench.state(), BreakerState::Ramp);
}
