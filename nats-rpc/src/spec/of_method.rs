use std::time::Duration;

use super::hash::{FNV_START, feed};
use super::{BreakerSpec, DurableSpec, HedgeSpec, Idempotency, Kind, RetrySpec, method_hash};

/// What is known of one method at build time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) index: usize,
    pub(super) kind: Kind,
    pub(super) hash: u32,
    pub(super) service_hash: u32,
    pub(super) subject: Option<&'static str>,
    pub(super) idempotency: Idempotency,
    pub(super) timeout: Option<Duration>,
    pub(super) retry: Option<RetrySpec>,
    pub(super) hedge: Option<HedgeSpec>,
    pub(super) breaker: Option<BreakerSpec>,
    pub(super) durable: Option<DurableSpec>,
}

impl Spec {
    /// Describes method number `index` of a service such as `greeter.v1.Greeter`.
    #[must_use]
    pub const fn new(service: &'static str, name: &'static str, index: usize, kind: Kind) -> Self {
        Self {
            service,
            name,
            index,
            kind,
            hash: method_hash(service, name),
            service_hash: feed(FNV_START, service.as_bytes()),
            subject: None,
            idempotency: Idempotency::Unknown,
            timeout: None,
            retry: None,
            hedge: None,
            breaker: None,
            durable: None,
        }
    }

    /// Sets the whole subject of the method.
    #[must_use]
    pub const fn with_subject(mut self, subject: &'static str) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Declares whether the method may run twice.
    #[must_use]
    pub const fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Sets the timeout of calls that name none themselves.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets when a failed call is made again.
    #[must_use]
    pub const fn with_retry(mut self, retry: RetrySpec) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Sets when a call is sent again before the first answer.
    #[must_use]
    pub const fn with_hedge(mut self, hedge: HedgeSpec) -> Self {
        self.hedge = Some(hedge);
        self
    }

    /// Sets when calls are given up at once.
    #[must_use]
    pub const fn with_breaker(mut self, breaker: BreakerSpec) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Says that calls are kept in a JetStream stream. It has no effect in this release.
    #[must_use]
    pub const fn with_durable(mut self, durable: DurableSpec) -> Self {
        self.durable = Some(durable);
        self
    }
}
