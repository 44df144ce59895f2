use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use nats_rpc::{Request, Response, Status, Streaming};

use crate::Outcome;
use crate::proto::{Answer, Question, Talk, TalkServer};

/// What a handler returns that answers with a stream.
pub type Answers = Result<Response<Streaming<Answer>>, Status>;

type Handler<Q, O> = Arc<dyn Fn(Request<Q>) -> Pin<Box<dyn Future<Output = O> + Send>> + Send + Sync>;

/// A `Talk` with one method, which does what its test says.
#[derive(Clone, Default)]
pub struct Talker {
    listen: Option<Handler<Question, Answers>>,
    tell: Option<Handler<Streaming<Question>, Outcome>>,
    chat: Option<Handler<Streaming<Question>, Answers>>,
}

impl std::fmt::Debug for Talker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Talker")
    }
}

fn handler<Q, O, Fut>(handler: impl Fn(Request<Q>) -> Fut + Send + Sync + 'static) -> Option<Handler<Q, O>>
where
    Fut: Future<Output = O> + Send + 'static,
{
    Some(Arc::new(move |request| Box::pin(handler(request))))
}

/// A `Talk` that answers with streams.
pub fn listen<F, Fut>(listen: F) -> TalkServer<Talker>
where
    F: Fn(Request<Question>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answers> + Send + 'static,
{
    TalkServer::new(Talker { listen: handler(listen), ..Talker::default() })
}

/// A `Talk` that takes streams.
pub fn tell<F, Fut>(tell: F) -> TalkServer<Talker>
where
    F: Fn(Request<Streaming<Question>>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    TalkServer::new(Talker { tell: handler(tell), ..Talker::default() })
}

/// A `Talk` that takes streams and answers with streams.
pub fn chat<F, Fut>(chat: F) -> TalkServer<Talker>
where
    F: Fn(Request<Streaming<Question>>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answers> + Send + 'static,
{
    TalkServer::new(Talker { chat: handler(chat), ..Talker::default() })
}

fn not_here<T>(handler: Option<&T>) -> Result<&T, Status> {
    handler.ok_or_else(|| Status::unimplemented("not in this test"))
}

impl Talk for Talker {
    async fn listen(&self, request: Request<Question>) -> Answers {
        not_here(self.listen.as_ref())?(request).await
    }

    async fn listen_briefly(&self, request: Request<Question>) -> Answers {
        not_here(self.listen.as_ref())?(request).await
    }

    async fn tell(&self, request: Request<Streaming<Question>>) -> Outcome {
        not_here(self.tell.as_ref())?(request).await
    }

    async fn chat(&self, request: Request<Streaming<Question>>) -> Answers {
        not_here(self.chat.as_ref())?(request).await
    }
}
