//! One end of a stream: what it may send, what has arrived, and where the other end is.

mod arrived;
mod receive;
mod send;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;

pub(crate) use self::arrived::{Arrived, Messages};
pub(crate) use self::send::{Closed, Packet, Room};
use super::promises::Share;
use super::{Address, Epoch, lock};
use crate::status::Status;
use crate::wire::flow::{Fault, Inbound, Outbound};
use crate::wire::{self, AuditEntry};

/// One end of a stream, shared by who reads it, who writes it, and the tasks that receive frames.
///
/// Frames are counted as they come, whether they are read or not, so that what is asked about them has a true answer.
pub(crate) struct Flow {
    epoch: Arc<Epoch>,
    limits: Limits,
    state: Mutex<State>,
}

/// What this end takes in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The longest message, in bytes.
    pub(crate) max_message: usize,
    /// How much may be on its way at once when the reader keeps up, in bytes.
    pub(crate) max_window: u64,
}

impl Default for Limits {
    /// gRPC's limit of a message, and a window with which streams do well beside unary calls.
    fn default() -> Self {
        Self { max_message: 4 * 1024 * 1024, max_window: 512 * 1024 }
    }
}

struct State {
    /// `None` until the other end is known.
    peer: Option<Peer>,
    outbound: Outbound,
    inbound: Inbound,
    arrived: VecDeque<Arrived>,
    assembly: Option<Assembly>,
    share: Option<Share>,
    /// Credit that could not be announced, since the other end was not known.
    owed: Option<u64>,
    /// The reader has gone, but the call goes on: what comes is dropped.
    discards: bool,
    over: Option<Over>,
    reader: Option<Waker>,
    /// Whether the reader has had nothing left to read since the last credit.
    keeps_up: bool,
    writer: Option<Waker>,
}

/// Where the other end is.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) to: Address,
    /// Names the call there; 0 where the address does.
    pub(crate) handle: u64,
    /// The largest NATS message that it takes.
    pub(crate) max_message: usize,
}

/// A message that comes in chunks.
struct Assembly {
    buffer: BytesMut,
    total: u64,
    encoding: u32,
    /// What its chunks took of the credit.
    cost: u64,
}

/// Why nothing is sent or received any more.
#[derive(Debug, Clone)]
enum Over {
    /// The other side has said how the call ended, or this one has.
    Ended,
    /// Nobody needs it any more.
    Closed,
    /// It has to be ended by this side.
    Broken(Broken),
}

/// Why this side has to end a stream.
#[derive(Debug, Clone)]
pub(crate) enum Broken {
    /// Its frames do not add up.
    Fault(Fault),
    /// A message is longer than the limit: how long.
    TooLarge(u64),
    /// There is no room to put another message together.
    NoRoom,
    /// A frame does not decode.
    Malformed(wire::Malformed),
    /// What should be sent can't be.
    Writer(Status),
    /// Its call is over, and whoever still reads it has outlived that.
    Over,
}

impl Flow {
    /// One end, whose peer is not known yet.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when the connection has as many streams as it may.
    pub(crate) fn open(
        epoch: &Arc<Epoch>,
        limits: Limits,
        outbound: Outbound,
        inbound: Inbound,
    ) -> Result<Arc<Self>, Status> {
        let share = epoch.promises().open().ok_or_else(|| {
            let most = epoch.promises().max_streams();
            Status::resource_exhausted(format!("{most} streams are open on this connection, its max_streams"))
        })?;
        let state = State {
            peer: None,
            outbound,
            inbound,
            arrived: VecDeque::new(),
            assembly: None,
            share: Some(share),
            owed: None,
            discards: false,
            over: None,
            reader: None,
            keeps_up: false,
            writer: None,
        };
        Ok(Arc::new(Self { epoch: Arc::clone(epoch), limits, state: Mutex::new(state) }))
    }

    /// The connection that it belongs to.
    pub(crate) fn epoch(&self) -> &Arc<Epoch> {
        &self.epoch
    }

    /// The longest message that is taken, in bytes.
    pub(crate) fn max_message(&self) -> usize {
        self.limits.max_message
    }

    /// From now on the other end is known, and how far it lets this one send.
    pub(crate) fn connect(&self, peer: Peer, credit: u64) {
        let mut state = lock(&self.state);
        state.peer = Some(peer);
        state.outbound.allow(credit);
        state.wake_writer();
    }

    /// Announces the credit that could not be announced before the other end was known.
    pub(crate) fn announce_owed(&self) {
        let mut state = lock(&self.state);
        if let Some(upto) = state.owed.take() {
            self.announce(&mut state, upto);
        }
    }

    /// What this side knows of the stream, for the other to compare with.
    pub(crate) fn entry(&self, handle: u64) -> AuditEntry {
        let state = lock(&self.state);
        AuditEntry {
            handle,
            sent: state.outbound.sent(),
            received: state.inbound.received(),
            credit: state.inbound.credit(),
        }
    }

    /// Compares with what the other side knows, when all that it had sent by then has arrived.
    pub(crate) fn audit(&self, theirs: &AuditEntry) {
        let mut state = lock(&self.state);
        if state.over.is_some() {
            return;
        }
        if state.outbound.allow(theirs.credit) {
            state.wake_writer();
        }
        if let Err(fault) = state.inbound.audit(theirs.sent) {
            state.break_off(Broken::Fault(fault));
        }
    }

    /// Whether it is over, however that came.
    pub(crate) fn is_over(&self) -> bool {
        lock(&self.state).over.is_some()
    }

    /// Nothing is sent or received from now on.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        if !matches!(state.over, Some(Over::Broken(_))) {
            state.over = Some(Over::Closed);
        }
        state.arrived.clear();
        state.assembly = None;
        state.share = None;
        // A handler may have given its requests to a task that goes on.
        state.wake_reader();
        state.wake_writer();
    }

    /// The call can't go on, for a reason of this side's own.
    pub(crate) fn break_off(&self, why: Broken) {
        lock(&self.state).break_off(why);
    }

    /// Nothing is sent from now on: the other side is gone.
    pub(super) fn stop_writing(&self) {
        let mut state = lock(&self.state);
        state.peer = None;
        state.over.get_or_insert(Over::Ended);
        state.wake_writer();
    }

    /// Wakes the task when the stream is over, and says so.
    pub(crate) fn poll_over(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.over.is_some() {
            return Poll::Ready(());
        }
        state.register_writer(cx);
        Poll::Pending
    }
}

impl State {
    fn break_off(&mut self, why: Broken) {
        self.over.get_or_insert(Over::Broken(why));
        self.assembly = None;
        self.wake_reader();
        self.wake_writer();
    }

    fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }

    fn wake_writer(&mut self) {
        self.writer.take().into_iter().for_each(Waker::wake);
    }

    fn register_writer(&mut self, cx: &Context<'_>) {
        register(&mut self.writer, cx);
    }
}

fn register(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        place => *place = Some(cx.waker().clone()),
    }
}
