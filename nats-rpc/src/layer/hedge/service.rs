use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;

use super::future::HedgeFuture;
use super::observed::Observed;
use super::plan::Plan;
use super::purse::Purse;
use super::race::{Race, Source};
use super::rules::Rules;
use super::sample::{Sample, Sampled};
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

impl Settings {
    pub(super) fn new(policies: Policies, percentile: u8, budgets: Arc<Budgets>) -> Self {
        Self { policies, percentile, budgets, methods: PerMethod::new() }
    }

    /// How a call is hedged, if it is.
    fn of(&self, call: &Call) -> Option<(Rules, Arc<Hedged>)> {
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

    fn observed(&self, hedged: &Hedged, now: Instant) -> Arc<Observed> {
        Arc::clone(hedged.observed.get_or_init(|| Arc::new(Observed::new(self.percentile, now))))
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
        let Some((rules, hedged)) = self.settings.of(&call) else {
            return HedgeFuture::single(self.inner.call(call));
        };
        let now = call.start(call.method().timeout());
        let (mut call, purse) = Purse::of(call, &hedged.budget, now);
        call.ensure_id();
        let Some(template) = call.try_clone() else {
            return HedgeFuture::single(self.inner.call(call));
        };
        let observed = self.settings.observed(&hedged, now);
        let delay = rules.spec.delay().or_else(|| observed.delay());
        let mut plan = Plan::new(rules, delay, now, call.context().deadline());
        if observed.is_failing() {
            plan.stop();
        }
        rules.begin(&mut call, 0, now);
        let sample = Sample::new(&observed, now);
        let first = Sampled::new(self.inner.call(call), sample);
        let source = Source { service: self.inner.clone(), call: template, rules, observed, purse };
        HedgeFuture::race(Race::new(first, plan, source))
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
