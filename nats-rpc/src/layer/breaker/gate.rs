use super::circuit::{Change, Circuit, Permit};
use super::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};

/// No generation: each call has to ask the circuit.
const ASK: u64 = u64::MAX;

/// A circuit that many threads use: while it is closed, a call goes through without a lock.
pub(super) struct Gate {
    /// The generation of the permit that every call gets at the moment, or [`ASK`].
    ///
    /// Relaxed: a thread that sees an old one lets its call through as one of an old generation, which decides nothing.
    for_all: AtomicU64,
    inside: Mutex<Inside>,
}

struct Inside {
    circuit: Circuit,
    /// Whether somebody is telling what has changed.
    telling: bool,
}

impl Gate {
    pub(super) fn new(circuit: Circuit) -> Self {
        let for_all = AtomicU64::new(generation_for_all(&circuit));
        Self { for_all, inside: Mutex::new(Inside { circuit, telling: false }) }
    }

    /// Lets a call through, if all are let through.
    pub(super) fn permit_for_all(&self) -> Option<Permit> {
        let generation = self.for_all.load(Ordering::Relaxed);
        (generation != ASK).then_some(Permit { generation })
    }

    /// Does something with the circuit, and tells what changed by it: one change after the other, without a lock.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Circuit) -> T, tell: impl Fn(Change)) -> T {
        let mut inside = self.lock();
        let result = act(&mut inside.circuit);
        let for_all = generation_for_all(&inside.circuit);
        if self.for_all.load(Ordering::Relaxed) != for_all {
            self.for_all.store(for_all, Ordering::Relaxed);
        }
        // Somebody who is telling already goes on with it.
        if !inside.telling && inside.circuit.has_changed() {
            inside.telling = true;
            while let Some(change) = inside.circuit.next_change() {
                drop(inside);
                tell(change);
                inside = self.lock();
            }
            inside.telling = false;
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn generation_for_all(circuit: &Circuit) -> u64 {
    circuit.permit_for_all().map_or(ASK, |permit| permit.generation)
}
