use super::scopes::{Scope, Scopes, is_method, is_service};
use super::{InvalidPolicies, Overrides, Policies, ServiceConfig};

/// Puts [`Policies`] together.
///
/// What is said of a method is stronger than what is said of its service, and that is stronger than what is said of all;
/// what one does not set is left to the next. What is said of the same name again takes the place of the first.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::layer::{Overrides, Policies};
/// use nats_rpc::spec::BreakerSpec;
///
/// let policies = Policies::builder()
///     .for_all(Overrides::new().with_timeout(Duration::from_secs(3)))
///     .for_service("shop.v1.Orders", Overrides::new().with_breaker(BreakerSpec::off()))
///     .for_method("/shop.v1.Orders/Put", Overrides::new().with_timeout(Duration::from_secs(20)))
///     .build()?;
///
/// let error = Policies::builder().for_method("Put", Overrides::new()).build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "invalid policies: `Put` is no path of a method: write it as `/shop.v1.Orders/Put`"
/// );
/// # Ok::<(), nats_rpc::layer::InvalidPolicies>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct PoliciesBuilder {
    config: ServiceConfig,
    overrides: Scopes<Overrides>,
    problems: Vec<String>,
}

impl PoliciesBuilder {
    /// Takes gRPC's service config. What the other methods say is stronger.
    pub fn with_service_config(mut self, config: ServiceConfig) -> Self {
        self.config = config;
        self
    }

    /// Says something of all methods.
    pub fn for_all(self, overrides: Overrides) -> Self {
        self.set(Scope::All, "all methods", overrides)
    }

    /// Says something of the methods of a service, by its full name such as `shop.v1.Orders`.
    pub fn for_service(mut self, service: impl Into<String>, overrides: Overrides) -> Self {
        let service = service.into();
        if !is_service(&service) {
            self.problems.push(format!("`{service}` is no name of a service: write it as `shop.v1.Orders`"));
        }
        let name = format!("`{service}`");
        self.set(Scope::Service(service), &name, overrides)
    }

    /// Says something of one method, by its path such as `/shop.v1.Orders/Put`, as [`Method`](crate::Method) displays
    /// it.
    pub fn for_method(mut self, path: impl Into<String>, overrides: Overrides) -> Self {
        let path = path.into();
        if !is_method(&path) {
            self.problems.push(format!("`{path}` is no path of a method: write it as `/shop.v1.Orders/Put`"));
        }
        let name = format!("`{path}`");
        self.set(Scope::Method(path), &name, overrides)
    }

    fn set(mut self, scope: Scope, name: &str, overrides: Overrides) -> Self {
        let problems = overrides.problems();
        self.problems.extend(problems.into_iter().map(|problem| format!("for {name}: {problem}")));
        self.overrides.set(scope, overrides);
        self
    }

    /// The policies.
    ///
    /// # Errors
    /// When a name is not what it has to be, or when something is set that the generator refuses in options as well. Then
    /// nothing of it holds.
    pub fn build(self) -> Result<Policies, InvalidPolicies> {
        if !self.problems.is_empty() {
            return Err(InvalidPolicies { problems: self.problems });
        }
        Ok(Policies::of_parts(self.config, self.overrides))
    }
}
