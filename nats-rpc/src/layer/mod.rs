//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides.

mod auth;
mod breaker;
mod budgets;
mod deadline;
mod fault;
mod gate;
mod hedge;
pub mod idempotency;
mod overload;
mod per_method;
mod policy;
#[cfg(feature = "rate-limit")]
mod rate_limit;
mod retry;
mod stack;
mod validate;

pub use self::auth::{AuthLayer, Authenticate, Credentials, RefreshedToken, Token, TokenLayer, TokenSource};
pub use self::breaker::{
    Breaker, BreakerCause, BreakerChange, BreakerFuture, BreakerHandle, BreakerLayer, BreakerState,
    CircuitHandle,
};
pub(crate) use self::budgets::Budgets;
pub use self::deadline::{Deadline, DeadlineFuture, DeadlineLayer};
pub use self::fault::{Fault, FaultFuture, FaultLayer};
pub use self::gate::{Gate, GateLayer, Gated, GatedFuture};
pub use self::hedge::{Hedge, HedgeFuture, HedgeLayer};
pub use self::idempotency::IdempotencyLayer;
pub use self::overload::{
    GradientLimit, Limit, Overload, OverloadFuture, OverloadLayer, OverloadStats, Rejected,
};
pub(crate) use self::per_method::PerMethod;
pub(crate) use self::policy::why_not_hedged;
pub use self::policy::{
    CallPolicy, InvalidPolicies, InvalidServiceConfig, MethodPolicy, Overrides, Policies, PoliciesBuilder,
    ServiceConfig, Throttling,
};
#[cfg(feature = "rate-limit")]
pub use self::rate_limit::{Rate, RateLimitLayer};
pub use self::retry::{Retry, RetryFuture, RetryLayer};
pub use self::stack::{Stack, StackFuture, StackLayer};
pub use self::validate::{ValidateLayer, Violations};
pub(crate) use self::validate::{checked, checked_stream};
pub use crate::raw::{Budget, Throttle};
