//! No place is lost and none is taken twice, whatever the order of the steps of several threads: tried out with
//! [shuttle](https://docs.rs/shuttle) in place of the standard library's atomics and locks.

#![expect(dead_code, reason = "the files have more in them than is tried out here")]

#[path = "../src/layer/overload/line.rs"]
mod line;
#[path = "../src/layer/overload/pace.rs"]
mod pace;
#[path = "../src/layer/overload/queue.rs"]
mod queue;
#[path = "../src/layer/overload/seats.rs"]
mod seats;

mod sync {
    pub(super) use shuttle::sync::atomic::{AtomicU32, AtomicU64};
    pub(super) use shuttle::sync::{Mutex, MutexGuard};
}

use std::sync::atomic::{AtomicU32 as Count, Ordering};
use std::time::Duration;

use nats_rpc::Priority;
use shuttle::sync::{Arc, mpsc};
use shuttle::thread;
use tokio::time::Instant;

use crate::line::Discipline;
use crate::seats::{Arrival, Changes, Entered, Seats};

const LIMIT: u32 = 2;
const THREADS: u32 = 4;
const ORDERS: usize = 4_000;

type Waiter = mpsc::Sender<bool>;

struct Scene {
    seats: Seats<Waiter>,
    now: Instant,
    running: Count,
    served: Count,
}

impl Scene {
    fn new() -> Arc<Self> {
        let day = Duration::from_secs(86_400);
        let seats = Seats::new(LIMIT, 200, Discipline { target: day, interval: day });
        Arc::new(Self { seats, now: Instant::now(), running: Count::new(0), served: Count::new(0) })
    }

    /// Who is gone does not hear it: what it was granted goes to the next.
    fn tell(&self, changes: Changes<Waiter>) {
        for waiter in changes.granted {
            if waiter.send(true).is_err() {
                self.leave();
            }
        }
        for waiter in changes.overdue {
            let _ = waiter.send(false);
        }
    }

    fn leave(&self) {
        self.tell(self.seats.leave(|| self.now));
    }

    /// A call, from its beginning to its end; `gives_up`: it does not wait.
    fn call(&self, priority: Priority, gives_up: bool) {
        if !self.seats.try_enter(priority) {
            let (waiter, turn) = mpsc::channel();
            let arrival = Arrival { priority, deadline: None, now: self.now };
            let (entered, changes) = self.seats.enter(arrival, waiter);
            self.tell(changes);
            match entered {
                Entered::Admitted => {}
                Entered::Waits(key, _) if gives_up => {
                    if self.seats.withdraw(key, self.now).is_some() || turn.recv() == Ok(false) {
                        return;
                    }
                }
                // It would wait for ever if its place were lost, which shuttle reports as a deadlock.
                Entered::Waits(..) => {
                    if turn.recv() == Ok(false) {
                        return;
                    }
                }
                Entered::Expired | Entered::Shed => return,
            }
        }
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(running <= LIMIT, "{running} run at once");
        thread::yield_now();
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.served.fetch_add(1, Ordering::SeqCst);
        self.leave();
    }

    fn assert_empty(&self) {
        assert_eq!((self.seats.running(), self.seats.queue(self.now).0), (0, 0));
    }
}

/// Runs threads that make two calls each, in many orders.
fn explore(priority: fn(u32) -> Priority, gives_up: fn(u32) -> bool, at_least: u32) {
    let run = move || {
        let scene = Scene::new();
        let calls = |thread| {
            let scene = Arc::clone(&scene);
            thread::spawn(move || {
                for call in [2 * thread, 2 * thread + 1] {
                    scene.call(priority(call), gives_up(call));
                }
            })
        };
        let threads: Vec<_> = (0..THREADS).map(calls).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        scene.assert_empty();
        let served = scene.served.load(Ordering::SeqCst);
        assert!(served >= at_least, "only {served} were served");
    };
    shuttle::check_random(run, ORDERS / 2);
    shuttle::check_pct(run, ORDERS / 2, 3);
}

#[test]
fn all_that_wait_are_served() {
    // The queue has room for all.
    explore(|_| Priority::Critical, |_| false, 2 * THREADS);
}

#[test]
fn so_are_those_for_whom_less_than_the_limit_is_there() {
    let mixed = |call: u32| if call.is_multiple_of(3) { Priority::Critical } else { Priority::Default };
    explore(mixed, |_| false, 2 * THREADS);
}

#[test]
fn what_is_granted_to_those_who_give_up_is_not_lost() {
    explore(|_| Priority::Critical, |call| call % 2 == 1, THREADS);
}
