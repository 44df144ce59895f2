//! One end of the stream: the counting of the product, and around it what `transport::flow` and `raw::writer` do.

use std::collections::VecDeque;

use nats_rpc::wire::flow::{Fault, Inbound, Outbound, Piece, cost};
use nats_rpc::wire::{SHORTEST_ROOM, Terminal};

use crate::frame::{Entry, Frame, Part, header};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct End {
    inbound: Inbound,
    outbound: Outbound,
    writer: Writer,
    /// In order, not read yet.
    arrived: VecDeque<Arrived>,
    /// The message that comes in chunks: its number, how much of it is there, and what that has cost.
    assembly: Option<(u8, u16, u64)>,
    /// How many messages the reader has.
    pub(crate) delivered: u8,
    /// Nobody reads: what comes is dropped.
    discards: bool,
    pub(crate) over: Option<Over>,
}

/// What was sent of the messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Writer {
    lens: &'static [u16],
    next: u8,
    /// How much of the next one has gone.
    gone: u16,
    half_close: HalfClose,
    /// The most that could be sent at once before a message went in chunks, which is allowed more than the window.
    widest: u64,
    exceeds_window: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum HalfClose {
    /// Nothing says so: a TERMINAL ends this direction.
    Never,
    WithLast,
    AfterLast,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Arrived {
    Head,
    /// A whole message, and what it has cost.
    Message(u8, u64),
    End,
    Terminal {
        ok: bool,
    },
}

/// What a reader is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Read {
    Head,
    Message,
    End,
    Terminal { ok: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Over {
    /// The TERMINAL has come.
    Ended,
    /// Something was lost.
    Broken,
}

/// What must never happen.
pub(crate) type Wrong = String;

impl End {
    pub(crate) fn client(
        window: u64,
        requests: &'static [u16],
        in_open: u8,
        sent: u64,
        with_last: bool,
    ) -> Self {
        let all = usize::from(in_open) == requests.len();
        let half_close = match (with_last, all) {
            (true, true) => HalfClose::Done,
            (true, false) => HalfClose::WithLast,
            (false, _) => HalfClose::AfterLast,
        };
        let writer =
            Writer { lens: requests, next: in_open, gone: 0, half_close, widest: 0, exceeds_window: false };
        Self::new(Inbound::responses(window), Outbound::requests(sent, in_open.into()), writer)
    }

    pub(crate) fn server(
        window: u64,
        responses: &'static [u16],
        in_open: u8,
        came: &[u16],
        ended: bool,
    ) -> Self {
        let len = came.iter().map(|len| u64::from(*len)).sum();
        let mut inbound = Inbound::requests(window, len, in_open.into());
        if ended {
            inbound.end();
        }
        let writer = Writer {
            lens: responses,
            next: 0,
            gone: 0,
            half_close: HalfClose::Never,
            widest: 0,
            exceeds_window: false,
        };
        let mut end = Self::new(inbound, Outbound::responses(window), writer);
        let messages = (0..).zip(came).map(|(message, len)| Arrived::Message(message, (*len).into()));
        end.arrived.extend(messages.chain(ended.then_some(Arrived::End)));
        end
    }

    fn new(inbound: Inbound, outbound: Outbound, writer: Writer) -> Self {
        Self {
            inbound,
            outbound,
            writer,
            arrived: VecDeque::new(),
            assembly: None,
            delivered: 0,
            discards: false,
            over: None,
        }
    }

    pub(crate) fn entry(&self) -> Entry {
        let (sent, received) = (self.outbound.sent(), self.inbound.received());
        Entry { sent, received, credit: self.inbound.credit() }
    }

    /// Takes over what the other end allows.
    pub(crate) fn allow(&mut self, upto: u64) {
        self.outbound.allow(upto);
    }

    /// Takes over what the other end allows, and compares what it has sent with what has come.
    pub(crate) fn audit(&mut self, theirs: Entry) -> Result<(), Wrong> {
        if self.over.is_some() {
            return Ok(());
        }
        self.outbound.allow(theirs.credit);
        let compared = self.inbound.audit(theirs.sent);
        self.unless(compared).map(|_| ())
    }

    /// Takes a HEAD, DATA, CREDIT or TERMINAL. Returns a CREDIT that it is answered with.
    pub(crate) fn deliver(&mut self, frame: &Frame) -> Result<Option<Frame>, Wrong> {
        if self.over.is_some() {
            return Ok(None);
        }
        match *frame {
            Frame::Credit { upto } => {
                self.outbound.allow(upto);
                Ok(None)
            }
            Frame::Head { seq } => {
                let head = self.inbound.head(seq);
                if self.unless(head)? == Some(true) {
                    self.inbound.consume(cost(0));
                    self.arrived.push_back(Arrived::Head);
                }
                Ok(None)
            }
            Frame::Data { seq, part, end } => self.data(seq, part, end),
            Frame::Terminal { seq, messages, ok } => {
                let terminal =
                    Terminal { seq, messages, code: if ok { 0 } else { 13 }, ..Terminal::default() };
                let counted = self.inbound.terminal(&terminal);
                if self.unless(counted)? == Some(true) {
                    self.arrived.push_back(Arrived::Terminal { ok });
                    self.over = Some(Over::Ended);
                }
                Ok(None)
            }
            _ => Err(format!("{frame:?} is none of a stream")),
        }
    }

    fn data(&mut self, seq: u64, part: Option<Part>, end: bool) -> Result<Option<Frame>, Wrong> {
        let len = part.map_or(0, |part| part.len);
        let counted = self.inbound.data(&header(seq, part, end), len.into());
        let Some(piece) = self.unless(counted)? else { return Ok(None) };
        if piece == Piece::Repeated {
            return Ok(None);
        }
        let cost = cost(len.into());
        let credit = match (piece, part) {
            (Piece::Messages(1), Some(Part { message, from: 0, .. })) => self.arrived(message, cost),
            (Piece::Messages(0), None) => self.consume(cost),
            (Piece::First(_), Some(Part { message, from: 0, len, .. })) => {
                self.assembly = Some((message, len, cost));
                self.inbound.allow_message()
            }
            (Piece::Next | Piece::Last, Some(Part { message, from, len, .. })) => {
                let Some((begun, there, paid)) = self.assembly.take() else {
                    return Err("a chunk without a beginning".to_owned());
                };
                if (begun, there) != (message, from) {
                    return Err(format!("{there} bytes of {begun}, and then byte {from} of {message}"));
                }
                if piece == Piece::Next {
                    self.assembly = Some((message, there + len, paid + cost));
                    self.inbound.allow_message()
                } else {
                    self.arrived(message, paid + cost)
                }
            }
            other => return Err(format!("{other:?}")),
        };
        if self.inbound.has_ended() {
            self.arrived.push_back(Arrived::End);
        }
        Ok(credit.map(|upto| Frame::Credit { upto }))
    }

    fn arrived(&mut self, message: u8, cost: u64) -> Option<u64> {
        if self.discards {
            return self.consume(cost);
        }
        self.arrived.push_back(Arrived::Message(message, cost));
        None
    }

    fn consume(&mut self, cost: u64) -> Option<u64> {
        (self.inbound.consume(cost) && !self.inbound.has_ended()).then(|| self.inbound.grant())
    }

    /// A frame that was lost breaks the stream; anything else the other end would have done wrong.
    fn unless<T>(&mut self, counted: Result<T, Fault>) -> Result<Option<T>, Wrong> {
        match counted {
            Ok(value) => Ok(Some(value)),
            Err(Fault::Lost) => {
                self.break_off();
                Ok(None)
            }
            Err(fault @ Fault::Protocol(_)) => Err(format!("an honest end is said to be none: {fault}")),
        }
    }

    pub(crate) fn break_off(&mut self) {
        self.over = Some(Over::Broken);
        self.assembly = None;
    }

    /// Nobody reads any more.
    pub(crate) fn discard(&mut self) -> Option<Frame> {
        self.discards = true;
        let mut credit = None;
        for arrived in std::mem::take(&mut self.arrived) {
            if let Arrived::Message(_, cost) = arrived {
                credit = self.consume(cost).or(credit);
            }
        }
        credit.map(|upto| Frame::Credit { upto })
    }

    pub(crate) fn discards(&self) -> bool {
        self.discards
    }

    pub(crate) fn can_read(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// Gives the reader what came next, and the other end room for more.
    pub(crate) fn read(&mut self) -> Result<Option<(Read, Option<Frame>)>, Wrong> {
        let Some(arrived) = self.arrived.pop_front() else { return Ok(None) };
        let mut credit = None;
        let read = match arrived {
            Arrived::Head => Read::Head,
            Arrived::End => Read::End,
            Arrived::Terminal { ok } => Read::Terminal { ok },
            Arrived::Message(message, cost) => {
                if message != self.delivered {
                    return Err(format!("message {message} came where {} should", self.delivered));
                }
                self.delivered += 1;
                credit = self.consume(cost).map(|upto| Frame::Credit { upto });
                Read::Message
            }
        };
        Ok(Some((read, credit)))
    }
}

/// The writer.
impl End {
    /// Sends the next frame, if there is one and there is room for it.
    pub(crate) fn send(&mut self) -> Option<Frame> {
        if self.over.is_some() {
            return None;
        }
        let room = self.outbound.room()?;
        let Writer { lens, next, gone, half_close, widest, exceeds_window } = &mut self.writer;
        let Some(len) = lens.get(usize::from(*next)).copied() else {
            let ends = *half_close == HalfClose::AfterLast;
            return ends.then(|| {
                *half_close = HalfClose::Done;
                Frame::Data { seq: self.outbound.send(0, 0), part: None, end: true }
            });
        };
        let rest = len - *gone;
        if room < SHORTEST_ROOM.min(rest.into()) {
            return None;
        }
        let fits = u64::from(rest) <= room;
        if !*exceeds_window {
            *widest = room.max(*widest);
        }
        if *gone == 0 && !fits && u64::from(rest) <= *widest / 4 {
            // There will be room for it as soon as more is read.
            return None;
        }
        let sent = if fits { rest } else { u16::try_from(room).expect("less than the rest") };
        let total = if *gone == 0 && !fits { len } else { 0 };
        *exceeds_window |= !fits;
        let part = Part { message: *next, from: *gone, len: sent, total };
        let is_chunk = *gone > 0;
        *gone += sent;
        if fits {
            (*next, *gone) = (*next + 1, 0);
        }
        let end = *half_close == HalfClose::WithLast && usize::from(*next) == lens.len() && !is_chunk;
        if end {
            *half_close = HalfClose::Done;
        } else if *half_close == HalfClose::WithLast && usize::from(*next) == lens.len() {
            // A chunk never half-closes.
            *half_close = HalfClose::AfterLast;
        }
        let seq = self.outbound.send(sent.into(), fits.into());
        Some(Frame::Data { seq, part: Some(part), end })
    }

    pub(crate) fn send_head(&mut self) -> Frame {
        Frame::Head { seq: self.outbound.send(0, 0) }
    }

    pub(crate) fn terminal(&self, ok: bool) -> Frame {
        let counts = self.outbound.counts();
        Frame::Terminal { seq: counts.frames, messages: counts.messages, ok }
    }

    /// How many whole messages were sent.
    pub(crate) fn sent(&self) -> u8 {
        self.writer.next
    }

    pub(crate) fn has_sent_all(&self) -> bool {
        usize::from(self.writer.next) == self.writer.lens.len()
    }

    pub(crate) fn is_within_message(&self) -> bool {
        self.writer.gone > 0
    }
}
