use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::calls::Calls;
use super::discovery::Discovery;
use super::dispatch::Serving;
use super::ejection::{Ejection, Place};
use super::instance::Instance;
use super::session::Session;
use super::{Handle, Mount};
use crate::raw::Terms;
use crate::status::Status;
use crate::transport::{Connection, Epoch};

/// How long a server waits before it tries again to serve on a connection.
const REOPEN_AFTER: Duration = Duration::from_secs(1);

/// How often within its threshold an import is used: one that is late must not be the last.
const KEPT_PER_THRESHOLD: u32 = 3;

/// What a server serves.
pub(super) struct Plan {
    pub(super) mounts: Vec<Mount>,
    pub(super) grace: Duration,
    pub(super) terms: Terms,
    pub(super) startup_check: Duration,
    /// The shortest time after which an import takes the way back for dead.
    pub(super) import_threshold: Duration,
    pub(super) ejection: Ejection,
}

impl Plan {
    pub(super) async fn start(self, connection: Connection) -> Result<Handle, Status> {
        let epoch = connection.epoch()?;
        let instance = Instance::random();
        let place = |mount| Arc::new(Place::new(mount, instance.clone(), self.ejection));
        let places: Arc<[Arc<Place>]> = self.mounts.iter().map(place).collect();
        let discovery = Discovery::new(&self.mounts, &places, epoch.now_ms())?;
        let foreign_members = discovery.refuse_other_groups(&epoch, self.startup_check).await?;
        let calls = Calls::new(instance, self.import_threshold / KEPT_PER_THRESHOLD);
        let run = Run { plan: self, connection, calls: calls.clone(), discovery, foreign_members };
        let session = run.open_first(epoch).await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(run.serve(session, stop.clone()));
        Ok(Handle { calls, places, stop, task: Some(task) })
    }
}

/// A server at work.
struct Run {
    plan: Plan,
    connection: Connection,
    calls: Calls,
    discovery: Discovery,
    /// Of the queue groups, who would take fillers for calls.
    foreign_members: bool,
}

impl Run {
    /// Opens the first session. Calls come before that is done, and when it fails they have nobody else.
    async fn open_first(&self, epoch: Arc<Epoch>) -> Result<Session, Status> {
        let Calls { running, abort, .. } = &self.calls;
        let opened = tokio::select! {
            biased;
            opened = self.open(epoch) => opened,
            never = running.run() => match never {},
        };
        opened.inspect_err(|_| {
            abort.cancel();
            running.shut_down();
        })
    }

    async fn serve(self, first: Session, stop: CancellationToken) {
        let running = Arc::clone(&self.calls.running);
        tokio::select! {
            biased;
            () = self.serve_connections(first, stop) => {}
            never = running.run() => match never {},
        }
    }

    /// Serves one connection after the other, until stopped.
    async fn serve_connections(self, first: Session, stop: CancellationToken) {
        let mut epoch = Arc::clone(&first.epoch);
        let mut session = Some(first);
        while !stop.is_cancelled() {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = epoch.ended() => {}
            }
            session = None;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                reopened = self.reopen(&epoch) => {
                    epoch = Arc::clone(&reopened.epoch);
                    session = Some(reopened);
                }
            }
        }
        self.finish(session).await;
    }

    /// Serves on the connection that comes after `old`.
    async fn reopen(&self, old: &Arc<Epoch>) -> Session {
        loop {
            let epoch = self.connection.next_epoch(Some(old)).await;
            match self.open(epoch).await {
                Ok(session) => return session,
                Err(status) => tracing::warn!(%status, "can't serve on the new connection yet"),
            }
            tokio::time::sleep(REOPEN_AFTER).await;
        }
    }

    async fn open(&self, epoch: Arc<Epoch>) -> Result<Session, Status> {
        let serving = Serving {
            connection: self.connection.clone(),
            epoch,
            terms: self.plan.terms,
            calls: self.calls.clone(),
        };
        let fills = !self.foreign_members;
        Session::open(&self.plan.mounts, &self.discovery, &Arc::new(serving), fills).await
    }

    /// Receives what is still to come, lets it end, and sees that the answers have left.
    async fn finish(&self, mut session: Option<Session>) {
        if let Some(session) = &mut session {
            session.drain().await;
        }
        let Calls { tracker, abort, .. } = &self.calls;
        tracker.close();
        if tokio::time::timeout(self.plan.grace, tracker.wait()).await.is_err() {
            let running = tracker.len();
            tracing::warn!(
                running,
                "calls did not end within the grace time; they are answered with UNAVAILABLE"
            );
            abort.cancel();
            self.calls.running.shut_down();
            tracker.wait().await;
        }
        if let Some(session) = session {
            session.close().await;
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
