use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::raw::Call;

/// Directs all calls to one instance of the service, by its id; what a generated client's `on_instance` runs on.
///
/// A generated server within the process takes them whatever the id.
#[derive(Debug, Clone)]
pub struct OnInstance<S> {
    service: S,
    instance: Arc<str>,
}

impl<S> OnInstance<S> {
    /// Directs the calls that go through `service`.
    #[must_use]
    pub fn new(service: S, instance: impl Into<Arc<str>>) -> Self {
        Self { service, instance: instance.into() }
    }
}

impl<S: Service<Call>> Service<Call> for OnInstance<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> S::Future {
        self.service.call(call.with_instance(Arc::clone(&self.instance)))
    }
}
