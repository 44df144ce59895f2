use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::HandlerFuture;
use crate::raw::{Call, CallService, Reply};
use crate::spec::ServiceSpec;
use crate::status::Status;
use crate::subject;

/// A generated server: a call service that knows which service it is.
pub trait RpcService:
    Service<Call, Response = Reply, Error = Status, Future = HandlerFuture> + Clone + Send + Sync + 'static
{
    /// Name, methods and options of the service.
    const SPEC: &'static ServiceSpec;
}

/// The version of services that name none: discovery demands one.
const VERSION: &str = "0.1.0";

/// A service at the place where it is served.
///
/// ```
/// # use nats_rpc::server::{Mount, RpcService};
/// # fn mount(quests: impl RpcService) -> Result<(), nats_rpc::Status> {
/// let mount = Mount::new(quests).subject("svc.quest.v1")?.queue_group("blue");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a mount serves nothing until it is added to a server"]
pub struct Mount {
    spec: &'static ServiceSpec,
    prefix: Option<String>,
    queue_group: Option<String>,
    version: Cow<'static, str>,
    description: String,
    route: Route,
}

impl Mount {
    /// Mounts a service where its `.proto` says.
    pub fn new<S: RpcService>(service: S) -> Self {
        let route = Route::new(service);
        Self {
            spec: S::SPEC,
            prefix: None,
            queue_group: None,
            version: Cow::Borrowed(VERSION),
            description: String::new(),
            route,
        }
    }

    /// Serves below another subject. Default: what the `.proto` says, else `svc.` and the service's name.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when `prefix` can't be part of a subject.
    pub fn subject(mut self, prefix: impl Into<String>) -> Result<Self, Status> {
        let prefix = prefix.into();
        subject::check_prefix(&prefix)?;
        self.prefix = Some(prefix);
        Ok(self)
    }

    /// Shares calls with other instances in another queue group. Default: what the `.proto` says, else `q`.
    pub fn queue_group(mut self, queue_group: impl Into<String>) -> Self {
        self.queue_group = Some(queue_group.into());
        self
    }

    /// Sets the version that discovery shows, in the form of [semver](https://semver.org), such as `1.2.3`.
    /// Default: `0.1.0`.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when `version` is of another form.
    pub fn version(mut self, version: impl Into<String>) -> Result<Self, Status> {
        let version = version.into();
        if let Err(error) = semver::Version::parse(&version) {
            return Err(Status::invalid_argument(format!(
                "{version:?} can't be the version of {}: {error}",
                self.spec.name()
            )));
        }
        self.version = Cow::Owned(version);
        Ok(self)
    }

    /// Sets what discovery tells people of the service. Default: nothing.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Puts a tower layer around the service. The layer that is added last sees calls first.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route>,
        L::Service: CallService,
    {
        self.route = Route::new(Unified(layer.layer(self.route)));
        self
    }

    pub(super) fn spec(&self) -> &'static ServiceSpec {
        self.spec
    }

    pub(super) fn prefix(&self) -> String {
        match (&self.prefix, self.spec.subject()) {
            (Some(prefix), _) => prefix.clone(),
            (None, Some(prefix)) => prefix.to_owned(),
            (None, None) => subject::default_prefix(self.spec.name()),
        }
    }

    pub(super) fn group(&self) -> &str {
        self.queue_group.as_deref().unwrap_or(self.spec.queue_group())
    }

    pub(super) fn shown_version(&self) -> &str {
        &self.version
    }

    pub(super) fn shown_description(&self) -> &str {
        &self.description
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }
}

impl<S: RpcService> From<S> for Mount {
    fn from(service: S) -> Self {
        Self::new(service)
    }
}

impl fmt::Debug for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mount")
            .field("service", &self.spec.name())
            .field("prefix", &self.prefix())
            .field("queue_group", &self.group())
            .finish_non_exhaustive()
    }
}

/// A service whose type is forgotten: what layers of a [`Mount`] wrap.
#[derive(Clone)]
pub struct Route(Arc<dyn Erased>);

trait Erased: Send + Sync {
    fn call(&self, call: Call) -> HandlerFuture;
}

impl<S> Erased for S
where
    S: Service<Call, Response = Reply, Error = Status, Future = HandlerFuture> + Clone + Send + Sync,
{
    fn call(&self, call: Call) -> HandlerFuture {
        Service::call(&mut self.clone(), call)
    }
}

impl Route {
    fn new<S>(service: S) -> Self
    where
        S: Service<Call, Response = Reply, Error = Status, Future = HandlerFuture>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        Self(Arc::new(service))
    }

    pub(super) fn handle(&self, call: Call) -> HandlerFuture {
        self.0.call(call)
    }
}

impl Service<Call> for Route {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        self.handle(call)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").finish_non_exhaustive()
    }
}

/// Waits until a layered service is ready, and makes its errors statuses.
#[derive(Clone)]
struct Unified<S>(S);

impl<S: CallService> Service<Call> for Unified<S> {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        let mut service = self.0.clone();
        Box::pin(async move {
            let ready = std::future::poll_fn(|cx| service.poll_ready(cx)).await;
            ready.map_err(|error| Status::from_error(error.into()))?;
            service.call(call).await.map_err(|error| Status::from_error(error.into()))
        })
    }
}
