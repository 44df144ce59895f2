//! A service that does what a test says, and remembers what it was asked.

use std::collections::VecDeque;
use std::num::NonZeroU128;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use nats_rpc::call::MessageStream;
use nats_rpc::codegen::Service;
use nats_rpc::layer::{CallPolicy, RetryLayer};
use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
use nats_rpc::server::{HandlerFuture, RpcService};
use nats_rpc::spec::RetrySpec;
use nats_rpc::{Idempotency, Kind, Metadata, ServiceSpec, Spec, Status};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

/// Waits are up to 100 ms, 200 ms and so on.
const RETRY: RetrySpec = RetrySpec::new()
    .with_initial_backoff(Duration::from_millis(100))
    .with_max_backoff(Duration::from_secs(60));

const fn spec(index: usize, name: &'static str, kind: Kind, idempotency: Idempotency) -> Spec {
    Spec::new("test.Script", name, index, kind).with_idempotency(idempotency).with_retry(RETRY)
}

static SCRIPT: ServiceSpec = ServiceSpec::new(
    "test.Script",
    &[
        spec(0, "Read", Kind::Unary, Idempotency::NoSideEffects),
        spec(1, "Put", Kind::Unary, Idempotency::Idempotent),
        spec(2, "Add", Kind::Unary, Idempotency::Unknown),
        spec(3, "Upload", Kind::ClientStreaming, Idempotency::Idempotent),
        spec(4, "Watch", Kind::ServerStreaming, Idempotency::NoSideEffects),
    ],
);

/// A call of a method without side effects.
pub(crate) fn read() -> Call {
    unary(0)
}

/// A call of an idempotent method.
pub(crate) fn put() -> Call {
    unary(1)
}

/// A call of a method that is not declared to be either.
pub(crate) fn add() -> Call {
    unary(2)
}

/// A call of an idempotent method that takes a stream.
pub(crate) fn upload(requests: MessageStream) -> Call {
    Call::new(SCRIPT.method(3), Body::Stream(requests))
}

/// A call of a method without side effects that answers with a stream.
pub(crate) fn watch() -> Call {
    unary(4)
}

fn unary(index: usize) -> Call {
    Call::new(SCRIPT.method(index), Body::Unary("request".into()))
}

/// The same, with retries of its own.
pub(crate) fn with_retry(call: Call, retry: RetrySpec) -> Call {
    with_policy(call, |own| own.retry = Some(retry))
}

/// The same, waiting until somebody serves the method.
pub(crate) fn patient(call: Call) -> Call {
    with_policy(call, |own| own.wait_for_ready = Some(true))
}

/// The same, with a timeout for each attempt.
pub(crate) fn with_attempt_timeout(call: Call, timeout: Duration) -> Call {
    with_policy(call, |own| own.attempt_timeout = Some(timeout))
}

fn with_policy(mut call: Call, say: impl FnOnce(&mut CallPolicy)) -> Call {
    let mut own = CallPolicy::default();
    say(&mut own);
    call.extensions_mut().insert(own);
    call
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Answer,
    Fail(Status),
    /// Nothing comes before the deadline, as from a channel.
    Hang,
    /// Takes so many requests before it fails.
    FailAfter(usize, Status),
}

/// What an attempt was.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) after: Duration,
    pub(crate) attempt: u32,
    pub(crate) call_id: Option<NonZeroU128>,
    /// How much time it had.
    pub(crate) time: Option<Duration>,
    pub(crate) requests: Vec<Bytes>,
}

/// Clones share everything.
#[derive(Clone)]
pub(crate) struct Script {
    begun: Instant,
    state: Arc<Mutex<State>>,
}

struct State {
    steps: VecDeque<Step>,
    seen: Vec<Seen>,
}

impl Script {
    /// Does this, and the last of it again and again.
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let state = State { steps: steps.into_iter().collect(), seen: Vec::new() };
        Self { begun: Instant::now(), state: Arc::new(Mutex::new(state)) }
    }

    /// Fails so many times, then answers.
    pub(crate) fn failing(times: usize, status: &Status) -> Self {
        let failures = std::iter::repeat_n(Step::Fail(status.clone()), times);
        Self::new(failures.chain([Step::Answer]))
    }

    pub(crate) fn always(status: &Status) -> Self {
        Self::new([Step::Fail(status.clone())])
    }

    /// What it was asked.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.state.lock().unwrap().seen.len()
    }

    /// The time between each attempt and the one before.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        let seen = self.seen();
        seen.windows(2).map(|pair| pair[1].after - pair[0].after).collect()
    }

    /// Makes a call through a layer.
    pub(crate) async fn through(&self, layer: &RetryLayer, call: Call) -> Result<Reply, Status> {
        layer.layer(self.clone()).oneshot(call).await
    }

    /// Makes a call with the default layer.
    pub(crate) async fn outcome(&self, call: Call) -> Result<(), Status> {
        self.through(&RetryLayer::new(), call).await.map(drop)
    }

    fn note(&self, seen: Seen) -> Step {
        let mut state = self.state.lock().unwrap();
        state.seen.push(seen);
        let step = if state.steps.len() > 1 { state.steps.pop_front() } else { state.steps.front().cloned() };
        step.unwrap()
    }

    async fn run(self, call: Call) -> Result<Reply, Status> {
        let index = self.count();
        let deadline = call.context().deadline();
        let step = self.note(Seen {
            after: self.begun.elapsed(),
            attempt: call.context().attempt(),
            call_id: call.call_id(),
            time: call.context().time_remaining(),
            requests: Vec::new(),
        });
        let most = if let Step::FailAfter(most, _) = step { most } else { usize::MAX };
        match call.into_body() {
            Body::Unary(message) => self.state.lock().unwrap().seen[index].requests.push(message),
            Body::Stream(mut requests) => {
                for _ in 0..most {
                    let Some(request) = requests.next().await.transpose()? else { break };
                    self.state.lock().unwrap().seen[index].requests.push(request);
                }
            }
        }
        match step {
            Step::Answer => Ok(reply()),
            Step::Fail(status) | Step::FailAfter(_, status) => Err(status),
            Step::Hang => {
                tokio::time::sleep_until(deadline.expect("it hangs until its deadline")).await;
                Err(Status::deadline_exceeded("no answer"))
            }
        }
    }
}

pub(crate) fn reply() -> Reply {
    let body = ReplyBody::Unary { message: "response".into(), trailers: Metadata::new() };
    Reply::new(Metadata::new(), body)
}

impl Service<Call> for Script {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        Box::pin(self.clone().run(call))
    }
}

impl RpcService for Script {
    const SPEC: &'static ServiceSpec = &SCRIPT;
}
