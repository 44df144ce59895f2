use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::attempts::{Attempts, Bounds};
use super::kept::Kept;
use super::layer::RetryLayer;
use super::rules::Rules;
use crate::call::Context;
use crate::layer::PerMethod;
use crate::raw::{Budget, Call, Throttle};
use crate::spec::{Idempotency, Kind};
use crate::status::Status;

/// What retries go by, for each method that is called.
#[derive(Debug)]
pub(super) struct Methods {
    settings: RetryLayer,
    known: PerMethod<OfMethod>,
}

/// The same for one method.
#[derive(Debug)]
struct OfMethod {
    rules: Rules,
    timeout: Option<Duration>,
    budget: Arc<Budget>,
}

/// A call on its way, from one attempt to the next.
#[derive(Debug)]
pub(super) struct Course {
    method: Arc<OfMethod>,
    kept: Kept,
    attempts: Attempts,
}

impl Methods {
    pub(super) fn new(settings: RetryLayer) -> Self {
        Self { settings, known: PerMethod::new() }
    }

    /// Begins a call. Returns the time too.
    #[inline]
    pub(super) fn start(&self, mut call: Call) -> (Course, Instant) {
        let (method, now) = self.begin(&mut call);
        let kept = Kept::new(call, self.settings.replay_buffer);
        (Course { method, kept, attempts: Attempts::new() }, now)
    }

    fn begin(&self, call: &mut Call) -> (Arc<OfMethod>, Instant) {
        let method = call.method();
        let method = self.known.of(method, || {
            let policy = self.settings.policies.of(method);
            let throttling = self.settings.policies.throttling();
            let budget = self.settings.budgets.of(method.service(), throttling);
            OfMethod { rules: Rules::new(method, &policy), timeout: policy.timeout, budget }
        });
        // All attempts are within this time.
        let now = call.start(method.timeout);
        method.budget.deposit(now);
        if method.rules.idempotency == Idempotency::Idempotent {
            // The service may remember what it has done for it.
            call.ensure_id();
        }
        (method, now)
    }
}

impl Course {
    /// The call for the current attempt, which is made now, and until when a stream of responses has to begin.
    pub(super) fn attempt(&mut self, now: Instant) -> (Call, Option<Instant>) {
        let before = self.attempts.before();
        if before > 0 {
            self.kept.call.ensure_id();
        }
        let mut call = self.kept.attempt().with_budget(Arc::clone(&self.method.budget));
        let context = call.context_mut();
        if before > 0 {
            *context = mem::take(context).with_attempt(before);
        }
        let end = self.rules().end_of_attempt(now);
        // A stream of responses that has begun is not to be cut off.
        if matches!(call.method().kind(), Kind::ServerStreaming | Kind::BidiStreaming) {
            return (call, end);
        }
        if let Some(deadline) = end {
            call.context_mut().limit(deadline);
        }
        (call, None)
    }

    /// The current attempt has failed. Returns after which time there is another one, if there is.
    pub(super) fn failed(&mut self, failure: &Status) -> Option<Duration> {
        let rules = self.rules();
        let bounds = Bounds {
            is_repeatable: self.kept.rewind(),
            deadline: self.context().deadline(),
            budget: &self.method.budget,
        };
        let delay = self.attempts.failed(failure, &rules, bounds)?;
        let method = self.kept.call.method();
        tracing::debug!(%method, before = self.attempts.before(), ?delay, %failure, "the call is made again");
        Some(delay)
    }

    /// An attempt has begun to answer: the caller may know of it.
    pub(super) fn succeeded(&self) {
        self.kept.commit();
        self.method.budget.throttle().into_iter().for_each(Throttle::succeeded);
    }

    /// What the call fails with when this was the last attempt.
    pub(super) fn end(&self, failure: Status) -> Status {
        self.attempts.end(failure)
    }

    pub(super) fn context(&self) -> &Context {
        self.kept.call.context()
    }

    fn rules(&self) -> Rules {
        self.method.rules.of(&self.kept.call)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Methods, RetryLayer};
    use crate::raw::{Body, Call};
    use crate::spec::{Kind, Method};
    use crate::status::Status;

    fn call(name: &str) -> Call {
        Call::new(Method::dynamic("a.S", name.to_owned(), Kind::Unary), Body::Unary("".into()))
    }

    /// So that layers within and the channel pay from it, and do not enter the call once more.
    #[tokio::test(start_paused = true)]
    async fn each_attempt_knows_the_budget_of_its_service() {
        let methods = Methods::new(RetryLayer::new());
        let ((mut course, now), (mut other, _)) = (methods.start(call("Do")), methods.start(call("DoElse")));
        let budget = Arc::clone(course.attempt(now).0.budget().unwrap());
        assert!(course.failed(&Status::unavailable("").with_not_processed()).is_some());
        for attempt in [course.attempt(now), other.attempt(now)] {
            assert!(Arc::ptr_eq(&budget, attempt.0.budget().unwrap()));
        }
    }
}
