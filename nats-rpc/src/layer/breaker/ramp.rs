use std::time::{Duration, Instant};

/// How long each step of it takes.
const STEP: Duration = Duration::from_millis(500);
/// How many of a hundred calls are let through in each.
const PERCENT: [u32; 4] = [10, 25, 50, 100];

/// Lets more and more calls through, so that a service that has just recovered is not run over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ramp {
    since: Instant,
    /// Hundredths of a call that may go through.
    saved: u32,
}

impl Ramp {
    pub(super) fn new(now: Instant) -> Self {
        // The first call goes through.
        Self { since: now, saved: 100 - PERCENT[0] }
    }

    /// When all calls are let through.
    pub(super) fn end(&self) -> Instant {
        self.since + STEP * PERCENT.len() as u32
    }

    /// Whether this call is let through. What is not may come again when the next step begins, after so long.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let time = now.saturating_duration_since(self.since);
        let step = PERCENT.iter().zip(1_u32..).find(|(_, step)| time < STEP * *step);
        let (percent, until) = step.map_or((100, time), |(percent, step)| (*percent, STEP * step));
        self.saved += percent;
        if self.saved < 100 {
            return Err(until - time);
        }
        self.saved -= 100;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Ramp;

    #[test]
    fn it_lets_a_tenth_a_quarter_a_half_and_all_through() {
        let start = Instant::now();
        let mut ramp = Ramp::new(start);
        assert_eq!(ramp.admit(start), Ok(()));
        let mut ramp = Ramp::new(start);
        let admitted = [0, 500, 1000, 1500, 2000].map(|ms| {
            let now = start + Duration::from_millis(ms);
            (0..1000).filter(|_| ramp.admit(now).is_ok()).count()
        });
        assert_eq!(admitted, [100, 250, 500, 1000, 1000]);
        assert_eq!(ramp.end(), start + Duration::from_secs(2));
    }

    #[test]
    fn it_says_when_the_next_step_begins() {
        let start = Instant::now();
        let mut ramp = Ramp::new(start);
        let now = start + Duration::from_millis(300);
        assert_eq!(ramp.admit(now), Ok(()));
        assert_eq!(ramp.admit(now), Err(Duration::from_millis(200)));
    }
}
