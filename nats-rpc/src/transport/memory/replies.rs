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
    target: Target,
    last_used: Instant,
}

/// Where answers go, and how many may.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) account: usize,
    pub(super) subject: Subject,
    pub(super) response: Response,
    pub(super) threshold: Duration,
}

impl Entry {
    fn is_expired(&self, now: Instant) -> bool {
        now.duration_since(self.last_used) >= self.target.threshold
    }
}

/// Whether a subject is, or was, one of an imported request.
pub(super) fn is_of_import(subject: &str) -> bool {
    subject.starts_with(PREFIX)
}

impl Replies {
    /// A reply subject that stands for another in another account.
    pub(super) fn open(&mut self, rng: &mut StdRng, target: Target) -> Subject {
        let now = Instant::now();
        if self.entries.len() >= self.sweep_at.max(FIRST_SWEEP) {
            self.entries.retain(|_, entry| !entry.is_expired(now));
            self.sweep_at = self.entries.len() * 2;
        }
        let mut random =
            |length| -> String { rng.sample_iter(Alphanumeric).take(length).map(char::from).collect() };
        let own = format!("{PREFIX}{}.{}", random(6), random(12));
        self.entries.insert(own.clone(), Entry { target, last_used: now });
        Subject::from(own)
    }

    /// Takes it back: nobody has seen it.
    pub(super) fn close(&mut self, subject: &str) {
        self.entries.remove(subject);
    }

    /// Where an answer goes on to. `None`: to nobody, since its request had its answer, or waits no longer.
    pub(super) fn pass(&mut self, message: &Outgoing) -> Option<Target> {
        let subject = message.subject.as_str();
        let now = Instant::now();
        let entry = self.entries.get_mut(subject)?;
        let target = (!entry.is_expired(now)).then(|| entry.target.clone());
        entry.last_used = now;
        let is_end = message.payload.is_empty() && message.headers.is_none();
        if target.as_ref().is_none_or(|target| is_end || target.response == Response::Singleton) {
            self.entries.remove(subject);
        }
        target
    }
}
