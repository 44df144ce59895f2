use std::time::Duration;

use nats_rpc::{Request, Response, Status};
use tokio::sync::Semaphore;

/// The service: each of its calls needs something of which there is only so much.
#[nats_rpc::service(package = "overload.v1")]
pub(crate) trait Work {
    async fn work(&self, request: Request<u32>) -> Result<Response<u32>, Status>;
}

/// A pool of connections to a database, say, each of which a call needs for some time.
pub(crate) struct Pool {
    connections: Semaphore,
    takes: Duration,
}

impl Pool {
    pub(crate) fn new(connections: u32, takes: Duration) -> Self {
        Self { connections: Semaphore::new(connections as usize), takes }
    }
}

impl Work for Pool {
    async fn work(&self, request: Request<u32>) -> Result<Response<u32>, Status> {
        let _connection = self.connections.acquire().await.map_err(|_| Status::internal("it is closed"))?;
        tokio::time::sleep(self.takes).await;
        Ok((*request.get_ref()).into())
    }
}
