use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::Instant;

use super::HandlerFuture;
use super::dispatch::{Serving, dismiss, poll};
use super::ejection::Admitted;
use super::handler::panicked;
use super::running::{Entry, Promise, sleep_until};
use super::stats::MethodStats;
use crate::call::{Event, EventStream};
use crate::metadata::Metadata;
use crate::raw::{Answer, Ends, Item, Reply, ReplyBody, Writer, status_of};
use crate::spec::Method;
use crate::status::{Origin, Reason, Status};
use crate::transport::{Closed, Epoch, Flow, Peer};
use crate::wire::flow::{Inbound, Outbound};

/// A call that takes more than one frame: a stream, or a message that is larger than one.
///
/// It is bound to the connection that it came by.
pub(super) struct Streamed {
    pub(super) serving: Arc<Serving>,
    pub(super) method: Method,
    pub(super) stats: Arc<MethodStats>,
    pub(super) arrived: Instant,
    pub(super) entry: Entry,
    pub(super) answer: Answer,
    pub(super) admitted: Admitted,
}

/// How a call ended, as far as its caller is concerned.
enum End {
    /// As its handler had it, or for want of time.
    Said(Result<Ends, Status>),
    /// By something that says nothing of the handler.
    Cut(Status),
    /// Nobody awaits it.
    GivenUp,
    /// Its connection has ended.
    Disconnected,
}

impl Streamed {
    /// Runs the handler and sends its response, whatever that takes.
    pub(super) async fn run(self, mut handling: HandlerFuture, flow: Arc<Flow>) {
        let handled = self.unless_over(&flow, |cx| poll(&mut handling, cx).map(Ok)).await;
        let end = match handled {
            Ok(Ok(reply)) => self.respond(reply, &flow).await,
            Ok(Err(status)) => End::Said(Err(status)),
            Err(end) => end,
        };
        dismiss(handling);
        self.finish(end, &flow);
    }

    /// Sends a response that turned out to be larger than a frame.
    pub(super) async fn send_large(self, reply: Reply) {
        let epoch = tokio::select! {
            biased;
            epoch = self.serving.connection.next_epoch(None) => epoch,
            () = self.serving.calls.abort.cancelled() => return,
        };
        let flow = match self.open(&epoch, Outbound::responses(0)) {
            Ok(flow) => flow,
            Err(status) => {
                let busy = self.arrived.elapsed();
                self.stats.record(Some(&status), busy);
                return self.serving.answer(self.answer.finish(Err(status), busy));
            }
        };
        let end = self.respond(reply, &flow).await;
        self.finish(end, &flow);
    }

    fn open(&self, epoch: &Arc<Epoch>, outbound: Outbound) -> Result<Arc<Flow>, Status> {
        let flow = Flow::open(epoch, self.serving.terms.limits, outbound, Inbound::requests(0, 0, 0))?;
        flow.connect(peer_of(&self.answer), 0);
        self.entry.attach(&flow);
        Ok(flow)
    }

    async fn respond(&self, reply: Reply, flow: &Arc<Flow>) -> End {
        let (head, body) = reply.into_parts();
        let mut response = Response { flow, entry: &self.entry, head: Some(head) };
        let sent = match body {
            ReplyBody::Unary { message, trailers } if self.answer.fits(&message) => {
                let head = response.head.take().unwrap_or_default();
                return End::Said(Ok(Ends { head, message: Some(message), trailers }));
            }
            ReplyBody::Unary { message, trailers } => {
                self.send_one(message, &mut response).await.map(|()| trailers)
            }
            ReplyBody::Stream(events) => self.send_all(events, &mut response).await,
        };
        match sent {
            Ok(trailers) => {
                let head = response.head.take().unwrap_or_default();
                End::Said(Ok(Ends { head, message: None, trailers }))
            }
            Err(End::Said(Err(status))) => End::Said(Err(response.complete(status))),
            Err(End::Cut(status)) => End::Cut(response.complete(status)),
            Err(end) => end,
        }
    }

    async fn send_one(&self, message: Bytes, response: &mut Response<'_>) -> Result<(), End> {
        response.begin(true).map_err(|status| End::Said(Err(status)))?;
        let mut writer = Writer::new(Arc::clone(response.flow), self.answer.compression());
        writer.push(message);
        self.unless_over(response.flow, |cx| writer.poll_flush(cx)).await
    }

    async fn send_all(&self, mut events: EventStream, response: &mut Response<'_>) -> Result<Metadata, End> {
        let flow = response.flow;
        let mut writer = Writer::new(Arc::clone(flow), self.answer.compression());
        let last = self
            .unless_over(flow, |cx| writer.poll_all(cx, |cx| response.next(poll_event(&mut events, cx))))
            .await;
        // What the handler holds is given back before the caller knows that it is over.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(events))) {
            panicked(&*panic);
        }
        let last = last?;
        self.unless_over(flow, |cx| writer.poll_flush(cx)).await?;
        last.map_err(|status| End::Said(Err(status)))
    }

    /// Does some work, until it is done or the call is over for another reason.
    async fn unless_over<T>(
        &self,
        flow: &Arc<Flow>,
        mut work: impl FnMut(&mut Context<'_>) -> Poll<Result<T, Closed>>,
    ) -> Result<T, End> {
        let working = poll_fn(|cx| {
            if let Poll::Ready(done) = work(cx) {
                return Poll::Ready(done.map_err(|Closed| self.why_closed(flow)));
            }
            if let Poll::Ready(stop) = self.entry.poll_stop(cx) {
                return Poll::Ready(Err(stop.status().map_or(End::GivenUp, End::Cut)));
            }
            flow.poll_over(cx).map(|()| Err(self.why_closed(flow)))
        });
        tokio::select! {
            biased;
            done = working => done,
            () = flow.epoch().ended() => Err(End::Disconnected),
            // What waits for credit does not look at the time.
            () = sleep_until(self.answer.deadline()) => Err(End::Said(Err(self.expired()))),
        }
    }

    fn expired(&self) -> Status {
        let text = format!("{} did not end before the deadline", self.method);
        Status::deadline_exceeded(text).with_reason(Reason::Deadline)
    }

    fn why_closed(&self, flow: &Flow) -> End {
        // It is this server that says so.
        let cut = |why| End::Cut(status_of(why, &self.method).with_origin(Origin::Local));
        flow.broken().map_or(End::Disconnected, cut)
    }

    fn finish(self, end: End, flow: &Flow) {
        let busy = self.arrived.elapsed();
        let Self { serving, answer, entry, stats, arrived, admitted, .. } = self;
        let say = |answer: Answer, outcome| {
            let closing = serving.terms.closing(&answer.reply().subject);
            flow.finish(|sent| answer.end(outcome, sent, busy));
            closing.into_iter().for_each(|closing| flow.epoch().send_stream(closing));
        };
        match end {
            End::Said(outcome) => {
                stats.handled(admitted, outcome.as_ref().err(), (arrived, busy));
                say(answer, outcome);
            }
            End::Cut(status) => {
                stats.record(Some(&status), busy);
                say(answer, Err(status));
            }
            End::GivenUp => {
                stats.given_up(admitted, answer.deadline(), (arrived, busy));
                serving.close(&answer.reply().subject);
            }
            End::Disconnected => {
                stats.record(Some(&Status::unavailable("the connection ended during the call")), busy);
            }
        }
        flow.close();
        drop(entry);
    }
}

/// Where frames of the response go.
pub(super) fn peer_of(answer: &Answer) -> Peer {
    Peer { to: answer.reply().clone(), handle: 0, max_message: answer.max_message() }
}

/// How to accept a call whose caller can be told.
pub(super) fn promise_of(answer: &Answer, epoch: &Arc<Epoch>) -> Option<Promise> {
    answer.can_accept().then(|| Promise {
        reply: answer.reply().clone(),
        via: answer.via(),
        due: answer.accept_at(),
        epoch: Arc::clone(epoch),
    })
}

/// A response of which nothing or something was sent.
struct Response<'a> {
    flow: &'a Arc<Flow>,
    entry: &'a Entry,
    /// Response metadata, until it is sent.
    head: Option<Metadata>,
}

impl Response<'_> {
    /// Before anything else of the response. An empty head says that the call has been taken up, for a response that
    /// does not begin with a message.
    fn begin(&mut self, even_if_empty: bool) -> Result<(), Status> {
        let Some(head) = self.head.take() else { return Ok(()) };
        self.entry.accept();
        if head.is_empty() && !even_if_empty {
            return Ok(());
        }
        self.flow
            .send_head(head.raw())
            .map_err(|error| Status::resource_exhausted(format!("the response's metadata: {error}")))
    }

    fn next(&mut self, next: Poll<Option<Result<Event, Status>>>) -> Poll<Item<Result<Metadata, Status>>> {
        let begun = match &next {
            Poll::Pending => self.begin(true),
            Poll::Ready(Some(Ok(Event::Message(_)))) => self.begin(false),
            Poll::Ready(_) => Ok(()),
        };
        if let Err(status) = begun {
            return Poll::Ready(Item::Last(Err(status)));
        }
        next.map(|next| match next {
            Some(Ok(Event::Message(message))) => Item::Message(message),
            Some(Ok(Event::Trailers(trailers))) => Item::Last(Ok(trailers)),
            Some(Err(status)) => Item::Last(Err(status)),
            None => Item::Last(Err(Status::internal("the stream stopped without saying how it ended"))),
        })
    }

    /// Response metadata goes with the status, unless it went before.
    fn complete(&mut self, status: Status) -> Status {
        match self.head.take() {
            Some(head) if status.response_metadata().is_empty() => status.with_response_metadata(head),
            Some(_) => status,
            None => status.with_response_metadata(Metadata::new()),
        }
    }
}

fn poll_event(events: &mut EventStream, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Status>>> {
    catch_unwind(AssertUnwindSafe(|| events.as_mut().poll_next(cx)))
        .unwrap_or_else(|panic| Poll::Ready(Some(Err(panicked(&*panic)))))
}
