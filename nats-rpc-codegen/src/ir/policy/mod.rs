//! How calls are made: what options say, and nothing that they do not.

mod breaker;
mod code;
mod durable;
mod hedge;
mod retry;

use std::time::Duration;

pub use breaker::Breaker;
pub use code::Code;
pub use durable::Durable;
pub use hedge::Hedge;
pub use retry::Retry;

use super::{Idempotency, Kind, Method};

/// What a service or a method says of calls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// Timeout of calls that set none.
    pub timeout: Option<Duration>,
    /// When a failed call is made again.
    pub retry: Option<Retry>,
    /// When a call is sent again before the first answer.
    pub hedge: Option<Hedge>,
    /// When calls are given up at once.
    pub breaker: Option<Breaker>,
}

impl Policy {
    /// What holds for a method: what it says itself, and for the rest what its service says and the method can have.
    pub(super) fn of(service: &Self, method: &Method) -> Self {
        let own = &method.policy;
        let unary = method.kind == Kind::Unary;
        let durable = method.durable.is_some();
        let retries = own.retry.as_ref().is_some_and(|retry| !retry.off);
        let hedges = own.hedge.as_ref().is_some_and(|hedge| !hedge.off);
        let inherits_retry = !durable && !hedges;
        let inherits_hedge =
            !durable && !retries && unary && method.idempotency == Idempotency::NoSideEffects;
        Self {
            timeout: own.timeout.or(service.timeout.filter(|_| unary)),
            retry: own.retry.clone().or_else(|| service.retry.clone().filter(|_| inherits_retry)),
            hedge: own.hedge.clone().or_else(|| service.hedge.clone().filter(|_| inherits_hedge)),
            breaker: own.breaker.clone().or_else(|| service.breaker.clone()),
        }
    }
}
