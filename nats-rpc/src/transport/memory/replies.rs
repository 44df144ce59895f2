use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand::distr::Alphanumeric;
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::export::Response;
use crate::subject::Subject;
use crate::transport::Outgoing;

/// What the reply subjects of imported requests start with.
const PREFIX: &str = "_R_.";
/// Expired entries are looked for when there are so many, and then whenever their number has doubled.
const FIRST_SWEEP: usize = 1024;

/// Where answers to imported requests go: the reply subjects that an exporting account gives them.
#[derive(Default)]
pub(super) struct Replies {
    entries: BTreeMap<String, Entry>,
    sweep_at: usize,
}

struct Entry {
    account: usize,
    subject: Subject,
    response: Response,
    threshold: Duration,
    last_used: Instant,
}

impl Entry {
    fn is_expired(&self, now: Instant) -> bool {
        now.duration_since(self.last_used) >= self.threshold
    }
}

/// Whether a subject is, or was, one of an imported request.
pub(super) fn is_of_import(subject: &str) -> bool {
    subject.starts_with(PREFIX)
}

impl Replies {
    /// A reply subject that stands for `subject` in `account`.
    pub(super) fn open(
        &mut self,
        rng: &mut StdRng,
        account: usize,
        subject: Subject,
        response: Response,
        threshold: Duration,
    ) -> Subject {
        let now = Instant::now();
        if self.entries.len() >= self.sweep_at.max(FIRST_SWEEP) {
            self.entries.retain(|_, entry| !entry.is_expired(now));
            self.sweep_at = self.entries.len() * 2;
        }
        let mut random =
            |length| -> String { rng.sample_iter(Alphanumeric).take(length).map(char::from).collect() };
        let own = format!("{PREFIX}{}.{}", random(6), random(12));
        self.entries.insert(own.clone(), Entry { account, subject, response, threshold, last_used: now });
        Subject::from(own)
    }

    /// Takes it back: nobody has seen it.
    pub(super) fn close(&mut self, subject: &str) {
        self.entries.remove(subject);
    }

    /// Where an answer goes on to. `None`: to nobody, since its request had its answer, or waits no longer.
    pub(super) fn pass(&mut self, message: &Outgoing) -> Option<(usize, Subject)> {
        let subject = message.subject.as_str();
        let now = Instant::now();
        let entry = self.entries.get_mut(subject)?;
        entry.last_used = if entry.is_expired(now) { return self.expire(subject) } else { now };
        let target = (entry.account, entry.subject.clone());
        let is_end = message.payload.is_empty() && message.headers.is_none();
        if entry.response == Response::Singleton || is_end {
            self.entries.remove(subject);
        }
        Some(target)
    }

    fn expire<T>(&mut self, subject: &str) -> Option<T> {
        self.entries.remove(subject);
        None
    }
}
