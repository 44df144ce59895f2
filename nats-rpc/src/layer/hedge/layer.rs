use std::sync::Arc;

use tower_layer::Layer;

use super::service::{Hedge, Settings};
use crate::layer::{Budgets, Policies};
use crate::raw::Budget;

/// Sends a call again before its first answer has come, so that one slow instance, or one lost message, does not make it
/// slow.
///
/// For methods without side effects ([`Idempotency::NoSideEffects`](crate::Idempotency::NoSideEffects)) whose policy says
/// so ([`HedgeSpec`](crate::spec::HedgeSpec)); off by default. A method with effects that is declared idempotent is hedged
/// too if its policy names it; any other never is. All other calls pass, and cost nothing. So do calls with a stream of
/// requests, which can be sent only once; of a stream of responses only the beginning is raced for.
///
/// The rules are those of [gRFC A6]: the first answer wins, and the others are cancelled. So does a failure, unless its
/// code is one of the policy's non-fatal codes or it was the attempt's time that ran out: then the next attempt is made
/// at once, or when the service says ([`Status::pushback`](crate::Status::pushback)), and the call fails when the last
/// attempt has. No attempt is made after the call's deadline. All attempts carry one
/// [`call_id`](crate::raw::Call::call_id), and count in [`Context::attempt`](crate::Context::attempt).
///
/// | what | default |
/// |---|---|
/// | attempts | 2 ([`HedgeSpec::with_max_attempts`](crate::spec::HedgeSpec::with_max_attempts)) |
/// | time to the next attempt | the 95th percentile of the method's latest answers, from 100 on, but at most 10 times their median; counts fade with a half-life of 10 s. Or a fixed delay. Timers have a resolution of 1 ms |
/// | paid from | a [`Budget`] of 20 % of the calls and 10 a second, together with retries and the channel; its [`Throttle`](crate::layer::Throttle), if it has one, counts as gRFC A6 says |
/// | suppressed | while the service answers more than 10 % of at least 20 attempts with a code that says that it is not well: it needs fewer calls then, not more. That attempts hang does not count |
///
/// A queue group chooses the instance, so with N instances a hedge reaches the slow one again once in N times: with two
/// instances half of the hedges are in vain, with ten a tenth.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::layer::HedgeLayer;
/// use nats_rpc::spec::HedgeSpec;
/// use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
/// use nats_rpc::{Idempotency, Kind, Metadata, Spec, Status};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// static LOOK_UP: Spec = Spec::new("shop.v1.Prices", "LookUp", 0, Kind::Unary)
///     .with_idempotency(Idempotency::NoSideEffects)
///     .with_hedge(HedgeSpec::new().with_delay(Duration::from_millis(5)));
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Status> {
/// // Whoever gets the first attempt hangs. In a program this is a `Channel`.
/// let service = service_fn(|call: Call| async move {
///     if call.context().attempt() == 0 {
///         std::future::pending::<()>().await;
///     }
///     let body = ReplyBody::Unary { message: "12.50".into(), trailers: Metadata::new() };
///     Ok::<_, Status>(Reply::new(Metadata::new(), body))
/// });
/// let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
/// let reply = service.oneshot(Call::new((&LOOK_UP).into(), Body::Unary("tea".into()))).await?;
/// assert!(matches!(reply.body(), ReplyBody::Unary { message, .. } if message == "12.50"));
/// # Ok(())
/// # }
/// ```
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
#[derive(Debug, Clone)]
pub struct HedgeLayer {
    policies: Policies,
    percentile: u8,
    budgets: Arc<Budgets>,
}

impl HedgeLayer {
    /// With what the methods' own options say.
    #[must_use]
    pub fn new() -> Self {
        let budgets = Arc::new(Budgets::new(|_| Budget::new()));
        Self { policies: Policies::default(), percentile: 95, budgets }
    }

    /// Sets what was configured for methods. Budgets begin anew.
    #[must_use]
    pub fn with_policies(mut self, policies: Policies) -> Self {
        self.policies = policies;
        // What they say of throttling is part of a budget.
        self.budgets = Arc::new(self.budgets.anew());
        self
    }

    /// Sets the percentile of the answers' latencies after which the next attempt is made, where a policy names no delay.
    /// Default: 95, so that about one call in 20 is sent again.
    ///
    /// # Panics
    /// When it is not 1 to 99.
    #[must_use]
    pub fn with_percentile(mut self, percent: u8) -> Self {
        assert!((1..=99).contains(&percent), "a percentile to hedge after is 1 to 99, not {percent}");
        self.percentile = percent;
        self
    }

    /// Sets how the budget of a service is made, given its name. Default: [`Budget::new`]. Calls that come through a
    /// [`RetryLayer`](crate::layer::RetryLayer) bring one, which is used then.
    #[must_use]
    pub fn with_budget(mut self, make: impl Fn(&str) -> Budget + Send + Sync + 'static) -> Self {
        self.budgets = Arc::new(Budgets::new(make));
        self
    }
}

impl Default for HedgeLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for HedgeLayer {
    type Service = Hedge<S>;

    fn layer(&self, inner: S) -> Hedge<S> {
        let settings = Settings::new(self.policies.clone(), self.percentile, Arc::clone(&self.budgets));
        Hedge::new(inner, settings)
    }
}
