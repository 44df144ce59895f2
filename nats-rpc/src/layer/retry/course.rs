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
use crate::spec::{Idempotency, Kind, Method};
use crate::status::Status;

/// What retries go by, for each method that is called.
#[derive(Debug)]
pub(super) struct Methods {
    settings: RetryLayer,
    known: PerMethod<OfMethod>,
}

/// The same for one method.
#[derive(Debug)]
pub(super) struct OfMethod {
    rules: Rules,
    timeout: Option<Duration>,
    budget: Arc<Budget>,
}

/// A call on its way, from one attempt to the next.
#[derive(Debug)]
pub(super) struct Course {
    kept: Kept,
    attempts: Attempts,
}

impl Methods {
    pub(super) fn new(settings: RetryLayer) -> Self {
        Self { settings, known: PerMethod::new() }
    }

    /// Begins a call whose first attempt is made now. Returns until when a stream of responses has to begin, too.
    #[inline]
    pub(super) fn begin(&self, call: &mut Call, now: Instant) -> (Course, Option<Instant>) {
        let method = self.of(call.method());
        // All attempts are within this time.
        call.start(method.timeout, now);
        method.budget.deposit(now);
        if method.rules.idempotency == Idempotency::Idempotent {
            // The service may remember what it has done for it.
            call.ensure_id();
        }
        let kept = Kept::new(call, self.settings.replay_buffer);
        (Course { kept, attempts: Attempts::new() }, method.begin_attempt(call, now))
    }

    pub(super) fn of(&self, method: &Method) -> &OfMethod {
        self.known.of(method, || {
            let policy = self.settings.policies.of(method);
            let throttling = self.settings.policies.throttling();
            let budget = self.settings.budgets.of(method.service(), throttling);
            OfMethod { rules: Rules::new(method, &policy), timeout: policy.timeout, budget }
        })
    }
}

impl OfMethod {
    /// Begins an attempt at the time `now`. Returns until when a stream of responses has to begin.
    #[inline]
    fn begin_attempt(&self, call: &mut Call, now: Instant) -> Option<Instant> {
        call.set_budget(Arc::clone(&self.budget));
        let end = self.rules.of(call).end_of_attempt(now)?;
        // A stream of responses that has begun is not to be cut off.
        if matches!(call.method().kind(), Kind::ServerStreaming | Kind::BidiStreaming) {
            return Some(end);
        }
        call.context_mut().limit(end);
        None
    }
}

/// `method` is what retries of the call's method go by.
impl Course {
    /// The call for another attempt, which is made now, and until when a stream of responses has to begin.
    pub(super) fn attempt(&mut self, method: &OfMethod, now: Instant) -> (Call, Option<Instant>) {
        let before = self.attempts.before();
        if before > 0 {
            self.kept.call.ensure_id();
        }
        let mut call = self.kept.attempt();
        if before > 0 {
            let context = call.context_mut();
            *context = mem::take(context).with_attempt(before);
        }
        let until = method.begin_attempt(&mut call, now);
        (call, until)
    }

    /// The current attempt has failed. Returns after which time there is another one, if there is.
    pub(super) fn failed(&mut self, method: &OfMethod, failure: &Status) -> Option<Duration> {
        let rules = method.rules.of(&self.kept.call);
        let bounds = Bounds {
            is_repeatable: self.kept.rewind(),
            deadline: self.context().deadline(),
            budget: &method.budget,
        };
        let delay = self.attempts.failed(failure, &rules, bounds)?;
        let method = self.method();
        tracing::debug!(%method, before = self.attempts.before(), ?delay, %failure, "the call is made again");
        Some(delay)
    }

    /// An attempt has begun to answer: the caller may know of it.
    pub(super) fn succeeded(&self, method: &OfMethod) {
        self.kept.commit();
        method.budget.throttle().into_iter().for_each(Throttle::succeeded);
    }

    /// What the call fails with when this was the last attempt.
    pub(super) fn end(&self, failure: Status) -> Status {
        self.attempts.end(failure)
    }

    pub(super) fn context(&self) -> &Context {
        self.kept.call.context()
    }

    pub(super) fn method(&self) -> &Method {
        self.kept.call.method()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;

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
        let now = Instant::now();
        let (mut first, mut other) = (call("Do"), call("DoElse"));
        let (mut course, _) = methods.begin(&mut first, now);
        methods.begin(&mut other, now);
        let method = methods.of(first.method());
        assert!(course.failed(method, &Status::unavailable("").with_not_processed()).is_some());
        let (second, _) = course.attempt(method, now);
        for attempt in [second, other] {
            assert!(Arc::ptr_eq(first.budget().unwrap(), attempt.budget().unwrap()));
        }
    }
}
