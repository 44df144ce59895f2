//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides.

mod overload;
mod per_method;
mod policy;

pub use self::overload::{
    GradientLimit, Limit, Overload, OverloadFuture, OverloadLayer, OverloadStats, Rejected,
};
pub(crate) use self::per_method::PerMethod;
pub use self::policy::{CallPolicy, MethodPolicy, Policies};
