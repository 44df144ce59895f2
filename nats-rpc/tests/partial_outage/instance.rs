//! A service whose instances can do badly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use nats_rpc::{Request, Response, Status};

/// What a call takes when all is well.
const WORK: Duration = Duration::from_millis(5);

#[nats_rpc::service(package = "sim")]
pub trait Shop {
    #[rpc(idempotency = "idempotent", timeout_ms = 1000)]
    async fn restock(&self, request: Request<u64>) -> Result<Response<u64>, Status>;

    #[rpc(timeout_ms = 1000)]
    async fn sell(&self, request: Request<u64>) -> Result<Response<u64>, Status>;
}

/// What is wrong with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    None,
    /// It answers at once that it can't.
    Fails,
    /// It answers nothing.
    Hangs,
}

/// What an instance is told to do, and what it has done.
#[derive(Debug, Default)]
pub(crate) struct Control {
    fault: AtomicU8,
    handled: AtomicU64,
}

impl Control {
    pub(crate) fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::Relaxed);
    }

    /// How many calls have reached the handler.
    pub(crate) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Relaxed)
    }

    async fn handle(&self, n: u64) -> Result<Response<u64>, Status> {
        self.handled.fetch_add(1, Ordering::Relaxed);
        match self.fault.load(Ordering::Relaxed) {
            fault if fault == Fault::Fails as u8 => Err(Status::unavailable("the database is gone")),
            fault if fault == Fault::Hangs as u8 => std::future::pending().await,
            _ => {
                tokio::time::sleep(WORK).await;
                Ok(n.into())
            }
        }
    }
}

pub(crate) struct Instance(pub(crate) Arc<Control>);

impl Shop for Instance {
    async fn restock(&self, request: Request<u64>) -> Result<Response<u64>, Status> {
        self.0.handle(request.into_inner()).await
    }

    async fn sell(&self, request: Request<u64>) -> Result<Response<u64>, Status> {
        self.0.handle(request.into_inner()).await
    }
}
