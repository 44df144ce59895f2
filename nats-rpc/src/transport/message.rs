use bytes::Bytes;

use super::{Flow, Sharing};
use crate::subject::Subject;
use crate::wire::batch::{Head, holds_one};
use crate::wire::{Kind, VERSION};

/// NATS headers, in order. Calls between generated peers have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// The first value under a name, whatever the case of its letters.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A message that a subscription received.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) subject: Subject,
    pub(crate) reply: Option<Subject>,
    pub(crate) headers: Option<Box<Headers>>,
    pub(crate) payload: Bytes,
    /// The server's 503: nobody subscribes to what was published.
    pub(crate) no_responders: bool,
}

impl Incoming {
    /// Whether it holds answers, each with the token of its call.
    pub(super) fn is_pack(&self) -> bool {
        self.headers.is_none() && matches!(self.payload[..], [VERSION, PACK, ..])
    }

    /// Whether it holds answers to several calls.
    pub(super) fn is_shared(&self) -> bool {
        self.is_pack() && !holds_one(&self.payload)
    }
}

const PACK: u8 = Kind::Pack as u8;

/// A longer body is not copied into its frame.
const LONGEST_INLINE: usize = 8 * 1024;

/// A message to publish.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) subject: Subject,
    pub(crate) reply: Option<Subject>,
    pub(crate) headers: Option<Box<Headers>>,
    pub(crate) payload: Bytes,
    /// What comes after the payload within the same message: a body that is too long to be copied into its frame.
    pub(crate) body: Option<Box<Bytes>>,
    pub(crate) sharing: Sharing,
}

impl Outgoing {
    pub(crate) fn new(subject: Subject, payload: Bytes) -> Self {
        Self { subject, reply: None, headers: None, payload, body: None, sharing: Sharing::None }
    }

    /// Which part of a body goes into its frame, and which [beside it](Self::body).
    pub(crate) fn divide(body: &Bytes) -> (&[u8], Option<Box<Bytes>>) {
        if body.len() > LONGEST_INLINE { (&[], Some(Box::new(body.clone()))) } else { (body, None) }
    }

    /// One that is answered to `reply`.
    pub(crate) fn question(subject: Subject, reply: Subject, payload: Bytes) -> Self {
        Self { reply: Some(reply), ..Self::new(subject, payload) }
    }

    /// What counts against the server's limit, in bytes.
    pub(crate) fn len(&self) -> usize {
        const VERSION_LINE: usize = "NATS/1.0\r\n\r\n".len();
        let line = |(name, value): (&str, &str)| name.len() + value.len() + ": \r\n".len();
        let headers = self.headers.as_deref().map_or(0, |h| VERSION_LINE + h.iter().map(line).sum::<usize>());
        self.head().len() + self.frame_len() + headers
    }

    /// The length of payload and body.
    pub(super) fn frame_len(&self) -> usize {
        self.payload.len() + self.body.as_ref().map_or(0, |body| body.len())
    }

    /// What comes before the payload.
    pub(crate) fn head(&self) -> Head {
        match self.sharing {
            Sharing::Alone(kind, token) => Head::new(kind, token, self.frame_len()),
            _ => Head::default(),
        }
    }

    /// The same with all of it in the payload.
    pub(crate) fn joined(mut self) -> Self {
        let (head, body) = (self.head(), self.body.take().unwrap_or_default());
        if !head.is_empty() || !body.is_empty() {
            self.payload = [&head[..], &self.payload[..], &body[..]].concat().into();
        }
        self.sharing = Sharing::None;
        self
    }
}

/// What a waiting call is given.
#[derive(Debug, Clone)]
pub(crate) enum Delivery {
    /// An answer.
    Message { headers: Option<Box<Headers>>, payload: Bytes },
    /// Nobody subscribes to the subject.
    NoResponders,
    /// The service takes no BATCH: nothing of the one that this call was in was processed.
    Unbatched,
    /// The connection has ended; whether the request arrived is unknown.
    Disconnected,
    /// The NATS server does not let this connection publish to the subject.
    Denied,
    /// The instance that had accepted the call no longer has it.
    Lost(Lost),
    /// The time for which the owner has set the alarm.
    Alarm,
}

impl Delivery {
    /// Whether it is a frame of this stream, which then has it.
    pub(super) fn is_taken_by(&self, flow: &Flow) -> bool {
        matches!(self, Self::Message { headers: None, payload } if flow.deliver(payload))
    }

    /// Whether nothing more can be sent or come.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Disconnected | Self::Lost(_) => true,
            Self::Message { .. } | Self::NoResponders | Self::Unbatched | Self::Denied | Self::Alarm => false,
        }
    }
}

/// Why an accepted call will not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The instance is gone: nobody listens at its subjects.
    Gone,
    /// The instance is silent.
    Silent,
    /// The instance answers, and does not know the call.
    Forgotten,
}
