use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::Store;
use super::identity::Identity;
use super::outcome::Outcome;
use super::record::Record;
use crate::status::Status;

/// The pauses between two looks at a call that another instance runs.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// So often is looked at what is there, before it is tried again later.
const LOOKS: usize = 3;
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

/// What is still to be done about the entry. It is done in the background if nobody waits for it.
#[derive(Clone)]
enum Left {
    Nothing,
    Remove,
    Write(Bytes),
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

/// What a call's place holds for us.
enum Found {
    Nothing,
    /// That we run the call, with this revision.
    Ours(u64),
    /// What came of the call, or that somebody else runs it.
    Settled,
}

/// One call's place in the store.
#[derive(Clone)]
struct Place {
    store: Arc<dyn Store>,
    identity: Identity,
    /// Tells what we wrote from what others did.
    id: u64,
    lease: Duration,
}

impl Place {
    fn running(&self) -> Bytes {
        Record::running(self.identity.digest.clone(), self.id, self.lease).to_bytes()
    }

    /// What is to be remembered; that it is too much, if it is.
    fn ended(&self, outcome: &Outcome) -> Bytes {
        let record = |outcome| Record::ended(self.identity.digest.clone(), self.id, outcome).to_bytes();
        let bytes = record(outcome);
        let limit = self.store.max_value();
        if bytes.len() <= limit {
            return bytes;
        }
        let text = format!(
            "an earlier attempt has run, and what came of it is not remembered: {} bytes are over the limit of {limit}",
            bytes.len()
        );
        record(&Err(Status::resource_exhausted(text).with_no_retry()))
    }

    async fn read(&self) -> Result<Option<(Record, u64)>, Status> {
        let Some(stored) = self.store.read(&self.identity.key).await? else { return Ok(None) };
        Ok(Some((Record::of_bytes(stored.value)?, stored.revision)))
    }

    /// What is there now, as far as it concerns us.
    async fn look(&self) -> Result<Found, Status> {
        Ok(match self.read().await? {
            None => Found::Nothing,
            Some((record, revision)) if record.claim == self.id && record.runs() => Found::Ours(revision),
            Some(_) => Found::Settled,
        })
    }

    /// Does what is left to do, unless the call has become somebody else's.
    async fn settle(&self, revision: Option<u64>, left: &Left) -> Result<(), Status> {
        let mut found = revision.map(Found::Ours);
        // What we wrote last may have arrived although we were not told, or only now.
        for _ in 0..LOOKS {
            let known = match found.take() {
                Some(known) => known,
                None => self.look().await?,
            };
            let is_done = match (known, left) {
                (Found::Ours(revision), left) => self.settle_at(revision, left).await?,
                (Found::Nothing, Left::Write(value)) => {
                    self.store.create(&self.identity.key, value.clone()).await?.is_some()
                }
                (Found::Nothing | Found::Settled, _) => true,
            };
            if is_done {
                return Ok(());
            }
        }
        Err(Status::unknown("the store does not show what was written last"))
    }

    async fn settle_at(&self, revision: u64, left: &Left) -> Result<bool, Status> {
        let key = &self.identity.key;
        Ok(match left {
            Left::Nothing => true,
            Left::Remove => self.store.remove(key, revision).await?,
            Left::Write(value) => self.store.replace(key, value.clone(), revision).await?.is_some(),
        })
    }
}
