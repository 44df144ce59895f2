use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::handler::panicked;
use super::plain::Bodies;
use super::serve::Calls;
use super::{HandlerFuture, Route};
use crate::raw::{Answer, Opening, Reply, Terms};
use crate::spec::Method;
use crate::status::Status;
use crate::transport::{Epoch, Incoming, Outgoing};

/// A first poll that takes longer holds up the calls behind it for longer than spawning costs.
const SLOW: Duration = Duration::from_micros(200);
/// So many calls are spawned at once after a slow one, before a first poll is tried again.
const SPAWNED_AFTER_SLOW: u32 = 1024;

/// What all methods on one connection share.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) epoch: Arc<Epoch>,
    pub(super) terms: Terms,
}

/// Turns the messages of one method into handled calls and answers.
pub(super) struct Dispatcher {
    method: Method,
    route: Route,
    bodies: Bodies,
    terms: Terms,
    calls: Calls,
    epoch: Arc<Epoch>,
    spawn_next: AtomicU32,
}

impl Dispatcher {
    pub(super) fn new(route: Route, method: Method, bodies: Bodies, calls: Calls, serving: Serving) -> Self {
        let Serving { epoch, terms } = serving;
        Self { method, route, bodies, terms, calls, epoch, spawn_next: AtomicU32::new(0) }
    }

    /// Handles a message. Returns the answer if it is there at once.
    pub(super) fn dispatch(
        &self,
        message: Incoming,
        arrived: Instant,
        cx: &mut Context<'_>,
    ) -> Option<Outgoing> {
        let (call, answer) = match Opening::read(message, &self.method, arrived, self.terms) {
            Opening::Call(call, answer) => (call, answer),
            Opening::Refused(answer) => return Some(answer),
            Opening::Ignored => return None,
        };
        let mut handling = self.bodies.handle(&self.route, call, answer.content_type());
        let to_spawn = self.spawn_next.load(Ordering::Relaxed);
        if to_spawn > 0 {
            self.spawn_next.store(to_spawn - 1, Ordering::Relaxed);
        } else {
            let polled = poll(&mut handling, cx);
            let busy = arrived.elapsed();
            if busy > SLOW {
                self.spawn_next.store(SPAWNED_AFTER_SLOW, Ordering::Relaxed);
            }
            if let Poll::Ready(outcome) = polled {
                return Some(answer.finish(outcome, busy));
            }
        }
        self.spawn(handling, answer, arrived);
        None
    }

    /// Publishes answers that were there at once.
    pub(super) fn publish(&self, answers: &mut Vec<Outgoing>) {
        if !answers.is_empty() {
            self.epoch.answer_all(answers);
        }
    }

    fn spawn(&self, mut handling: HandlerFuture, answer: Answer, arrived: Instant) {
        let epoch = Arc::clone(&self.epoch);
        let abort = self.calls.abort.clone();
        let tracker = self.calls.tracker.clone();
        self.calls.tracker.spawn(async move {
            let outcome = tokio::select! {
                outcome = std::future::poll_fn(|cx| poll(&mut handling, cx)) => outcome,
                () = abort.cancelled() => Err(Status::unavailable("the server was shut down during the call")),
            };
            let alone = tracker.len() <= 1;
            epoch.answer(answer.finish(outcome, arrived.elapsed()), alone);
        });
    }
}

/// Polls a handler; layers around it may panic too.
fn poll(handling: &mut HandlerFuture, cx: &mut Context<'_>) -> Poll<Result<Reply, Status>> {
    catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(cx)))
        .unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
}
