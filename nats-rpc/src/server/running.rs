use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::instance::Instance;
use crate::raw::Compression;
use crate::status::{Reason, Status};
use crate::subject::Subject;
use crate::transport::{Address, Epoch, Flow, Outgoing, Slab};
use crate::wire::{self, Accept, AuditEntry, DEFAULT_MAX_MESSAGE, Features, MAX_AUDIT, Via, token};

/// ACCEPTs go out this often, and so may be that much late.
const TICK: Duration = Duration::from_millis(5);
/// How often accepted calls are looked through for those that nobody asks after any more.
const SWEEP: Duration = Duration::from_secs(1);
/// A caller lists each accepted call every 5 s, or when it asks next. One that was not listed for so long, or so many
/// of the intervals at which it asks, has no caller any more.
const ORPHANED_AFTER: Duration = Duration::from_secs(15);
const ORPHANED_INTERVALS: u32 = 6;
/// Nobody asks less often; who says so is not believed.
const LONGEST_INTERVAL: Duration = Duration::from_secs(5);
/// What a caller has not listed for so long it is reminded of, in case it has forgotten the call.
const UNLISTED_AFTER: Duration = Duration::from_millis(7500);

/// What this server shows its callers that it can do.
const FEATURES: Features =
    Features::LATE_ACCEPT.with(Features::AUDIT).with(Features::STREAMS).with(Features::CHUNKS);

/// The same for what came that way.
pub(super) fn features(via: Via) -> Features {
    match via {
        Via::Direct => FEATURES.with(Features::BATCH),
        Via::StreamImport => FEATURES,
        Via::SingletonImport => Features::NONE,
    }
}

/// The calls of a server whose handlers were not ready at once. They outlive the connection that they came by.
pub(super) struct Running {
    instance: Instance,
    calls: Slab<Call>,
    accepts: Mutex<Accepts>,
    wake: Notify,
    /// Whether calls that come now are stopped at once.
    is_shut_down: AtomicBool,
    start: Instant,
    /// How often the way of an accepted call through an import is used, so that it stays open.
    keep_alive: Duration,
}

struct Call {
    waker: Option<Waker>,
    stop: Option<Stop>,
    /// Takes the frames of a stream.
    flow: Option<Arc<Flow>>,
    acceptance: Acceptance,
}

/// Whether the caller knows that its call runs.
enum Acceptance {
    /// It can't be told.
    Never,
    /// It does not yet.
    Promised(Promise),
    Done(Accepted),
}

/// Why a handler is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The caller has given the call up, and awaits no answer.
    GivenUp,
    /// Nobody asks after the call any more: its caller has gone, or may not ask.
    Orphaned,
    /// The server waits no longer.
    Shutdown,
}

impl Stop {
    /// What the caller is told; `None` when it awaits nothing.
    pub(super) fn status(self) -> Option<Status> {
        match self {
            Self::GivenUp => None,
            Self::Orphaned => Some(Status::unavailable("nobody has asked after the call for long")),
            Self::Shutdown => {
                let text = "the server was shut down during the call";
                Some(Status::unavailable(text).with_reason(Reason::Shutdown))
            }
        }
    }
}

/// An ACCEPT that the caller can take.
pub(super) struct Promise {
    pub(super) reply: Address,
    pub(super) via: Via,
    /// When it wants it, if it does.
    pub(super) due: Option<Instant>,
    pub(super) epoch: Arc<Epoch>,
}

#[derive(Default)]
struct Accepts {
    /// ACCEPTs to be sent: when, in which order, and for which calls.
    due: BinaryHeap<Reverse<(Instant, u64, u64)>>,
    sequence: u64,
    /// The calls whose ACCEPTs were sent, by the connection that asked after them, when it last did, and their handles.
    listed: BTreeSet<(u64, Instant, u64)>,
}

/// When an accepted call was last asked after, and by whom.
struct Accepted {
    connection: u64,
    listed: Instant,
    interval_ms: u32,
    /// It came through an import, whose way stays open only while it is used.
    import: Option<Box<Import>>,
}

struct Import {
    reply: Subject,
    epoch: Arc<Epoch>,
    used: Instant,
}

/// A call's entry, which ends when this is dropped.
pub(super) struct Entry {
    running: Arc<Running>,
    handle: u64,
}

impl Running {
    pub(super) fn new(instance: Instance, keep_alive: Duration) -> Self {
        let (accepts, wake, is_shut_down) = (Mutex::default(), Notify::new(), AtomicBool::new(false));
        let start = Instant::now();
        Self { instance, calls: Slab::new(), accepts, wake, is_shut_down, start, keep_alive }
    }

    pub(super) fn instance(&self) -> &str {
        self.instance.as_str()
    }

    /// How many calls' ACCEPTs were sent.
    pub(super) fn accepted(&self) -> usize {
        self.lock().listed.len()
    }

    /// Enters a call. `None`: there are 16 million already.
    pub(super) fn enter(
        self: &Arc<Self>,
        promise: Option<Promise>,
        flow: Option<Arc<Flow>>,
    ) -> Option<Entry> {
        let due = promise.as_ref().and_then(|promise| promise.due);
        let acceptance = promise.map_or(Acceptance::Never, Acceptance::Promised);
        let handle = self.calls.open(Call { waker: None, stop: None, flow, acceptance })?;
        if self.is_shut_down.load(Ordering::SeqCst) {
            self.stop([handle].into_iter(), Stop::Shutdown);
        }
        if let Some(due) = due {
            self.promise(handle, due);
        }
        Some(Entry { running: Arc::clone(self), handle })
    }

    fn promise(&self, handle: u64, due: Instant) {
        let mut accepts = self.lock();
        let earliest = accepts.due.peek().is_none_or(|Reverse((first, ..))| due < *first);
        accepts.sequence += 1;
        let place = accepts.sequence;
        accepts.due.push(Reverse((due, place, handle)));
        drop(accepts);
        if earliest {
            self.wake.notify_one();
        }
    }

    /// The stream of a call, if it is one.
    pub(super) fn flow(&self, handle: u64) -> Option<Arc<Flow>> {
        self.calls.with(handle, |call| call.flow.clone()).flatten()
    }

    /// The callers have given these up.
    pub(super) fn give_up(&self, handles: impl Iterator<Item = u64>) {
        self.stop(handles, Stop::GivenUp);
    }

    fn stop(&self, handles: impl Iterator<Item = u64>, why: Stop) {
        for handle in handles {
            let waker = self.calls.with(handle, |call| call.stop(why));
            waker.flatten().into_iter().for_each(Waker::wake);
        }
    }

    /// Stops all handlers, those of calls that still come too.
    pub(super) fn shut_down(&self) {
        self.is_shut_down.store(true, Ordering::SeqCst);
        for number in self.calls.numbers() {
            let waker = self.calls.with_number(number, |_, call| call.stop(Stop::Shutdown));
            waker.flatten().into_iter().for_each(Waker::wake);
        }
    }

    /// A client's connection asks after calls. Returns those that are not held, and those that it did not name.
    pub(super) fn audit(
        &self,
        connection: u64,
        interval: Duration,
        listed: impl Iterator<Item = AuditEntry>,
    ) -> Audited {
        let now = Instant::now();
        let interval = interval.min(LONGEST_INTERVAL);
        let mut audited = Audited::default();
        let mut accepts = self.lock();
        for theirs in listed {
            let handle = theirs.handle;
            if !self.list(&mut accepts, handle, connection, (now, interval)) {
                audited.unknown.push(handle);
            } else if let Some(flow) = self.flow(handle) {
                flow.audit(&theirs);
                audited.held.push(flow.entry(handle));
            } else {
                audited.held.push(AuditEntry { handle, ..AuditEntry::default() });
            }
        }
        if let (Some(long_ago), true) = (now.checked_sub(UNLISTED_AFTER), connection != 0) {
            let forgotten = (connection, self.start, 0)..=(connection, long_ago.max(self.start), u64::MAX);
            let unlisted = accepts.listed.range(forgotten).map(|(_, _, handle)| *handle);
            audited.unlisted = unlisted.take(MAX_AUDIT).collect();
        }
        audited
    }

    /// Sends ACCEPTs and gives up what has no caller any more, for as long as it is polled.
    pub(super) async fn run(&self) -> Infallible {
        let mut next_sweep = Instant::now() + SWEEP;
        loop {
            let now = Instant::now();
            self.accept_due(now);
            if now >= next_sweep {
                self.give_up_orphans(now);
                self.keep_alive(now);
                next_sweep = now + SWEEP;
            }
            let next = {
                let accepts = self.lock();
                let due = accepts.due.peek().map(|Reverse((due, ..))| (*due).max(now + TICK));
                let sweep = (!accepts.listed.is_empty()).then_some(next_sweep);
                due.into_iter().chain(sweep).min()
            };
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                () = sleep_until(next) => {}
            }
        }
    }

    fn accept_due(&self, now: Instant) {
        let mut accepts = self.lock();
        while accepts.due.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
            let Some(Reverse((_, _, handle))) = accepts.due.pop() else { return };
            self.accept(&mut accepts, handle, now);
        }
    }

    /// Tells the caller that its call runs here, unless it knows. Under the lock of what is accepted: a call that ends
    /// meanwhile has to wait for it to be forgotten.
    fn accept(&self, accepts: &mut Accepts, handle: u64, now: Instant) {
        let promise = self.calls.with(handle, |call| Some((call.accept(now)?, call.flow.clone())));
        let Some(Some((Promise { reply, via, epoch, .. }, flow))) = promise else { return };
        if accepts.listed.is_empty() {
            // Nobody may be looking after those that have no caller any more.
            self.wake.notify_one();
        }
        accepts.listed.insert((0, now, handle));
        let credit = flow.as_ref().map_or(0, |flow| flow.entry(handle).credit);
        let frame = reply.carry(self.accept_frame(handle, via, credit, epoch.max_payload()));
        if flow.is_some() {
            epoch.send_stream(frame);
        } else {
            epoch.send_control(frame);
        }
    }

    fn accept_frame(&self, handle: u64, via: Via, credit: u64, max_payload: usize) -> Bytes {
        let accept = Accept {
            handle,
            instance: self.instance.as_str(),
            credit,
            features: features(via),
            accept_encodings: Compression::readable(),
            max_message: u32::try_from(max_payload).unwrap_or(u32::MAX).min(DEFAULT_MAX_MESSAGE),
            via,
        };
        let mut frame = BytesMut::new();
        accept.encode(&mut frame).expect("an instance id is short");
        frame.freeze()
    }

    /// Whether anything else goes that way or not: once in a while more does no harm.
    fn keep_alive(&self, now: Instant) {
        for (_, _, handle) in &self.lock().listed {
            self.calls.with(*handle, |call| {
                let Acceptance::Done(Accepted { import: Some(import), .. }) = &mut call.acceptance else {
                    return;
                };
                if now - import.used >= self.keep_alive {
                    import.used = now;
                    let frame = Bytes::from_static(&wire::KEEP_ALIVE);
                    import.epoch.send_control(Outgoing::new(import.reply.clone(), frame));
                }
            });
        }
    }

    fn give_up_orphans(&self, now: Instant) {
        let accepts = self.lock();
        let quiet = accepts.listed.iter().filter(|(_, listed, _)| now - *listed > ORPHANED_AFTER);
        let mut orphans: Vec<u64> = quiet.map(|(_, _, handle)| *handle).collect();
        drop(accepts);
        orphans.retain(|handle| self.calls.with(*handle, |call| call.is_orphan(now)) == Some(true));
        // In the order of their slots: handles are random.
        orphans.sort_by_key(|handle| token::slot(*handle));
        if !orphans.is_empty() {
            tracing::info!(calls = orphans.len(), "calls are given up: their callers have gone");
            self.stop(orphans.into_iter(), Stop::Orphaned);
        }
    }

    /// A call was asked after. `false`: there is no such call.
    fn list(
        &self,
        accepts: &mut Accepts,
        handle: u64,
        connection: u64,
        (now, interval): (Instant, Duration),
    ) -> bool {
        let before = self.calls.with(handle, |call| {
            let Acceptance::Done(accepted) = &mut call.acceptance else { return None };
            let before = (accepted.connection, accepted.listed);
            (accepted.connection, accepted.listed) = (connection, now);
            accepted.interval_ms = u32::try_from(interval.as_millis()).unwrap_or(u32::MAX);
            Some(before)
        });
        let Some(Some((connection_before, listed_before))) = before else { return false };
        accepts.listed.remove(&(connection_before, listed_before, handle));
        accepts.listed.insert((connection, now, handle));
        true
    }

    fn lock(&self) -> MutexGuard<'_, Accepts> {
        self.accepts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until that time; `None`: for ever.
pub(super) async fn sleep_until(next: Option<Instant>) {
    match next {
        Some(next) => tokio::time::sleep_until(next).await,
        None => std::future::pending().await,
    }
}

impl Call {
    /// Its ACCEPT is sent, if that can be and was not done.
    fn accept(&mut self, now: Instant) -> Option<Promise> {
        // An answer that is larger than a frame may go out on the next connection, after its ACCEPT.
        if !matches!(&self.acceptance, Acceptance::Promised(promise) if !promise.epoch.has_ended()) {
            return None;
        }
        let Acceptance::Promised(promise) = std::mem::replace(&mut self.acceptance, Acceptance::Never) else {
            return None;
        };
        let Promise { reply, via, epoch, .. } = &promise;
        let import = || Import { reply: reply.subject.clone(), epoch: Arc::clone(epoch), used: now };
        let import = (*via == Via::StreamImport).then(|| Box::new(import()));
        self.acceptance = Acceptance::Done(Accepted { connection: 0, listed: now, interval_ms: 0, import });
        Some(promise)
    }

    /// Whether nobody has asked after it for too long.
    fn is_orphan(&self, now: Instant) -> bool {
        let Acceptance::Done(accepted) = &self.acceptance else { return false };
        let interval = Duration::from_millis(accepted.interval_ms.into());
        now - accepted.listed > ORPHANED_AFTER.max(interval * ORPHANED_INTERVALS)
    }

    fn stop(&mut self, why: Stop) -> Option<Waker> {
        self.stop.get_or_insert(why);
        self.waker.take()
    }
}

/// What a server knows of the calls that a client asks after.
#[derive(Default)]
pub(super) struct Audited {
    pub(super) held: Vec<AuditEntry>,
    pub(super) unknown: Vec<u64>,
    pub(super) unlisted: Vec<u64>,
}

impl Entry {
    /// Tells the caller that its call runs here, unless it knows.
    pub(super) fn accept(&self) {
        self.running.accept(&mut self.running.lock(), self.handle, Instant::now());
    }

    /// The answer is a stream after all.
    pub(super) fn attach(&self, flow: &Arc<Flow>) {
        self.running.calls.with(self.handle, |call| {
            call.flow = Some(Arc::clone(flow));
            if let Acceptance::Promised(promise) = &mut call.acceptance {
                promise.epoch = Arc::clone(flow.epoch());
            }
        });
    }

    /// Whether the handler is to stop; wakes the task when it is.
    pub(super) fn poll_stop(&self, cx: &mut Context<'_>) -> Poll<Stop> {
        let stop = self.running.calls.with(self.handle, |call| {
            match &mut call.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                waker => *waker = Some(cx.waker().clone()),
            }
            call.stop
        });
        stop.flatten().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let call = self.running.calls.close(self.handle);
        if let Some(Call { acceptance: Acceptance::Done(accepted), .. }) = call {
            self.running.lock().listed.remove(&(accepted.connection, accepted.listed, self.handle));
        }
    }
}
