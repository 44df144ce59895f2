use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::status::Status;

/// How a context learns that the call it belongs to was given up.
#[derive(Debug, Clone, Default)]
pub(super) enum Cancellation {
    /// It belongs to no call.
    #[default]
    None,
    /// A handler runs in it, and nothing depends on the handler yet. With what the handler's call depends on itself.
    Unused(Option<CancellationToken>),
    /// A handler runs in it that others depend on.
    Handler(CancellationToken),
    /// Depends on a handler.
    Dependent(CancellationToken),
}

impl Cancellation {
    /// For a handler whose call has `self`.
    pub(super) fn of_handler(self) -> Self {
        match self {
            Self::Dependent(token) => Self::Unused(Some(token)),
            Self::None => Self::Unused(None),
            own => own,
        }
    }

    /// For what depends on `self`.
    pub(super) fn dependent(&mut self) -> Self {
        match self {
            Self::None => return Self::None,
            Self::Unused(parent) => {
                let own = parent.as_ref().map_or_else(CancellationToken::new, CancellationToken::child_token);
                *self = Self::Handler(own);
            }
            Self::Handler(_) | Self::Dependent(_) => {}
        }
        match self {
            Self::Handler(token) | Self::Dependent(token) => Self::Dependent(token.clone()),
            Self::None | Self::Unused(_) => Self::None,
        }
    }

    /// The handler has ended before its time.
    pub(super) fn cancel(&mut self) {
        if let Self::Handler(token) = mem::take(self) {
            token.cancel();
        }
    }

    /// What the owner of this depends on.
    pub(super) fn token(&self) -> Option<&CancellationToken> {
        match self {
            Self::Dependent(token) | Self::Unused(Some(token)) => Some(token),
            Self::None | Self::Unused(None) | Self::Handler(_) => None,
        }
    }
}

/// Completes when a call's context is cancelled; never for one that depends on nothing.
#[derive(Default)]
pub(crate) struct Cancelled(Option<Pin<Box<Waiting>>>);

struct Waiting {
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    deadline: Option<Instant>,
}

impl Cancelled {
    pub(super) fn new(token: Option<&CancellationToken>, deadline: Option<Instant>) -> Self {
        Self(token.map(|token| {
            let cancelled = Box::pin(token.clone().cancelled_owned());
            Box::pin(Waiting { cancelled, deadline })
        }))
    }
}

impl Future for Cancelled {
    type Output = Status;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Status> {
        let Some(waiting) = &mut self.0 else { return Poll::Pending };
        ready!(waiting.cancelled.as_mut().poll(cx));
        // A handler that ends with its deadline takes its calls along, and these had the same one.
        Poll::Ready(if waiting.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            Status::deadline_exceeded("the deadline of the call whose handler made this one has passed")
        } else {
            Status::cancelled("the call whose handler made this one was given up")
        })
    }
}
