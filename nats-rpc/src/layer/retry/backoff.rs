use std::time::Duration;

use crate::spec::RetrySpec;

/// Anything between nothing and the longest wait ("full jitter"), so that calls that failed together do not come back
/// together; `before` counts the waits before this one.
pub(super) fn backoff(spec: &RetrySpec, before: u32) -> Duration {
    longest(spec, before).mul_f64(rand::random())
}

/// `min(initial * multiplier ^ before, max)`, as in gRFC A6.
fn longest(spec: &RetrySpec, before: u32) -> Duration {
    let (initial, max) = (spec.initial_backoff().as_secs_f64(), spec.max_backoff());
    let grown = initial * spec.backoff_multiplier().powi(i32::try_from(before).unwrap_or(i32::MAX));
    // Larger than any duration too, and what is no number because nothing was multiplied by infinity.
    if grown >= max.as_secs_f64() { max } else { Duration::try_from_secs_f64(grown).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{backoff, longest};
    use crate::spec::RetrySpec;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_longest_wait_grows_up_to_the_maximum() {
        let spec = RetrySpec::new();
        let all: Vec<_> = (0..8).map(|before| longest(&spec, before) / 20).collect();
        assert_eq!(all, [1, 2, 4, 8, 16, 32, 50, 50].map(|times| MS * times));
        assert_eq!(longest(&spec, u32::MAX), spec.max_backoff());
    }

    #[test]
    fn odd_specs_give_waits_too() {
        let none = RetrySpec::new().with_initial_backoff(Duration::ZERO).with_backoff_multiplier(f64::MAX);
        assert_eq!(longest(&none, 9), Duration::ZERO);
        let shrinking = RetrySpec::new().with_backoff_multiplier(0.5);
        assert_eq!(longest(&shrinking, 2), 5 * MS);
        let forever = RetrySpec::new().with_initial_backoff(Duration::MAX).with_max_backoff(Duration::MAX);
        assert_eq!(longest(&forever, 3), Duration::MAX);
        let reversed = RetrySpec::new().with_max_backoff(MS);
        assert_eq!(longest(&reversed, 0), MS);
    }

    #[test]
    fn the_wait_is_anything_between_nothing_and_the_longest() {
        let spec = RetrySpec::new().with_initial_backoff(1000 * MS);
        let mut tenths = [0; 10];
        for _ in 0..2000 {
            let wait = backoff(&spec, 0);
            assert!(wait < 1000 * MS);
            tenths[(wait.as_millis() / 100) as usize] += 1;
        }
        // 200 are expected in each, with a standard deviation of 13.
        assert!(tenths.iter().all(|count| (100..300).contains(count)), "{tenths:?}");
    }
}
