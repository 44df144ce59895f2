use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;

use super::{Epoch, Event, Events, Stats};
use crate::status::{Code, Origin, Reason, Status};

/// First and longest wait between attempts to connect again; each is jittered between nothing and the whole.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(4);

/// A connection to a NATS server, or to a [`memory::Broker`](super::memory::Broker), shared by clones.
///
/// Servers and channels run on it, any number of them. When the connection breaks, every call in flight fails at
/// once with UNAVAILABLE, new calls fail until it is restored (with UNAUTHENTICATED or PERMISSION_DENIED when the
/// server does not let the user in again), and nothing that was queued is sent later. It is restored in the
/// background, with jittered pauses of up to 4 s, for as long as a clone exists; servers subscribe again by
/// themselves.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    /// The current epoch, or why there is none.
    state: watch::Sender<Result<Arc<Epoch>, Status>>,
}

/// Makes the next epoch.
pub(crate) type Connect =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Arc<Epoch>, Status>> + Send>> + Send + Sync>;

impl Connection {
    /// Connects, and keeps connected. `seed` is for the jitter of reconnecting.
    pub(crate) async fn establish(connect: Connect, seed: u64, events: Events) -> Result<Self, Status> {
        let epoch = connect().await?;
        events.emit(&Event::Connected { server: epoch.server().to_owned() });
        let (state, _) = watch::channel(Ok(Arc::clone(&epoch)));
        let connection = Self(Arc::new(Shared { state }));
        let jitter = StdRng::seed_from_u64(seed);
        tokio::spawn(keep(Arc::downgrade(&connection.0), epoch, connect, jitter, events));
        Ok(connection)
    }

    /// The current epoch.
    ///
    /// # Errors
    /// While disconnected: UNAVAILABLE, or UNAUTHENTICATED or PERMISSION_DENIED when that is why.
    pub(crate) fn epoch(&self) -> Result<Arc<Epoch>, Status> {
        self.0.state.borrow().clone()
    }

    /// An `async-nats` client, for JetStream and whatever else NATS can do.
    ///
    /// It is a connection of its own, to the server that this one is connected to, and is opened when it is first asked
    /// for: calls have one that does nothing else. It ends when its connection breaks, and does not connect again: do not
    /// keep it, ask for it each time. Requests of a client that has ended wait for their own timeout.
    ///
    /// # Errors
    /// While disconnected: UNAVAILABLE, or UNAUTHENTICATED or PERMISSION_DENIED when that is why; the same when it can't
    /// connect. FAILED_PRECONDITION when the connection is to a broker within the process.
    #[cfg(feature = "nats")]
    pub async fn nats_client(&self) -> Result<async_nats::Client, Status> {
        self.epoch()?.nats_client().await
    }

    /// What the connection is busy with; nothing while disconnected.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.epoch().map(|epoch| epoch.stats()).unwrap_or_default()
    }

    /// Whether calls have a way to go at the moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.state.borrow().is_ok()
    }

    /// Waits for an epoch that is not `old`.
    pub(crate) async fn next_epoch(&self, old: Option<&Arc<Epoch>>) -> Arc<Epoch> {
        let mut receiver = self.0.state.subscribe();
        loop {
            if let Ok(epoch) = &*receiver.borrow_and_update()
                && !old.is_some_and(|old| Arc::ptr_eq(old, epoch))
                && !epoch.has_ended()
            {
                return Arc::clone(epoch);
            }
            if receiver.changed().await.is_err() {
                // The sender lives as long as `self`.
                std::future::pending::<()>().await;
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("connected", &self.is_connected()).finish_non_exhaustive()
    }
}

impl Shared {
    fn set(&self, state: Result<Arc<Epoch>, Status>) {
        drop(self.state.send_replace(state));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Ok(epoch) = &*self.state.borrow() {
            epoch.end();
        }
    }
}

/// Connects again whenever a connection ends, for as long as anybody has it.
async fn keep(
    shared: Weak<Shared>,
    mut epoch: Arc<Epoch>,
    connect: Connect,
    mut jitter: StdRng,
    events: Events,
) {
    loop {
        epoch.ended().await;
        let Some(state) = shared.upgrade() else { return };
        let given_up = epoch.take_given_up();
        state.set(Err(not_connected(&epoch.failure())));
        drop(state);
        events.emit(&Event::Disconnected);

        let mut backoff = FIRST_BACKOFF;
        epoch = loop {
            tokio::time::sleep(backoff.mul_f64(jitter.random())).await;
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
            if shared.strong_count() == 0 {
                return;
            }
            match connect().await {
                Ok(epoch) => break epoch,
                Err(status) => {
                    let Some(state) = shared.upgrade() else { return };
                    state.set(Err(not_connected(&status)));
                    drop(state);
                    events.emit(&Event::ConnectFailed { status });
                }
            }
        };
        let Some(state) = shared.upgrade() else {
            epoch.end();
            return;
        };
        for (instance, handles) in given_up {
            epoch.send_cancel(&instance, &handles);
        }
        state.set(Ok(Arc::clone(&epoch)));
        drop(state);
        events.emit(&Event::Connected { server: epoch.server().to_owned() });
    }
}

/// What calls fail with meanwhile: a user who is not let in is no outage, anything else is.
fn not_connected(reason: &Status) -> Status {
    let code = match reason.code() {
        code @ (Code::PermissionDenied | Code::Unauthenticated) => code,
        _ => Code::Unavailable,
    };
    Status::new(code, format!("not connected: {}", reason.message()))
        .with_origin(Origin::Transport)
        .with_reason(Reason::NotConnected)
}
