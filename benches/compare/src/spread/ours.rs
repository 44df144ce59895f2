use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use nats_rpc::{Connection, Request, Response, Server, Status};

use super::work::Work;
use crate::Error;
use crate::api::{Echo, EchoServer, Message};
use crate::worker::{self, Job};

struct Counting {
    work: Work,
    handled: AtomicU64,
}

impl Echo for Counting {
    async fn unary(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        self.work.run();
        self.handled.fetch_add(1, Relaxed);
        Ok(request.into_inner().into())
    }
}

pub(super) async fn serve(job: &Job, work: Work) -> Result<(), Error> {
    let echo = Arc::new(Counting { work, handled: AtomicU64::new(0) });
    let connection = Connection::connect(&job.nats).await?;
    let service = EchoServer::from_arc(Arc::clone(&echo));
    let _server = Server::builder().add_service(service).start(connection).await?;
    Ok(worker::serve("", || echo.handled.load(Relaxed)).await?)
}
