use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::request::Requested;
use crate::raw::Call;
use crate::spec::Method;
use crate::status::Status;

/// Which faults are injected into which calls.
#[derive(Clone)]
pub(super) struct Injection {
    pub(super) delay: Option<(RangeInclusive<Duration>, f64)>,
    pub(super) abort: Option<(Status, f64)>,
    pub(super) applies: Arc<dyn Fn(&Method) -> bool + Send + Sync>,
    /// Whether calls may ask for faults.
    pub(super) on_request: bool,
    pub(super) max_delay: Duration,
    pub(super) max_active: usize,
    pub(super) not_processed: bool,
    pub(super) rng: Arc<Mutex<StdRng>>,
}

/// What is done to a call.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) delay: Option<Duration>,
    pub(super) abort: Option<Status>,
}

impl Injection {
    pub(super) fn new(rng: StdRng) -> Self {
        Self {
            delay: None,
            abort: None,
            applies: Arc::new(|_| true),
            on_request: false,
            max_delay: Duration::from_secs(10),
            max_active: 100,
            not_processed: false,
            rng: Arc::new(Mutex::new(rng)),
        }
    }

    pub(super) fn set_seed(&mut self, seed: u64) {
        self.rng = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
    }

    /// Chooses the faults of a call. `None`: it has none.
    pub(super) fn choose(&self, call: &Call) -> Option<Faults> {
        if !(self.applies)(call.method()) {
            return None;
        }
        let requested = if self.on_request { Requested::read(call.metadata()) } else { Ok(None) };
        let mut faults = match requested {
            Ok(Some(requested)) => self.draw_requested(requested),
            Ok(None) => self.draw(),
            Err(status) => return Some(Faults { delay: None, abort: Some(status) }),
        };
        if self.not_processed {
            faults.abort = faults.abort.map(Status::with_not_processed);
        }
        (faults.delay.is_some() || faults.abort.is_some()).then_some(faults)
    }

    fn draw_requested(&self, requested: Requested) -> Faults {
        let Requested { delay, abort, percent } = requested;
        let hit = self.rng.lock().unwrap_or_else(PoisonError::into_inner).random_bool(percent / 100.0);
        if hit {
            Faults { delay: delay.map(|delay| delay.min(self.max_delay)), abort }
        } else {
            Faults::default()
        }
    }

    fn draw(&self) -> Faults {
        if self.delay.is_none() && self.abort.is_none() {
            return Faults::default();
        }
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hit = |percent: &f64| rng.random_bool(percent / 100.0);
        let delay = self.delay.as_ref().filter(|(_, percent)| hit(percent));
        let abort = self.abort.as_ref().filter(|(_, percent)| hit(percent)).map(|(status, _)| status.clone());
        let delay = delay.map(|(delays, _)| rng.random_range(delays.clone()).min(self.max_delay));
        Faults { delay, abort }
    }
}

impl fmt::Debug for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injection")
            .field("delay", &self.delay)
            .field("abort", &self.abort)
            .field("on_request", &self.on_request)
            .field("max_delay", &self.max_delay)
            .field("max_active", &self.max_active)
            .field("not_processed", &self.not_processed)
            .finish_non_exhaustive()
    }
}
