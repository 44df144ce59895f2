use std::time::Duration;

use crate::spec::{BreakerSpec, HedgeSpec, Method, RetrySpec};

/// Some of what holds for calls; what is not set is left to what is weaker.
///
/// A [builder](super::PoliciesBuilder) says for which methods.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::layer::Overrides;
/// use nats_rpc::spec::RetrySpec;
///
/// let patient = Overrides::new()
///     .with_timeout(Duration::from_secs(5))
///     .with_attempt_timeout(Duration::from_secs(1))
///     .with_retry(RetrySpec::new().with_max_attempts(5));
/// # assert_ne!(patient, Overrides::new());
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    pub(super) timeout: Option<Duration>,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) wait_for_ready: Option<bool>,
    pub(super) retry: Option<RetrySpec>,
    pub(super) hedge: Option<HedgeSpec>,
    pub(super) breaker: Option<BreakerSpec>,
}

impl Overrides {
    /// Sets nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the options of a method say.
    pub(super) fn of_options(method: &Method) -> Self {
        Self {
            timeout: method.timeout(),
            retry: method.retry().copied(),
            hedge: method.hedge().copied(),
            breaker: method.breaker().copied(),
            ..Self::default()
        }
    }

    /// Sets how long a call may take that does not say so itself, all attempts together. Said of a service or of all, it
    /// holds for unary methods; a method with streams has to be named.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long an attempt may take before the next one. Without it, an attempt may take the time of the call.
    #[must_use]
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Sets whether a call waits, within its time, until somebody serves the method. The default is not to: it fails with
    /// UNAVAILABLE after the attempts of its [`RetrySpec`], some 30 ms by default.
    #[must_use]
    pub fn with_wait_for_ready(mut self, wait: bool) -> Self {
        self.wait_for_ready = Some(wait);
        self
    }

    /// Sets when a failed call is made again. It turns hedging off that something weaker asks for.
    #[must_use]
    pub fn with_retry(mut self, retry: RetrySpec) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Sets when a call is sent again before the first answer. It turns retries off that something weaker asks for. It
    /// holds for unary methods that are declared `NO_SIDE_EFFECTS`; one that is `IDEMPOTENT` has to be named.
    #[must_use]
    pub fn with_hedge(mut self, hedge: HedgeSpec) -> Self {
        self.hedge = Some(hedge);
        self
    }

    /// Sets when calls of a method are given up at once.
    #[must_use]
    pub fn with_breaker(mut self, breaker: BreakerSpec) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Takes what is not set from what is weaker. A call is either made again or sent several times: what says the one
    /// says that it is not the other.
    pub(super) fn or(self, weaker: &Self) -> Self {
        let mut both = Self {
            timeout: self.timeout.or(weaker.timeout),
            attempt_timeout: self.attempt_timeout.or(weaker.attempt_timeout),
            wait_for_ready: self.wait_for_ready.or(weaker.wait_for_ready),
            retry: self.retry.or(weaker.retry),
            hedge: self.hedge.or(weaker.hedge),
            breaker: self.breaker.or(weaker.breaker),
        };
        if both.hedge.is_some_and(|hedge| !hedge.is_off()) {
            both.retry.get_or_insert(RetrySpec::off());
        }
        if both.retry.is_some_and(|retry| !retry.is_off()) {
            both.hedge.get_or_insert(HedgeSpec::off());
        }
        both
    }

    /// What can't hold, as the generator refuses it in options.
    pub(super) fn problems(&self) -> Vec<&'static str> {
        let zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
        let retry = self.retry.filter(|retry| !retry.is_off());
        let hedge = self.hedge.filter(|hedge| !hedge.is_off());
        let breaker = self.breaker.filter(|breaker| !breaker.is_off());
        let delay = hedge.and_then(|hedge| hedge.delay());
        let checks = [
            (zero(self.timeout), "a timeout of zero: no call could ever succeed"),
            (zero(self.attempt_timeout), "a timeout of zero for attempts: none could ever succeed"),
            (
                retry.is_some_and(|retry| retry.initial_backoff().is_zero()),
                "retries with an initial backoff of zero: give at least 1 ms, or leave it out",
            ),
            (
                retry.is_some_and(|retry| retry.max_backoff() < retry.initial_backoff()),
                "retries whose longest backoff is below the initial one: name both",
            ),
            (
                retry.is_some() && hedge.is_some(),
                "both retries and hedging: a call is either made again or sent several times, leave one out",
            ),
            (
                delay.zip(self.timeout).is_some_and(|(delay, timeout)| delay >= timeout),
                "hedging with a delay that the timeout leaves no time for: take a shorter one",
            ),
            (
                breaker.is_some_and(|breaker| breaker.min_calls() == 0),
                "a breaker that opens without calls: give at least 1",
            ),
            (
                breaker.is_some_and(|breaker| breaker.open().is_zero()),
                "a breaker that opens for no time: give at least 1 ms, or turn it off",
            ),
            (
                breaker.is_some_and(|breaker| breaker.max_open() < breaker.open()),
                "a breaker whose longest time open is below the first one: name both",
            ),
        ];
        checks.into_iter().filter_map(|(found, problem)| found.then_some(problem)).collect()
    }
}
