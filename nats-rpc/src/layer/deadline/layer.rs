use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;

use super::service::Deadline;
use super::settings::Settings;
use crate::layer::Policies;
use crate::raw::Call;
use crate::status::Status;

/// Says how long calls may take, and ends those that take longer with DEADLINE_EXCEEDED.
///
/// At a client ([`new`](Self::new)) a call has the time that it asks for, else what holds for its method
/// ([`MethodPolicy::timeout`](crate::layer::MethodPolicy)), else, if it is unary, the default. At a server
/// ([`for_server`](Self::for_server)) it has the time that its caller gives it. An earlier deadline, inherited from the
/// handler that makes the call, always wins. The deadline is part of the call's [`Context`](crate::Context), so it
/// travels, and the calls that a handler makes inherit it.
///
/// | what | default |
/// |---|---|
/// | [default](Self::with_default) | 10 s at a client, none at a server |
/// | [minimum](Self::with_minimum) | 0: all that is not over yet is tried |
/// | [maximum](Self::with_maximum) | none |
///
/// # Errors
/// DEADLINE_EXCEEDED with [`Reason::Deadline`](crate::Reason::Deadline) when the time is over; the call is dropped then.
/// With [`Reason::Expired`](crate::Reason::Expired) and [not
/// processed](crate::Status::is_not_processed) when it was over before, so that the handler need not run.
///
/// # Attempts
/// This layer knows nothing of attempts: [`MethodPolicy::attempt_timeout`](crate::layer::MethodPolicy) is applied by the
/// layers that make them, for retries and hedging. Below a layer that makes attempts it sees each by itself, so there a
/// [maximum](Self::with_maximum) is the time of an attempt.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::layer::DeadlineLayer;
/// use nats_rpc::raw::{Body, Call, Reply};
/// use nats_rpc::{Code, Kind, Method, Reason, Status};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let hangs = service_fn(|_: Call| std::future::pending::<Result<Reply, Status>>());
/// let layer = DeadlineLayer::new().with_default(Duration::from_millis(10));
/// let service = ServiceBuilder::new().layer(layer).service(hangs);
///
/// let method = Method::dynamic("shop.v1.Prices", "LookUp", Kind::Unary);
/// let status = service.oneshot(Call::new(method, Body::Unary("tea".into()))).await.unwrap_err();
/// assert_eq!((status.code(), status.reason()), (Code::DeadlineExceeded, Some(Reason::Deadline)));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct DeadlineLayer(Settings);

/// The default of unary calls: a caller that waits for ever is a bug that hides.
const DEFAULT: Duration = Duration::from_secs(10);

impl DeadlineLayer {
    /// For calls that are made here.
    #[must_use]
    pub fn new() -> Self {
        Self(Settings::of_client(Policies::default(), DEFAULT))
    }

    /// For calls that are received here.
    #[must_use]
    pub fn for_server() -> Self {
        Self(Settings::of_server())
    }

    /// Sets what was configured for methods. It says nothing at a server, whose callers know how long they wait.
    #[must_use]
    pub fn with_policies(mut self, policies: Policies) -> Self {
        self.0.set_policies(policies);
        self
    }

    /// Sets the time of unary calls that have none otherwise.
    #[must_use]
    pub fn with_default(mut self, timeout: Duration) -> Self {
        self.0.default = Some(timeout);
        self
    }

    /// Lets calls that have no time otherwise take for ever.
    #[must_use]
    pub fn without_default(mut self) -> Self {
        self.0.default = None;
        self
    }

    /// Sets how much time a call needs at least: one that has less left is turned away at once, not processed, since its
    /// answer would come too late.
    ///
    /// # Panics
    /// When it is more than the maximum.
    #[must_use]
    pub fn with_minimum(mut self, least: Duration) -> Self {
        self.0.minimum = least;
        self.0.check();
        self
    }

    /// Sets how long a call may take at most, whatever it asks for. Streams without a deadline are meant to last, and are
    /// left alone.
    ///
    /// # Panics
    /// When it is less than the minimum.
    #[must_use]
    pub fn with_maximum(mut self, most: Duration) -> Self {
        self.0.maximum = Some(most);
        self.0.check();
        self
    }

    /// Trusts the service inside to end calls at the deadlines of their contexts, as a [`Channel`](crate::Channel) and
    /// generated servers do: no call has a timer here.
    #[must_use]
    pub fn trusting(mut self) -> Self {
        self.0.trusts = true;
        self
    }

    /// Gives a call that is made now its deadline, as the layer does.
    pub(crate) fn begin(&self, call: &mut Call, now: Instant) -> Result<(), Status> {
        self.0.begin(call, now)
    }
}

impl Default for DeadlineLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline::new(inner, Arc::new(self.0.clone()))
    }
}
