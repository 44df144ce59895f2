//! What a server says of itself, and hears of others, in the way of ADR-32: `$SRV.PING`, `$SRV.INFO`, `$SRV.STATS`.
//!
//! Every service of a server answers each of them, and again with `.<name>` and `.<name>.<id>` appended.

mod answer;
mod check;
mod foreign;
mod responder;
mod service;
#[cfg(test)]
pub(super) mod testing;
mod verb;

use std::sync::Arc;
use std::time::Duration;

use self::responder::Responder;
use self::service::Service;
use super::Mount;
use super::ejection::Place;
use super::stats::MethodStats;
use crate::status::Status;
use crate::transport::Epoch;

/// The services of a server, as discovery shows them; the same over all its connections.
pub(super) struct Discovery(Arc<[Service]>);

impl Discovery {
    /// Describes the services of a server that starts at `now_ms`, in Unix milliseconds, with their `places` in their
    /// queue groups.
    ///
    /// # Errors
    /// INTERNAL when a subject is too long for NATS.
    pub(super) fn new(mounts: &[Mount], places: &[Arc<Place>], now_ms: u64) -> Result<Self, Status> {
        let services = mounts.iter().zip(places);
        let services: Result<_, _> =
            services.map(|(mount, place)| Service::new(mount, Arc::clone(place), now_ms)).collect();
        services.map(Self)
    }

    /// The places in the queue groups, in the order of the services.
    pub(super) fn places(&self) -> impl Iterator<Item = &Arc<Place>> {
        self.0.iter().map(|service| &service.place)
    }

    /// Where to count, for each method of each service, in their order.
    pub(super) fn stats(&self) -> impl Iterator<Item = impl Iterator<Item = Arc<MethodStats>>> {
        self.0.iter().map(|service| service.endpoints().iter().map(|endpoint| Arc::clone(endpoint.stats())))
    }

    /// Sees whether anybody serves one of the subjects in another queue group. Returns whether one that was not made
    /// with nats-rpc does so in the same.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when somebody does, RESOURCE_EXHAUSTED when too many calls are waiting on the
    /// connection, UNAVAILABLE when it ends meanwhile.
    pub(super) async fn refuse_other_groups(
        &self,
        epoch: &Arc<Epoch>,
        wait: Duration,
    ) -> Result<bool, Status> {
        if wait.is_zero() {
            return Ok(false);
        }
        check::run(&self.0, epoch, wait).await
    }

    /// Begins to listen on a connection. `None`, with a warning, when that fails: calls do not depend on it.
    pub(super) async fn subscribe(&self, epoch: &Arc<Epoch>) -> Option<Responder> {
        match Responder::subscribe(&self.0, epoch).await {
            Ok(responder) => Some(responder),
            Err(status) => {
                tracing::warn!(%status, "the server can't be discovered");
                None
            }
        }
    }
}
