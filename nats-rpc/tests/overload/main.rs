//! The server's protection from overload, under paused time.

mod admission;
mod cost;
mod events;
mod goodput;
mod handler;
mod queue;
mod server;
mod streams;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::noop_waker_ref;
use nats_rpc::layer::{OverloadFuture, OverloadLayer};
use nats_rpc::raw::{Body, Call, Reply};
use nats_rpc::status::Pushback;
use nats_rpc::{Code, Priority, Reason, Status};
use tower::{Layer, Service};

use crate::worker::{WORK, WORKER, Worker};

/// A call that has come to a worker through the layer.
type Calling = Pin<Box<OverloadFuture<Worker>>>;

/// A call of a method of the worker, without a deadline.
fn call(method: usize, priority: Priority) -> Call {
    let context = nats_rpc::Context::new().with_priority(priority);
    Call::new(WORKER.method(method), Body::Unary(Bytes::new())).with_context(context)
}

/// Makes a call, and lets it come as far as it does at once.
fn come(layer: &OverloadLayer, worker: &Worker, call: Call) -> (Calling, Poll<Result<Reply, Status>>) {
    let mut calling = Box::pin(layer.layer(worker.clone()).call(call));
    let polled = poll(&mut calling);
    (calling, polled)
}

/// The same for a call that is not over then: it runs, or waits.
fn stay(layer: &OverloadLayer, worker: &Worker, priority: Priority) -> Calling {
    let (calling, polled) = come(layer, worker, call(WORK, priority));
    assert!(polled.is_pending(), "{polled:?}");
    calling
}

/// The same for one that is turned away at once.
fn turned_away(layer: &OverloadLayer, worker: &Worker, call: Call) -> Status {
    match come(layer, worker, call).1 {
        Poll::Ready(Err(status)) => status,
        other => panic!("it was not turned away: {other:?}"),
    }
}

fn poll(calling: &mut Calling) -> Poll<Result<Reply, Status>> {
    calling.as_mut().poll(&mut Context::from_waker(noop_waker_ref()))
}

#[track_caller]
fn assert_overloaded(status: &Status) -> Duration {
    assert_eq!((status.code(), status.reason()), (Code::ResourceExhausted, Some(Reason::Overloaded)));
    assert!(status.is_not_processed());
    let Some(Pushback::After(delay)) = status.pushback() else { panic!("no pushback: {status:?}") };
    assert!((Duration::from_millis(10)..=Duration::from_secs(1)).contains(&delay), "{delay:?}");
    delay
}

#[track_caller]
fn assert_expired(status: &Status) {
    assert_eq!((status.code(), status.reason()), (Code::DeadlineExceeded, Some(Reason::Expired)));
    assert!(status.is_not_processed());
}
