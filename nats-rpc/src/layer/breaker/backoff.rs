use std::time::Duration;

use crate::spec::BreakerSpec;

/// Long times are varied by this share of them, so that clients do not try a service all at once.
const JITTER: f64 = 0.2;
/// How long a circuit stays closed to be open one step shorter the next time.
const DECAY: Duration = Duration::from_secs(60);
/// What is longer can't be told by every clock.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a circuit is open: twice as long each time it opens again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    /// How often the time has doubled.
    level: u32,
}

impl Backoff {
    /// The time to be open after having been closed for `closed`. `jitter` is from -1 to 1.
    pub(super) fn next(&mut self, spec: &BreakerSpec, closed: Duration, jitter: f64) -> Duration {
        let decayed = u32::try_from(closed.as_secs() / DECAY.as_secs()).unwrap_or(u32::MAX);
        self.level = self.level.saturating_sub(decayed);
        let longest = spec.max_open().min(LONGEST);
        let open = spec.open().saturating_mul(1 << self.level).min(longest);
        if open < longest {
            self.level = (self.level + 1).min(u32::BITS - 1);
        }
        let varied = open.mul_f64(JITTER.mul_add(jitter, 1.0));
        // What is over the limit is taken off below it: the times at the limit differ as well.
        if varied > longest { longest.saturating_sub(varied - longest) } else { varied }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Backoff;
    use crate::spec::BreakerSpec;

    const SPEC: BreakerSpec = BreakerSpec::new();
    const NOT: Duration = Duration::ZERO;

    fn secs(backoff: &mut Backoff, closed: u64, jitter: f64) -> f64 {
        backoff.next(&SPEC, Duration::from_secs(closed), jitter).as_secs_f64()
    }

    #[test]
    fn it_doubles_up_to_its_limit_and_decays_by_a_step_a_minute() {
        let mut backoff = Backoff::default();
        let times: Vec<_> = (0..5).map(|_| secs(&mut backoff, 0, 0.0)).collect();
        assert_eq!(times, [1.0, 2.0, 3.0, 3.0, 3.0]);
        assert_eq!(secs(&mut backoff, 59, 0.0), 3.0);
        assert_eq!(secs(&mut backoff, 60, 0.0), 2.0);
        assert_eq!(secs(&mut backoff, 119, 0.0), 2.0);
        assert_eq!(secs(&mut backoff, 120, 0.0), 1.0);
        assert_eq!(secs(&mut backoff, 1_000_000, 0.0), 1.0);
        assert_eq!(secs(&mut backoff, 0, 0.0), 2.0);
    }

    #[test]
    fn it_varies_by_a_fifth_and_never_over_its_limit() {
        assert_eq!(secs(&mut Backoff::default(), 0, -1.0), 0.8);
        assert_eq!(secs(&mut Backoff::default(), 0, 1.0), 1.2);
        let mut longest = Backoff::default();
        assert!((0..4).all(|_| longest.next(&SPEC, NOT, 0.0) <= SPEC.max_open()));
        assert_eq!(secs(&mut longest, 0, -1.0), 2.4);
        assert_eq!(secs(&mut longest, 0, 0.5), 2.7);
        assert_eq!(secs(&mut longest, 0, 1.0), 2.4);
    }

    #[test]
    fn no_setting_makes_it_overflow() {
        let of = |open, longest| SPEC.with_open(open).with_max_open(longest);
        let day = Duration::from_secs(24 * 60 * 60);
        let odd = [
            (of(Duration::MAX, Duration::ZERO), Duration::ZERO),
            (of(Duration::ZERO, Duration::MAX), Duration::ZERO),
            (of(Duration::MAX, Duration::MAX), day),
            (of(Duration::from_secs(1), Duration::MAX), day),
        ];
        for (spec, longest) in odd {
            let mut backoff = Backoff::default();
            let times: Vec<_> = (0..100).map(|_| backoff.next(&spec, NOT, 0.0)).collect();
            assert_eq!(times.into_iter().max(), Some(longest));
        }
    }
}
