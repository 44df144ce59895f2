use std::sync::{Arc, OnceLock};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::inbox::{Inbox, Ticket};
use super::link::{Link, Subscription};
use super::pump::Pump;
use super::refusals::Refusals;
use super::{Delivery, Denial, Operation, Outgoing};
use crate::status::{Origin, Status};
use crate::subject::Subject;

/// Up to this many calls in flight, a message is published by the task that has it: there is nothing to collect,
/// and another task would cost a wake-up.
const DIRECT: usize = 2;

/// One connection from its beginning to its end. A new connection is a new epoch, with another inbox: nothing
/// that was queued or awaited in one reaches the next.
pub(crate) struct Epoch {
    link: Link,
    pump: Pump,
    inbox: Inbox,
    refusals: Refusals,
    ended: CancellationToken,
    /// Why it has ended, where that is known.
    failure: OnceLock<Status>,
}

impl Epoch {
    /// Subscribes to the inbox and starts the tasks of the connection.
    pub(crate) async fn start(link: Link, inbox_prefix: &str) -> Result<Arc<Self>, Status> {
        let inbox = Inbox::new(inbox_prefix);
        let subscription = link.subscribe(inbox.wildcard(), None).await?;
        let epoch = Arc::new(Self {
            link,
            pump: Pump::default(),
            inbox,
            refusals: Refusals::default(),
            ended: CancellationToken::new(),
            failure: OnceLock::new(),
        });
        tokio::spawn(Arc::clone(&epoch).read(subscription));
        tokio::spawn(Arc::clone(&epoch).publish());
        tokio::spawn(Arc::clone(&epoch).sweep());
        Ok(epoch)
    }

    async fn read(self: Arc<Self>, subscription: Subscription) {
        tokio::select! {
            // The inbox is never unsubscribed, so its end is the end of the connection.
            () = self.inbox.read(subscription) => self.ended.cancel(),
            () = self.ended.cancelled() => {}
        }
        self.inbox.disconnect();
        self.pump.close();
    }

    async fn publish(self: Arc<Self>) {
        self.pump.run(&self.link).await;
        self.link.flush().await;
    }

    async fn sweep(self: Arc<Self>) {
        tokio::select! {
            () = self.inbox.sweep() => {}
            () = self.ended.cancelled() => {}
        }
    }

    /// Ends the connection; what was queued is still published.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    /// Ends the connection when dropped, unless disarmed.
    #[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "only a NATS server can be slow to accept"))]
    pub(crate) fn end_on_drop(&self) -> DropGuard {
        self.ended.clone().drop_guard()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Waits until the connection has ended, whoever ended it.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// What calls and barriers fail with once the connection has ended.
    pub(crate) fn failure(&self) -> Status {
        self.failure.get().cloned().unwrap_or_else(|| Status::transport("the connection has ended"))
    }

    /// Takes notice of what the server has refused.
    #[cfg_attr(
        not(feature = "nats"),
        expect(dead_code, reason = "the broker within the process refuses nothing")
    )]
    pub(crate) fn denied(&self, denial: &Denial) {
        match denial.operation {
            Operation::Publish if self.inbox.owns(&denial.subject) => self.refusals.add(denial),
            Operation::Publish => self.inbox.denied(&denial.subject),
            Operation::Subscribe if denial.subject == self.inbox.malformed() => {
                self.marked();
            }
            Operation::Subscribe => {
                self.refusals.add(denial);
                // Without its inbox every call on the connection would time out.
                if self.inbox.owns(&denial.subject) {
                    let text = format!("{denial}, or the inbox prefix that the connection was built with");
                    let status = Status::permission_denied(text).with_origin(Origin::Transport);
                    let _ = self.failure.set(status);
                    self.end();
                }
            }
        }
    }

    /// Whether a denial was asked for, and so is of no interest to anybody else.
    #[cfg_attr(
        not(feature = "nats"),
        expect(dead_code, reason = "the broker within the process refuses nothing")
    )]
    pub(crate) fn expects(&self, denial: &Denial) -> bool {
        match denial.operation {
            Operation::Publish => self.inbox.owns(&denial.subject),
            Operation::Subscribe => denial.subject == self.inbox.malformed(),
        }
    }

    /// Takes notice that the server takes no more subscriptions.
    #[cfg_attr(
        not(feature = "nats"),
        expect(dead_code, reason = "the broker within the process takes any number")
    )]
    pub(crate) fn full(&self) {
        self.refusals.full();
    }

    /// Takes notice of a subscription that was malformed, and returns whether it was meant to be.
    pub(crate) fn marked(&self) -> bool {
        self.refusals.marked()
    }

    /// Waits until [`denied_subscriptions`](Self::denied_subscriptions) has all that were asked for before.
    ///
    /// # Errors
    /// UNAVAILABLE when the server does not say so in time, or the connection ends meanwhile; RESOURCE_EXHAUSTED when
    /// the server takes no more subscriptions.
    pub(crate) async fn refusals_known(&self) -> Result<(), Status> {
        let mark = self.inbox.malformed();
        tokio::select! {
            known = self.refusals.complete(&self.link, &mark) => known,
            () = self.ended() => Err(self.failure()),
        }
    }

    /// The subscriptions that the server has refused so far.
    pub(crate) fn denied_subscriptions(&self) -> Vec<Denial> {
        self.refusals.subscriptions()
    }

    /// The server's address, for people.
    pub(crate) fn server(&self) -> &str {
        self.link.server()
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    pub(crate) fn max_payload(&self) -> usize {
        self.link.max_payload()
    }

    /// Unix milliseconds by this host's clock.
    pub(crate) fn now_ms(&self) -> u64 {
        self.link.now_ms()
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
            self.pump.push_direct(&self.link, message);
        } else {
            self.pump.push(message);
        }
    }

    /// Publishes an answer; `alone` says that no other answer is about to follow.
    pub(crate) fn answer(&self, message: Outgoing, alone: bool) {
        if alone {
            self.pump.push_direct(&self.link, message);
        } else {
            self.pump.push(message);
        }
    }

    /// Publishes answers that were there together.
    pub(crate) fn answer_all(&self, messages: &mut Vec<Outgoing>) {
        self.pump.push_collected(&self.link, messages);
    }

    /// Waits until the server has seen everything published before, subscriptions above all.
    ///
    /// A message to the own inbox comes back. A user who may not publish there gets a refusal instead, which tells
    /// as much.
    ///
    /// # Errors
    /// UNAVAILABLE when the connection ends meanwhile, PERMISSION_DENIED when that is for want of its inbox.
    pub(crate) async fn barrier(self: &Arc<Self>) -> Result<(), Status> {
        let ticket = Ticket::open(Arc::clone(self), None)
            .ok_or_else(|| Status::resource_exhausted("too many calls are waiting"))?;
        // With the slot taken, an end of the connection from here on reaches it.
        if self.has_ended() {
            return Err(self.failure());
        }
        let own = ticket.reply_subject();
        self.pump.push(Outgoing::new(own.clone(), bytes::Bytes::from_static(&crate::wire::NOOP)));
        tokio::select! {
            delivery = std::future::poll_fn(|cx| ticket.poll_recv(cx)) => match delivery {
                Delivery::Message { .. } => Ok(()),
                _ => Err(self.failure()),
            },
            // Refusals come in order: had the inbox been refused, the epoch would have ended before.
            () = self.refusals.of_own(own.as_str()) => {
                if self.has_ended() { Err(self.failure()) } else { Ok(()) }
            }
        }
    }
}
