use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::calls::Calls;
use super::ejection::Admitted;
use super::first_poll::FirstPolls;
use super::handler::panicked;
use super::pending::Pending;
use super::plain::Bodies;
use super::stats::MethodStats;
use super::streamed::{Streamed, peer_of, promise_of};
use super::{HandlerFuture, Route};
use crate::raw::{
    Answer, Arrival, Batched, Beginning, Call, Opening, Place, Reply, Request, Terms, refused, status_of,
};
use crate::spec::{Kind, Method};
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::{Connection, Epoch, Flow, Incoming, Outgoing};
use crate::wire::RefusedReason;
use crate::wire::flow::Outbound;

/// What all methods on one connection share.
pub(super) struct Serving {
    pub(super) connection: Connection,
    pub(super) epoch: Arc<Epoch>,
    pub(super) terms: Terms,
    pub(super) calls: Calls,
}

/// Turns the messages of one method into handled calls and answers.
pub(super) struct Dispatcher {
    method: Method,
    route: Route,
    bodies: Bodies,
    stats: Arc<MethodStats>,
    serving: Arc<Serving>,
    first_polls: FirstPolls,
}

impl Dispatcher {
    pub(super) fn new(
        route: Route,
        method: Method,
        bodies: Bodies,
        stats: Arc<MethodStats>,
        serving: Arc<Serving>,
    ) -> Self {
        Self { method, route, bodies, stats, serving, first_polls: FirstPolls::default() }
    }

    /// Handles a message. Adds the answer if it is there at once.
    pub(super) fn dispatch(
        &self,
        message: Incoming,
        arrived: Instant,
        answers: &mut Vec<Outgoing>,
        cx: &mut Context<'_>,
    ) {
        let (items, reply) = match Batched::read(message) {
            Batched::Openings(items, reply) => (items, reply),
            Batched::Other(message) => {
                let (answer, _) = self.handle(Arrival::single(message, arrived), Some(cx));
                return self.collect(answer, answers);
            }
            Batched::Refused(refusal) => return answers.push(refusal),
        };
        let replies = iter::repeat_n(reply, items.len());
        let mut at = arrived;
        for (item, reply) in iter::zip(items, replies) {
            let (answer, now) = self.handle(Arrival::batched(item, reply, at), Some(cx));
            at = now;
            self.collect(answer, answers);
        }
    }

    fn collect(&self, answer: Option<Outgoing>, answers: &mut Vec<Outgoing>) {
        let Some(answer) = answer else { return };
        let closing = self.serving.terms.closing(&answer.subject);
        answers.push(answer);
        answers.extend(closing);
    }

    /// Handles a message that came to this instance by name, or to all. Its reader has more to do than to run handlers.
    pub(super) fn dispatch_aside(&self, message: Incoming) {
        if let (Some(answer), _) = self.handle(Arrival::single(message, Instant::now()), None) {
            self.serving.answer(answer);
        }
    }

    /// The name of the method.
    pub(super) fn method(&self) -> &str {
        self.method.name()
    }

    /// `cx`: the handler is polled here first. Returns the answer if it is there at once, and the time by then.
    fn handle(&self, arrival: Arrival, cx: Option<&mut Context<'_>>) -> (Option<Outgoing>, Instant) {
        let Serving { terms, epoch, calls, .. } = &*self.serving;
        let arrived = arrival.at;
        let place = Place { terms: *terms, epoch, instance: calls.running.instance() };
        let (call, answer) = match Opening::read(arrival, &self.method, place) {
            Opening::Call(call, answer) => (call, answer),
            Opening::Stream(beginning, answer) => {
                let begun = match self.admit(&answer, cx.is_some()) {
                    Ok(admitted) => self.begin(beginning, answer, (arrived, admitted)),
                    Err(refusal) => Some(refusal),
                };
                return (begun, arrived);
            }
            Opening::Refused(answer) => return (Some(answer), arrived),
            Opening::Ignored => {
                self.serving.calls.ignore();
                return (None, arrived);
            }
        };
        match self.admit(&answer, cx.is_some()) {
            Ok(admitted) => self.run(call, answer, (arrived, admitted), cx),
            Err(refusal) => (Some(refusal), arrived),
        }
    }

    /// Runs the handler, here as long as it does not wait.
    fn run(
        &self,
        call: Call,
        answer: Answer,
        (arrived, admitted): (Instant, Admitted),
        cx: Option<&mut Context<'_>>,
    ) -> (Option<Outgoing>, Instant) {
        let handle = || self.bodies.handle(&self.route, call, answer.content_type());
        let mut handling = match catch_unwind(AssertUnwindSafe(handle)) {
            Ok(handling) => handling,
            Err(panic) => {
                let (status, now) = (panicked(&*panic), Instant::now());
                let busy = now - arrived;
                self.stats.handled(admitted, Some(&status), (arrived, busy));
                return (Some(answer.finish(Err(status), busy)), now);
            }
        };
        let mut now = arrived;
        if let Some(cx) = cx.filter(|_| self.first_polls.next()) {
            let polled = poll(&mut handling, cx);
            now = Instant::now();
            let busy = now - arrived;
            self.first_polls.took(busy);
            if let Poll::Ready(outcome) = polled {
                dismiss(handling);
                if let Ok(reply) = &outcome
                    && answer.is_stream(reply)
                {
                    let handled = Box::pin(std::future::ready(outcome));
                    return (self.spawn(handled, answer, (arrived, admitted)), now);
                }
                self.stats.handled(admitted, outcome.as_ref().err(), (arrived, busy));
                return (Some(answer.finish(outcome, busy)), now);
            }
        }
        (self.spawn(handling, answer, (arrived, admitted)), now)
    }

    /// Lets a call in, or says that it should go to another instance, which only makes sense where it came through the
    /// queue group and can go back there.
    fn admit(&self, answer: &Answer, queued: bool) -> Result<Admitted, Outgoing> {
        if !queued || !answer.is_native() {
            return Ok(Admitted::default());
        }
        self.stats.place().admit().ok_or_else(|| {
            let text = "the instance does badly, and takes few calls or none";
            answer.reply().carry(refused(RefusedReason::Draining, text))
        })
    }

    /// Publishes answers that were there at once.
    pub(super) fn publish(&self, answers: &mut Vec<Outgoing>) {
        if self.serving.epoch.has_ended() {
            // These came before the end, and are answered after it.
            answers.drain(..).for_each(|answer| self.serving.answer(answer));
        } else if !answers.is_empty() {
            self.serving.epoch.answer_all(answers);
        }
    }

    /// Lets a task wait for the handler.
    fn spawn(
        &self,
        handling: HandlerFuture,
        answer: Answer,
        (arrived, admitted): (Instant, Admitted),
    ) -> Option<Outgoing> {
        let Serving { epoch, calls, .. } = &*self.serving;
        let Some(entry) = calls.running.enter(promise_of(&answer, epoch), None) else {
            let full = Status::resource_exhausted("16 million calls are running");
            return Some(answer.finish(Err(full), arrived.elapsed()));
        };
        calls.tracker.spawn(Pending {
            serving: Arc::clone(&self.serving),
            method: self.method.clone(),
            stats: Arc::clone(&self.stats),
            arrived,
            entry: Some(entry),
            work: Some((handling, answer, admitted)),
        });
        None
    }
}

/// Calls that take more than one frame each way.
impl Dispatcher {
    fn begin(
        &self,
        beginning: Beginning,
        answer: Answer,
        (arrived, admitted): (Instant, Admitted),
    ) -> Option<Outgoing> {
        let refuse =
            |(reason, text): (RefusedReason, String)| Some(answer.reply().carry(refused(reason, &text)));
        let flow = match self.flow(&beginning, &answer) {
            Ok(flow) => flow,
            Err(refusal) => return refuse(refusal),
        };
        let Serving { epoch, calls, .. } = &*self.serving;
        let promise = promise_of(&answer, epoch);
        let Some(entry) = calls.running.enter(promise, Some(Arc::clone(&flow))) else {
            return refuse((RefusedReason::StreamLimit, "16 million calls are running".to_owned()));
        };
        flow.connect(peer_of(&answer), 0);
        if beginning.request.awaits_more() {
            entry.accept();
        }
        let handling = catch_unwind(AssertUnwindSafe(|| beginning.handle(&self.route, &flow)))
            .unwrap_or_else(|panic| Box::pin(std::future::ready(Err(panicked(&*panic)))));
        let streamed = Streamed {
            serving: Arc::clone(&self.serving),
            method: self.method.clone(),
            stats: Arc::clone(&self.stats),
            arrived,
            entry,
            answer,
            admitted,
        };
        calls.tracker.spawn(streamed.run(handling, flow));
        None
    }

    fn flow(&self, beginning: &Beginning, answer: &Answer) -> Result<Arc<Flow>, (RefusedReason, String)> {
        let Serving { epoch, terms, .. } = &*self.serving;
        let streams = matches!(self.method.kind(), Kind::ServerStreaming | Kind::BidiStreaming);
        let outbound = Outbound::responses(if streams { answer.window() } else { 0 });
        let inbound = beginning.request.inbound(epoch.first_window());
        let flow = Flow::open(epoch, terms.limits, outbound, inbound)
            .map_err(|status| (RefusedReason::StreamLimit, status.message().to_owned()))?;
        if let Request::Chunk { chunk, total_len, encoding } = &beginning.request {
            flow.begin_message(chunk, *total_len, *encoding)
                .map_err(|why| (RefusedReason::Pool, status_of(why, &self.method).message().to_owned()))?;
        }
        Ok(flow)
    }
}

impl Serving {
    /// Publishes the answer to a call that ran by itself, on the next connection if its own has ended.
    pub(super) fn answer(self: &Arc<Self>, answer: Outgoing) {
        if self.epoch.has_ended() {
            let serving = Arc::clone(self);
            self.calls.tracker.spawn(async move {
                tokio::select! {
                    biased;
                    epoch = serving.connection.next_epoch(None) => serving.publish(&epoch, answer, true),
                    () = serving.calls.abort.cancelled() => {}
                }
            });
        } else {
            self.publish(&self.epoch, answer, self.calls.tracker.len() <= 1);
        }
    }

    /// Frees the way back to a caller that awaits no answer any more.
    pub(super) fn close(&self, reply: &Subject) {
        if let (Some(closing), Ok(epoch)) = (self.terms.closing(reply), self.connection.epoch()) {
            epoch.send_control(closing);
        }
    }

    fn publish(&self, epoch: &Epoch, answer: Outgoing, alone: bool) {
        let closing = self.terms.closing(&answer.subject);
        epoch.answer(answer, alone);
        closing.into_iter().for_each(|closing| epoch.answer(closing, alone));
    }
}

/// Drops a handler, whose own values may panic when they are dropped.
pub(super) fn dismiss(handling: HandlerFuture) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(handling))) {
        panicked(&*panic);
    }
}

/// Polls a handler; layers around it may panic too.
pub(super) fn poll(handling: &mut HandlerFuture, cx: &mut Context<'_>) -> Poll<Result<Reply, Status>> {
    catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(cx)))
        .unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
}
