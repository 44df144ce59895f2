//! What is said on `P._group`: who serves, and who leaves.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::time::{Duration, Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Census, Place};
use crate::subject::{self, Subject};
use crate::transport::{Delivery, Epoch, Incoming, Outgoing, Subscription, Ticket};
use crate::wire::{FrameView, Kind, Leaving, LeavingState, Ping, Pong};

/// How long the members have to answer. Shorter than what passes between an announcement and its question, or two could
/// leave that count each other.
pub(super) const ANSWERS: Duration = Duration::from_millis(250);

/// The group of a service, as one connection reaches it.
pub(in crate::server) struct Group {
    epoch: Arc<Epoch>,
    place: Arc<Place>,
    subject: Subject,
}

impl Group {
    pub(in crate::server) fn new(epoch: Arc<Epoch>, place: Arc<Place>) -> Self {
        let subject = subject::group(place.prefix());
        Self { epoch, place, subject }
    }

    /// `P._group`.
    pub(in crate::server) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Says something of this instance.
    pub(in crate::server) fn say(&self, state: LeavingState, rank: u64) {
        let leaving = Leaving { instance: self.place.instance().as_str(), rank, state };
        let mut frame = BytesMut::new();
        leaving.encode(&mut frame).expect("an instance id is short");
        self.epoch.send_control(Outgoing::new(self.subject.clone(), frame.freeze()));
    }

    /// Asks who serves, until all have had the time to answer or the answers are `enough`.
    pub(super) async fn ask(&self, enough: impl Fn(&Census) -> bool) -> Census {
        let until = Instant::now() + ANSWERS;
        let mut census = Census::new(self.place.instance().as_str());
        let Ok(ticket) = Ticket::open(Arc::clone(&self.epoch), self.subject.clone(), None) else {
            return census;
        };
        let mut question = BytesMut::new();
        let ping = Ping { method: self.place.methods(), ..Ping::default() };
        ping.encode(&mut question).expect("a number fits");
        let (subject, reply) = (self.subject.clone(), ticket.reply_subject());
        self.epoch.send_control(Outgoing::question(subject, reply, question.freeze()));
        while !enough(&census) {
            match timeout_at(until, ticket.recv()).await {
                Ok(Delivery::Message { payload, .. }) => add(&mut census, &payload),
                _ => break,
            }
        }
        census
    }

    /// Answers and notes what the members say, until the subscription or `end` does.
    pub(in crate::server) async fn listen(&self, mut subscription: Subscription, end: &CancellationToken) {
        loop {
            tokio::select! {
                biased;
                message = subscription.next() => match message {
                    Some(message) => self.take(&message),
                    None => return,
                },
                () = end.cancelled() => break,
            };
        }
        subscription.unsubscribe().await;
    }

    /// What can't be read is not for this instance.
    fn take(&self, message: &Incoming) -> Option<()> {
        let frame = FrameView::split(&message.payload).ok()?;
        match Kind::from_byte(frame.kind)? {
            Kind::Ping => {
                let ping = Ping::decode(frame.header).ok()?;
                if ping.method == self.place.methods() {
                    self.epoch.send_control(Outgoing::new(message.reply.clone()?, self.pong()));
                }
            }
            Kind::Leaving => {
                let said = Leaving::decode(frame.header).ok()?;
                if said.instance != self.place.instance().as_str() {
                    tracing::debug!(service = self.place.prefix(), ?said, "another instance");
                    self.place.hear(&said);
                }
            }
            _ => {}
        }
        Some(())
    }

    fn pong(&self) -> Bytes {
        let pong =
            Pong { instance: self.place.instance().as_str(), serves: self.place.answer(), ..Pong::default() };
        let mut frame = BytesMut::new();
        pong.encode(&mut frame).expect("an instance id is short");
        frame.freeze()
    }
}

fn add(census: &mut Census, payload: &Bytes) {
    let pong = FrameView::split(payload).ok().filter(|frame| Kind::from_byte(frame.kind) == Some(Kind::Pong));
    if let Some(Ok(pong)) = pong.map(|frame| Pong::decode(frame.header))
        && !pong.instance.is_empty()
    {
        census.add(pong.instance, pong.serves);
    }
}
