//! What a service says of itself: whether it serves a method, and which calls it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio_util::sync::CancellationToken;

use super::dispatch::Dispatcher;
use super::running::{Audited, Running, features};
use crate::raw::{Terms, refused};
use crate::spec::ServiceSpec;
use crate::subject::{self, Port, Subject};
use crate::transport::{Epoch, Incoming, Outgoing, Subscription};
use crate::wire::{
    self, AuditEntry, Cancel, FrameView, Kind, Malformed, Numbers, Ping, Pong, RefusedReason, Serves, Via,
};

/// Answers for one service on one connection.
#[derive(Clone)]
pub(super) struct Control {
    spec: &'static ServiceSpec,
    epoch: Arc<Epoch>,
    running: Arc<Running>,
    terms: Terms,
    leaving: Arc<AtomicBool>,
    /// What runs calls that come to this instance by name, or to all instances.
    methods: Arc<[Arc<Dispatcher>]>,
}

impl Control {
    pub(super) fn new(
        spec: &'static ServiceSpec,
        epoch: Arc<Epoch>,
        running: Arc<Running>,
        terms: Terms,
        methods: Arc<[Arc<Dispatcher>]>,
    ) -> Self {
        Self { spec, epoch, running, terms, leaving: Arc::default(), methods }
    }

    /// From now on says that it is leaving.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Reads a subscription until it ends, which it does once `end` is cancelled.
    pub(super) async fn read_until(&self, mut subscription: Subscription, end: &CancellationToken) {
        tokio::select! {
            biased;
            () = self.read(&mut subscription) => return,
            () = end.cancelled() => {}
        }
        subscription.unsubscribe().await;
        self.read(&mut subscription).await;
    }

    /// Reads one of the service's own subjects until the subscription ends.
    async fn read(&self, subscription: &mut Subscription) {
        while let Some(message) = subscription.next().await {
            if let Some(dispatcher) = self.method_at(&message.subject) {
                if self.leaving.load(Ordering::Relaxed) {
                    self.refuse(message);
                } else {
                    dispatcher.dispatch_aside(message);
                }
                continue;
            }
            let Some(answer) = self.take(&message) else { continue };
            let closing = self.terms.closing(&answer.subject);
            // In order with the frames of the calls that it may be about.
            for message in [Some(answer), closing].into_iter().flatten() {
                self.epoch.send_stream(message);
            }
        }
    }

    fn method_at(&self, subject: &Subject) -> Option<&Dispatcher> {
        let name = subject::method_at_instance(subject).or_else(|| subject::method_at_all(subject))?;
        self.methods.iter().find(|dispatcher| dispatcher.method() == name).map(Arc::as_ref)
    }

    /// Who calls this instance by name is not carried elsewhere by a queue group.
    fn refuse(&self, message: Incoming) {
        if let Some(reply) = message.reply {
            let frame = refused(RefusedReason::Draining, "the instance is leaving");
            self.epoch.send_control(Outgoing::new(reply, frame));
        }
    }

    /// Nothing but questions and openings is ever answered here, so that no two can answer each other for ever.
    fn take(&self, message: &Incoming) -> Option<Outgoing> {
        let frame = FrameView::split(&message.payload).ok()?;
        match Kind::from_byte(frame.kind)? {
            Kind::Ping => {
                let reply = message.reply.as_ref()?;
                let via = self.terms.via(reply);
                let pong = Ping::decode(frame.header).map(|ping| self.pong(&ping, via));
                let answer = pong
                    .unwrap_or_else(|error: Malformed| refused(RefusedReason::Malformed, &error.to_string()));
                Some(Outgoing::new(reply.clone(), answer))
            }
            Kind::Data | Kind::Credit if subject::port_of(&message.subject) == Some(Port::Calls) => {
                let flow = wire::handle_of(frame.header).and_then(|handle| self.running.flow(handle));
                flow.inspect(|flow| {
                    flow.deliver(&message.payload);
                });
                None
            }
            Kind::Cancel if subject::port_of(&message.subject) == Some(Port::Calls) => {
                if let Ok(cancel) = Cancel::decode(frame.header) {
                    self.running.give_up(cancel.handles);
                }
                None
            }
            Kind::Open | Kind::Batch => {
                let reply = message.reply.as_ref()?;
                let text = format!("no calls are opened at {}", message.subject);
                Some(Outgoing::new(reply.clone(), refused(RefusedReason::Kind, &text)))
            }
            _ => None,
        }
    }

    fn pong(&self, ping: &Ping<'_>, via: Via) -> Bytes {
        let interval = Duration::from_millis(ping.interval_ms.into());
        let listed = ping.entries();
        let Audited { held, unknown, unlisted } = self.running.audit(ping.connection, interval, listed);
        let column = |of: fn(&AuditEntry) -> u64| held.iter().map(of).collect::<Vec<_>>();
        let (handles, sent) = (column(|call| call.handle), column(|call| call.sent));
        let (received, credit) = (column(|call| call.received), column(|call| call.credit));
        let pong = Pong {
            instance: self.running.instance(),
            serves: self.serves(ping.method),
            handles: Numbers::from_slice(&handles),
            sent: Numbers::from_slice(&sent),
            received: Numbers::from_slice(&received),
            credit: Numbers::from_slice(&credit),
            unknown: Numbers::from_slice(&unknown),
            unlisted: Numbers::from_slice(&unlisted),
            via,
            features: features(via),
        };
        let mut frame = BytesMut::new();
        pong.encode(&mut frame).expect("so few calls fit");
        frame.freeze()
    }

    fn serves(&self, method: u32) -> Serves {
        if method == 0 {
            Serves::Unsaid
        } else if !self.spec.methods().any(|own| own.hash() == method) {
            Serves::No
        } else if self.leaving.load(Ordering::Relaxed) {
            Serves::Leaving
        } else {
            Serves::Yes
        }
    }
}
