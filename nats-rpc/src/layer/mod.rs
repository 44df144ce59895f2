//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides.

mod auth;
mod gate;
mod per_method;
mod policy;
#[cfg(feature = "rate-limit")]
mod rate_limit;
mod validate;

pub use self::auth::{AuthLayer, Authenticate, Credentials, Token, TokenLayer, TokenSource};
pub use self::gate::{Gate, Gated, GatedFuture};
pub(crate) use self::per_method::PerMethod;
pub use self::policy::{CallPolicy, MethodPolicy, Policies};
#[cfg(feature = "rate-limit")]
pub use self::rate_limit::{Rate, RateLimitLayer};
pub use self::validate::{ValidateLayer, Violations};
pub(crate) use self::validate::{checked, checked_stream};
