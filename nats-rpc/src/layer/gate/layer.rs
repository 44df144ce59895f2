use tower_layer::Layer;

use super::{Gate, Gated};

/// Puts a [`Gate`] of one's own before a service or a channel: what other frameworks call an interceptor.
///
/// ```
/// # use nats_rpc::server::{Mount, RpcService};
/// use nats_rpc::Status;
/// use nats_rpc::layer::GateLayer;
/// use nats_rpc::raw::Call;
///
/// async fn one_tenant(call: Call) -> Result<Call, Status> {
///     match call.metadata().get("x-tenant") {
///         Some("acme") => Ok(call),
///         _ => Err(Status::permission_denied("this instance serves acme only")),
///     }
/// }
///
/// # fn mount(greeter: impl RpcService) -> Mount {
/// Mount::new(greeter).layer(GateLayer::new(one_tenant))
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct GateLayer<G> {
    gate: G,
}

impl<G: Gate> GateLayer<G> {
    /// Lets calls pass through `gate`.
    pub fn new(gate: G) -> Self {
        Self { gate }
    }
}

impl<G: Gate, S> Layer<S> for GateLayer<G> {
    type Service = Gated<G, S>;

    fn layer(&self, inner: S) -> Gated<G, S> {
        Gated::new(self.gate.clone(), inner)
    }
}
