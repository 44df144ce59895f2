use std::time::Duration;

use tokio::time::Instant;

use crate::layer::overload::pace::Pace;

fn assert_close(estimate: Duration, expected: Duration) {
    assert!(estimate.abs_diff(expected) < Duration::from_micros(1), "{estimate:?} is not {expected:?}");
}

#[test]
fn the_time_that_a_queue_takes_is_learned_from_those_who_leave() {
    let (mut pace, start) = (Pace::default(), Instant::now());
    let at = |ms| start + Duration::from_millis(ms);
    assert_eq!(pace.estimate(10), Duration::ZERO);
    for n in 0..=100 {
        pace.departed(at(2 * n));
    }
    assert_close(pace.estimate(10), Duration::from_millis(20));
    assert_close(pace.silence(at(207)), Duration::from_millis(7));
    // A pause without a queue is no sign of slowness.
    pace.idle();
    assert_eq!(pace.silence(at(60_000)), Duration::ZERO);
    pace.departed(at(60_000));
    pace.departed(at(60_002));
    assert_close(pace.estimate(1), Duration::from_millis(2));
}
