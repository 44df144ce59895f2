use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Mount;
use super::dispatch::{Dispatcher, Serving};
use super::drain::{Drain, fill};
use super::plain::Bodies;
use super::reader::Reader;
use crate::raw::Terms;
use crate::status::Status;
use crate::subject;
use crate::transport::{Connection, Epoch};

/// How long the subscriptions may take to end by themselves when draining.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// What a server serves.
pub(super) struct Plan {
    pub(super) mounts: Vec<Mount>,
    pub(super) grace: Duration,
    pub(super) plain_timeout: Duration,
}

/// A server that runs in the background.
///
/// When dropped, it shuts down in the background as [`shutdown`](Self::shutdown) does.
#[derive(Debug)]
#[must_use = "a server whose handle is dropped shuts down"]
pub struct Handle {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Handle {
    /// Leaves the queue groups, so that new calls reach other instances, then waits for the calls that are running.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // It can only fail when the runtime is going down, and then nothing is left to wait for.
            let _ = task.await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Plan {
    pub(super) async fn start(self, connection: Connection) -> Result<Handle, Status> {
        let epoch = connection.epoch()?;
        let calls = Calls { tracker: TaskTracker::new(), abort: CancellationToken::new() };
        let session = Session::open(&self, &calls, epoch).await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.run(connection, calls, session, stop.clone()));
        Ok(Handle { stop, task: Some(task) })
    }

    /// Serves one connection after the other, until stopped.
    async fn run(self, connection: Connection, calls: Calls, first: Session, stop: CancellationToken) {
        let mut session = Some(first);
        let mut epoch = None;
        while !stop.is_cancelled() {
            if let Some(session) = session.take() {
                tokio::select! {
                    () = session.epoch.ended() => epoch = Some(Arc::clone(&session.epoch)),
                    () = stop.cancelled() => return self.finish(session, calls).await,
                }
            }
            let next = tokio::select! {
                next = connection.next_epoch(epoch.as_ref()) => next,
                () = stop.cancelled() => return,
            };
            match Session::open(&self, &calls, Arc::clone(&next)).await {
                Ok(opened) => session = Some(opened),
                Err(status) => tracing::warn!(%status, "can't serve on the new connection"),
            }
            epoch = Some(next);
        }
        if let Some(session) = session {
            self.finish(session, calls).await;
        }
    }

    /// Receives what is still to come, lets it end, and sees that the answers have left.
    async fn finish(&self, session: Session, calls: Calls) {
        let epoch = Arc::clone(&session.epoch);
        session.drain().await;
        calls.tracker.close();
        if tokio::time::timeout(self.grace, calls.tracker.wait()).await.is_err() {
            let running = calls.tracker.len();
            tracing::warn!(
                running,
                "calls did not end within the grace time; they are answered with UNAVAILABLE"
            );
            calls.abort.cancel();
            calls.tracker.wait().await;
        }
        if let Err(status) = epoch.barrier().await {
            tracing::warn!(%status, "the connection ended before the last answers had left");
        }
    }
}

/// The calls of a server that are running, whatever connection they came by.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) tracker: TaskTracker,
    /// Ends those that outlive the grace time.
    pub(super) abort: CancellationToken,
}

/// The subscriptions of a server on one connection.
struct Session {
    epoch: Arc<Epoch>,
    readers: TaskTracker,
    drain: Arc<Drain>,
    subjects: Vec<subject::Subject>,
}

impl Session {
    /// Subscribes to every method and returns when the NATS server knows of it.
    async fn open(plan: &Plan, calls: &Calls, epoch: Arc<Epoch>) -> Result<Self, Status> {
        let terms = Terms { plain_timeout: plan.plain_timeout, max_payload: epoch.max_payload() };
        let serving = Serving { epoch: Arc::clone(&epoch), terms };
        let mut readers = Vec::new();
        let mut subjects = Vec::new();
        for mount in &plan.mounts {
            let prefix = mount.prefix();
            for (method, bodies) in mount.spec().methods().zip(Bodies::of_methods(mount)?) {
                let subject = subject::of_method(&prefix, &method)?;
                let subscription = epoch.subscribe(subject.clone(), Some(mount.group())).await?;
                subjects.push(subject);
                let route = mount.route().clone();
                let dispatcher = Dispatcher::new(route, method, bodies, calls.clone(), serving.clone());
                readers.push(Reader::new(subscription, dispatcher));
            }
        }
        let (tracker, drain) = (TaskTracker::new(), Arc::new(Drain::default()));
        for reader in readers {
            tracker.spawn(reader.run(Arc::clone(&drain)));
        }
        tracker.close();
        epoch.barrier().await?;
        Ok(Self { epoch, readers: tracker, drain, subjects })
    }

    /// Leaves the queue groups without losing what the NATS server has sent already.
    async fn drain(self) {
        self.drain.begin.cancel();
        let ended = async {
            tokio::select! {
                () = self.readers.wait() => {}
                () = fill(&self.epoch, &self.subjects, &self.drain.missing) => {}
            }
        };
        if tokio::time::timeout(DRAIN_LIMIT, ended).await.is_err() {
            tracing::warn!("subscriptions did not end in time: some messages may be lost");
            self.drain.give_up.cancel();
            self.readers.wait().await;
        }
    }
}
