use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::baseline::Baseline;
use super::gradient::Gradient;
use super::limit::GradientLimit;
use crate::layer::PerMethod;
use crate::spec::Method;

/// Learns the limit from how long calls take.
#[derive(Debug)]
pub(super) struct Learner {
    gradient: Mutex<Gradient>,
    baselines: PerMethod<Arc<Mutex<Baseline>>>,
}

/// A call that is measured.
#[derive(Debug)]
pub(super) struct Measure {
    began: Instant,
    baseline: Arc<Mutex<Baseline>>,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The handler has answered.
    Answered,
    /// Its caller waited no longer.
    CutOff,
}

impl Learner {
    pub(super) fn new(limit: GradientLimit) -> Self {
        Self { gradient: Mutex::new(Gradient::new(limit)), baselines: PerMethod::new() }
    }

    pub(super) fn begin(&self, method: &Method, now: Instant) -> Measure {
        Measure { began: now, baseline: Arc::clone(self.baselines.of(method, Arc::default)) }
    }

    /// Returns the limit if it changes.
    pub(super) fn end(&self, measure: &Measure, end: End, running: u32, now: Instant) -> Option<u32> {
        let took = now.saturating_duration_since(measure.began);
        let mut baseline = lock(&measure.baseline);
        if end == End::CutOff && !baseline.is_exceeded(took) {
            return None;
        }
        let ratio = baseline.observe(took, now);
        drop(baseline);
        lock(&self.gradient).observe(ratio, running, now)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
