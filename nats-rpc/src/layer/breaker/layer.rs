use std::sync::Arc;

use tower_layer::Layer;

use super::circuits::Circuits;
use super::observer::Observer;
use super::{Breaker, BreakerChange, BreakerHandle};
use crate::layer::Policies;

/// Gives calls up at once while nearly all calls of their method fail: for clients, one breaker for each method.
///
/// A client can't choose among the instances of a queue group, so that what it sees is all of them together. A breaker
/// with the usual limits makes a partial outage several times worse: one bad instance of three closes the way to the two
/// good ones. This one opens only when hardly anything else is left, and takes the load from a service that is down.
///
/// | a call that | is |
/// |---|---|
/// | succeeded, of a stream began to, or failed with a code that is the caller's fault, such as NOT_FOUND | a success: the service works |
/// | failed with UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN or DATA_LOSS, or was dropped by its caller after its deadline | a failure |
/// | failed with RESOURCE_EXHAUSTED, or was refused with it | not counted, but a failure for a trial |
/// | no handler has seen ([not processed]): never sent, found nobody to take it ([`NotConnected`], [`NoResponders`]), refused by an instance that is leaving | not counted, nor as a trial: the next call tries |
/// | was given up before its deadline, failed with its own stream of requests, or was in flight when [the connection ended](crate::Reason::ConnectionLost) | the same |
/// | is aimed at [one instance](crate::raw::Call::with_instance) | neither counted nor rejected |
///
/// What [`BreakerSpec`] says of the method holds. By default:
///
/// - **Closed.** It opens when 80 % of at least 20 calls in the last 10 s have failed, or when calls have failed for 1 s,
///   at least 20, and none has succeeded meanwhile.
/// - **Open** for 1 s, twice as long each time it opens again, up to 3 s; ±20 %. Each minute closed takes a doubling back.
/// - **Half-open.** One call at a time goes through to try. One that fails, or is not over at its deadline (or in 5 s, if
///   it has more time; twice as long each time that this was too short) opens it again. After three that succeed comes the
/// - **ramp**: 10, 25, 50 and 100 % of the calls, half a second each. Then it is closed.
///
/// Calls count only for the period in which they were let through. What is not let through fails with UNAVAILABLE,
/// reason [`CircuitOpen`], not processed, not to be retried, with the time that remains as a
/// [`RetryInfo`](crate::details::RetryInfo); that is no failure for the breaker.
///
/// The limits come from a simulation of queue groups with bad instances (`docs/design.md`, section 7); the ring of ten
/// seconds and the single trial are [linkerd's]. Replies do not say which instance they come from, so that it can't be
/// asked for most instances to fail. Slow calls are no failures before their deadline.
///
/// A method whose streams are silent for long after they were opened is better off without one
/// ([`BreakerSpec::off`]), as no trial of it would succeed in time.
///
/// Each change is a `tracing` event; [`handle`](Self::handle) shows and changes the states.
///
/// ```
/// use nats_rpc::layer::BreakerLayer;
/// use nats_rpc::transport::memory::Broker;
/// use nats_rpc::{Channel, Status};
/// use tower::ServiceBuilder;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Status> {
/// let layer = BreakerLayer::new().on_change(|change| println!("{}: {}", change.method, change.to));
/// let breakers = layer.handle();
/// let channel = Channel::new(Broker::new().connect().await?);
/// let service = ServiceBuilder::new().layer(layer).service(channel);
/// // `GreeterClient::new(service)` makes calls.
/// # let _ = (service, breakers);
/// # Ok(())
/// # }
/// ```
///
/// [linkerd's]: https://github.com/linkerd/linkerd2-proxy
/// [not processed]: crate::Status::is_not_processed
/// [`BreakerSpec`]: crate::spec::BreakerSpec
/// [`BreakerSpec::off`]: crate::spec::BreakerSpec::off
/// [`CircuitOpen`]: crate::Reason::CircuitOpen
/// [`NotConnected`]: crate::Reason::NotConnected
/// [`NoResponders`]: crate::Reason::NoResponders
#[derive(Debug, Clone)]
pub struct BreakerLayer(Arc<Circuits>);

impl BreakerLayer {
    /// A layer that does what the options of each method say, and the defaults where they say nothing. Services that are
    /// made with it, and with its clones, share their breakers.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Circuits::new(Policies::default(), Observer::default())))
    }

    /// Takes each method's policy from what was configured. Nothing is shared with the layer before, nor with its
    /// [`handle`](Self::handle).
    #[must_use]
    pub fn with_policies(self, policies: Policies) -> Self {
        Self(Arc::new(Circuits::new(policies, self.0.observer.clone())))
    }

    /// Tells `callback` each time a breaker goes from one state to another, one change of a breaker after the other. It
    /// should be quick: a call waits for it. Nothing is shared with the layer before, nor with its
    /// [`handle`](Self::handle).
    #[must_use]
    pub fn on_change(self, callback: impl Fn(&BreakerChange) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Circuits::new(self.0.policies.clone(), Observer::new(callback))))
    }

    /// The same with new state.
    pub(crate) fn anew(&self) -> Self {
        Self(Arc::new(Circuits::new(self.0.policies.clone(), self.0.observer.clone())))
    }

    /// Shows and changes the states.
    #[must_use]
    pub fn handle(&self) -> BreakerHandle {
        BreakerHandle(Arc::clone(&self.0))
    }
}

impl Default for BreakerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for BreakerLayer {
    type Service = Breaker<S>;

    fn layer(&self, inner: S) -> Breaker<S> {
        Breaker::new(inner, Arc::clone(&self.0))
    }
}
