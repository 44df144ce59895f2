use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::gate::{Entry, Gate, Settings};
use super::line::Discipline;
use super::{Limit, Overload, OverloadStats};
use crate::layer::PerMethod;
use crate::raw::Call;
use crate::spec::Method;

/// Few handlers are so cheap that more of them at once do better.
const LIMIT: Limit = Limit::fixed(1024);
/// The last one of a queue that is full waits about half as long as a handler takes. So a call that is let in takes one
/// and a half times as long at most, and below twice as long when other things go slowly, too.
const QUEUE_PERCENT: u32 = 50;
/// The numbers of the paper that [`Line`](super::line::Line) names: they do for services of all kinds.
const DISCIPLINE: Discipline =
    Discipline { target: Duration::from_millis(5), interval: Duration::from_millis(100) };
/// Nobody waits for longer, whatever is set.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Protects a service from more calls than it can handle: it goes on to do what it can, and turns the rest away at once.
///
/// NATS pushes everything at a service that its callers send, so nothing else holds them up. In this order, before
/// anything is decoded, a call
///
/// 1. whose deadline has passed, or would pass while it waits, ends with DEADLINE_EXCEEDED
///    ([`Reason::Expired`](crate::Reason::Expired));
/// 2. that its caller has given up ends with CANCELLED, and leaves the queue;
/// 3. is let in if fewer run than its [`Priority`](crate::Priority) allows: 100 % of the limit for critical calls, 95 % for
///    default ones, 80 % for sheddable and 60 % for background calls, at least one;
/// 4. waits, if it is critical or default and the queue is not full; sheddable and background calls do not wait;
/// 5. ends with RESOURCE_EXHAUSTED ([`Reason::Overloaded`](crate::Reason::Overloaded)) and the time after which it may be
///    made again: what the queue takes to drain, shortened by chance by up to a half, from 10 ms to 1 s.
///
/// All of these are [not processed](crate::Status::is_not_processed). The priorities are those of
/// [Handling Overload](https://sre.google/sre-book/handling-overload/); what a handler calls has that of its own call.
///
/// The queue takes up bursts: first come, first served, for up to 100 ms. When it was not served to its end for as long, it
/// is there to stay; then the newest are served first, whose callers are still there, and nobody waits for more than 5 ms
/// ([Fail at Scale](https://queue.acm.org/detail.cfm?id=2839461)). Critical calls have a line of their own, to which the
/// same applies. It goes first, and takes the places of others when the queue is full.
///
/// A call has its place until it has answered, also when it answers with a stream. The `tracing` event `overloaded` tells
/// that calls begin to be turned away, and `no longer overloaded` that for a second there were none.
///
/// Below the limit it costs a few atomic steps per call, and a look at the clock if the call has a deadline.
///
/// ```
/// use nats_rpc::layer::{Limit, OverloadLayer};
/// # use nats_rpc::server::RpcService;
/// # async fn serve(greeter: impl RpcService, connection: nats_rpc::Connection) -> Result<(), nats_rpc::Status> {
///
/// let overload = OverloadLayer::new().with_limit(Limit::fixed(200));
/// let server = nats_rpc::Server::builder()
///     .add_service(greeter)
///     // No method takes more than half of it.
///     .layer(OverloadLayer::per_method(|_| Limit::fixed(100)))
///     .layer(overload.clone())
///     .start(connection)
///     .await?;
/// println!("{} of {} places are taken", overload.stats().running, overload.stats().limit);
/// # server.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OverloadLayer {
    settings: Settings,
    scope: Scope,
}

/// Which calls count together.
#[derive(Clone)]
enum Scope {
    All(Limit, Arc<Gate>),
    PerMethod(LimitOf, Arc<PerMethod<Arc<Gate>>>),
}

type LimitOf = Arc<dyn Fn(&Method) -> Limit + Send + Sync>;

impl OverloadLayer {
    /// A limit of 1024 calls, which all calls share that come to services with this layer or clones of it.
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings { queue_percent: QUEUE_PERCENT, discipline: DISCIPLINE, hold_streams: true };
        Self { settings, scope: Scope::All(LIMIT, Arc::new(Gate::new(LIMIT, settings))) }
    }

    /// A limit and a queue for each method (bulkheads): one that is slow or much called leaves the others their places.
    /// `limit` is asked when a method is called for the first time.
    #[must_use]
    pub fn per_method(limit: impl Fn(&Method) -> Limit + Send + Sync + 'static) -> Self {
        Self { scope: Scope::PerMethod(Arc::new(limit), Arc::new(PerMethod::new())), ..Self::new() }
    }

    /// Sets how many calls may run at once; of each method, if each has a limit of its own. The default is 1024.
    ///
    /// A layer that is changed no longer counts together with those that it was cloned from: this is so for all settings.
    #[must_use]
    pub fn with_limit(mut self, limit: impl Into<Limit>) -> Self {
        let limit = limit.into();
        match &mut self.scope {
            Scope::All(own, _) => *own = limit,
            Scope::PerMethod(own, _) => *own = Arc::new(move |_| limit),
        }
        self.renew()
    }

    /// Sets how many calls may wait, in percent of the limit, rounded up; with 0 none does. The default is 50: the
    /// last of a full queue waits about half as long as a handler takes.
    #[must_use]
    pub fn with_queue_percent(mut self, percent: u32) -> Self {
        self.settings.queue_percent = percent;
        self.renew()
    }

    /// Sets how long a call may wait in a queue that is there to stay, up to an hour. The default is 5 ms.
    #[must_use]
    pub fn with_target_delay(mut self, delay: Duration) -> Self {
        self.settings.discipline.target = delay.min(LONGEST_WAIT);
        self.renew()
    }

    /// Sets after which time in which it was not served to its end a queue is there to stay, and how long a call may
    /// wait until then, up to an hour. The default is 100 ms.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.settings.discipline.interval = interval.min(LONGEST_WAIT);
        self.renew()
    }

    /// Lets a call that answers with a stream have its place only until its handler has returned the stream, not until the
    /// stream ends: for streams that last for hours and cost little.
    #[must_use]
    pub fn without_streams(mut self) -> Self {
        self.settings.hold_streams = false;
        self.renew()
    }

    /// How busy it is, and what it has turned away: of all methods together, if each has a limit of its own. Methods count
    /// from their first call.
    #[must_use]
    pub fn stats(&self) -> OverloadStats {
        match &self.scope {
            Scope::All(_, gate) => gate.stats(),
            Scope::PerMethod(_, gates) => {
                let stats = gates.known().map(|(_, gate)| gate.stats());
                stats.fold(OverloadStats::default(), OverloadStats::plus)
            }
        }
    }

    /// The same for each method that was called; nothing, if they share one limit.
    #[must_use]
    pub fn stats_per_method(&self) -> Vec<(Method, OverloadStats)> {
        match &self.scope {
            Scope::All(..) => Vec::new(),
            Scope::PerMethod(_, gates) => {
                gates.known().map(|(method, gate)| (method.clone(), gate.stats())).collect()
            }
        }
    }

    pub(super) fn enter(&self, call: &Call) -> Entry {
        match &self.scope {
            Scope::All(_, gate) => gate.enter(call),
            Scope::PerMethod(limit, gates) => {
                let method = call.method();
                gates.of(method, || Arc::new(Gate::new(limit(method), self.settings))).enter(call)
            }
        }
    }

    fn renew(mut self) -> Self {
        match &mut self.scope {
            Scope::All(limit, gate) => *gate = Arc::new(Gate::new(*limit, self.settings)),
            Scope::PerMethod(_, gates) => *gates = Arc::new(PerMethod::new()),
        }
        self
    }
}

impl Default for OverloadLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for OverloadLayer {
    type Service = Overload<S>;

    fn layer(&self, inner: S) -> Overload<S> {
        Overload::new(inner, self.clone())
    }
}

impl fmt::Debug for OverloadLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverloadLayer").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
