use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use futures_util::future::Either;
use tower_layer::Layer;

use super::{Authenticate, Credentials};
use crate::layer::{Gate, Gated};
use crate::raw::Call;
use crate::spec::Method;
use crate::status::Status;

/// Lets only those calls reach a service whose caller is known, and tells handlers who that is.
///
/// What the [authenticator](Authenticate) returns is among the call's [extensions](Call::extensions); handlers take it
/// from [`Request::principal`](crate::Request::principal), and layers behind this one as well. A call that it
/// refuses ends with its status: UNAUTHENTICATED when the caller is not known, PERMISSION_DENIED when it is and may not
/// do this.
///
/// ```
/// # use nats_rpc::server::RpcService;
/// use nats_rpc::layer::{AuthLayer, Credentials};
/// use nats_rpc::{Code, Request, Response, Status};
///
/// #[derive(Debug, Clone, PartialEq)]
/// struct User(&'static str);
///
/// // Outside of examples a token is looked up or verified.
/// let auth = AuthLayer::new(|credentials: &Credentials<'_>| match credentials.require_bearer()? {
///     "t-ada" => Ok(User("Ada")),
///     _ => Err(Status::unauthenticated("the token is not known")),
/// })
/// .allow_without(|method| method.service() == "grpc.health.v1.Health");
///
/// # fn mount(greeter: impl RpcService, auth: impl tower_layer::Layer<nats_rpc::server::Route, Service: nats_rpc::CallService>) {
/// let mount = nats_rpc::server::Mount::new(greeter).layer(auth);
/// # }
///
/// // In the service:
/// async fn say_hello(request: Request<()>) -> Result<Response<String>, Status> {
///     let User(name) = request.principal()?;
///     Ok(format!("Hello, {name}!").into())
/// }
/// ```
///
/// A caller from another account can be known without a token, by what the NATS server says of it: see
/// [`NatsIdentity`](crate::call::NatsIdentity).
#[derive(Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct AuthLayer<G> {
    gate: G,
    open: Option<Arc<Methods>>,
}

/// Says whether it is one of them.
type Methods = dyn Fn(&Method) -> bool + Send + Sync;

impl AuthLayer<()> {
    /// Asks `authenticator` about each call.
    pub fn new<A: Authenticate>(authenticator: A) -> AuthLayer<impl Gate> {
        let authenticator = Arc::new(authenticator);
        let gate = move |mut call: Call| {
            let authenticator = Arc::clone(&authenticator);
            async move {
                let credentials = Credentials::of(&call);
                let principal = authenticator.authenticate(&credentials).await?;
                call.extensions_mut().insert(principal);
                Ok(call)
            }
        };
        AuthLayer { gate, open: None }
    }
}

impl<G> AuthLayer<G> {
    /// Lets calls of these methods pass without a look at their callers: health and reflection, above all. Default: of
    /// none.
    pub fn allow_without(mut self, methods: impl Fn(&Method) -> bool + Send + Sync + 'static) -> Self {
        self.open = Some(Arc::new(methods));
        self
    }
}

impl<G: Gate> Gate for AuthLayer<G> {
    type Passing = Either<Ready<Result<Call, Status>>, G::Passing>;

    fn pass(&self, call: Call) -> Self::Passing {
        match &self.open {
            Some(open) if open(call.method()) => Either::Left(ready(Ok(call))),
            _ => Either::Right(self.gate.pass(call)),
        }
    }
}

impl<G: Gate, S> Layer<S> for AuthLayer<G> {
    type Service = Gated<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gated::new(self.clone(), inner)
    }
}

impl<G> fmt::Debug for AuthLayer<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer").finish_non_exhaustive()
    }
}
