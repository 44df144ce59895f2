//! The service: it does as its instance feels.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::{Request, Response, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    Fails,
    Panics,
    Hangs,
    /// It refuses the request, for which it is not to blame.
    Refuses,
    /// It has more to do than it can.
    Overloaded,
    Takes(Duration),
}

/// What a test sees of an instance, and how it makes it feel.
#[derive(Clone)]
pub(crate) struct Worker {
    mood: Arc<Mutex<Mood>>,
    runs: Arc<AtomicUsize>,
}

#[nats_rpc::service(package = "ejection")]
pub(crate) trait Work {
    async fn act(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

impl Worker {
    pub(crate) fn new() -> Self {
        Self { mood: Arc::new(Mutex::new(Mood::Well)), runs: Arc::default() }
    }

    pub(crate) fn feels(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How many calls it has begun to handle.
    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

impl Work for Worker {
    async fn act(&self, _: Request<String>) -> Result<Response<String>, Status> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Well => {}
            Mood::Fails => return Err(Status::internal("it fails")),
            Mood::Panics => std::panic::resume_unwind(Box::new("on purpose")),
            Mood::Hangs => std::future::pending().await,
            Mood::Refuses => return Err(Status::not_found("no such thing")),
            Mood::Overloaded => return Err(Status::resource_exhausted("too much")),
            Mood::Takes(time) => tokio::time::sleep(time).await,
        }
        Ok(String::from("done").into())
    }
}
