use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::calls::Calls;
use super::ejection::Place;
use super::{Standing, Stats};

/// A server that runs in the background.
///
/// When dropped, it shuts down in the background as [`shutdown`](Self::shutdown) does.
#[must_use = "a server whose handle is dropped shuts down"]
pub struct Handle {
    pub(super) calls: Calls,
    pub(super) places: Arc<[Arc<Place>]>,
    pub(super) stop: CancellationToken,
    pub(super) task: Option<JoinHandle<()>>,
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

    /// The id of this server among those that serve the same: 22 of `[0-9A-Za-z]`, made at random when the server
    /// started and kept for as long as it runs. Discovery shows it.
    #[must_use]
    pub fn instance(&self) -> &str {
        self.calls.running.instance()
    }

    /// Where the server stands in the queue group of each service, by what the service's subjects begin with, such as
    /// `svc.greeter.v1.Greeter`, in the order in which the services were added. See [`Ejection`](super::Ejection).
    pub fn standings(&self) -> impl Iterator<Item = (&str, Standing)> {
        self.places.iter().map(|place| (place.prefix(), place.standing()))
    }

    /// What the server is busy with.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.calls.stats()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("instance", &self.instance())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
