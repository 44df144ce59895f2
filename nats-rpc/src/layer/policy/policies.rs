use std::sync::Arc;

use super::resolve::resolve;
use super::scopes::Scopes;
use super::{InvalidServiceConfig, MethodPolicy, Overrides, PoliciesBuilder, ServiceConfig, Throttling};
use crate::layer::PerMethod;
use crate::spec::Method;

/// What was configured for calls. Clones are cheap.
///
/// What holds for a method comes from, weakest to strongest:
///
/// 1. the defaults of this crate: [`RetrySpec::new`], no hedging, [`BreakerSpec::new`];
/// 2. the options of the method, in its `.proto` or in the macro;
/// 3. a [service config](ServiceConfig);
/// 4. a [builder](PoliciesBuilder);
/// 5. the [call](super::CallPolicy) itself.
///
/// A policy takes the place of a weaker one as a whole: a stronger `retry` without codes has the default codes, not those
/// of the weaker one. As a call is either made again or sent several times, `retry` takes the place of a weaker `hedge`
/// and the other way round.
///
/// ```
/// use nats_rpc::layer::Policies;
/// use nats_rpc::{Kind, Method};
///
/// let policies = Policies::from_service_config(
///     r#"{ "methodConfig": [{ "name": [{ "service": "shop.v1.Orders" }], "timeout": "2s" }] }"#,
/// )?;
///
/// let put = Method::dynamic("shop.v1.Orders", "Put", Kind::Unary);
/// assert_eq!(policies.of(&put).timeout.map(|timeout| timeout.as_secs()), Some(2));
/// # Ok::<(), nats_rpc::layer::InvalidServiceConfig>(())
/// ```
///
/// [`BreakerSpec::new`]: crate::spec::BreakerSpec::new
/// [`RetrySpec::new`]: crate::spec::RetrySpec::new
#[derive(Debug, Clone, Default)]
pub struct Policies(Option<Arc<Configured>>);

#[derive(Debug)]
struct Configured {
    config: ServiceConfig,
    overrides: Scopes<Overrides>,
    /// What holds for the methods that were asked for, so that each is warned about once.
    resolved: PerMethod<MethodPolicy>,
}

impl Policies {
    /// Puts policies together.
    pub fn builder() -> PoliciesBuilder {
        PoliciesBuilder::default()
    }

    /// Takes gRPC's service config, and nothing else.
    ///
    /// # Errors
    /// As [`ServiceConfig::parse`].
    pub fn from_service_config(json: &str) -> Result<Self, InvalidServiceConfig> {
        Ok(Self::of_parts(ServiceConfig::parse(json)?, Scopes::default()))
    }

    pub(super) fn of_parts(config: ServiceConfig, overrides: Scopes<Overrides>) -> Self {
        Self(Some(Arc::new(Configured { config, overrides, resolved: PerMethod::new() })))
    }

    /// What holds for a method. It looks up names: a layer that asks for each call keeps the answer.
    #[must_use]
    pub fn of(&self, method: &Method) -> MethodPolicy {
        let Some(configured) = &self.0 else {
            return Overrides::new().or(&Overrides::of_options(method)).into();
        };
        let Configured { config, overrides, resolved } = &**configured;
        resolved.of(method, || resolve(method, overrides, config)).clone()
    }

    /// How retries and hedges are throttled, if a service config asks for it: each service by itself, as gRPC does each
    /// name of a server.
    #[must_use]
    pub fn throttling(&self) -> Option<Throttling> {
        self.0.as_ref()?.config.throttling()
    }
}
