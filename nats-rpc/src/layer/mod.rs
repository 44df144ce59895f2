//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides.

mod per_method;
mod policy;
mod retry;

pub(crate) use self::per_method::PerMethod;
pub use self::policy::{CallPolicy, MethodPolicy, Policies};
pub use self::retry::{Retry, RetryFuture, RetryLayer};
pub use crate::raw::{Budget, Throttle};
