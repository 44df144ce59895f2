use std::mem;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};

use super::{Arrived, Assembly, Broken, Flow, Messages, Over, State, register};
use crate::transport::lock;
use crate::wire::flow::{Piece, cost, shared};
use crate::wire::{Credit, Data, FrameView, Head, Kind, Terminal};

/// A shorter frame is copied: a slice would keep all of what was read with it, up to 128 KiB, alive for as long as
/// nobody reads it.
const COPIED: usize = 8 * 1024;
/// What is set aside at once for a message in chunks.
const FIRST_BLOCK: u64 = 256 * 1024;

impl Flow {
    /// Takes a frame that came for the stream. `false`: it is for somebody else.
    pub(crate) fn deliver(&self, payload: &Bytes) -> bool {
        let Ok(frame) = FrameView::split(payload) else { return false };
        let kind = Kind::from_byte(frame.kind);
        if !matches!(kind, Some(Kind::Head | Kind::Data | Kind::Credit | Kind::Terminal)) {
            return false;
        }
        let mut state = lock(&self.state);
        if state.over.is_some() {
            return true;
        }
        let taken = match kind {
            Some(Kind::Data) => self.data(&mut state, &frame, payload),
            Some(Kind::Credit) => Credit::decode(frame.header).map_err(Broken::Malformed).map(|credit| {
                if state.outbound.allow(credit.upto) {
                    state.wake_writer();
                }
            }),
            Some(Kind::Head) => state.head(&frame, payload),
            _ => state.terminal(&frame, payload),
        };
        if let Err(why) = taken {
            state.break_off(why);
        }
        true
    }

    fn data(&self, state: &mut State, frame: &FrameView<'_>, payload: &Bytes) -> Result<(), Broken> {
        let data = Data::decode(frame.header).map_err(Broken::Malformed)?;
        let piece = state.inbound.data(&data, frame.body.len()).map_err(Broken::Fault)?;
        let cost = cost(frame.body.len());
        match piece {
            Piece::Repeated => return Ok(()),
            Piece::Messages(_) => {
                let body = kept(payload, frame.body);
                let mut messages = Messages::of_data(&data, body, cost).map_err(Broken::Malformed)?;
                let longer = |len: usize| len > self.limits.max_message;
                if let Some((index, len)) = messages.as_ref().and_then(|messages| messages.find(longer)) {
                    // Those before it are read before the call ends with it.
                    if let Some(before) = messages.take().and_then(|messages| messages.truncated(index)) {
                        self.arrived(state, before);
                    }
                    return Err(Broken::TooLarge(len as u64));
                }
                match messages {
                    Some(messages) => self.arrived(state, messages),
                    None => self.consume(state, cost),
                }
            }
            Piece::First(total) => {
                self.begin(state, total, data.encoding)?;
                state.put_together(frame.body, cost);
            }
            Piece::Next => {
                state.put_together(frame.body, cost);
                self.allow_message(state);
            }
            Piece::Last => {
                state.put_together(frame.body, cost);
                if let Some(Assembly { buffer, total, encoding, cost }) = state.assembly.take() {
                    let mut message = Messages::one(buffer.freeze(), encoding, cost);
                    message.assembled = total;
                    self.arrived(state, message);
                }
            }
        }
        if state.inbound.has_ended() {
            state.arrived.push_back(Arrived::End);
        }
        state.wake_reader();
        Ok(())
    }

    /// Sets room aside for a message in chunks, and lets all of it come once it is next.
    fn begin(&self, state: &mut State, total: u64, encoding: u32) -> Result<(), Broken> {
        if usize::try_from(total).is_ok_and(|total| total <= self.limits.max_message) {
            if !state.share.as_mut().is_some_and(|share| share.assemble(total)) {
                return Err(Broken::NoRoom);
            }
            let block = usize::try_from(total.min(FIRST_BLOCK)).unwrap_or_default();
            state.assembly =
                Some(Assembly { buffer: BytesMut::with_capacity(block), total, encoding, cost: 0 });
            self.allow_message(state);
            return Ok(());
        }
        Err(Broken::TooLarge(total))
    }

    /// Again for every chunk: those that were sent with what had been allowed before may have been short.
    fn allow_message(&self, state: &mut State) {
        if let Some(upto) = state.inbound.allow_message() {
            self.announce(state, upto);
        }
    }

    /// Takes the first chunk of a message that an OPEN carried.
    pub(crate) fn begin_message(&self, chunk: &[u8], total: u64, encoding: u32) -> Result<(), Broken> {
        let mut state = lock(&self.state);
        state.inbound.begin_message(total - chunk.len() as u64);
        self.begin(&mut state, total, encoding)?;
        state.put_together(chunk, chunk.len() as u64);
        Ok(())
    }

    fn arrived(&self, state: &mut State, messages: Messages) {
        if state.discards {
            self.take(state, &messages);
        } else {
            state.arrived.push_back(Arrived::Messages(messages));
        }
    }

    /// The reader has taken messages.
    fn take(&self, state: &mut State, messages: &Messages) {
        if let Some(share) = state.share.as_mut().filter(|_| messages.assembled > 0) {
            share.assembled(messages.assembled);
        }
        self.consume(state, messages.cost);
    }

    fn consume(&self, state: &mut State, cost: u64) {
        let (shares, most) = (self.epoch.is_shared(), self.limits.max_window);
        state.inbound.share(shares);
        if !state.inbound.consume(cost) || state.inbound.has_ended() {
            return;
        }
        let window = state.inbound.window();
        let most = if shares { shared(most) } else { most };
        if mem::take(&mut state.keeps_up) && window < most {
            let by = window.min(most - window);
            if state.share.as_mut().is_some_and(|share| share.grow(by)) {
                state.inbound.widen(by);
            }
        }
        let upto = state.inbound.grant();
        self.announce(state, upto);
    }

    pub(super) fn announce(&self, state: &mut State, upto: u64) {
        match state.credit(upto) {
            Some(credit) => self.epoch.send_credit(credit),
            None => state.owed = Some(upto),
        }
    }

    /// Lets the other side send as much as at the beginning of a stream.
    pub(crate) fn announce_first_window(&self) {
        let mut state = lock(&self.state);
        let upto = state.inbound.grant();
        self.announce(&mut state, upto);
    }

    /// Adds what came with the OPEN.
    pub(crate) fn opened_with(&self, messages: Option<Messages>, end: bool) {
        let mut state = lock(&self.state);
        state.arrived.extend(messages.map(Arrived::Messages));
        if end {
            state.inbound.end();
            state.arrived.push_back(Arrived::End);
        }
    }

    /// What has arrived next. What came before something broke comes before that.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<Result<Arrived, Broken>> {
        let mut state = lock(&self.state);
        if let Some(arrived) = state.arrived.pop_front() {
            if let Arrived::Messages(messages) = &arrived {
                self.take(&mut state, messages);
            }
            return Poll::Ready(Ok(arrived));
        }
        match &state.over {
            Some(Over::Broken(why)) => return Poll::Ready(Err(why.clone())),
            Some(Over::Closed) => return Poll::Ready(Err(Broken::Over)),
            Some(Over::Ended) | None => {}
        }
        state.keeps_up = true;
        register(&mut state.reader, cx);
        Poll::Pending
    }

    /// Wakes the task when something has arrived or broken. Whether it is a part of the stream, before its end.
    pub(crate) fn poll_part(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = lock(&self.state);
        match (state.arrived.front(), &state.over) {
            (Some(Arrived::Terminal(_)), _) | (None, Some(Over::Broken(_))) => Poll::Ready(false),
            (Some(_), _) => Poll::Ready(true),
            (None, _) => {
                register(&mut state.reader, cx);
                Poll::Pending
            }
        }
    }

    /// Whether something broke, even if there is still something to be read.
    pub(crate) fn broken(&self) -> Option<Broken> {
        match &lock(&self.state).over {
            Some(Over::Broken(why)) => Some(why.clone()),
            _ => None,
        }
    }

    /// The reader has gone. What comes is dropped, and the other side may go on.
    pub(crate) fn discard(&self) {
        let mut state = lock(&self.state);
        state.discards = true;
        for arrived in mem::take(&mut state.arrived) {
            if let Arrived::Messages(messages) = arrived {
                self.take(&mut state, &messages);
            }
        }
    }
}

impl State {
    fn head(&mut self, frame: &FrameView<'_>, payload: &Bytes) -> Result<(), Broken> {
        let head = Head::decode(frame.header).map_err(Broken::Malformed)?;
        if self.inbound.head(head.seq).map_err(Broken::Fault)? {
            // It is never given credit for by a reader.
            self.inbound.consume(cost(0));
            self.arrived.push_back(Arrived::Head(Bytes::copy_from_slice(payload)));
            self.wake_reader();
        }
        Ok(())
    }

    fn terminal(&mut self, frame: &FrameView<'_>, payload: &Bytes) -> Result<(), Broken> {
        let terminal = Terminal::decode(frame.header).map_err(Broken::Malformed)?;
        if self.inbound.terminal(&terminal).map_err(Broken::Fault)? {
            self.arrived.push_back(Arrived::Terminal(kept(payload, payload)));
            self.over = Some(Over::Ended);
            self.wake_reader();
            self.wake_writer();
        }
        Ok(())
    }

    fn put_together(&mut self, chunk: &[u8], cost: u64) {
        if let Some(assembly) = &mut self.assembly {
            assembly.buffer.extend_from_slice(chunk);
            assembly.cost += cost;
        }
    }
}

fn kept(payload: &Bytes, part: &[u8]) -> Bytes {
    if payload.len() < COPIED { Bytes::copy_from_slice(part) } else { payload.slice_ref(part) }
}
