mod refused;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::audit::{self, Audit};
use super::inbox::Inbox;
use super::link::{Link, Subscription};
use super::promises::Promises;
use super::pump::{Pump, Way};
use super::refusals::Refusals;
use super::wall::Wall;
use super::{Delivery, Incoming, Outgoing, Settings, Stats, Ticket, lock};
use crate::status::Status;
use crate::subject::{self, Port, Subject};
use crate::wire::{self, Accept, FrameView, Kind, MAX_BATCH_CALLS};

/// Up to this many calls in flight, or streams, a message is published by the task that has it: there is nothing to collect,
/// and another task would cost a wake-up.
const DIRECT: usize = 2;
/// A quarter of the calls in flight, within these bounds, goes together: so both sides and the server between them work on
/// different calls at the same time.
const LOT: (usize, usize) = (MAX_BATCH_CALLS, 128);
/// Nothing of this connection comes back within so long: it is not worth waiting for.
const BARRIER_LIMIT: Duration = Duration::from_secs(10);
/// The most handles in one CANCEL.
const HANDLES: usize = 1024;

/// One connection from its beginning to its end. A new connection is a new epoch, with another inbox: nothing
/// that was queued or awaited in one reaches the next.
pub(crate) struct Epoch {
    link: Link,
    pump: Pump,
    inbox: Inbox,
    audit: Audit,
    refusals: Refusals,
    wall: Wall,
    promises: Arc<Promises>,
    /// The largest NATS message that is sent or taken, in bytes.
    max_payload: usize,
    /// Names the connection towards servers; random, and never 0.
    name: u64,
    ended: CancellationToken,
    /// The same for whoever only looks, as each call does. Set before calls are told.
    is_over: AtomicBool,
    /// Why it has ended, where that is known.
    failure: OnceLock<Status>,
    /// Accepted calls that nobody waited for any more when the connection ended.
    given_up: Mutex<Vec<(Subject, Vec<u64>)>>,
    runtime: Handle,
}

impl Epoch {
    /// Subscribes to the inbox and starts the tasks of the connection.
    pub(crate) async fn start(link: Link, settings: &Settings) -> Result<Arc<Self>, Status> {
        let inbox = Inbox::new(&settings.inbox_prefix, link.has_places());
        let subscription = link.subscribe(inbox.wildcard(), None).await?;
        let epoch = Arc::new(Self {
            max_payload: link.max_payload().min(settings.frame_limit),
            promises: Arc::new(Promises::new(settings.max_streams)),
            link,
            pump: Pump::default(),
            inbox,
            audit: Audit::default(),
            refusals: Refusals::default(),
            wall: Wall::new(),
            name: rand::random::<u64>() | 1,
            ended: CancellationToken::new(),
            is_over: AtomicBool::new(false),
            failure: OnceLock::new(),
            given_up: Mutex::default(),
            runtime: Handle::current(),
        });
        epoch.spawn(Arc::clone(&epoch).read(subscription));
        epoch.spawn(Arc::clone(&epoch).publish());
        epoch.spawn(Arc::clone(&epoch).sweep());
        Ok(epoch)
    }

    async fn read(self: Arc<Self>, mut subscription: Subscription) {
        let read = async {
            let mut messages = Vec::new();
            while let Some(message) = subscription.next().await {
                messages.push(message);
                let lot = (self.inbox.live() / 4).clamp(LOT.0, LOT.1);
                subscription.take_ready(&mut messages, lot).await;
                self.dispatch(&mut messages, lot).await;
            }
        };
        tokio::select! {
            biased;
            () = self.ended.cancelled() => {}
            // The inbox is never unsubscribed, so its end is the end of the connection.
            () = read => self.ended.cancel(),
        }
        self.is_over.store(true, Ordering::SeqCst);
        lock(&self.given_up).extend(self.audit.end());
        self.inbox.disconnect();
        self.pump.close();
    }

    /// Gives answers out. What their callers want next goes together, so many calls at most.
    async fn dispatch(&self, messages: &mut Vec<Incoming>, lot: usize) {
        let holds = messages.len() > DIRECT || messages.iter().any(Incoming::is_shared);
        if holds {
            self.pump.hold(lot);
        }
        for message in messages.drain(..) {
            self.inbox.dispatch(message, &self.link, &mut |token, subject, delivery| {
                self.settle(token, subject, delivery);
            });
        }
        if holds {
            tokio::task::yield_now().await;
            self.pump.release(&self.way());
        }
    }

    async fn publish(self: Arc<Self>) {
        self.pump.run(&self.way()).await;
        // A server that takes nothing any more is not waited for.
        let _ = tokio::time::timeout(BARRIER_LIMIT, self.link.flushed()).await;
    }

    async fn sweep(self: Arc<Self>) {
        tokio::select! {
            biased;
            () = self.ended.cancelled() => {}
            () = self.inbox.sweep() => {}
        }
    }

    /// Runs a task on the connection's runtime: calls may be polled outside of any.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    /// Ends the connection; what was queued is still published.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.ended.cancel();
    }

    /// Ends the connection when dropped, unless disarmed.
    #[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "only a NATS server can be slow to accept"))]
    pub(crate) fn end_on_drop(&self) -> DropGuard {
        self.ended.clone().drop_guard()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Waits until the connection has ended, whoever ended it.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// What calls and barriers fail with once the connection has ended.
    pub(crate) fn failure(&self) -> Status {
        self.failure.get().cloned().unwrap_or_else(|| Status::transport("the connection has ended"))
    }

    /// An `async-nats` client of the same server.
    ///
    /// # Errors
    /// As when connecting. FAILED_PRECONDITION when the connection is within the process.
    #[cfg(feature = "nats")]
    pub(crate) async fn nats_client(&self) -> Result<async_nats::Client, Status> {
        self.link.nats_client().await.unwrap_or_else(|| {
            Err(Status::failed_precondition(
                "the connection is within the process: there is no NATS server behind it",
            ))
        })
    }

    /// The server's address, for people.
    pub(crate) fn server(&self) -> &str {
        self.link.server()
    }

    pub(crate) fn name(&self) -> u64 {
        self.name
    }

    /// A seed for what is to be random on this connection. Within the process it follows from the broker's seed.
    pub(crate) fn seed(&self) -> u64 {
        self.link.seed()
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    pub(super) fn audit(&self) -> &Audit {
        &self.audit
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            waiting: self.inbox.live(),
            accepted: self.audit.accepted(),
            streams: self.promises.streams(),
            ignored: self.inbox.ignored(),
        }
    }

    /// The largest NATS message that is sent or taken, in bytes.
    pub(crate) fn max_payload(&self) -> usize {
        self.max_payload
    }

    /// What each stream of the connection may send at first, in bytes.
    pub(crate) fn first_window(&self) -> u64 {
        self.promises.first_window()
    }

    pub(super) fn promises(&self) -> &Arc<Promises> {
        &self.promises
    }

    /// Unix milliseconds by this host's clock.
    pub(crate) fn now_ms(&self) -> u64 {
        self.link.now_ms()
    }

    /// The same, for the time `now` that has just been read.
    pub(crate) fn unix_ms(&self, now: Instant) -> u64 {
        self.wall.at(now, || self.link.now_ms())
    }

    pub(crate) async fn subscribe(
        &self,
        subject: Subject,
        queue_group: Option<&str>,
    ) -> Result<Subscription, Status> {
        self.link.subscribe(subject, queue_group).await
    }

    /// Publishes a call's opening frame. The caller has a slot already, so that the connection's end reaches it.
    pub(crate) fn send(&self, message: Outgoing) {
        if self.inbox.live() <= DIRECT {
            self.pump.push_direct(&self.way(), message);
        } else {
            self.pump.push(message);
        }
    }

    /// Publishes a frame that belongs to no call, or to one that is under way.
    pub(crate) fn send_control(&self, message: Outgoing) {
        self.pump.push(message);
    }

    /// Publishes a frame of a stream, after those before it.
    pub(crate) fn send_stream(&self, message: Outgoing) {
        self.add_stream(message);
        self.send_added();
    }

    /// The same for one of several frames: [`send_added`](Self::send_added) lets them go together.
    pub(crate) fn add_stream(&self, message: Outgoing) {
        self.pump.push_stream(&self.way(), message, self.promises.streams() <= DIRECT);
    }

    /// Lets go the frames that were added.
    pub(crate) fn send_added(&self) {
        self.link.send();
    }

    /// Publishes a frame that lets the other side of a stream send more.
    pub(crate) fn send_credit(&self, message: Outgoing) {
        if self.promises.streams() <= DIRECT {
            self.pump.push_direct(&self.way(), message);
        } else {
            self.pump.push(message);
        }
    }

    /// Whether a stream is not all that is under way, beside what asks after it.
    pub(crate) fn is_shared(&self) -> bool {
        self.promises.streams() > 1 || self.inbox.live() > 2
    }

    /// Whether another frame of a stream should be made now.
    pub(crate) fn poll_stream_room(&self, cx: &Context<'_>) -> Poll<()> {
        self.pump.poll_room(cx)
    }

    /// Tells an instance that nobody waits for these calls any more.
    pub(crate) fn send_cancel(&self, calls_at: &Subject, handles: &[u64]) {
        for handles in handles.chunks(HANDLES) {
            self.pump.push(Outgoing::new(calls_at.clone(), audit::cancel(handles)));
        }
    }

    /// Publishes an answer; `alone` says that no other answer is about to follow.
    pub(crate) fn answer(&self, message: Outgoing, alone: bool) {
        if alone {
            self.pump.push_direct(&self.way(), message);
        } else {
            self.pump.push(message);
        }
    }

    fn way(&self) -> Way<'_> {
        Way { link: &self.link, inbox: &self.inbox }
    }

    /// How many messages wait to be published.
    pub(crate) fn queued(&self) -> usize {
        self.pump.len()
    }

    /// Publishes answers that were there together.
    pub(crate) fn answer_all(&self, messages: &mut Vec<Outgoing>) {
        self.pump.push_collected(&self.way(), messages);
    }

    /// Waits until the server has seen everything published before, subscriptions above all.
    ///
    /// A message to the own inbox comes back. A user who may not publish there gets a refusal instead, which tells
    /// as much.
    ///
    /// # Errors
    /// UNAVAILABLE when the connection ends meanwhile or the server does not answer within 10 s, PERMISSION_DENIED
    /// when that is for want of its inbox.
    pub(crate) async fn barrier(self: &Arc<Self>) -> Result<(), Status> {
        let limit = Instant::now() + BARRIER_LIMIT;
        let ticket = Ticket::open(Arc::clone(self), Subject::from_static(""), Some(limit))?;
        let own = ticket.reply_subject();
        // After everything else, in whichever lane that went.
        self.send_stream(Outgoing::new(own.clone(), Bytes::from_static(&wire::NOOP)));
        tokio::select! {
            biased;
            delivery = ticket.recv() => match delivery {
                Delivery::Message { .. } => Ok(()),
                Delivery::Alarm => Err(Status::transport("the NATS server does not answer")),
                _ => Err(self.failure()),
            },
            // Refusals come in order: had the inbox been refused, the epoch would have ended before.
            () = self.refusals.of_own(own.as_str()) => {
                if self.has_ended() { Err(self.failure()) } else { Ok(()) }
            }
        }
    }

    /// Lets a call wait for its ACCEPT without its owner; see [`Ticket::abandon`].
    pub(super) fn abandon(&self, token: u64, alarm: Instant) {
        let Some((subject, unread)) = self.inbox.abandon(token, alarm) else { return };
        unread.for_each(|delivery| self.settle(token, &subject, &delivery));
        if self.has_ended() {
            self.inbox.close(token);
        }
    }

    /// Does what there is to do about a call that was given up.
    fn settle(&self, token: u64, subject: &Subject, delivery: &Delivery) {
        match delivery {
            // The alarm is the former owner's, its own is still to come; and nobody reads headers here.
            Delivery::Alarm | Delivery::Message { headers: Some(_), .. } => return,
            Delivery::Message { headers: None, payload } => {
                let Ok(frame) = FrameView::split(payload) else { return };
                match Kind::from_byte(frame.kind) {
                    Some(Kind::Terminal | Kind::Refused) => {}
                    Some(Kind::Accept) => match Accept::decode(frame.header) {
                        Ok(accept) if !accept.instance.is_empty() => {
                            let prefix = subject::prefix_of(subject);
                            let calls_at = subject::of_instance(prefix, accept.instance, Port::Calls);
                            self.send_cancel(&calls_at, &[accept.handle]);
                        }
                        _ => return,
                    },
                    _ => return,
                }
            }
            Delivery::NoResponders
            | Delivery::Unbatched
            | Delivery::Disconnected
            | Delivery::Denied
            | Delivery::Lost(_) => {}
        }
        self.inbox.close(token);
    }

    /// Calls that were under way when the connection ended, for their instances to be told.
    pub(super) fn take_given_up(&self) -> Vec<(Subject, Vec<u64>)> {
        let mut given_up = lock(&self.given_up);
        given_up.extend(self.audit.end());
        std::mem::take(&mut given_up)
    }
}
