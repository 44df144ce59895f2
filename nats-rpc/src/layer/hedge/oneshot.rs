use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::raw::Call;

pin_project! {
    /// One call of a service that is not known to be ready for it.
    pub(super) struct Oneshot<S: Service<Call>> {
        service: S,
        call: Option<Call>,
        #[pin]
        future: Option<S::Future>,
    }
}

impl<S: Service<Call>> Oneshot<S> {
    pub(super) fn new(service: S, call: Call) -> Self {
        Self { service, call: Some(call), future: None }
    }
}

impl<S: Service<Call>> Future for Oneshot<S> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.call.is_some() {
            ready!(this.service.poll_ready(cx))?;
            this.future.set(this.call.take().map(|call| this.service.call(call)));
        }
        this.future.as_pin_mut().expect("a call was polled after it had ended").poll(cx)
    }
}
