use std::time::Duration;

use tokio::time::Instant;

use crate::layer::Limit;
use crate::layer::overload::baseline::Baseline;
use crate::layer::overload::gradient::Gradient;

/// A service that handles so many calls at once in its own time, and more in as many times that.
struct Plant {
    base: Duration,
    at_once: f64,
}

struct Scene {
    gradient: Gradient,
    baseline: Baseline,
    limit: u32,
    now: Instant,
}

impl Scene {
    fn new(initial: u32) -> Self {
        let settings = Limit::gradient().with_range(2..=1000).with_initial(initial);
        let (gradient, baseline) = (Gradient::new(settings), Baseline::default());
        Self { gradient, baseline, limit: initial, now: Instant::now() }
    }

    /// Has `running` calls run all the time; by default as many as the limit allows.
    fn run(&mut self, plant: &Plant, running: Option<u32>, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let running = running.unwrap_or(self.limit);
            let took = plant.base.mul_f64((f64::from(running) / plant.at_once).max(1.0));
            self.now += took / running;
            let ratio = self.baseline.observe(took, self.now);
            if let Some(limit) = self.gradient.observe(ratio, running, self.now) {
                self.limit = limit;
            }
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn it_grows_while_calls_take_what_they_always_take() {
    let mut scene = Scene::new(20);
    scene.run(&Plant { base: Duration::from_millis(1), at_once: 1e9 }, None, 10 * SECOND);
    assert!(scene.limit > 100, "{}", scene.limit);
    scene.run(&Plant { base: Duration::from_millis(1), at_once: 1e9 }, None, 60 * SECOND);
    assert_eq!(scene.limit, 1000);
}

#[test]
fn it_falls_when_calls_begin_to_queue_and_stays_near_what_can_be_done() {
    let mut scene = Scene::new(100);
    scene.run(&Plant { base: Duration::from_millis(10), at_once: 100.0 }, Some(80), 10 * SECOND);
    let before = scene.limit;
    // Half of the machine is taken by somebody else.
    scene.run(&Plant { base: Duration::from_millis(10), at_once: 25.0 }, None, 10 * SECOND);
    assert!(scene.limit < before / 2, "{before} -> {}", scene.limit);
    assert!((25..80).contains(&scene.limit), "{}", scene.limit);
}

#[test]
fn less_than_half_of_it_in_use_says_nothing_of_it() {
    let mut scene = Scene::new(100);
    scene.run(&Plant { base: Duration::from_millis(1), at_once: 1e9 }, Some(49), 20 * SECOND);
    assert_eq!(scene.limit, 100);
    scene.run(&Plant { base: Duration::from_millis(1), at_once: 1e9 }, Some(50), SECOND);
    assert!(scene.limit > 100, "{}", scene.limit);
}

/// What a minimum as the baseline would take for an overload, for ever.
#[test]
fn it_recovers_when_calls_become_slower_for_good() {
    let mut scene = Scene::new(100);
    scene.run(&Plant { base: Duration::from_millis(1), at_once: 1e9 }, None, 10 * SECOND);
    scene.run(&Plant { base: Duration::from_millis(5), at_once: 1e9 }, None, 5 * SECOND);
    let lowest = scene.limit;
    scene.run(&Plant { base: Duration::from_millis(5), at_once: 1e9 }, None, 240 * SECOND);
    assert!(scene.limit > 500, "{lowest} -> {}", scene.limit);
}

#[test]
fn it_forgets_an_overload_that_was_there_at_the_beginning() {
    let mut scene = Scene::new(100);
    scene.run(&Plant { base: Duration::from_millis(10), at_once: 10.0 }, Some(100), 10 * SECOND);
    // The mean is 100 ms, ten times too long, so nothing would be taken for an overload.
    scene.run(&Plant { base: Duration::from_millis(10), at_once: 100.0 }, Some(60), 10 * SECOND);
    let ratio = scene.baseline.observe(Duration::from_millis(30), scene.now);
    assert!(ratio > 1.4, "{ratio}");
}

#[test]
fn methods_of_all_speeds_share_one_limit() {
    let (mut quick, mut slow) = (Baseline::default(), Baseline::default());
    let mut now = Instant::now();
    for _ in 0..100 {
        now += Duration::from_millis(11);
        quick.observe(Duration::from_millis(1), now);
        slow.observe(Duration::from_secs(1), now);
    }
    assert!((quick.observe(Duration::from_millis(2), now) - 2.0).abs() < 1e-9);
    assert!((slow.observe(Duration::from_millis(500), now) - 0.5).abs() < 1e-9);
}

#[test]
fn what_was_cut_off_counts_if_it_took_longer_than_others() {
    let (mut baseline, mut now) = (Baseline::default(), Instant::now());
    assert!(!baseline.is_exceeded(Duration::from_secs(9)));
    for _ in 0..100 {
        now += Duration::from_millis(11);
        baseline.observe(Duration::from_millis(10), now);
    }
    assert!(!baseline.is_exceeded(Duration::from_millis(9)));
    assert!(baseline.is_exceeded(Duration::from_millis(11)));
}

#[test]
fn a_window_takes_100_ms_and_ten_calls() {
    let mut gradient = Gradient::new(Limit::gradient());
    let start = Instant::now();
    let mut observe = |ms| gradient.observe(1.0, 128, start + Duration::from_millis(ms));
    assert!((0..50).all(|ms| observe(ms).is_none()), "it is too short");
    assert_eq!(observe(100), Some(130));
    assert!((0..9).all(|n| observe(200 + n).is_none()), "there are too few calls");
    assert_eq!(observe(300), Some(132));
}
