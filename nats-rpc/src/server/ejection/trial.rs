use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{Duration, Instant};

use super::Verdict;

/// So many calls of a trial may have failed or not be over.
const CALLS: u32 = 20;
/// How long it lasts, if most of its calls are over by then.
const LENGTH: Duration = Duration::from_secs(1);
/// And in any case: a call that has no deadline may last for ever.
const LONGEST: Duration = Duration::from_secs(10);

/// The first second after an absence: how the instance does with few calls.
pub(super) struct Trial {
    begin: Instant,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    undecided: u32,
    decided: u32,
    failed: u32,
}

impl Trial {
    pub(super) fn new(now: Instant) -> Self {
        Self { begin: now, counts: Mutex::default() }
    }

    /// Takes a call. `None`: that would be too many.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.undecided + counts.failed >= CALLS {
            return None;
        }
        counts.undecided += 1;
        Some(Admitted(Some(Arc::clone(self))))
    }

    /// Whether it went well. `None`: that is not known yet.
    pub(super) fn passed(&self, now: Instant, failure_ratio: f64) -> Option<bool> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let length = if counts.undecided > counts.decided { LONGEST } else { LENGTH };
        let failed = f64::from(counts.failed);
        (now - self.begin >= length)
            .then(|| counts.failed == 0 || failed < failure_ratio * f64::from(counts.decided))
    }

    fn end(&self, verdict: Verdict) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.undecided -= 1;
        counts.decided += u32::from(verdict != Verdict::Nothing);
        counts.failed += u32::from(verdict == Verdict::Bad);
    }
}

/// A call that was let in: part of a trial until it is over, if there is one. Dropped, it says nothing of the instance.
#[derive(Default)]
pub(in crate::server) struct Admitted(Option<Arc<Trial>>);

impl Admitted {
    /// The call is over.
    pub(super) fn end(mut self, verdict: Verdict) {
        if let Some(trial) = self.0.take() {
            trial.end(verdict);
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(trial) = self.0.take() {
            trial.end(Verdict::Nothing);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::{Duration, Instant};

    use super::{Admitted, CALLS, Trial, Verdict};

    const RATIO: f64 = 0.5;

    fn trial() -> (Arc<Trial>, Instant) {
        let now = Instant::now();
        (Arc::new(Trial::new(now)), now)
    }

    fn all(trial: &Arc<Trial>) -> Vec<Admitted> {
        std::iter::from_fn(|| trial.admit()).take(100).collect()
    }

    #[test]
    fn what_hangs_or_fails_takes_a_place() {
        let (trial, _) = trial();
        let hanging = all(&trial);
        assert_eq!(hanging.len(), CALLS as usize);
        hanging.into_iter().for_each(|call| call.end(Verdict::Bad));
        assert!(trial.admit().is_none());
    }

    #[test]
    fn what_succeeds_or_is_dropped_gives_its_place_back() {
        let (trial, _) = trial();
        all(&trial).into_iter().for_each(|call| call.end(Verdict::Good));
        drop(all(&trial));
        assert_eq!(all(&trial).len(), CALLS as usize);
    }

    #[test]
    fn it_fails_by_the_ratio_after_a_second() {
        for (good, bad, passed) in [(0, 0, true), (2, 1, true), (1, 1, false), (0, 1, false)] {
            let (trial, now) = trial();
            (0..good).for_each(|_| trial.admit().unwrap().end(Verdict::Good));
            (0..bad).for_each(|_| trial.admit().unwrap().end(Verdict::Bad));
            assert_eq!(trial.passed(now + Duration::from_millis(999), RATIO), None);
            assert_eq!(trial.passed(now + Duration::from_secs(1), RATIO), Some(passed), "{good} {bad}");
        }
    }

    #[test]
    fn it_waits_for_what_hangs_but_not_for_ever() {
        let (trial, now) = trial();
        let hanging = all(&trial);
        assert_eq!(trial.passed(now + Duration::from_secs(9), RATIO), None);
        assert_eq!(trial.passed(now + Duration::from_secs(10), RATIO), Some(true));
        hanging.into_iter().for_each(|call| call.end(Verdict::Bad));
        assert_eq!(trial.passed(now + Duration::from_secs(9), RATIO), Some(false));
    }
}
