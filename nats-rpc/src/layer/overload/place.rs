use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Priority;
use super::gate::{Gate, Turn};
use super::permit::Permit;
use super::queue::Key;
use crate::call::{self, Cancelled};
use crate::status::Status;

/// A place in the queue. Dropping it frees the place, and gives on what it has been given meanwhile.
pub(super) struct Place {
    gate: Arc<Gate>,
    key: Key,
    priority: Priority,
    deadline: Option<Instant>,
    turn: oneshot::Receiver<Turn>,
    /// Until it has to go.
    patience: Pin<Box<Sleep>>,
    /// Until its caller gives it up.
    cancelled: Cancelled,
}

impl Place {
    /// In the queue of `gate`, but not for longer than `until`.
    pub(super) fn new(
        gate: Arc<Gate>,
        key: Key,
        context: &call::Context,
        turn: oneshot::Receiver<Turn>,
        until: Instant,
    ) -> Self {
        let deadline = context.deadline();
        let until = deadline.map_or(until, |deadline| deadline.min(until));
        Self {
            gate,
            key,
            priority: context.priority(),
            deadline,
            turn,
            patience: Box::pin(sleep_until(until)),
            cancelled: context.until_cancelled(),
        }
    }

    /// Why it has waited for nothing.
    fn over(&self) -> Status {
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.gate.expired()
        } else {
            self.gate.overloaded(self.priority, now)
        }
    }
}

impl Future for Place {
    type Output = Result<Permit, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(turn) = Pin::new(&mut this.turn).poll(cx) {
            return Poll::Ready(match turn {
                Ok(Turn::Yours(permit)) => Ok(permit),
                // Nobody drops what it could tell, but while the process ends.
                Ok(Turn::Over) | Err(_) => Err(this.over()),
            });
        }
        if Pin::new(&mut this.cancelled).poll(cx).is_ready() && this.gate.withdraw(this.key) {
            return Poll::Ready(Err(this.gate.cancelled()));
        }
        // Who is not in the queue any more is about to be told.
        if this.patience.as_mut().poll(cx).is_ready() && this.gate.withdraw(this.key) {
            return Poll::Ready(Err(this.over()));
        }
        Poll::Pending
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.turn.is_terminated() {
            self.gate.withdraw(self.key);
        }
    }
}
