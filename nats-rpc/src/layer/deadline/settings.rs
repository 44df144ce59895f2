use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::layer::{PerMethod, Policies};
use crate::raw::Call;
use crate::spec::Kind;
use crate::status::{Reason, Status};

/// What a [`DeadlineLayer`](super::DeadlineLayer) was told.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    side: Side,
    pub(super) default: Option<Duration>,
    pub(super) minimum: Duration,
    pub(super) maximum: Option<Duration>,
    /// The service inside ends calls at their deadlines.
    pub(super) trusts: bool,
}

#[derive(Debug, Clone)]
enum Side {
    /// With the methods' timeouts as far as they were asked for.
    Client(Policies, Arc<PerMethod<Option<Duration>>>),
    Server,
}

impl Settings {
    pub(super) fn of_client(policies: Policies, default: Duration) -> Self {
        let side = Side::Client(policies, Arc::new(PerMethod::new()));
        Self { side, default: Some(default), minimum: Duration::ZERO, maximum: None, trusts: false }
    }

    pub(super) fn of_server() -> Self {
        Self { side: Side::Server, default: None, minimum: Duration::ZERO, maximum: None, trusts: false }
    }

    pub(super) fn set_policies(&mut self, policies: Policies) {
        if let Side::Client(..) = self.side {
            self.side = Side::Client(policies, Arc::new(PerMethod::new()));
        }
    }

    pub(super) fn check(&self) {
        if let Some(most) = self.maximum {
            let least = self.minimum;
            assert!(least <= most, "calls that need {least:?} at least can't be given {most:?} at most");
        }
    }

    /// Gives a call that is made now its deadline.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED when there is too little time left for it.
    #[inline]
    pub(super) fn begin(&self, call: &mut Call, now: Instant) -> Result<(), Status> {
        if let Some(timeout) = self.timeout(call) {
            call.set_timeout(timeout);
        }
        call.start(None, now);
        let left = call.context().deadline().map(|deadline| deadline.saturating_duration_since(now));
        match left {
            Some(left) if left.is_zero() || left < self.minimum => Err(expired(call, now)),
            _ => Ok(()),
        }
    }

    /// What a call may take from now on, beside the deadline that it has.
    fn timeout(&self, call: &Call) -> Option<Duration> {
        let is_unary = call.method().kind() == Kind::Unary;
        let has_deadline = call.context().deadline().is_some();
        let default = self.default.filter(|_| is_unary);
        let timeout = match &self.side {
            Side::Client(policies, methods) => call
                .timeout()
                .or_else(|| *methods.of(call.method(), || policies.of(call.method()).timeout))
                .or(default),
            Side::Server => default.filter(|_| !has_deadline),
        };
        let ends = is_unary || has_deadline || timeout.is_some();
        match self.maximum.filter(|_| ends) {
            Some(most) => Some(timeout.map_or(most, |timeout| timeout.min(most))),
            None => timeout,
        }
    }
}

fn expired(call: &Call, now: Instant) -> Status {
    let method = call.method();
    let text = match call.context().deadline() {
        Some(deadline) if now < deadline => {
            format!("only {:?} were left for {method}, which needs more", deadline - now)
        }
        _ => format!("the deadline had passed before {method} was called"),
    };
    Status::deadline_exceeded(text).with_reason(Reason::Expired).with_not_processed()
}
