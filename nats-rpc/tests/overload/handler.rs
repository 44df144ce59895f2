use std::future::pending;

use nats_rpc::{Context, Request, Response, Status};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

#[nats_rpc::service(package = "test")]
pub(crate) trait Outer {
    async fn run(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

struct Shows(mpsc::UnboundedSender<Context>);

impl Outer for Shows {
    async fn run(&self, _: Request<String>) -> Result<Response<String>, Status> {
        self.0.send(Context::current()).expect("somebody looks");
        pending().await
    }
}

/// A handler that runs until its caller gives it up.
pub(crate) struct Handler(JoinHandle<()>);

impl Handler {
    /// With a context that depends on it.
    pub(crate) async fn start() -> (Context, Self) {
        let (shows, mut shown) = mpsc::unbounded_channel();
        let client = OuterClient::new(OuterServer::new(Shows(shows)));
        let calling = tokio::spawn(async move {
            let _ = client.run(String::new()).await;
        });
        (shown.recv().await.expect("it runs"), Self(calling))
    }

    pub(crate) async fn give_up(self) {
        self.0.abort();
        assert!(self.0.await.unwrap_err().is_cancelled());
    }
}
