use rand::{Rng, RngExt};
use tokio::time::{Duration, Instant};

use super::Ejection;

/// An absence is so much longer or shorter than it should be, at most: those who left together need not come back so.
const JITTER: f64 = 0.2;
/// For each of these that it serves without leaving, the next absence is half as long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// No absence is doubled more often.
const MOST: u32 = 16;

/// How long an instance stays away.
#[derive(Debug, Default)]
pub(super) struct Absence {
    /// How often the next absence is doubled.
    level: u32,
    /// When it served again.
    returned: Option<Instant>,
    /// When it is to come back.
    until: Option<Instant>,
}

impl Absence {
    /// Leaves now. Returns for how long.
    pub(super) fn begin(&mut self, now: Instant, settings: &Ejection, random: &mut impl Rng) -> Duration {
        if let Some(returned) = self.returned.take() {
            let forgotten = (now - returned).as_secs() / FORGOTTEN_AFTER.as_secs();
            self.level = self.level.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX));
        }
        let first = settings.first_absence.min(settings.longest_absence);
        let absence = first.saturating_mul(1 << self.level).min(settings.longest_absence);
        let absence = absence.mul_f64(random.random_range(1.0 - JITTER..1.0 + JITTER));
        self.level = (self.level + 1).min(MOST);
        self.until = Some(now + absence);
        absence
    }

    /// It serves again.
    pub(super) fn end(&mut self, now: Instant) {
        (self.returned, self.until) = (Some(now), None);
    }

    /// When it is to come back.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use tokio::time::{Duration, Instant};

    use super::{Absence, Ejection};

    struct Away {
        absence: Absence,
        random: StdRng,
    }

    impl Away {
        fn begin(&mut self, now: Instant) -> f64 {
            self.absence.begin(now, &Ejection::new(), &mut self.random).as_secs_f64()
        }
    }

    #[test]
    fn it_doubles_up_to_the_longest() {
        let now = Instant::now();
        let mut away = Away { absence: Absence::default(), random: StdRng::seed_from_u64(1) };
        for expected in [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0] {
            let absence = away.begin(now);
            assert!((expected * 0.8..expected * 1.2).contains(&absence), "{absence} for {expected}");
        }
    }

    #[test]
    fn each_minute_of_service_halves_it() {
        let now = Instant::now();
        let mut away = Away { absence: Absence::default(), random: StdRng::seed_from_u64(2) };
        (0..4).for_each(|_| {
            away.begin(now);
        });
        away.absence.end(now);
        assert_eq!(away.absence.until(), None);
        // It would be 160 s.
        let absence = away.begin(now + Duration::from_secs(125));
        assert!((32.0..48.0).contains(&absence), "{absence}");
        away.absence.end(now);
        let absence = away.begin(now + Duration::from_secs(100_000));
        assert!((8.0..12.0).contains(&absence), "{absence}");
    }
}
