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
use crate::transport::{Connection, Denial, Epoch};

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
        let run = Run { plan: self, connection, calls };
        let session = run.open(epoch).await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(run.serve(session, stop.clone()));
        Ok(Handle { stop, task: Some(task) })
    }
}

/// A server at work.
struct Run {
    plan: Plan,
    connection: Connection,
    calls: Calls,
}

impl Run {
    /// Serves one connection after the other, until stopped.
    async fn serve(self, first: Session, stop: CancellationToken) {
        let mut epoch = Arc::clone(&first.epoch);
        let mut session = Some(first);
        while !stop.is_cancelled() {
            tokio::select! {
                () = epoch.ended() => {}
                () = stop.cancelled() => break,
            }
            session = None;
            epoch = tokio::select! {
                next = self.connection.next_epoch(Some(&epoch)) => next,
                () = stop.cancelled() => break,
            };
            match self.open(Arc::clone(&epoch)).await {
                Ok(opened) => session = Some(opened),
                Err(status) => tracing::warn!(%status, "can't serve on the new connection"),
            }
        }
        self.finish(session).await;
    }

    /// Subscribes to every method and returns when the NATS server knows of it.
    async fn open(&self, epoch: Arc<Epoch>) -> Result<Session, Status> {
        let Plan { mounts, plain_timeout, .. } = &self.plan;
        let terms = Terms { plain_timeout: *plain_timeout, max_payload: epoch.max_payload() };
        let serving = Serving {
            connection: self.connection.clone(),
            epoch: Arc::clone(&epoch),
            terms,
            calls: self.calls.clone(),
        };
        let mut readers = Vec::new();
        let mut subjects = Vec::new();
        for mount in mounts {
            let prefix = mount.prefix();
            for (method, bodies) in mount.spec().methods().zip(Bodies::of_methods(mount)?) {
                let subject = subject::of_method(&prefix, &method)?;
                let subscription = epoch.subscribe(subject.clone(), Some(mount.group())).await?;
                subjects.push(subject);
                let dispatcher = Dispatcher::new(mount.route().clone(), method, bodies, serving.clone());
                readers.push(Reader::new(subscription, dispatcher));
            }
        }
        let session = Session { epoch, readers: TaskTracker::new(), drain: Arc::default(), subjects };
        for reader in readers {
            session.readers.spawn(reader.run(Arc::clone(&session.drain)));
        }
        session.readers.close();
        if let Err(status) = session.check().await {
            // What it did subscribe to must not go on without the rest.
            session.drain().await;
            return Err(status);
        }
        Ok(session)
    }

    /// Receives what is still to come, lets it end, and sees that the answers have left.
    async fn finish(&self, session: Option<Session>) {
        if let Some(session) = session {
            session.drain().await;
        }
        let Calls { tracker, abort } = &self.calls;
        tracker.close();
        if tokio::time::timeout(self.plan.grace, tracker.wait()).await.is_err() {
            let running = tracker.len();
            tracing::warn!(
                running,
                "calls did not end within the grace time; they are answered with UNAVAILABLE"
            );
            abort.cancel();
            tracker.wait().await;
        }
        let flushed = match self.connection.epoch() {
            Ok(epoch) => epoch.barrier().await,
            Err(status) => Err(status),
        };
        if let Err(status) = flushed {
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
    /// Waits until the NATS server knows of the subscriptions, and sees that it let all of them be.
    async fn check(&self) -> Result<(), Status> {
        self.epoch.barrier().await?;
        let known = self.epoch.refusals_known().await;
        let ours = |denial: &Denial| self.subjects.iter().any(|subject| subject.as_str() == denial.subject);
        let denied = self.epoch.denied_subscriptions();
        denied.iter().find(|denial| ours(denial)).map_or(known, |denial| Err(denial.status()))
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
