use bytes::Bytes;
use nats_rpc::transport::memory::{Broker, Options, Subscriber};
use nats_rpc::wire::batch::{Item, Items};
use nats_rpc::wire::{Frame, Kind};

/// Sees every message that goes by.
pub(crate) struct Tap(Subscriber);

/// One NATS message.
pub(crate) struct Seen {
    pub(crate) subject: String,
    pub(crate) kind: Kind,
    pub(crate) length: usize,
    /// Of a BATCH or PACK.
    pub(crate) items: Vec<Item>,
}

impl Seen {
    /// Whether it holds several frames.
    pub(crate) fn is_shared(&self) -> bool {
        self.items.len() > 1
    }
}

impl Tap {
    pub(crate) fn new(broker: &Broker) -> Self {
        let client = broker.client(&Options::new().name("tap")).unwrap();
        Self::of(client.subscribe(">", None).unwrap())
    }

    pub(crate) fn of(subscriber: Subscriber) -> Self {
        Self(subscriber)
    }

    /// What has gone by since it was last asked.
    pub(crate) fn seen(&mut self) -> Vec<Seen> {
        let messages = std::iter::from_fn(|| self.0.try_next());
        messages.filter_map(|message| seen(message.subject, &message.payload)).collect()
    }

    /// Those that open calls at this subject.
    pub(crate) fn openings(&mut self, subject: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.subject == subject).collect()
    }
}

fn seen(subject: String, payload: &Bytes) -> Option<Seen> {
    let frame = Frame::split(payload).ok()?;
    let kind = Kind::from_byte(frame.kind)?;
    let items = match kind {
        Kind::Batch | Kind::Pack => Items::parse(kind, frame.body).unwrap().collect(),
        _ => Vec::new(),
    };
    Some(Seen { subject, kind, length: payload.len(), items })
}

/// How many calls are opened or answered.
pub(crate) fn frames(seen: &[Seen]) -> usize {
    seen.iter().map(|seen| seen.items.len().max(1)).sum()
}

/// How many messages hold several calls.
pub(crate) fn batches(seen: &[Seen]) -> usize {
    seen.iter().filter(|seen| seen.kind == Kind::Batch && seen.is_shared()).count()
}

pub(crate) fn of_kind(seen: &[Seen], kind: Kind) -> usize {
    seen.iter().filter(|seen| seen.kind == kind).count()
}
