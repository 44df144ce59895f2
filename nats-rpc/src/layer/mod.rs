//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides.

mod breaker;
mod deadline;
mod fault;
mod hedge;
mod overload;
mod per_method;
mod policy;
mod retry;
mod stack;

pub use self::breaker::{
    Breaker, BreakerCause, BreakerChange, BreakerFuture, BreakerHandle, BreakerLayer, BreakerState,
    CircuitHandle,
};
pub use self::deadline::{Deadline, DeadlineFuture, DeadlineLayer};
pub use self::fault::{Fault, FaultFuture, FaultLayer};
pub use self::hedge::{Hedge, HedgeFuture, HedgeLayer};
pub use self::overload::{
    GradientLimit, Limit, Overload, OverloadFuture, OverloadLayer, OverloadStats, Rejected,
};
pub(crate) use self::per_method::PerMethod;
pub(crate) use self::policy::why_not_hedged;
pub use self::policy::{
    CallPolicy, InvalidPolicies, InvalidServiceConfig, MethodPolicy, Overrides, Policies, PoliciesBuilder,
    ServiceConfig, Throttling,
};
pub use self::retry::{Retry, RetryFuture, RetryLayer};
pub use self::stack::{Stack, StackFuture, StackLayer};
pub use crate::raw::{Budget, Throttle};
