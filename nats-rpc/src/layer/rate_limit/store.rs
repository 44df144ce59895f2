use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// So many keys are counted by themselves, so that memory is bounded whatever callers send.
pub(super) const MAX_KEYS: usize = 65_536;

/// What is known of each key. Those for which there is no room any more share one place.
#[derive(Debug)]
pub(super) struct Store<K>(Mutex<States<K>>);

#[derive(Debug)]
struct States<K> {
    own: HashMap<K, Nanos>,
    others: Option<Nanos>,
}

impl<K> Store<K> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(States { own: HashMap::new(), others: None }))
    }

    fn lock(&self) -> MutexGuard<'_, States<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Store<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut states = self.lock();
        let States { own, others } = &mut *states;
        let has_room = own.len() < MAX_KEYS;
        match own.get_mut(key) {
            Some(state) => {
                let (outcome, next) = measure(Some(*state))?;
                *state = next;
                Ok(outcome)
            }
            None if has_room => {
                let (outcome, next) = measure(None)?;
                own.insert(key.clone(), next);
                Ok(outcome)
            }
            None => {
                let (outcome, next) = measure(*others)?;
                *others = Some(next);
                Ok(outcome)
            }
        }
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Store<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.lock().own.retain(|_, state| *state > drop_below);
    }

    fn len(&self) -> usize {
        self.lock().own.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
