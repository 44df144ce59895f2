use std::collections::BTreeMap;

use rand::RngExt;
use rand::rngs::StdRng;

use super::export::Response;
use super::interest::Interest;
use super::replies::Replies;
use crate::subject::matches;

/// A space of subjects.
#[derive(Default)]
pub(super) struct Account {
    pub(super) name: String,
    /// By number, and so in the order of subscribing.
    pub(super) interests: BTreeMap<u64, Interest>,
    pub(super) imports: Vec<Import>,
    pub(super) replies: Replies,
}

/// Requests that another account answers.
#[derive(Clone)]
pub(super) struct Import {
    pub(super) exporter: usize,
    pub(super) pattern: String,
    pub(super) response: Response,
    pub(super) threshold: std::time::Duration,
}

impl Account {
    /// Who receives what is published to a subject: every plain subscription and one member of each queue group.
    pub(super) fn receivers(&self, subject: &str, rng: &mut StdRng) -> Vec<u64> {
        let mut receivers = Vec::new();
        let mut groups: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (id, interest) in &self.interests {
            if matches(&interest.pattern, subject) {
                match interest.queue_group.as_deref() {
                    None => receivers.push(*id),
                    Some(group) => groups.entry(group).or_default().push(*id),
                }
            }
        }
        receivers.extend(groups.values().map(|members| members[rng.random_range(0..members.len())]));
        receivers
    }

    /// The other accounts that answer what is published to a subject.
    pub(super) fn imports_of(&self, subject: &str) -> Vec<Import> {
        self.imports.iter().filter(|import| matches(&import.pattern, subject)).cloned().collect()
    }

    /// The plain subscription of a connection that covers a reply subject. Those in queue groups do not count: they
    /// are never told that nobody listens.
    pub(super) fn listens(&self, client: u64, reply: &str) -> Option<u64> {
        let mut own = self.interests.iter().filter(|(_, interest)| interest.client == client);
        own.find(|(_, interest)| interest.queue_group.is_none() && matches(&interest.pattern, reply))
            .map(|(id, _)| *id)
    }

    /// Ends all subscriptions of a connection.
    pub(super) fn forget(&mut self, client: u64) -> BTreeMap<u64, Interest> {
        let all = std::mem::take(&mut self.interests);
        let (own, others) = all.into_iter().partition(|(_, interest)| interest.client == client);
        self.interests = others;
        own
    }
}
