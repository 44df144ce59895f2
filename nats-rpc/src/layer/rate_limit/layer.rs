use std::fmt;
use std::future::{Ready, ready};
use std::hash::Hash;
use std::sync::Arc;

use tower_layer::Layer;

use super::Rate;
use super::limits::Limits;
use crate::layer::{Gate, Gated};
use crate::raw::Call;
use crate::spec::Method;
use crate::status::Status;

/// Lets only so many calls through in a time: in all, of each method, or of each caller.
///
/// One too many ends with RESOURCE_EXHAUSTED, reason [`RateLimited`](crate::Reason::RateLimited), before the handler has
/// seen it; it says after which time there will be room, as [`Status::pushback`], which retries honour. Calls
/// that are refused do not count. Over NATS the reason is [`Overloaded`](crate::Reason::Overloaded) to the caller.
///
/// All clones of a layer, and all services that it is put around, share one limit. Each instance of a service counts for
/// itself: with three of them, three times as many calls pass.
///
/// ```
/// # use nats_rpc::server::RpcService;
/// use nats_rpc::layer::{Rate, RateLimitLayer};
/// use nats_rpc::server::Mount;
///
/// # fn mount(greeter: impl RpcService) {
/// let mount = Mount::new(greeter)
///     // The one that is added last sees calls first: here, who calls too often does not use up what all share.
///     .layer(RateLimitLayer::new(Rate::per_second(10_000)))
///     .layer(RateLimitLayer::per_metadata(Rate::per_second(100).with_burst(20), "x-tenant"));
/// # }
/// ```
#[must_use = "a layer does nothing until it is put around a service"]
pub struct RateLimitLayer<K: Hash + Eq + Clone = ()> {
    limits: Arc<Limits<K>>,
}

impl RateLimitLayer {
    /// One limit for all calls together.
    pub fn new(rate: Rate) -> Self {
        Self::per_key(rate, |_| ())
    }

    /// A limit for each method.
    pub fn per_method(rate: Rate) -> RateLimitLayer<Method> {
        Self::per_key(rate, |call| call.method().clone())
    }

    /// A limit for each caller, as an [`AuthLayer`](crate::layer::AuthLayer) in front of this one has found it. Calls without a
    /// principal of this type share one limit.
    pub fn per_principal<P>(rate: Rate) -> RateLimitLayer<Option<P>>
    where
        P: Hash + Eq + Clone + Send + Sync + 'static,
    {
        Self::per_key(rate, |call| call.extensions().get().cloned())
    }

    /// A limit for each value of a key of the metadata. Calls without it share one limit. Callers choose what they send:
    /// this keeps those apart that are honest.
    pub fn per_metadata(rate: Rate, key: &'static str) -> RateLimitLayer<Option<String>> {
        Self::per_key(rate, move |call| call.metadata().get(key).map(str::to_owned))
    }

    /// A limit for each key that a function makes of calls. The 65,536 that came first have one of their own; the others
    /// share one until some of the first have been quiet for long enough.
    pub fn per_key<K>(rate: Rate, key: impl Fn(&Call) -> K + Send + Sync + 'static) -> RateLimitLayer<K>
    where
        K: Hash + Eq + Clone + Send + 'static,
    {
        RateLimitLayer { limits: Arc::new(Limits::new(rate, key)) }
    }
}

impl<K: Hash + Eq + Clone> RateLimitLayer<K> {
    #[cfg(test)]
    pub(super) fn limits(&self) -> &Limits<K> {
        &self.limits
    }
}

impl<K: Hash + Eq + Clone + Send + 'static> Gate for RateLimitLayer<K> {
    type Passing = Ready<Result<Call, Status>>;

    fn pass(&self, call: Call) -> Self::Passing {
        ready(self.limits.count(&call).map(|()| call))
    }
}

impl<K: Hash + Eq + Clone + Send + 'static, S> Layer<S> for RateLimitLayer<K> {
    type Service = Gated<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gated::new(self.clone(), inner)
    }
}

impl<K: Hash + Eq + Clone> Clone for RateLimitLayer<K> {
    fn clone(&self) -> Self {
        Self { limits: Arc::clone(&self.limits) }
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for RateLimitLayer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer").field("limits", &self.limits).finish()
    }
}
