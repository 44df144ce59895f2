//! The gate, under every way in which the steps of a few threads can follow each other.

use std::time::{Duration, Instant};

use loom::sync::Arc;
use loom::thread;

use self::gate::Gate;
use super::circuit::{self, Change, Circuit};
use super::outcome::Outcome;
use super::state::BreakerState;
use crate::spec::BreakerSpec;

/// The same source as in use, made of what loom gives.
#[expect(clippy::duplicate_mod, reason = "it is the other one with other parts")]
#[path = "gate.rs"]
mod gate;
mod sync {
    pub(super) use std::sync::PoisonError;

    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
}

const SECOND: Duration = Duration::from_secs(1);
const SPEC: BreakerSpec = BreakerSpec::new().with_min_calls(1);

fn silent(_: Change) {}

/// A circuit that has just opened for a second, and when that was.
fn open() -> (Circuit, Instant) {
    let now = Instant::now();
    let mut circuit = Circuit::new(SPEC, now, || 0.0);
    let permit = circuit.admit(now, None).unwrap();
    circuit.end(permit, Outcome::Failure, now);
    assert_eq!(circuit.state(), BreakerState::Open);
    (circuit, now)
}

#[test]
fn one_of_several_calls_tries_the_service() {
    loom::model(|| {
        let (circuit, now) = open();
        let gate = Arc::new(Gate::new(circuit));
        let enter = |gate: Arc<Gate>| {
            move || {
                assert_eq!(gate.permit_for_all(), None);
                gate.with(|circuit| circuit.admit(now + SECOND, None), silent).is_ok()
            }
        };
        let threads = [0, 1].map(|_| thread::spawn(enter(Arc::clone(&gate))));
        let own = enter(gate)();
        let others = threads.map(|thread| thread.join().unwrap());
        assert_eq!([own, others[0], others[1]].iter().filter(|admitted| **admitted).count(), 1);
    });
}

#[test]
fn stragglers_decide_nothing_however_late() {
    loom::model(|| {
        let now = Instant::now();
        let gate = Arc::new(Gate::new(Circuit::new(SPEC, now, || 0.0)));
        let straggler = {
            let gate = Arc::clone(&gate);
            let permits = [0, 1, 2].map(|_| gate.permit_for_all().unwrap());
            move || {
                for permit in permits {
                    gate.with(|circuit| circuit.end(permit, Outcome::Success, now), silent);
                }
            }
        };
        gate.with(
            |circuit| {
                let permit = circuit.admit(now, None).unwrap();
                circuit.end(permit, Outcome::Failure, now);
            },
            silent,
        );
        let thread = thread::spawn(straggler);
        assert_eq!(gate.permit_for_all(), None, "it is open");
        let probe = gate.with(|circuit| circuit.admit(now + SECOND, None), silent);
        thread.join().unwrap();
        assert!(probe.is_ok());
        assert_eq!(gate.with(|circuit| circuit.state(), silent), BreakerState::HalfOpen);
        assert!(gate.with(|circuit| circuit.admit(now + SECOND, None), silent).is_err());
    });
}

#[test]
fn a_call_counts_while_it_opens_or_not_at_all() {
    loom::model(|| {
        let now = Instant::now();
        let gate = Arc::new(Gate::new(Circuit::new(SPEC, now, || 0.0)));
        let call = move |gate: &Gate, outcome| {
            if let Some(permit) = gate.permit_for_all() {
                gate.with(|circuit| circuit.end(permit, outcome, now), silent);
            }
        };
        let thread = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || call(&gate, Outcome::Failure))
        };
        call(&gate, Outcome::Failure);
        thread.join().unwrap();
        // Whichever was first has opened it, for the first time, and the other one has changed nothing.
        assert_eq!(gate.permit_for_all(), None);
        let retry_in = gate.with(|circuit| circuit.admit(now, None), silent).unwrap_err().retry_in;
        assert_eq!(retry_in, Some(SECOND));
    });
}

#[test]
fn changes_are_told_in_their_order() {
    loom::model(|| {
        let now = Instant::now();
        let gate = Arc::new(Gate::new(Circuit::new(SPEC, now, || 0.0)));
        let told = Arc::new(loom::sync::Mutex::new(Vec::new()));
        let act = |act: fn(&mut Circuit, Instant)| {
            let (gate, told) = (Arc::clone(&gate), Arc::clone(&told));
            move || gate.with(|circuit| act(circuit, now), |change| told.lock().unwrap().push(change))
        };
        let thread = thread::spawn(act(Circuit::isolate));
        act(Circuit::force_open)();
        thread.join().unwrap();
        let told = told.lock().unwrap();
        assert_eq!((told.len(), told[0].from, told[1].from), (2, BreakerState::Closed, told[0].to));
        assert_eq!(told.last().unwrap().to, gate.with(|circuit| circuit.state(), silent));
    });
}
