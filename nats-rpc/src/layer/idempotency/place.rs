use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Store;
use super::identity::Identity;
use super::outcome::Outcome;
use super::record::Record;
use crate::status::Status;

/// So often is looked at what is there, before it is tried again later.
const LOOKS: usize = 3;

/// What is still to be done about the entry. It is done in the background if nobody waits for it.
#[derive(Clone)]
pub(super) enum Left {
    Nothing,
    Remove,
    Write(Bytes),
}

/// What a call's place holds for us.
pub(super) enum Found {
    Nothing,
    /// That we run the call, with this revision.
    Ours(u64),
    /// What came of the call, or that somebody else runs it.
    Settled,
}

/// One call's place in the store.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) store: Arc<dyn Store>,
    pub(super) identity: Identity,
    /// Tells what we wrote from what others did.
    pub(super) id: u64,
    pub(super) lease: Duration,
}

impl Place {
    pub(super) fn running(&self) -> Bytes {
        Record::running(self.identity.digest.clone(), self.id, self.lease).to_bytes()
    }

    /// What is to be remembered; that it is too much, if it is.
    pub(super) fn ended(&self, outcome: &Outcome) -> Bytes {
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

    pub(super) async fn read(&self) -> Result<Option<(Record, u64)>, Status> {
        let Some(stored) = self.store.read(&self.identity.key).await? else { return Ok(None) };
        Ok(Some((Record::of_bytes(stored.value)?, stored.revision)))
    }

    /// What is there now, as far as it concerns us.
    pub(super) async fn look(&self) -> Result<Found, Status> {
        Ok(match self.read().await? {
            None => Found::Nothing,
            Some((record, revision)) if record.claim == self.id && record.runs() => Found::Ours(revision),
            Some(_) => Found::Settled,
        })
    }

    /// Does what is left to do, unless the call has become somebody else's.
    pub(super) async fn settle(&self, revision: Option<u64>, left: &Left) -> Result<(), Status> {
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
