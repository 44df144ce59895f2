use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

pin_project! {
    /// A call at a [`Gate`](super::Gate), and then beyond it.
    #[project = Project]
    pub enum GatedFuture<P, S>
    where
        S: Service<Call>,
    {
        /// The gate looks at it.
        #[doc(hidden)]
        Before { #[pin] passing: P, service: S },
        /// The service has it.
        #[doc(hidden)]
        Beyond { #[pin] reply: S::Future },
    }
}

impl<P, S: Service<Call>> GatedFuture<P, S> {
    pub(super) fn new(passing: P, service: S) -> Self {
        Self::Before { passing, service }
    }
}

impl<P, S> Future for GatedFuture<P, S>
where
    P: Future<Output = Result<Call, Status>>,
    S: Service<Call, Response = Reply, Error: Into<BoxError>>,
{
    type Output = Result<Reply, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                Project::Before { passing, service } => {
                    let reply = service.call(ready!(passing.poll(cx))?);
                    self.set(Self::Beyond { reply });
                }
                Project::Beyond { reply } => {
                    return reply.poll(cx).map_err(|error| Status::from_error(error.into()));
                }
            }
        }
    }
}

impl<P, S: Service<Call>> fmt::Debug for GatedFuture<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before { .. } => "Before",
            Self::Beyond { .. } => "Beyond",
        })
    }
}
