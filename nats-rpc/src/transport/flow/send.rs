use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{Flow, Peer, State};
use crate::transport::{Outgoing, lock};
use crate::wire::flow::Counts;
use crate::wire::{Credit, Data, DataFlags, Head, HeaderTooLarge, MESSAGE_RESERVE, Numbers};

/// Nothing can be sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// How long the body of the next frame may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// As far as credit goes.
    pub(crate) credit: u64,
    /// As far as a NATS message goes.
    pub(crate) frame: usize,
}

/// Messages for one frame.
pub(crate) struct Packet<'a> {
    pub(crate) messages: &'a [Bytes],
    pub(crate) lens: &'a [u32],
    pub(crate) body_len: usize,
    pub(crate) encoding: u32,
    /// Nothing comes after it.
    pub(crate) end: bool,
}

impl Flow {
    /// How much may be sent; waits until that is anything at all.
    pub(crate) fn poll_room(&self, cx: &Context<'_>, least: u64) -> Poll<Result<Room, Closed>> {
        let mut state = lock(&self.state);
        if state.over.is_some() {
            return Poll::Ready(Err(Closed));
        }
        let (Some(peer), Some(credit)) = (&state.peer, state.outbound.room().filter(|room| *room >= least))
        else {
            state.register_writer(cx);
            return Poll::Pending;
        };
        let frame = self.epoch.max_payload().min(peer.max_message).saturating_sub(MESSAGE_RESERVE);
        // A stream that is closed while it waits for the pump is woken by it.
        state.register_writer(cx);
        drop(state);
        ready!(self.epoch.poll_stream_room(cx));
        Poll::Ready(Ok(Room { credit, frame }))
    }

    /// Adds a frame with messages, for which there is room; [`send_added`](Self::send_added) lets it go.
    pub(crate) fn add(&self, packet: &Packet<'_>) {
        let Packet { messages, lens, body_len, encoding, end } = *packet;
        let flags = DataFlags(
            if messages.is_empty() { DataFlags::NO_MESSAGE.0 } else { 0 }
                | if end { DataFlags::END.0 } else { 0 },
        );
        let lens = Numbers::from_slice(if messages.len() > 1 { lens } else { &[] });
        let data = Data { flags, lens, encoding, ..Data::default() };
        self.add_data(data, messages, body_len, messages.len() as u64);
    }

    /// Adds a frame with a chunk of a message: the first with the whole length, the `last` completes it.
    pub(crate) fn add_chunk(&self, chunk: Bytes, total_len: u64, encoding: u32, last: bool) {
        let data = Data { total_len, encoding, ..Data::default() };
        let body_len = chunk.len();
        self.add_data(data, &[chunk], body_len, last.into());
    }

    fn add_data(&self, mut data: Data<'_>, bodies: &[Bytes], body_len: usize, messages: u64) {
        // Counted and handed over at once: whoever asks what was sent must not be told of what comes later.
        let mut state = lock(&self.state);
        let Some(Peer { to, handle, .. }) = state.peer.clone() else { return };
        data.handle = handle;
        data.seq = state.outbound.send(body_len, messages);
        let mut frame = BytesMut::new();
        data.begin(body_len, &mut frame).expect("so few lengths fit into a header");
        bodies.iter().for_each(|body| frame.put_slice(body));
        self.epoch.add_stream(to.carry(frame.freeze()));
    }

    /// Lets go what was added.
    pub(crate) fn send_added(&self) {
        self.epoch.send_added();
    }

    /// Sends response metadata. There is always room for it.
    ///
    /// # Errors
    /// It is too large for a frame.
    pub(crate) fn send_head<'m, M>(&self, metadata: M) -> Result<(), HeaderTooLarge>
    where
        M: Iterator<Item = (&'m str, &'m [u8])> + Clone,
    {
        let mut state = lock(&self.state);
        let mut frame = BytesMut::new();
        Head { seq: state.outbound.counts().frames, ..Head::default() }.encode(metadata, &mut frame)?;
        state.outbound.send(0, 0);
        if let Some(peer) = &state.peer {
            self.epoch.send_stream(peer.to.carry(frame.freeze()));
        }
        Ok(())
    }

    /// Ends the stream with the frame that `make` makes of what was sent.
    pub(crate) fn finish(&self, make: impl FnOnce(Counts) -> Outgoing) {
        let state = lock(&self.state);
        let last = make(state.outbound.counts());
        self.epoch.send_stream(last);
    }
}

impl State {
    /// The frame that allows the other side so much.
    pub(super) fn credit(&self, upto: u64) -> Option<Outgoing> {
        let peer = self.peer.as_ref()?;
        let mut frame = BytesMut::new();
        Credit { handle: peer.handle, upto }.encode(&mut frame);
        Some(peer.to.carry(frame.freeze()))
    }
}
