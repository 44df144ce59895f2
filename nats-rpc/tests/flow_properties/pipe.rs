//! One direction of a stream between honest ends, in any order of sending, coming and reading.

use std::collections::VecDeque;

use nats_rpc::wire::flow::{Inbound, Outbound, Piece, cost};
use nats_rpc::wire::{Data, DataFlags, Numbers, Terminal};

use crate::writer::{Content, Packet, Writer};

/// As `transport::flow` has it.
const MAX_WINDOW: u64 = 512 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Another message is ready.
    Make,
    Send,
    Deliver,
    DeliverTwice,
    /// A CREDIT comes.
    Credit,
    Read,
    /// The reader keeps up, and there is room for a larger window.
    ReadAndWiden,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    writer: Writer,
    outbound: Outbound,
    inbound: Inbound,
    frames: VecDeque<Packet>,
    credits: VecDeque<u64>,
    /// What was not read yet: so many messages, and what they have cost.
    arrived: VecDeque<(usize, u64)>,
    /// What has come of a message in chunks: how much, and what it has cost.
    assembly: Option<(usize, u64)>,
    /// How many messages are ready, and the number of the next one that has to arrive.
    made: usize,
    next: usize,
    read: usize,
    lens: Vec<usize>,
    is_response: bool,
    /// What was read of the credit, and the most that may not be.
    consumed: u64,
    most_unread: u64,
}

impl Pipe {
    pub(crate) fn responses(window: u64, lens: Vec<usize>, frame: usize, head: bool) -> Self {
        let (outbound, inbound) = (Outbound::responses(window), Inbound::responses(window));
        let mut pipe = Self::new(outbound, inbound, lens, 0, frame, true);
        if head {
            let seq = pipe.outbound.send(0, 0);
            assert_eq!(pipe.inbound.head(seq), Ok(true));
            assert!(!pipe.inbound.consume(cost(0)), "there is a CREDIT for a HEAD");
            pipe.consumed += cost(0);
        }
        pipe
    }

    /// The OPEN carries the first messages, as far as they fit.
    pub(crate) fn requests(window: u64, lens: Vec<usize>, frame: usize, in_open: usize) -> Self {
        let mut sum = 0;
        let fits = lens.iter().take(in_open).take_while(|len| {
            sum += **len;
            sum <= 16 * 1024
        });
        let in_open = fits.count();
        let opened_with: u64 = lens[..in_open].iter().map(|len| *len as u64).sum();
        let mut outbound = Outbound::requests(opened_with, in_open as u64);
        let inbound = Inbound::requests(window, opened_with, in_open as u64);
        assert_eq!(outbound.room(), None, "it is not accepted yet");
        outbound.allow(inbound.credit());
        let mut pipe = Self::new(outbound, inbound, lens, in_open, frame, false);
        if in_open > 0 {
            pipe.arrived.push_back((in_open, opened_with));
        }
        pipe
    }

    fn new(
        outbound: Outbound,
        inbound: Inbound,
        lens: Vec<usize>,
        in_open: usize,
        frame: usize,
        is_response: bool,
    ) -> Self {
        let most_unread = inbound.credit();
        Self {
            writer: Writer::new(frame),
            outbound,
            inbound,
            frames: VecDeque::new(),
            credits: VecDeque::new(),
            arrived: VecDeque::new(),
            assembly: None,
            made: in_open,
            next: in_open,
            read: 0,
            lens,
            is_response,
            consumed: 0,
            most_unread,
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        self.try_step(step);
    }

    /// Lets everything happen that has to. It comes to an end, at which everything has been read.
    pub(crate) fn finish(mut self) {
        loop {
            let moved = [Step::Make, Step::Send, Step::Deliver, Step::Credit, Step::Read]
                .map(|step| self.try_step(step));
            if !moved.contains(&true) {
                break;
            }
        }
        assert!(self.writer.is_done(), "nobody moves any more: {self:?}");
        assert_eq!(self.read, self.lens.len());
        if self.is_response {
            let counts = self.outbound.counts();
            let end = Terminal { seq: counts.frames, messages: counts.messages, ..Terminal::default() };
            assert_eq!(self.inbound.terminal(&end), Ok(true));
        }
        assert!(self.inbound.has_ended());
        assert_eq!(self.inbound.audit(self.outbound.sent()), Ok(()));
    }

    /// `false`: nothing has happened.
    fn try_step(&mut self, step: Step) -> bool {
        let before = (self.inbound.received(), self.inbound.credit(), self.outbound.sent());
        let moved = match step {
            Step::Make => self.make(),
            Step::Send => {
                let packet = self.writer.send(&mut self.outbound);
                let moved = packet.is_some();
                self.frames.extend(packet);
                moved
            }
            Step::Deliver | Step::DeliverTwice => match self.frames.pop_front() {
                Some(packet) => {
                    assert_ne!(self.deliver(&packet), Piece::Repeated);
                    if step == Step::DeliverTwice {
                        assert_eq!(self.deliver(&packet), Piece::Repeated);
                    }
                    true
                }
                None => false,
            },
            Step::Credit => match self.credits.pop_front() {
                Some(upto) => {
                    self.outbound.allow(upto);
                    true
                }
                None => false,
            },
            Step::Read | Step::ReadAndWiden => self.read(step == Step::ReadAndWiden),
        };
        let after = (self.inbound.received(), self.inbound.credit(), self.outbound.sent());
        assert!(before.0 <= after.0 && before.1 <= after.1 && before.2 <= after.2);
        assert!(self.outbound.sent() <= self.inbound.credit(), "more than was ever allowed");
        let unread = self.inbound.received() - self.consumed;
        assert!(unread <= self.most_unread, "{unread} are kept, at most {} should", self.most_unread);
        moved
    }

    fn make(&mut self) -> bool {
        match self.lens.get(self.made) {
            Some(len) => self.writer.push(self.made, *len),
            None if self.made == self.lens.len() && !self.is_response => self.writer.half_close(),
            None => return false,
        }
        self.made += 1;
        true
    }

    fn deliver(&mut self, packet: &Packet) -> Piece {
        let Packet { seq, content, end } = packet;
        let mut flags = DataFlags(if *end { DataFlags::END.0 } else { 0 });
        let (mut lens, mut total_len) = (Vec::new(), 0);
        match content {
            Content::Messages(messages) if messages.is_empty() => flags.0 |= DataFlags::NO_MESSAGE.0,
            Content::Messages(messages) if messages.len() > 1 => {
                lens.extend(messages.iter().map(|(_, len)| u32::try_from(*len).expect("it is small")));
            }
            Content::Messages(_) => {}
            Content::Chunk { total, .. } => total_len = *total as u64,
        }
        let data = Data { seq: *seq, flags, lens: Numbers::from_slice(&lens), total_len, ..Data::default() };
        let piece = self.inbound.data(&data, content.len()).expect("an honest end is believed");
        if piece != Piece::Repeated {
            self.take(piece, content);
        }
        piece
    }

    fn take(&mut self, piece: Piece, content: &Content) {
        let cost = cost(content.len());
        match (piece, content) {
            (Piece::Messages(count), Content::Messages(messages)) => {
                assert_eq!(count, messages.len());
                for (message, len) in messages {
                    assert_eq!((*message, *len), (self.next, self.lens[self.next]));
                    self.next += 1;
                }
                match count {
                    0 => self.consume(cost, false),
                    _ => self.arrived.push_back((count, cost)),
                }
            }
            (Piece::First(total), Content::Chunk { message, from: 0, len, .. }) => {
                assert_eq!((*message, total), (self.next, self.lens[self.next] as u64));
                self.assembly = Some((*len, cost));
                self.allow_message();
            }
            (Piece::Next | Piece::Last, Content::Chunk { message, from, len, .. }) => {
                let (there, paid) = self.assembly.take().expect("it has begun");
                assert_eq!((*message, *from), (self.next, there));
                if piece == Piece::Next {
                    self.assembly = Some((there + len, paid + cost));
                    self.allow_message();
                } else {
                    assert_eq!(there + len, self.lens[self.next]);
                    self.next += 1;
                    self.arrived.push_back((1, paid + cost));
                }
            }
            other => panic!("{other:?}"),
        }
    }

    fn read(&mut self, widen: bool) -> bool {
        let Some((count, cost)) = self.arrived.pop_front() else { return false };
        self.read += count;
        self.consume(cost, widen);
        true
    }

    fn consume(&mut self, cost: u64, widen: bool) {
        self.consumed += cost;
        if !self.inbound.consume(cost) || self.inbound.has_ended() {
            return;
        }
        let window = self.inbound.window();
        if widen && self.arrived.is_empty() && window < MAX_WINDOW {
            self.inbound.widen(window.min(MAX_WINDOW - window));
        }
        let upto = self.inbound.grant();
        self.allow(upto);
    }

    fn allow_message(&mut self) {
        if let Some(upto) = self.inbound.allow_message() {
            self.allow(upto);
        }
    }

    /// More than a window is allowed only for the message that is read next.
    fn allow(&mut self, upto: u64) {
        self.credits.push_back(upto);
        let longest = self.lens.iter().max().map_or(0, |len| *len as u64);
        let message = longest + (longest / 16_384 + 2) * cost(0);
        let most = self.inbound.window().max(self.inbound.received() - self.consumed + message);
        assert!(upto - self.consumed <= most, "{upto} is allowed, {self:?}");
        self.most_unread = self.most_unread.max(upto - self.consumed);
        assert!(self.most_unread <= self.inbound.window() + 2 * message, "{self:?}");
    }
}
