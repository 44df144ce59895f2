use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::compression::decompress;
use super::ending::Ending;
use super::said::no_message;
use super::{Remote, Reply, ReplyBody};
use crate::call::Event;
use crate::metadata::Metadata;
use crate::status::{Reason, Status};
use crate::subject::{self, Subject};
use crate::transport::{Arrived, Broken, Delivery, Flow, Limits, Lost, Messages, Peer, Ticket, Watch};
use crate::wire::flow::{Fault, Inbound, Outbound};
use crate::wire::{Accept, DEFAULT_ACCEPT_AFTER_MS, SMALLEST_MAX_MESSAGE};

/// An answer or an ACCEPT is due so long after the ACCEPT would be sent, and so many round trips.
const SHORTEST_DUE: Duration = Duration::from_millis(100);
/// Later still it is too late.
const SHORTEST_GRACE: Duration = Duration::from_millis(750);
const ROUND_TRIPS: u32 = 4;
/// An ACCEPT for a call that was given up is waited for so long.
const LONGEST_TOMBSTONE: Duration = Duration::from_secs(10);

/// One sending of a call. When it is dropped before its end, the service is told to stop, as soon as it is known how.
///
/// What most calls never have is in boxes, since each call's future has room for all of it.
pub(super) struct Attempt {
    /// Taken when dropped.
    ticket: Option<Ticket>,
    expected: Expected,
    /// Once an instance has said that it has the call.
    accepted: Option<Box<Accepted>>,
    flow: Option<Arc<Flow>>,
    pieces: Option<Box<Pieces>>,
    /// What the connection had to say while there was still something of the stream.
    put_off: Option<Box<Delivery>>,
    over: bool,
    /// Whether the time to its end is measured.
    sampled: bool,
    /// Whether another attempt was made because this one got no answer.
    pub(super) followed: bool,
    /// Whether it was looked after once more because this process had stood still.
    pub(super) looked_late: bool,
}

/// The instance that has a call.
struct Accepted {
    watch: Watch,
    /// Where it takes frames of the call.
    peer: Peer,
}

/// What has come of one response that is larger than a frame.
#[derive(Default)]
struct Pieces {
    head: Option<Metadata>,
    message: Option<Bytes>,
}

/// What came for an attempt.
pub(super) enum Came {
    /// From the connection.
    Delivery(Delivery),
    /// Of a stream.
    Arrived(Arrived),
    /// A stream that has to be ended.
    Broken(Broken),
}

/// When what should come for a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// Whether the service was asked for an ACCEPT.
    pub(super) asks: bool,
    pub(super) sent: Instant,
    pub(super) deadline: Option<Instant>,
}

impl Expected {
    /// Until when an answer or an ACCEPT should have come, if a round trip takes `rtt`.
    pub(super) fn due(&self, rtt: Duration) -> Instant {
        let accept_after = Duration::from_millis(DEFAULT_ACCEPT_AFTER_MS.into());
        self.sent + accept_after + (rtt * ROUND_TRIPS).max(SHORTEST_DUE)
    }

    /// When it is too late for one.
    pub(super) fn overdue(&self, rtt: Duration) -> Instant {
        self.due(rtt) + (rtt * ROUND_TRIPS).max(SHORTEST_GRACE)
    }

    /// When to look first.
    pub(super) fn alarm(&self, rtt: Duration) -> Option<Instant> {
        if self.asks { self.no_later_than_deadline(self.due(rtt)) } else { self.deadline }
    }

    fn no_later_than_deadline(&self, at: Instant) -> Option<Instant> {
        Some(self.deadline.map_or(at, |deadline| deadline.min(at)))
    }
}

impl Attempt {
    pub(super) fn new(ticket: Ticket, expected: Expected, sampled: bool) -> Self {
        Self {
            ticket: Some(ticket),
            expected,
            flow: None,
            accepted: None,
            pieces: None,
            put_off: None,
            over: false,
            sampled,
            followed: false,
            looked_late: false,
        }
    }

    pub(super) fn ticket(&self) -> &Ticket {
        self.ticket.as_ref().expect("it is taken only when dropped")
    }

    pub(super) fn expected(&self) -> Expected {
        self.expected
    }

    /// Looks again at this time, or at the deadline.
    pub(super) fn look_at(&self, at: Instant) {
        self.ticket().set_alarm(self.expected.no_later_than_deadline(at));
    }

    /// Looks again at the deadline only.
    pub(super) fn look_at_deadline(&self) {
        self.ticket().set_alarm(self.expected.deadline);
    }

    /// Frames of a stream go to `flow` from now on.
    pub(super) fn attach(&mut self, flow: Arc<Flow>) {
        self.ticket().attach(&flow);
        self.flow = Some(flow);
    }

    /// The stream of the call, if it is one.
    pub(super) fn flow(&self) -> Option<&Arc<Flow>> {
        self.flow.as_ref()
    }

    /// An instance has the call: from now on it is asked after it. `false`: it has said so before.
    pub(super) fn accepted(&mut self, accept: &Accept<'_>, subject: &Subject, remote: &Remote) -> bool {
        if self.accepted.is_some() {
            return false;
        }
        let prefix = subject::prefix_of(subject);
        let (ticket, rtt) = (self.ticket(), remote.rtt.get());
        let watch = Watch::start(ticket, prefix, accept.instance, accept.handle, rtt);
        let max_message = accept.max_message.max(SMALLEST_MAX_MESSAGE) as usize;
        let peer = Peer { to: watch.calls_at().clone().into(), handle: accept.handle, max_message };
        self.accepted = Some(Box::new(Accepted { watch, peer }));
        self.connect(accept.credit);
        self.look_at_deadline();
        true
    }

    /// Both ends of the stream know each other.
    fn connect(&self, credit: u64) {
        if let (Some(flow), Some(accepted)) = (&self.flow, &self.accepted) {
            flow.connect(accepted.peer.clone(), credit);
            // A part of the response may have been read before its ACCEPT was.
            flow.announce_owed();
            accepted.watch.attach(flow);
        }
    }

    /// The answer is larger than a frame, and comes in pieces; `head` is the first frame of it.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when the connection has as many streams as it may.
    pub(super) fn receive_pieces(&mut self, limits: Limits, head: &Bytes) -> Result<(), Status> {
        let outbound = Outbound::requests(0, 0);
        let epoch = self.ticket().epoch();
        let flow = Flow::open(epoch, limits, outbound, Inbound::responses(epoch.first_window()))?;
        flow.deliver(head);
        self.attach(flow);
        self.connect(0);
        Ok(())
    }

    /// The instance that has the call, if it has said so.
    pub(super) fn instance(&self) -> Option<&str> {
        self.accepted.as_ref().map(|accepted| accepted.watch.instance())
    }

    /// What came next.
    pub(super) fn poll_came(&mut self, cx: &mut Context<'_>) -> Poll<Came> {
        let Self { ticket, flow, accepted, put_off, .. } = self;
        let ticket = ticket.as_ref().expect("it is taken only when dropped");
        let Some(flow) = flow else { return ticket.poll_recv(cx).map(Came::Delivery) };
        if accepted.is_none() {
            // An ACCEPT that was sent before what has arrived is here by now, so the order of these two matters.
            let part = flow.poll_part(cx);
            if let Poll::Ready(delivery) = ticket.poll_recv(cx) {
                return Poll::Ready(Came::Delivery(delivery));
            }
            // Without it nobody could be given credit or asked after the call.
            if ready!(part) {
                return Poll::Ready(Came::Broken(Broken::Fault(Fault::Lost)));
            }
        }
        // What has arrived of a stream comes before whatever else the connection has to say: that may be that the
        // instance no longer knows the call, which has ended. So the stream is looked at last.
        if put_off.is_none()
            && let Poll::Ready(delivery) = ticket.poll_recv(cx)
        {
            *put_off = Some(Box::new(delivery));
        }
        match flow.poll_next(cx) {
            Poll::Ready(arrived) => Poll::Ready(arrived.map_or_else(Came::Broken, Came::Arrived)),
            Poll::Pending => {
                put_off.take().map_or(Poll::Pending, |delivery| Poll::Ready(Came::Delivery(*delivery)))
            }
        }
    }

    /// The one response is large: its metadata has come, and now it may.
    pub(super) fn begin(&mut self, head: Metadata) {
        self.pieces.get_or_insert_default().head = Some(head);
        if let Some(flow) = &self.flow {
            flow.announce_first_window();
        }
    }

    /// Takes the one response.
    ///
    /// # Errors
    /// UNIMPLEMENTED when there are more of them, RESOURCE_EXHAUSTED and INTERNAL when it can't be decompressed.
    pub(super) fn receive(&mut self, messages: Messages) -> Result<(), Status> {
        let encoding = messages.encoding;
        let limit = self.flow.as_ref().map_or(0, |flow| flow.max_message());
        for message in messages {
            let message = decompress(encoding, message, limit)?;
            if self.pieces.get_or_insert_default().message.replace(message).is_some() {
                let text = "the service sent several responses where one is expected";
                return Err(Status::unimplemented(text).with_reason(Reason::Cardinality));
            }
        }
        Ok(())
    }

    /// The end of the call, and with it the one response unless the response is a stream.
    pub(super) fn finish(
        &mut self,
        payload: &Bytes,
        remote: &Remote,
        streams: bool,
    ) -> Result<Reply, Status> {
        let limit = self.flow.as_ref().map_or(0, |flow| flow.max_message());
        let ending = Ending::of_frame(payload, limit)
            .map_err(|malformed| Status::internal(format!("the answer is broken: {malformed}")))?;
        self.answered(remote, ending.busy);
        let Ending { outcome, head, trailers, .. } = ending;
        let last = outcome?;
        if streams {
            let end = last.map(Event::Message).into_iter().chain([Event::Trailers(trailers)]).map(Ok);
            return Ok(Reply::new(head, ReplyBody::Stream(Box::pin(futures_util::stream::iter(end)))));
        }
        let Pieces { head: first, message } = self.pieces.take().map(|pieces| *pieces).unwrap_or_default();
        let message = last.or(message).ok_or_else(no_message)?;
        Ok(Reply::new(first.unwrap_or(head), ReplyBody::Unary { message, trailers }))
    }

    /// The instance does not have the call any more. One that is only silent is told all the same.
    pub(super) fn lost(&mut self, why: Lost) {
        if why != Lost::Silent {
            self.end();
        }
    }

    /// The service has ended the call, or it never began.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// The service has answered; its handler took `busy`.
    pub(super) fn answered(&mut self, remote: &Remote, busy: Duration) {
        self.end();
        // An accepted call may have waited for its service to connect again.
        if self.sampled && self.accepted.is_none() {
            remote.rtt.sample(self.expected.sent.elapsed().saturating_sub(busy));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(flow) = &self.flow {
            flow.close();
        }
        if self.over {
            if let Some(accepted) = &mut self.accepted {
                accepted.watch.end();
            }
            return;
        }
        if self.accepted.is_some() || !self.expected.asks {
            return;
        }
        let now = Instant::now();
        let until = self.expected.deadline.unwrap_or(now + LONGEST_TOMBSTONE).min(now + LONGEST_TOMBSTONE);
        if until > now
            && let Some(ticket) = self.ticket.take()
        {
            ticket.abandon(until);
        }
    }
}
