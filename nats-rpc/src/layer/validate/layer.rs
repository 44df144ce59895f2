use std::future::{Ready, ready};

use tower_layer::Layer;

use super::checks::Checks;
use crate::layer::{Gate, Gated};
use crate::raw::Call;
use crate::status::Status;

/// Checks requests before handlers see them, by their types.
///
/// A check that fails ends the call with its status, mostly INVALID_ARGUMENT with the fields that are wrong
/// ([`Violations`](super::Violations)). Of a stream of requests each message is checked: the handler gets the status
/// as an error of the stream, and its caller does when the handler returns it.
///
/// The message is decoded only once: the checks travel with the call to the generated server, which runs them
/// after it has decoded, within the handler's context. So the layer works around a service, not around a channel.
///
/// ```
/// # use nats_rpc::server::RpcService;
/// # pub struct CreateUser { name: String, age: u32 }
/// use nats_rpc::layer::{ValidateLayer, Violations};
/// use nats_rpc::server::Mount;
///
/// let validate = ValidateLayer::new().check(|user: &CreateUser| {
///     let mut violations = Violations::new();
///     violations.require(!user.name.is_empty(), "name", "is empty");
///     violations.require(user.age < 150, "age", "is not below 150");
///     violations.into_result()
/// });
/// # fn mount(users: impl RpcService, validate: ValidateLayer) {
/// let mount = Mount::new(users).layer(validate);
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct ValidateLayer {
    checks: Checks,
}

impl ValidateLayer {
    /// Checks nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks all requests of this type, whichever method they are for. Several checks of one type run in the order in
    /// which they were added, until one fails.
    pub fn check<M: 'static>(
        mut self,
        check: impl Fn(&M) -> Result<(), Status> + Send + Sync + 'static,
    ) -> Self {
        self.checks.add(check);
        self
    }
}

impl Gate for ValidateLayer {
    type Passing = Ready<Result<Call, Status>>;

    fn pass(&self, mut call: Call) -> Self::Passing {
        let extensions = call.extensions_mut();
        let checks = match extensions.get::<Checks>() {
            Some(outer) => self.checks.after(outer),
            None => self.checks.clone(),
        };
        extensions.insert(checks);
        ready(Ok(call))
    }
}

impl<S> Layer<S> for ValidateLayer {
    type Service = Gated<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gated::new(self.clone(), inner)
    }
}
