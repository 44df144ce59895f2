use std::collections::VecDeque;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::Instant;

use super::{Budget, Throttle};

const TTL: Duration = Duration::from_secs(10);

fn withdrawals(budget: &Budget, now: Instant) -> u32 {
    (0..).take_while(|_| budget.withdraw(now)).count().try_into().unwrap()
}

fn deposits(budget: &Budget, calls: u32, now: Instant) {
    (0..calls).for_each(|_| budget.deposit(now));
}

#[tokio::test(start_paused = true)]
async fn a_fifth_of_the_calls_and_ten_a_second() {
    let budget = Budget::new();
    let at = |seconds| Instant::now() + Duration::from_secs(seconds);
    assert_eq!(withdrawals(&budget, at(0)), 10);
    deposits(&budget, 100, at(0));
    assert_eq!(withdrawals(&budget, at(0)), 20);
    assert_eq!(withdrawals(&budget, at(1)), 10);
    let full = withdrawals(&budget, at(1000));
    assert!((98..=100).contains(&full), "{full}");
}

/// What `ratio` gives is within 2 % of it, with any load, whether it is used as it comes or saved up.
#[tokio::test(start_paused = true)]
async fn it_is_accurate() {
    let start = Instant::now();
    for percent in (1..=100_u32).step_by(3) {
        let ratio = f64::from(percent) / 100.0;
        let new = || Budget::new().with_ratio(ratio).with_min_per_second(0);

        let (budget, calls) = (new(), 30_000_u32);
        let mut given = 0;
        for millis in 0..calls {
            let now = start + Duration::from_millis(millis.into());
            budget.deposit(now);
            given += u32::from(budget.withdraw(now));
        }
        let off = f64::from(given) / (f64::from(calls) * ratio) - 1.0;
        assert!(off.abs() < 0.004, "as it comes: {given} of {calls} for {ratio}");

        let budget = new();
        (0..calls).for_each(|millis| budget.deposit(start + Duration::from_millis(millis.into())));
        let given = withdrawals(&budget, start + Duration::from_millis(calls.into()));
        let off = f64::from(given) / (10_000.0 * ratio) - 1.0;
        assert!(off.abs() < 0.02, "saved up: {given} of 10000 for {ratio}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_minimum_is_accurate_too() {
    let start = Instant::now();
    for per_second in [1, 7, 10, 1000] {
        let budget = Budget::new().with_ratio(0.0).with_min_per_second(per_second);
        assert_eq!(withdrawals(&budget, start), per_second, "at the beginning");
        let times = (1..=100_000).map(|tick| start + Duration::from_millis(tick));
        let given: u32 = times.map(|now| withdrawals(&budget, now)).sum();
        assert_eq!(given, 100 * per_second);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_long_ago_pay_for_nothing() {
    let budget = Budget::new().with_min_per_second(0);
    let start = Instant::now();
    deposits(&budget, 1000, start);
    assert_eq!(withdrawals(&budget, start + TTL), 0);
    deposits(&budget, 5, start + TTL);
    assert_eq!(withdrawals(&budget, start + TTL), 1);
    // In the place of a slot whose calls have expired, however often.
    deposits(&budget, 10, start + TTL * 7);
    assert_eq!(withdrawals(&budget, start + TTL * 7), 2);
    assert_eq!(withdrawals(&budget, start + TTL * 14), 0);
}

#[tokio::test(start_paused = true)]
async fn threads_lose_no_call() {
    let budget = Budget::new().with_min_per_second(0).with_ratio(1.0);
    let now = Instant::now();
    std::thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(|| deposits(&budget, 10_000, now))));
    });
    assert_eq!(withdrawals(&budget, now), 40_000);
}

#[tokio::test(start_paused = true)]
async fn a_throttle_stops_what_it_has() {
    let budget = Budget::new().with_throttle(Throttle::new(2, 1.0));
    let now = Instant::now();
    let throttle = budget.throttle().unwrap();
    throttle.failed();
    assert!(!budget.withdraw(now) && budget.withdraw_unthrottled(now));
    throttle.succeeded();
    assert_eq!(withdrawals(&budget, now), 9);
}

#[test]
#[should_panic(expected = "0 to 1000 attempts per call, not NaN")]
fn what_is_no_ratio_is_refused() {
    let _ = Budget::new().with_ratio(f64::NAN);
}

#[test]
#[should_panic(expected = "TTL is 1 s to 60 s, not 10ms")]
fn a_ttl_that_is_too_short_is_refused() {
    let _ = Budget::new().with_ttl(Duration::from_millis(10));
}

/// The same, exact and slow: every call and every tick of time is an entry with its own expiry.
struct Model {
    ratio: f64,
    per_tick: f64,
    ttl: u64,
    entries: VecDeque<(u64, f64)>,
    tick: u64,
}

impl Model {
    /// A tick is a millisecond, and it begins after a second of them.
    fn new(ratio: f64, per_second: u32, ttl: u64) -> Self {
        let per_tick = f64::from(per_second) / 1000.0;
        let mut model = Self { ratio, per_tick, ttl, entries: VecDeque::new(), tick: 0 };
        model.advance(1000);
        model
    }

    fn advance(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.entries.push_back((self.tick, self.per_tick));
            self.tick += 1;
        }
        while self.entries.front().is_some_and(|(tick, _)| tick + self.ttl < self.tick) {
            self.entries.pop_front();
        }
    }

    fn deposit(&mut self) {
        self.entries.push_back((self.tick, self.ratio));
    }

    fn withdraw(&mut self) -> bool {
        let there: f64 = self.entries.iter().map(|(_, amount)| amount).sum();
        // What rounding of so many fractions comes to.
        let enough = there > 1.0 - 1e-6;
        let mut missing = if enough { 1.0 } else { 0.0 };
        while missing > 0.0 {
            let Some((_, amount)) = self.entries.front_mut() else { break };
            if *amount > missing {
                *amount -= missing;
                break;
            }
            missing -= *amount;
            self.entries.pop_front();
        }
        enough
    }
}

#[derive(Debug, Clone)]
enum Step {
    Deposit(u32),
    Withdraw(u32),
    Advance(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..60_u32).prop_map(Step::Deposit),
        4 => (1..20_u32).prop_map(Step::Withdraw),
        3 => (1..1200_u64).prop_map(Step::Advance),
        1 => (1200..15_000_u64).prop_map(Step::Advance),
    ];
    vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Whatever happens, it gives as much as an exact one whose entries expire after the TTL, or a slot earlier.
    #[test]
    fn it_does_as_the_model(
        steps in steps(),
        percent in 1..=100_u32,
        per_second in prop::sample::select(vec![0, 1, 10, 33]),
        ttl_secs in prop::sample::select(vec![1_u64, 10]),
    ) {
        let ratio = f64::from(percent) / 100.0;
        let ttl = Duration::from_secs(ttl_secs);
        let budget = Budget::new().with_ratio(ratio).with_min_per_second(per_second).with_ttl(ttl);
        let (mut now, mut given) = (Instant::now(), 0);
        let model = |ttl| Model::new(ratio, per_second, ttl);
        let mut longest = (model(ttl_secs * 1000), 0);
        let mut shortest = (model(ttl_secs * 1000 * 63 / 64 - 1), 0);
        for step in steps {
            match step {
                Step::Deposit(calls) => {
                    deposits(&budget, calls, now);
                    for (model, _) in [&mut longest, &mut shortest] {
                        (0..calls).for_each(|_| model.deposit());
                    }
                }
                Step::Withdraw(times) => {
                    for _ in 0..times {
                        given += u32::from(budget.withdraw(now));
                        for (model, given) in [&mut longest, &mut shortest] {
                            *given += u32::from(model.withdraw());
                        }
                    }
                }
                Step::Advance(ticks) => {
                    now += Duration::from_millis(ticks);
                    longest.0.advance(ticks);
                    shortest.0.advance(ticks);
                }
            }
            let (least, most) = (shortest.1, longest.1);
            prop_assert!((least..=most).contains(&given), "{given} given, {least} to {most} are right");
        }
    }
}
