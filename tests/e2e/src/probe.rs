use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use nats_rpc::{Request, Response, Status};

use crate::proto::{Answer, Empty, Other, OtherServer, Placed, PlacedServer, Probe, ProbeServer, Question};

/// What a handler returns.
pub type Outcome = Result<Response<Answer>, Status>;

type Handler<Q> = Arc<dyn Fn(Request<Q>) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// A `Probe` that does what its test says.
#[derive(Clone)]
pub struct Scripted(Handler<Question>);

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

/// A `Probe` whose questions are all answered by `handler`.
pub fn probe<F, Fut>(handler: F) -> ProbeServer<Scripted>
where
    F: Fn(Request<Question>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    ProbeServer::new(Scripted(Arc::new(move |request| Box::pin(handler(request)))))
}

impl Probe for Scripted {
    async fn ask(&self, request: Request<Question>) -> Outcome {
        (self.0)(request).await
    }

    async fn ask_briefly(&self, request: Request<Question>) -> Outcome {
        (self.0)(request).await
    }

    async fn ask_again(&self, request: Request<Question>) -> Outcome {
        (self.0)(request).await
    }

    async fn nothing(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Ok(Empty {}.into())
    }
}

/// An `Other`, or a `Placed`, that does what its test says.
#[derive(Clone)]
pub struct Crew(Handler<Empty>);

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Crew")
    }
}

/// An `Other` whose questions are all answered by `handler`.
pub fn other<F, Fut>(handler: F) -> OtherServer<Crew>
where
    F: Fn(Request<Empty>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    OtherServer::new(Crew(Arc::new(move |request| Box::pin(handler(request)))))
}

impl Other for Crew {
    async fn who(&self, request: Request<Empty>) -> Outcome {
        (self.0)(request).await
    }
}

/// A `Placed` whose questions are all answered by `handler`.
pub fn placed<F, Fut>(handler: F) -> PlacedServer<Crew>
where
    F: Fn(Request<Empty>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    PlacedServer::new(Crew(Arc::new(move |request| Box::pin(handler(request)))))
}

impl Placed for Crew {
    async fn who(&self, request: Request<Empty>) -> Outcome {
        (self.0)(request).await
    }
}
