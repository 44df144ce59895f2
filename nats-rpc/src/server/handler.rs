use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use crate::call::{Cancelled, Request, Response, Scope};
use crate::codec::{Decode, Encode};
use crate::raw::{self, Body, Call, Reply, ReplyBody};
use crate::status::Status;

/// A call that a generated server handles.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>;

/// Decodes the request, runs the handler within the call's context and deadline, and encodes its response.
pub(crate) fn handle_unary<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Q>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<R>, Status>> + Send + 'static,
{
    let (method, context, metadata, body) = call.into_parts();
    let (deadline, cancelled) = (context.deadline(), context.until_cancelled());
    let handling = async move {
        let Body::Unary(message) = body else {
            return Err(Status::unimplemented(format!("{method} takes one message, not a stream")));
        };
        let request = Request::from_parts(C::decode(message)?, metadata, crate::call::Context::of_handler());
        let (message, head, trailers) = handler(request).await?.into_parts();
        let message = raw::build(C::encoded_len(&message), |buffer| C::encode(&message, buffer))?;
        Ok(Reply::new(head, ReplyBody::Unary { message, trailers }))
    };
    Box::pin(Guarded { handling: Scope::of_handler(context, handling), deadline, sleep: None, cancelled })
}

/// Answers a call of a method that the service does not have.
pub(crate) fn unimplemented(call: &Call) -> HandlerFuture {
    let status = Status::unimplemented(format!("{} is not implemented here", call.method()));
    Box::pin(std::future::ready(Err(status)))
}

pin_project! {
    /// Ends a handler that panics, outlives its deadline, or was called by a handler within the process that was given
    /// up. A handler that is ready at once needs no timer.
    struct Guarded<F> {
        #[pin]
        handling: F,
        deadline: Option<Instant>,
        #[pin]
        sleep: Option<Sleep>,
        cancelled: Cancelled,
    }
}

impl<F: Future<Output = Result<Reply, Status>>> Future for Guarded<F> {
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let handling = this.handling;
        match catch_unwind(AssertUnwindSafe(|| handling.poll(cx))) {
            Ok(Poll::Ready(outcome)) => return Poll::Ready(outcome),
            Ok(Poll::Pending) => {}
            Err(panic) => return Poll::Ready(Err(panicked(&*panic))),
        }
        if let Poll::Ready(status) = Pin::new(this.cancelled).poll(cx) {
            return Poll::Ready(Err(status));
        }
        let Some(deadline) = *this.deadline else { return Poll::Pending };
        if this.sleep.is_none() {
            this.sleep.set(Some(tokio::time::sleep_until(deadline)));
        }
        match this.sleep.as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => {
                Poll::Ready(Err(Status::deadline_exceeded("the handler did not end before the deadline")))
            }
            _ => Poll::Pending,
        }
    }
}

/// What a panic's payload says stays in the log: it may hold anything.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Status {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("of an unknown type"), "a handler panicked");
    Status::unknown("the handler panicked")
}

#[cfg(test)]
mod tests;
