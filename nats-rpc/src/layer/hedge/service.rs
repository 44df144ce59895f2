use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;

use super::future::HedgeFuture;
use super::observed::Observed;
use super::plan::Plan;
use super::purse::Purse;
use super::race::{Hedging, Source};
use super::rules::Rules;
use super::sample::Sample;
use crate::layer::{Budgets, PerMethod, Policies};
use crate::raw::{Body, Budget, Call, Reply};
use crate::spec::Idempotency;
use crate::status::{BoxError, Status};

/// Sends calls again before their first answer; what [`HedgeLayer`](super::HedgeLayer) makes of a service.
///
/// Clones share what they know of methods.
#[derive(Debug, Clone)]
pub struct Hedge<S> {
    inner: S,
    settings: Arc<Settings>,
}

pub(super) struct Settings {
    policies: Policies,
    percentile: u8,
    budgets: Arc<Budgets>,
    methods: PerMethod<Hedged>,
}

/// A method that may run twice.
struct Hedged {
    rules: Rules,
    budget: Arc<Budget>,
    /// Only of those that are ever hedged.
    observed: OnceLock<Arc<Observed>>,
}

impl<S> Hedge<S> {
    pub(super) fn new(inner: S, settings: Settings) -> Self {
        Self { inner, settings: Arc::new(settings) }
    }
}

impl<S: Service<Call> + Clone> Hedge<S> {
    /// Makes a call at the time `now`, whose first attempt `first` makes.
    #[inline]
    pub(in crate::layer) fn call_at(
        &self,
        now: Instant,
        mut call: Call,
        first: impl FnOnce(&S, Call) -> S::Future,
    ) -> HedgeFuture<S> {
        let hedging = self.settings.begin(&mut call, || now);
        HedgeFuture::new(first(&self.inner, call), hedging, &self.inner)
    }
}

impl Settings {
    pub(super) fn new(policies: Policies, percentile: u8, budgets: Arc<Budgets>) -> Self {
        Self { policies, percentile, budgets, methods: PerMethod::new() }
    }

    /// How a call is hedged, if it is.
    #[inline]
    fn of(&self, call: &Call) -> Option<(Rules, &Hedged)> {
        let method = call.method();
        if method.idempotency() == Idempotency::Unknown || matches!(call.body(), Body::Stream(_)) {
            return None;
        }
        let hedged = self.methods.of(method, || {
            let policy = self.policies.of(method);
            let rules = Rules { spec: policy.hedge, attempt_timeout: policy.attempt_timeout };
            Hedged {
                rules,
                budget: self.budgets.of(method.service(), self.policies.throttling()),
                observed: OnceLock::new(),
            }
        });
        let rules = hedged.rules.for_call(call);
        (!rules.spec.is_off()).then_some((rules, hedged))
    }

    /// Begins a call, at the time that the clock shows. Returns how it goes on after its first attempt if it is hedged.
    pub(super) fn begin(&self, call: &mut Call, clock: impl FnOnce() -> Instant) -> Option<Hedging> {
        let (rules, hedged) = self.of(call)?;
        let now = clock();
        call.start(call.method().timeout(), now);
        let purse = Purse::of(call, &hedged.budget, now);
        call.ensure_id();
        let template = call.try_clone()?;
        let observed = hedged.observed.get_or_init(|| Arc::new(Observed::new(self.percentile, now)));
        let delay = rules.spec.delay().or_else(|| observed.delay());
        let mut plan = Plan::new(rules, delay, now, call.context().deadline());
        if observed.is_failing() {
            plan.stop();
        }
        rules.begin(call, 0, now);
        let (observed, sample) = (Arc::clone(observed), Sample::new(observed, now));
        let source = Source { call: template, rules, observed, purse };
        Some(Hedging { sample, plan, source })
    }
}

impl<S> Service<Call> for Hedge<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Response = Reply;
    type Error = Status;
    type Future = HedgeFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, mut call: Call) -> HedgeFuture<S> {
        let hedging = self.settings.begin(&mut call, Instant::now);
        HedgeFuture::new(self.inner.call(call), hedging, &self.inner)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("percentile", &self.percentile)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}
