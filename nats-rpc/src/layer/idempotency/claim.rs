use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::Store;
use super::identity::Identity;
use super::outcome::Outcome;
use super::place::{Found, Left, Place};
use crate::status::Status;

/// The pauses between two looks at a call that another instance runs.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// So often what is left to be written is tried in the background, in the time of one lease.
const TRIES: u32 = 10;

/// The right to run a call, as the store knows it.
///
/// While it is held it is written again every third of its lease. Where it does not change for a whole lease its holder is
/// gone: others see that by their own clocks, so that no clock has to agree with another.
pub(super) struct Claim {
    place: Place,
    /// Of what we wrote last; `None` when that is not known.
    revision: Option<u64>,
    left: Left,
}

/// Who got to run a call.
pub(super) enum Won {
    /// We did.
    First,
    /// Somebody had before, and this came of it.
    Ended(Outcome),
    /// Somebody had, with another request.
    Mismatch,
}

impl Claim {
    /// One that is yet to be won.
    pub(super) fn new(store: Arc<dyn Store>, identity: Identity, lease: Duration) -> Self {
        let place = Place { store, identity, id: rand::random(), lease };
        Self { place, revision: None, left: Left::Nothing }
    }

    /// Gets to run the call, or waits until whoever runs it has ended.
    pub(super) async fn win(&mut self) -> Result<Won, Status> {
        if self.create().await? {
            return Ok(Won::First);
        }
        let mut pause = FIRST_PAUSE;
        let mut seen: Option<(u64, Instant)> = None;
        loop {
            match self.place.read().await? {
                None if self.create().await? => return Ok(Won::First),
                None => {}
                Some((record, _)) if record.digest != self.place.identity.digest => return Ok(Won::Mismatch),
                Some((record, revision)) => {
                    let lease = record.lease();
                    if let Some(outcome) = record.outcome() {
                        return Ok(Won::Ended(outcome));
                    }
                    let now = Instant::now();
                    match seen {
                        Some((known, since)) if known == revision => {
                            if now - since >= lease && self.take_over(revision).await? {
                                return Ok(Won::First);
                            }
                        }
                        _ => seen = Some((revision, now)),
                    }
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn create(&mut self) -> Result<bool, Status> {
        self.left = Left::Remove;
        self.revision = self.place.store.create(&self.place.identity.key, self.place.running()).await?;
        Ok(self.is_won())
    }

    async fn take_over(&mut self, revision: u64) -> Result<bool, Status> {
        self.left = Left::Remove;
        let running = self.place.running();
        self.revision = self.place.store.replace(&self.place.identity.key, running, revision).await?;
        if self.revision.is_some() {
            tracing::warn!(call = self.place.identity.key, "whoever ran the call is gone, it is run again");
        }
        Ok(self.is_won())
    }

    fn is_won(&mut self) -> bool {
        if self.revision.is_none() {
            self.left = Left::Nothing;
        }
        self.revision.is_some()
    }

    /// Goes on although the store fails: what comes of the call is written if that is possible then.
    pub(super) fn take_unseen(&mut self) {
        (self.revision, self.left) = (None, Left::Remove);
    }

    /// Keeps the claim, for as long as it is polled. Completes only when it was lost.
    pub(super) async fn keep(&mut self) {
        loop {
            sleep(self.place.lease / 3).await;
            let Some(revision) = self.revision.take() else { return };
            let running = self.place.running();
            match self.place.store.replace(&self.place.identity.key, running, revision).await {
                Ok(renewed) => self.revision = renewed,
                Err(status) => {
                    tracing::warn!(%status, "a claim was not renewed");
                    self.revision = match self.place.look().await {
                        Ok(Found::Ours(now)) => Some(now),
                        Ok(Found::Nothing | Found::Settled) => return,
                        Err(_) => Some(revision),
                    };
                }
            }
        }
    }

    /// Writes what came of the call; `None` lets it be run again.
    pub(super) async fn end(mut self, outcome: Option<&Outcome>) {
        self.left = outcome.map_or(Left::Remove, |outcome| Left::Write(self.place.ended(outcome)));
        match self.place.settle(self.revision, &self.left).await {
            Ok(()) => self.left = Left::Nothing,
            Err(status) => tracing::warn!(%status, "what came of a call is not remembered yet"),
        }
    }

    /// As [`end`](Self::end), in the background.
    pub(super) fn end_later(mut self, outcome: Option<&Outcome>) {
        self.left = outcome.map_or(Left::Remove, |outcome| Left::Write(self.place.ended(outcome)));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let left = std::mem::replace(&mut self.left, Left::Nothing);
        if matches!(left, Left::Nothing) {
            return;
        }
        // Without a runtime the lease ends it.
        let Ok(runtime) = Handle::try_current() else { return };
        let (place, revision) = (self.place.clone(), self.revision);
        runtime.spawn(async move {
            for _ in 0..TRIES {
                match place.settle(revision, &left).await {
                    Ok(()) => return,
                    Err(status) => tracing::debug!(%status, "the store of calls fails"),
                }
                sleep(place.lease / TRIES).await;
            }
            tracing::warn!(call = place.identity.key, "what came of a call is not remembered");
        });
    }
}
