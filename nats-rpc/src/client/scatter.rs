use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::Channel;
use super::options::call_options;
use super::reply::one_response;
use crate::call::{Cancelled, Response};
use crate::raw::{Call, Scattered};
use crate::status::Status;

/// A unary call of all instances of a service at once: a future that is made when it is first polled.
///
/// It resolves to the [`Answers`] as soon as the instances are known. Its methods change the call before that.
///
/// # Errors
/// What is known before the call is made: UNAVAILABLE when there is no connection, INTERNAL when the request does not
/// encode or metadata is invalid, RESOURCE_EXHAUSTED when the request does not fit into a NATS message,
/// DEADLINE_EXCEEDED when the deadline has passed.
#[must_use = "a call is made when it is awaited"]
pub struct Scatter<R> {
    state: State,
    decode: fn(Bytes) -> Result<R, Status>,
}

enum State {
    Prepared(Channel, Option<Result<Call, Status>>),
    Starting(Channel, Cancelled, Pin<Box<dyn Future<Output = Result<Scattered, Status>> + Send>>),
}

impl<R> Scatter<R> {
    pub(super) fn new(
        channel: Channel,
        call: Result<Call, Status>,
        decode: fn(Bytes) -> Result<R, Status>,
    ) -> Self {
        Self { state: State::Prepared(channel, Some(call)), decode }
    }

    call_options!();

    fn change(mut self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        if let State::Prepared(_, call) = &mut self.state {
            *call = call.take().map(|call| call.and_then(change));
        }
        self
    }
}

impl<R> Future for Scatter<R> {
    type Output = Result<Answers<R>, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.state {
                State::Prepared(channel, call) => {
                    let call = call.take().expect("a call was polled after it had ended")?;
                    let (channel, cancelled) = (channel.clone(), call.context().until_cancelled());
                    let starting = channel.clone();
                    let starting = Box::pin(async move { starting.scatter(call).await });
                    self.state = State::Starting(channel, cancelled, starting);
                }
                State::Starting(channel, cancelled, starting) => {
                    let answers = ready!(starting.as_mut().poll(cx))?;
                    let (_channel, cancelled) = (channel.clone(), std::mem::take(cancelled));
                    return Poll::Ready(Ok(Answers { answers, decode: self.decode, cancelled, _channel }));
                }
            }
        }
    }
}

/// The answers of all instances of a service, as they come: each instance's id, and its response or what failed.
///
/// It ends when every instance that was known has answered or is gone, or at the deadline. An instance that did not answer
/// is in it, too: with DEADLINE_EXCEEDED, or UNAVAILABLE when it is gone. So it is complete if nothing in it is an error
/// of this side ([`Origin`](crate::Origin)). Without any instance it is empty.
#[must_use = "answers are lost when they are dropped"]
pub struct Answers<R> {
    answers: Scattered,
    decode: fn(Bytes) -> Result<R, Status>,
    cancelled: Cancelled,
    /// The connection lasts as long as its calls.
    _channel: Channel,
}

impl<R> Stream for Answers<R> {
    type Item = (String, Result<Response<R>, Status>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(status) = Pin::new(&mut self.cancelled).poll(cx) {
            self.cancelled = Cancelled::default();
            self.answers.give_up(status);
        }
        let next = ready!(Pin::new(&mut self.answers).poll_next(cx));
        Poll::Ready(next.map(|(instance, outcome)| {
            (instance, outcome.and_then(|reply| one_response(reply, self.decode)))
        }))
    }
}

impl<R> fmt::Debug for Scatter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scatter").finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Answers<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}
