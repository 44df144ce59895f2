use std::sync::Arc;

use tower_layer::Layer;

use super::service::Retry;
use crate::layer::{Budgets, Policies};
use crate::raw::Budget;

/// What is kept of a stream of requests.
const REPLAY_BUFFER: usize = 256 * 1024;

/// Makes calls again that have failed, where that may be and helps: for clients.
///
/// What follows from a failure depends on whether the method may run twice, which the `idempotency_level` of a `.proto`
/// or the attribute of a trait declares:
///
/// | an attempt fails with | no side effects | idempotent | not declared |
/// |---|---|---|---|
/// | what proves that [no handler has seen it](crate::Status::is_not_processed): the instance is leaving, the call waited too long | repeated | repeated | repeated |
/// | no connection, or nobody serves the method | retry | retry | retry |
/// | the same, with `wait_for_ready` | waits | waits | waits |
/// | RESOURCE_EXHAUSTED that proves it too: the service has too much to do | retry | retry | retry |
/// | RESOURCE_EXHAUSTED with a [pushback](crate::Pushback) | retry | retry | - |
/// | UNAVAILABLE, or the connection or the instance was lost | retry | retry | - |
/// | DEADLINE_EXCEEDED while the call has time left: the attempt's timeout | retry | retry | - |
/// | another code among the policy's [`retryable_codes`](crate::spec::RetrySpec::retryable_codes) | retry | retry | - |
/// | INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED, UNAUTHENTICATED, CANCELLED, whatever the policy lists; a message that is too large | - | - | - |
/// | a pushback that says no, or an open [breaker](crate::Reason::CircuitOpen) | - | - | - |
///
/// UNAVAILABLE is retried as long as it is among the policy's codes, which it is by default. Where there is a `-`, the
/// caller gets the failure at once, and so it does when time, attempts or budget do not suffice for another attempt.
///
/// - A **retry** is an attempt of the [policy](crate::spec::RetrySpec), which has three by default, at most five. It waits
///   for a random time up to 20 ms, doubled each time up to 1 s ("full jitter", [gRFC A6]).
/// - What is **repeated** counts as no attempt, unless the call has no deadline. It is repeated at once, then as retries
///   are.
/// - A call that **waits** is repeated after a random time up to 5 ms, doubled each time up to 250 ms, until its deadline.
///   This costs neither attempts nor budget. Without a deadline it waits for as long as nobody serves the method.
/// - A service's pushback takes the place of the wait, up to 30 s, and the next wait is up to 20 ms again.
/// - Nothing is waited for that does not end before the deadline.
/// - Each service has a [`Budget`]; retries and repeats are paid from it, and so are the attempts that a channel makes
///   beside one that nobody answers. When it is used up, calls fail as they would without retries.
/// - An attempt whose inner service is not ready at once is not made.
///
/// The deadline is for all attempts together: the call's own, or the timeout of its method. (Calls that have neither should
/// get one from a layer outside of this one: a channel's default is for each attempt.) Services see the number of
/// earlier attempts in [`Context::attempt`](crate::Context::attempt), and one
/// [id](crate::raw::Call::call_id) for all.
///
/// A call is not repeated any more once its service has begun to answer. A stream of requests is recorded as it is sent,
/// to be sent again; once the recording is larger than [its buffer](Self::with_replay_buffer), it is dropped, and the
/// attempt that is under way is the last.
///
/// # Errors
/// The status of the last attempt. [`is_not_processed`](crate::Status::is_not_processed) is true only if that is true of
/// all of them. CANCELLED when the call is given up between two attempts.
///
/// ```
/// use nats_rpc::layer::{Budget, RetryLayer};
/// use nats_rpc::transport::memory::Broker;
/// use nats_rpc::{Channel, Status};
/// use tower::ServiceBuilder;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Status> {
/// let channel = Channel::new(Broker::new().connect().await?);
/// let retry = RetryLayer::new().with_budget(|_service| Budget::new().with_ratio(0.1));
/// // What a generated client takes: `GreeterClient::new(service)`.
/// let service = ServiceBuilder::new().layer(retry).service(channel);
/// # drop(service);
/// # Ok(())
/// # }
/// ```
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
#[derive(Debug, Clone)]
pub struct RetryLayer {
    pub(super) policies: Policies,
    pub(super) budgets: Arc<Budgets>,
    pub(super) replay_buffer: usize,
}

impl RetryLayer {
    /// With the default policies and budgets.
    #[must_use]
    pub fn new() -> Self {
        Self {
            policies: Policies::default(),
            budgets: Arc::new(Budgets::new(|_| Budget::new())),
            replay_buffer: REPLAY_BUFFER,
        }
    }

    /// Sets what was configured for methods: retries, the timeout of an attempt, whether calls wait for a service. Budgets
    /// begin anew.
    #[must_use]
    pub fn with_policies(mut self, policies: Policies) -> Self {
        self.policies = policies;
        // What they say of throttling is part of a budget.
        self.budgets = Arc::new(self.budgets.anew());
        self
    }

    /// Sets how the budget of a service is made, given its name. Default: [`Budget::new`]. All services that this layer
    /// is put around share it.
    #[must_use]
    pub fn with_budget(mut self, make: impl Fn(&str) -> Budget + Send + Sync + 'static) -> Self {
        self.budgets = Arc::new(Budgets::new(make));
        self
    }

    /// Sets how much of a stream of requests is kept to be sent again, in bytes, with a few for each message. Default:
    /// 256 KiB. With 0, a stream is sent again only if nothing of it was sent.
    #[must_use]
    pub fn with_replay_buffer(mut self, bytes: usize) -> Self {
        self.replay_buffer = bytes;
        self
    }
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        Retry::new(inner, self.clone())
    }
}
