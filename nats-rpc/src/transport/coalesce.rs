//! Frames that go the same way at the same time share a NATS message: the broker, and each NATS client, costs more for
//! a message than a short frame does for its sender and receiver together.

use bytes::{Bytes, BytesMut};

use super::inbox::Inbox;
use super::{Outgoing, Sharing};
use crate::wire::token::TEXT_LEN;
use crate::wire::{Kind, MAX_BATCH_BYTES, batch};

/// Copying a frame that is longer costs more than its own message does.
const LONGEST_FRAME: usize = 8 * 1024;
/// So many messages are looked at for one that a frame may join.
const LOOKED_AT: usize = 8;

/// Puts together what may share a message. Nothing moves back: a frame goes with the first that it can join.
pub(super) fn coalesce(queue: &mut Vec<Outgoing>, inbox: &Inbox) {
    if let [message] = &mut queue[..] {
        return alone(message, inbox);
    }
    let mut shared: Vec<Shared> = Vec::new();
    let mut kept = 0;
    for index in 0..queue.len() {
        let (before, message) = (&queue[..kept], &queue[index]);
        if message.sharing.is_possible() {
            let mut latest = shared.iter_mut().rev().take(LOOKED_AT);
            if let Some(one) = latest.find(|one| one.takes(message, &before[one.at])) {
                one.add(message, &before[one.at]);
                continue;
            }
            shared.push(Shared::new(kept));
        } else {
            alone(&mut queue[index], inbox);
        }
        queue.swap(kept, index);
        kept += 1;
    }
    queue.truncate(kept);
    for one in shared {
        let at = one.at;
        one.finish(&mut queue[at], inbox);
    }
}

/// Makes a message of a frame that shares none.
pub(super) fn alone(message: &mut Outgoing, inbox: &Inbox) {
    match message.sharing {
        Sharing::None | Sharing::Alone(..) => {}
        Sharing::Pack(_) => message.sharing = Sharing::None,
        Sharing::Batch { token, .. } => (message.reply, message.sharing) = inbox.alone(token),
        Sharing::Packed(token) => message.sharing = Sharing::Alone(Kind::Pack, token),
    }
}

/// A message that several frames may share.
struct Shared {
    /// Where in the queue it is, which begins as its first frame.
    at: usize,
    /// Empty while that is the only one.
    body: BytesMut,
    /// Of a BATCH: the calls in it.
    tokens: Vec<u64>,
}

impl Shared {
    fn new(at: usize) -> Self {
        Self { at, body: BytesMut::new(), tokens: Vec::new() }
    }

    /// Whether the frame may go with those that are here.
    fn takes(&self, frame: &Outgoing, first: &Outgoing) -> bool {
        let along = match (first.sharing, frame.sharing) {
            (Sharing::Batch { most, .. }, Sharing::Batch { most: other, .. }) => {
                self.tokens.len().max(1) < usize::from(most.min(other)) && first.subject == frame.subject
            }
            (Sharing::Pack(_) | Sharing::Packed(_), Sharing::Pack(_) | Sharing::Packed(_)) => {
                connection(first) == connection(frame)
            }
            _ => false,
        };
        let length = if self.body.is_empty() { first.payload.len() } else { self.body.len() };
        along
            && first.body.is_none()
            && frame.body.is_none()
            && first.payload.len().max(frame.payload.len()) <= LONGEST_FRAME
            && length + batch::item_len(frame.payload.len()) + batch::BEGINNING <= MAX_BATCH_BYTES
    }

    fn add(&mut self, frame: &Outgoing, first: &Outgoing) {
        if self.body.is_empty() {
            // Most are alike, so this is enough for most.
            self.body.reserve(16 * batch::item_len(frame.payload.len()));
            let kind = if matches!(first.sharing, Sharing::Batch { .. }) { Kind::Batch } else { Kind::Pack };
            batch::begin(kind, &mut self.body);
            self.push(first.sharing, &first.payload);
        }
        self.push(frame.sharing, &frame.payload);
    }

    fn push(&mut self, sharing: Sharing, frame: &Bytes) {
        let token = match sharing {
            Sharing::None | Sharing::Alone(..) => return,
            Sharing::Pack(token) | Sharing::Packed(token) => token,
            Sharing::Batch { token, .. } => {
                self.tokens.push(token);
                token
            }
        };
        batch::push(token, frame, &mut self.body);
    }

    fn finish(self, message: &mut Outgoing, inbox: &Inbox) {
        if self.body.is_empty() {
            return alone(message, inbox);
        }
        message.sharing = Sharing::None;
        message.payload = self.body.freeze();
        if !self.tokens.is_empty() {
            message.reply = Some(inbox.open_batch(self.tokens));
        }
    }
}

/// The part of a reply subject before its token.
fn connection(answer: &Outgoing) -> &[u8] {
    let subject = answer.subject.as_bytes();
    &subject[..subject.len().saturating_sub(TEXT_LEN)]
}

#[cfg(test)]
mod tests;
