//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides. Each works alone.
//!
//! | at a client | what it does | by default |
//! |---|---|---|
//! | [`StackLayer`] | the next four, in this order | in each [`Channel`](crate::Channel) |
//! | [`DeadlineLayer`] | says how long calls may take | yes |
//! | [`RetryLayer`] | makes calls again that have failed | yes |
//! | [`HedgeLayer`] | sends slow calls several times | where a policy asks for it |
//! | [`BreakerLayer`] | gives calls up at once while nearly all fail | yes |
//! | [`TokenLayer`] | puts a token on each call | |
//!
//! [`Policies`] says what holds for which method.
//!
//! | at a server | what it does |
//! |---|---|
//! | [`OverloadLayer`] | turns away what is more than the service can handle |
//! | [`AuthLayer`] | finds out who makes a call |
//! | [`RateLimitLayer`] | lets so many calls through in a time |
//! | [`IdempotencyLayer`] | answers a repeated call with what came of it at first |
//! | [`ValidateLayer`] | checks requests once they are decoded |
//!
//! None of these is there by default: [`Builder::layer`](crate::server::Builder::layer) puts one around all services of a
//! server, [`Mount::layer`](crate::server::Mount::layer) around one. In this order, the first one outermost, each spares
//! those behind it what they need not see.
//!
//! On both sides, [`GateLayer`] puts a function of one's own in front of calls, and [`FaultLayer`] injects delays and
//! failures for rehearsals.

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
pub(crate) use self::stack::Layers;
pub use self::stack::{Stack, StackFuture, StackLayer};
pub use self::validate::{ValidateLayer, Violations};
pub(crate) use self::validate::{checked, checked_stream};
pub use crate::raw::{Budget, Throttle};
