//! What holds for calls: of all that was said, the strongest.

mod builder;
mod call;
mod invalid;
mod method;
mod overrides;
mod policies;
mod resolve;
mod scopes;
mod service_config;

#[cfg(test)]
mod tests;

pub use self::builder::PoliciesBuilder;
pub use self::call::CallPolicy;
pub use self::invalid::InvalidPolicies;
pub use self::method::MethodPolicy;
pub use self::overrides::Overrides;
pub use self::policies::Policies;
pub(crate) use self::resolve::why_not_hedged;
pub use self::service_config::{InvalidServiceConfig, ServiceConfig, Throttling};
