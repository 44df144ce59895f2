use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, sleep, timeout_at};

use super::draft::Draft;
use super::first::First;
use super::pursuit::{disconnected, expired};
use super::said::Said;
use super::{Body, Call, Destination, Reply};
use crate::spec::{Kind, Method};
use crate::status::Status;
use crate::subject::{self, Port, Subject};
use crate::transport::{Delivery, Denial, Epoch, Outgoing, Ticket};
use crate::wire::{FrameView, Kind as FrameKind, Ping, Refused, Terminal};

/// An instance that has not answered for so long is asked whether it is there, and again after as long.
const PATIENCE: Duration = Duration::from_millis(300);
/// One that does not answer that for so long is not.
const SILENCE: Duration = Duration::from_millis(800);

/// What one instance answered, or why it did not.
type Answer = (String, Result<Reply, Status>);

/// A call of all instances of a service: their answers, as they come.
///
/// It ends when all that were known have answered or are gone, or at the deadline; those that have not answered by then
/// are in it with an error.
pub(crate) struct Scattered {
    method: Method,
    subject: Subject,
    limit: usize,
    deadline: Option<Instant>,
    ticket: Ticket,
    missing: BTreeSet<String>,
    answered: BTreeSet<String>,
    /// Tell of instances that are not there.
    probes: FuturesUnordered<BoxFuture<'static, (String, &'static str)>>,
    /// Why nothing more comes.
    over: Option<Status>,
}

impl Scattered {
    /// Calls all instances at the time `now`.
    ///
    /// # Errors
    /// UNIMPLEMENTED unless the call is unary, otherwise as any call.
    pub(crate) async fn start(
        mut to: Destination,
        epoch: Arc<Epoch>,
        mut call: Call,
    ) -> Result<Self, Status> {
        let Body::Unary(message) = call.take_body() else { return Err(not_unary(call.method())) };
        if call.method().kind() != Kind::Unary {
            return Err(not_unary(call.method()));
        }
        let remote = Arc::clone(&to.remote);
        let instances = remote.instances(&epoch);
        let missing = match call.context().deadline() {
            None => instances.await,
            Some(deadline) => timeout_at(deadline, instances)
                .await
                .map_err(|_| expired(call.method()).with_not_processed())?,
        };
        let prefix = subject::prefix_of(&to.subject).to_owned();
        to.subject = subject::method_of_all(&prefix, call.method().name());
        let (method, subject, limit) = (call.method().clone(), to.subject.clone(), to.limits.max_message);
        let draft = Draft::new(call, First::scatter(message), to);
        let deadline = draft.deadline();
        let ticket = draft.scatter(&epoch, Instant::now())?;
        let probes = missing.iter().map(|id| probe(Arc::clone(&epoch), prefix.clone(), id.clone()).boxed());
        let probes = probes.collect();
        let answered = BTreeSet::new();
        Ok(Self { method, subject, limit, deadline, ticket, missing, answered, probes, over: None })
    }

    /// Those that have not answered will not be waited for.
    pub(crate) fn give_up(&mut self, status: Status) {
        self.over.get_or_insert(status);
    }

    fn deliver(&mut self, delivery: &Delivery) -> Option<Answer> {
        let over = match delivery {
            Delivery::Message { headers, payload } => {
                let instance = instance_of(payload)?;
                let outcome = match Said::read(headers.as_deref(), payload, self.limit)? {
                    Said::Ended(outcome, _) => outcome,
                    Said::Refused { status, .. } => Err(status),
                    Said::Accepted(_) | Said::Begun => return None,
                };
                self.missing.remove(&instance);
                return self.answered.insert(instance.clone()).then_some((instance, outcome));
            }
            Delivery::Alarm if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                expired(&self.method)
            }
            Delivery::Alarm | Delivery::Lost(_) | Delivery::Unbatched => return None,
            Delivery::NoResponders => {
                Status::transport(format!("nobody serves {} at the moment", self.method)).with_not_processed()
            }
            Delivery::Denied => Denial::of_publishing(&self.subject).status().with_not_processed(),
            Delivery::Disconnected => disconnected(&self.method),
        };
        self.over = Some(over);
        None
    }
}

impl Stream for Scattered {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        let this = &mut *self;
        loop {
            if let Some(status) = &this.over {
                let status = status.clone();
                return Poll::Ready(this.missing.pop_first().map(|instance| (instance, Err(status))));
            }
            if this.missing.is_empty() {
                return Poll::Ready(None);
            }
            if let Poll::Ready(delivery) = this.ticket.poll_recv(cx) {
                match this.deliver(&delivery) {
                    Some(answer) => return Poll::Ready(Some(answer)),
                    None => continue,
                }
            }
            match this.probes.poll_next_unpin(cx) {
                Poll::Ready(Some((instance, why))) if this.missing.remove(&instance) => {
                    let text =
                        format!("the instance {instance} {why}: {} may or may not have run", this.method);
                    return Poll::Ready(Some((instance, Err(Status::transport(text)))));
                }
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn not_unary(method: &Method) -> Status {
    Status::unimplemented(format!(
        "{method} is a stream, and only unary methods can be called on all instances"
    ))
    .with_not_processed()
}

/// Who has sent an answer.
fn instance_of(payload: &Bytes) -> Option<String> {
    let frame = FrameView::split(payload).ok()?;
    let instance = match FrameKind::from_byte(frame.kind)? {
        FrameKind::Terminal => Terminal::decode(frame.header).ok()?.instance.to_owned(),
        FrameKind::Refused => Refused::decode(frame.header).ok()?.instance.to_owned(),
        _ => return None,
    };
    (!instance.is_empty()).then_some(instance)
}

/// Asks an instance again and again whether it is there, until it is not.
async fn probe(epoch: Arc<Epoch>, prefix: String, instance: String) -> (String, &'static str) {
    let at = subject::of_instance(&prefix, &instance, Port::Audit);
    let mut missed = false;
    loop {
        sleep(PATIENCE).await;
        match ask(&epoch, &at).await {
            Some(Delivery::Message { .. }) => missed = false,
            // Nobody listens there while it connects again, so one such answer proves nothing.
            Some(Delivery::NoResponders) if !missed => missed = true,
            Some(Delivery::NoResponders) => return (instance, "has gone"),
            Some(Delivery::Alarm) => return (instance, "no longer answers"),
            // Nothing can be known of it; the connection's end is told elsewhere.
            _ => std::future::pending().await,
        }
    }
}

async fn ask(epoch: &Arc<Epoch>, at: &Subject) -> Option<Delivery> {
    let ticket = Ticket::open(Arc::clone(epoch), at.clone(), Some(Instant::now() + SILENCE)).ok()?;
    let mut frame = bytes::BytesMut::new();
    Ping::default().encode(&mut frame).ok()?;
    epoch.send_control(Outgoing::question(at.clone(), ticket.reply_subject(), frame.freeze()));
    Some(poll_fn(|cx| ticket.poll_recv(cx)).await)
}
