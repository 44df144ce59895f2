use std::io::{self, IoSlice};
use std::mem;
use std::sync::Mutex;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::commands;
use super::pending::{PIECES, Pending};
use super::places::Places;
use super::socket::WriteHalf;
use crate::subject::Subject;
use crate::transport::{Outgoing, Sharing, lock};
use crate::wire::Kind;

/// So much is let go without being told to: more would only be kept in memory that is not in any cache.
const LOT: usize = 64 * 1024;
/// Beyond that whoever publishes has to wait.
const FULL: usize = 1024 * 1024;
/// Whoever has something to write writes so often: what others add meanwhile is then left to the task.
const LOTS: usize = 8;

/// Writes what is published, in order: whoever has something writes it, together with what others have added meanwhile.
/// Only what the socket does not take at once is left to a task.
pub(super) struct Writer {
    socket: WriteHalf,
    state: Mutex<State>,
    /// The task has something to write.
    blocked: Notify,
    /// Something has been written.
    progress: Notify,
    ended: CancellationToken,
}

#[derive(Default)]
struct State {
    pending: Pending,
    /// Kept for its room.
    spare: Pending,
    /// Somebody writes, and will look again.
    writing: bool,
    /// Not all of the last write is with the system: TLS may hold the rest of it, though nothing is pending.
    unfinished: bool,
    /// So many bytes are with whoever writes.
    taken: usize,
    /// So many have left the process.
    left: u64,
    /// There is somebody to tell of progress.
    awaited: bool,
    ended: bool,
    places: Option<Places>,
}

impl Writer {
    /// `ended` is cancelled when nothing can be written any more.
    pub(super) fn new(socket: WriteHalf, ended: CancellationToken) -> Self {
        let state = Mutex::default();
        Self { socket, state, blocked: Notify::new(), progress: Notify::new(), ended }
    }

    /// Adds a message unless too much waits; then it comes back. [`send`](Self::send) lets it go, if nothing else does.
    pub(super) fn try_publish(&self, message: Outgoing) -> Result<(), Outgoing> {
        let mut state = lock(&self.state);
        if state.ended {
            return Ok(());
        }
        if state.pending.len() >= FULL {
            return Err(message);
        }
        state.publish(message);
        if state.pending.len() >= LOT {
            drop(state);
            self.send();
        }
        Ok(())
    }

    pub(super) async fn publish(&self, mut message: Outgoing) {
        loop {
            match self.try_publish(message) {
                Ok(()) => return,
                Err(refused) => message = refused,
            }
            self.send();
            self.wait_until(|state| state.pending.len() < FULL).await;
        }
    }

    /// Adds what `put` puts and lets it go.
    pub(super) fn write(&self, put: impl FnOnce(&mut BytesMut)) {
        lock(&self.state).pending.write(put);
        self.send();
    }

    /// From now on calls are answered at subjects that begin so.
    pub(super) fn open_places(&self, prefix: Subject) {
        lock(&self.state).places = Some(Places::new(prefix));
    }

    pub(super) fn ping(&self) {
        lock(&self.state).ping();
        self.send();
    }

    /// A PING was answered.
    pub(super) fn ponged(&self) {
        lock(&self.state).places.as_mut().map(Places::end_turn);
    }

    /// See [`Places::own_subject`].
    pub(super) fn own_subject(&self, place: &Subject) -> Option<Subject> {
        lock(&self.state).places.as_ref()?.own_subject(place)
    }

    /// See [`Places::calls`].
    pub(super) fn calls_at(&self, place: u64) -> Vec<u64> {
        lock(&self.state).places.iter().flat_map(|places| places.calls(place)).collect()
    }

    /// Lets go what was added, unless somebody else is about to.
    pub(super) fn send(&self) {
        {
            let mut state = lock(&self.state);
            if state.writing || state.pending.is_empty() || state.ended {
                return;
            }
            state.writing = true;
        }
        match self.try_write() {
            Ok(true) => {}
            Ok(false) => self.blocked.notify_one(),
            Err(error) => self.fail(&error),
        }
    }

    /// Writes until nothing is left, which it returns, until the socket takes no more, or for some time.
    fn try_write(&self) -> io::Result<bool> {
        let mut state = lock(&self.state);
        for _ in 0..LOTS {
            if state.pending.is_empty() && !state.unfinished {
                state.writing = false;
                self.tell(&mut state);
                return Ok(true);
            }
            let spare = mem::take(&mut state.spare);
            let mut taken = mem::replace(&mut state.pending, spare);
            state.taken = taken.len();
            drop(state);
            let written = write(&self.socket, &mut taken);
            state = lock(&self.state);
            state.left += (mem::take(&mut state.taken) - taken.len()) as u64;
            if taken.is_empty() {
                state.spare = taken;
            } else {
                let mut after = mem::replace(&mut state.pending, taken);
                state.pending.append(&mut after);
            }
            self.tell(&mut state);
            state.unfinished = !written?;
            if state.unfinished {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Writes what the socket does not take at once, until the connection ends.
    pub(super) async fn run(&self) {
        loop {
            self.blocked.notified().await;
            loop {
                let written = match self.socket.writable().await {
                    Ok(()) => self.try_write(),
                    Err(error) => Err(error),
                };
                match written {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(error) => return self.fail(&error),
                }
            }
        }
    }

    /// Waits until what was added has left the process, as soon as it is let go.
    pub(super) async fn flush(&self) {
        let end = {
            let state = lock(&self.state);
            state.left + (state.taken + state.pending.len()) as u64
        };
        self.wait_until(|state| state.left >= end).await;
    }

    async fn wait_until(&self, done: impl Fn(&State) -> bool) {
        loop {
            let progress = self.progress.notified();
            {
                let mut state = lock(&self.state);
                if state.ended || done(&state) {
                    return;
                }
                state.awaited = true;
            }
            progress.await;
        }
    }

    fn tell(&self, state: &mut State) {
        if mem::take(&mut state.awaited) {
            self.progress.notify_waiters();
        }
    }

    fn fail(&self, error: &io::Error) {
        tracing::debug!(%error, "can't write");
        self.end();
    }

    /// Drops what waits, and what is published from now on.
    pub(super) fn end(&self) {
        let mut state = lock(&self.state);
        state.ended = true;
        state.pending = Pending::default();
        self.tell(&mut state);
        drop(state);
        self.ended.cancel();
    }
}

impl State {
    fn publish(&mut self, mut message: Outgoing) {
        if let Sharing::Alone(Kind::Batch, call) = message.sharing {
            message.reply = self.place(call, &message.subject);
        }
        self.pending.publish(message);
    }

    /// Where a call that is alone is answered. What is said there can be told apart as long as it is written next.
    fn place(&mut self, call: u64, method: &Subject) -> Option<Subject> {
        if let Some(place) = self.places.as_mut()?.open(call, method) {
            return Some(place);
        }
        self.ping();
        self.places.as_mut()?.open(call, method)
    }

    fn ping(&mut self) {
        self.pending.write(|to| to.extend_from_slice(commands::PING));
        self.places.as_mut().map(Places::begin_turn);
    }
}

/// Returns whether all was written.
fn write(socket: &WriteHalf, pending: &mut Pending) -> io::Result<bool> {
    while !pending.is_empty() {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let count = pending.slices(&mut slices);
        match socket.try_write(&slices[..count]) {
            Ok(written) => pending.advance(written),
            Err(error) => return or_blocked(error),
        }
    }
    socket.try_flush().map(|()| true).or_else(or_blocked)
}

fn or_blocked(error: io::Error) -> io::Result<bool> {
    if error.kind() == io::ErrorKind::WouldBlock { Ok(false) } else { Err(error) }
}

#[cfg(test)]
mod tests;
