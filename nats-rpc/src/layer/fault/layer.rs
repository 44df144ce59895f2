use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tower_layer::Layer;

use super::injection::Injection;
use super::service::Fault;
use crate::spec::Method;
use crate::status::{Code, Status};

/// Injects delays and failures into calls, so that one can rehearse what a program does when services are slow or fail.
///
/// It goes around a client's [`Channel`](crate::Channel) or a generated server; in a server it acts before the handler.
/// A new one injects nothing.
///
/// | what | default |
/// |---|---|
/// | [delay](Self::with_delay), [failure](Self::with_abort) | none |
/// | [methods](Self::with_filter) | all |
/// | [by request](Self::with_requests) | off |
/// | longest [delay](Self::with_max_delay) | 10 s; longer ones are cut to it |
/// | faults [at once](Self::with_max_active) | 100; further calls have none |
///
/// A failure comes after the delay, if a call has both. It looks like one of a handler that has run: what makes calls
/// again behaves as with a real failure. [`with_not_processed`](Self::with_not_processed) changes that.
///
/// # Faults by request
/// Where that is switched on, a call may ask for its faults in its metadata, as with Envoy's fault filter. What it asks
/// for takes the place of what is configured:
///
/// | key | value |
/// |---|---|
/// | `x-nats-rpc-fault-delay-ms` | a delay in milliseconds |
/// | `x-nats-rpc-fault-abort-code` | the code to fail with, 1 to 16 |
/// | `x-nats-rpc-fault-percent` | in how many of a hundred such calls, 0 to 100; 100 if absent |
///
/// Whoever may call can then slow the service down, so it does not belong where callers are not trusted.
///
/// # Errors
/// What is injected. INTERNAL when a call asks for a fault with a value that means nothing, DEADLINE_EXCEEDED with
/// [`Reason::Deadline`](crate::Reason::Deadline) when its deadline passes during the delay.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::layer::FaultLayer;
/// use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
/// use nats_rpc::{Code, Kind, Metadata, Method, Status};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Status> {
/// let service = service_fn(|_: Call| async {
///     let body = ReplyBody::Unary { message: "12.50".into(), trailers: Metadata::new() };
///     Ok::<_, Status>(Reply::new(Metadata::new(), body))
/// });
/// let faults = FaultLayer::new()
///     .with_delay(Duration::from_millis(5)..=Duration::from_millis(20), 50.0)
///     .with_abort(Code::Unavailable, "a rehearsal", 10.0)
///     .with_filter(|method| method.service() == "shop.v1.Prices")
///     .with_seed(7);
/// let service = ServiceBuilder::new().layer(faults).service(service);
///
/// let (method, mut failed) = (Method::dynamic("shop.v1.Prices", "LookUp", Kind::Unary), 0);
/// for _ in 0..100 {
///     let call = Call::new(method.clone(), Body::Unary("tea".into()));
///     failed += usize::from(service.clone().oneshot(call).await.is_err());
/// }
/// assert!(failed > 2 && failed < 25);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FaultLayer(Injection);

impl FaultLayer {
    /// Injects nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(Injection::new(StdRng::seed_from_u64(rand::random())))
    }

    /// Delays so many percent of the calls, by a time out of `delays`; `d..=d` is always `d`.
    ///
    /// # Panics
    /// When the range is empty, or `percent` is not 0 to 100.
    #[must_use]
    pub fn with_delay(mut self, delays: RangeInclusive<Duration>, percent: f64) -> Self {
        assert!(
            !delays.is_empty(),
            "a range of delays goes from the shortest to the longest, not {delays:?}"
        );
        self.0.delay = Some((delays, checked(percent)));
        self
    }

    /// Lets so many percent of the calls fail with this code and message.
    ///
    /// # Panics
    /// When the code is OK, or `percent` is not 0 to 100.
    #[must_use]
    pub fn with_abort(mut self, code: Code, message: impl Into<Cow<'static, str>>, percent: f64) -> Self {
        assert!(code != Code::Ok, "a call can't fail with OK");
        self.0.abort = Some((Status::new(code, message), checked(percent)));
        self
    }

    /// Only calls of methods for which `applies` returns `true`.
    #[must_use]
    pub fn with_filter(mut self, applies: impl Fn(&Method) -> bool + Send + Sync + 'static) -> Self {
        self.0.applies = Arc::new(applies);
        self
    }

    /// Lets calls ask for faults in their metadata.
    #[must_use]
    pub fn with_requests(mut self) -> Self {
        self.0.on_request = true;
        self
    }

    /// Sets the longest delay, whoever asks for it.
    #[must_use]
    pub fn with_max_delay(mut self, longest: Duration) -> Self {
        self.0.max_delay = longest;
        self
    }

    /// Sets how many calls may have a fault at the same time.
    #[must_use]
    pub fn with_max_active(mut self, most: usize) -> Self {
        self.0.max_active = most;
        self
    }

    /// Says of injected failures that the handler has not run
    /// ([`Status::is_not_processed`](crate::Status::is_not_processed)), so that the calls may be made again whatever they
    /// do.
    #[must_use]
    pub fn with_not_processed(mut self) -> Self {
        self.0.not_processed = true;
        self
    }

    /// Repeats the same choices for the same calls in the same order. Default: a random seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.0.set_seed(seed);
        self
    }
}

fn checked(percent: f64) -> f64 {
    assert!((0.0..=100.0).contains(&percent), "a percentage of calls is 0 to 100, not {percent}");
    percent
}

impl Default for FaultLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for FaultLayer {
    type Service = Fault<S>;

    fn layer(&self, inner: S) -> Fault<S> {
        Fault::new(inner, Arc::new(self.0.clone()))
    }
}
