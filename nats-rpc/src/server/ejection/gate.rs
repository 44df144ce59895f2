use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::trial::{Admitted, Trial};

/// Where an instance stands in the queue group of a service: [`Handle::standings`](super::super::Handle::standings).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It takes its share of the calls.
    Serving,
    /// It did badly and has left.
    Ejected,
    /// It is back, and takes few calls until it is known how it does.
    Trial,
}

impl Standing {
    /// As discovery shows it.
    pub(in crate::server) fn name(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Ejected => "ejected",
            Self::Trial => "trial",
        }
    }
}

/// Which calls are let in. While the instance serves, that costs one load.
pub(super) struct Gate {
    standing: AtomicU8,
    trial: Mutex<Option<Arc<Trial>>>,
}

const SERVING: u8 = Standing::Serving as u8;
const EJECTED: u8 = Standing::Ejected as u8;

impl Gate {
    /// One that is open.
    pub(super) fn new() -> Self {
        Self { standing: AtomicU8::new(SERVING), trial: Mutex::default() }
    }

    pub(super) fn standing(&self) -> Standing {
        match self.standing.load(Ordering::Relaxed) {
            SERVING => Standing::Serving,
            EJECTED => Standing::Ejected,
            _ => Standing::Trial,
        }
    }

    /// Lets a call in. `None`: it should go to another instance.
    pub(super) fn admit(&self) -> Option<Admitted> {
        match self.standing() {
            Standing::Serving => Some(Admitted::default()),
            Standing::Ejected => None,
            Standing::Trial => self.trial().map_or_else(|| Some(Admitted::default()), |trial| trial.admit()),
        }
    }

    pub(super) fn open(&self) {
        self.set(Standing::Serving, None);
    }

    pub(super) fn close(&self) {
        self.set(Standing::Ejected, None);
    }

    /// Lets few calls in.
    pub(super) fn open_for_trial(&self, now: Instant) {
        self.set(Standing::Trial, Some(Arc::new(Trial::new(now))));
    }

    /// The trial, if there is one.
    pub(super) fn trial(&self) -> Option<Arc<Trial>> {
        self.trial.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, standing: Standing, trial: Option<Arc<Trial>>) {
        *self.trial.lock().unwrap_or_else(PoisonError::into_inner) = trial;
        self.standing.store(standing as u8, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{Gate, Standing};

    #[test]
    fn it_lets_in_all_few_or_none() {
        let gate = Gate::new();
        let admitted = || std::iter::from_fn(|| gate.admit()).take(100).collect::<Vec<_>>().len();
        assert_eq!((gate.standing(), admitted()), (Standing::Serving, 100));
        gate.close();
        assert_eq!((gate.standing(), admitted()), (Standing::Ejected, 0));
        gate.open_for_trial(Instant::now());
        assert_eq!((gate.standing(), admitted()), (Standing::Trial, 20));
        gate.open();
        assert_eq!((gate.standing(), admitted()), (Standing::Serving, 100));
    }
}
