//! A service with a method of each kind, which do what a test says.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use nats_rpc::{Request, Response, Status, Streaming};

#[nats_rpc::service(package = "e2e.rules")]
pub(crate) trait Rules {
    async fn ask(&self, request: Request<String>) -> Result<Response<String>, Status>;
    async fn watch(&self, request: Request<String>) -> Result<Response<Streaming<String>>, Status>;
    async fn upload(&self, request: Request<Streaming<String>>) -> Result<Response<String>, Status>;
    async fn chat(&self, request: Request<Streaming<String>>) -> Result<Response<Streaming<String>>, Status>;
}

type Handling<R> = Pin<Box<dyn Future<Output = Result<Response<R>, Status>> + Send>>;
type Handler<Q, R> = Option<Arc<dyn Fn(Request<Q>) -> Handling<R> + Send + Sync>>;

/// Handlers that are closures. Those that are left out answer UNIMPLEMENTED, but `ask`, which echoes.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    ask: Handler<String, String>,
    watch: Handler<String, Streaming<String>>,
    upload: Handler<Streaming<String>, String>,
    chat: Handler<Streaming<String>, Streaming<String>>,
}

macro_rules! scripted {
    ($($method:ident: $request:ty => $response:ty),* $(,)?) => {
        impl Scripted {
            $(pub(crate) fn $method<F, Fut>(mut self, handler: F) -> Self
            where
                F: Fn(Request<$request>) -> Fut + Send + Sync + 'static,
                Fut: Future<Output = Result<Response<$response>, Status>> + Send + 'static,
            {
                self.$method = Some(Arc::new(move |request| Box::pin(handler(request))));
                self
            })*
        }
    };
}

scripted! {
    ask: String => String,
    watch: String => Streaming<String>,
    upload: Streaming<String> => String,
    chat: Streaming<String> => Streaming<String>,
}

fn missing() -> Status {
    Status::unimplemented("the test does not say what to do")
}

impl Rules for Scripted {
    async fn ask(&self, request: Request<String>) -> Result<Response<String>, Status> {
        match &self.ask {
            Some(ask) => ask(request).await,
            None => Ok(request.into_inner().into()),
        }
    }

    async fn watch(&self, request: Request<String>) -> Result<Response<Streaming<String>>, Status> {
        self.watch.as_ref().ok_or_else(missing)?(request).await
    }

    async fn upload(&self, request: Request<Streaming<String>>) -> Result<Response<String>, Status> {
        self.upload.as_ref().ok_or_else(missing)?(request).await
    }

    async fn chat(&self, request: Request<Streaming<String>>) -> Result<Response<Streaming<String>>, Status> {
        self.chat.as_ref().ok_or_else(missing)?(request).await
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}
