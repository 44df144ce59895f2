//! A service without types, one method of each kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nats_rpc::call::{Event, EventStream, MessageStream};
use nats_rpc::codegen::Service;
use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
use nats_rpc::server::{HandlerFuture, RpcService};
use nats_rpc::{Kind, Metadata, ServiceSpec, Spec, Status};

pub(crate) static ECHO: ServiceSpec = ServiceSpec::new(
    "test.Echo",
    &[
        Spec::new("test.Echo", "Unary", 0, Kind::Unary),
        Spec::new("test.Echo", "Repeat", 1, Kind::ServerStreaming),
        Spec::new("test.Echo", "Concat", 2, Kind::ClientStreaming),
        Spec::new("test.Echo", "Chat", 3, Kind::BidiStreaming),
    ],
);

/// Echoes. `Repeat` takes `<count> <length>`.
#[derive(Clone, Default)]
pub(crate) struct Echo {
    /// Handlers and their streams that exist.
    pub(crate) alive: Arc<AtomicUsize>,
    /// Calls so far.
    pub(crate) called: Arc<AtomicUsize>,
    /// How many bytes `Repeat` gives at most, for whoever does not trust its callers.
    pub(crate) most: Option<usize>,
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Echo {
    fn alive(&self) -> Alive {
        self.called.fetch_add(1, Ordering::SeqCst);
        self.alive.fetch_add(1, Ordering::SeqCst);
        Alive(Arc::clone(&self.alive))
    }
}

pub(crate) fn unary(message: impl Into<Bytes>) -> Reply {
    Reply::new(Metadata::new(), ReplyBody::Unary { message: message.into(), trailers: Metadata::new() })
}

fn ended() -> Result<Event, Status> {
    Ok(Event::Trailers(Metadata::new()))
}

fn parse(order: &[u8]) -> Option<(u32, usize)> {
    let (count, length) = std::str::from_utf8(order).ok()?.split_once(' ')?;
    Some((count.parse().ok()?, length.parse().ok()?))
}

fn repeat(order: &[u8], most: usize) -> Result<EventStream, Status> {
    let in_all = |(count, length): &(u32, usize)| length.saturating_add(512).saturating_mul(*count as usize);
    let order = parse(order).filter(|order| in_all(order) <= most);
    let (count, length) = order.ok_or_else(|| Status::invalid_argument("this is no order"))?;
    let messages = stream::iter((0..count).map(move |n| {
        let mut message = vec![n as u8; length];
        message[..4.min(length)].copy_from_slice(&n.to_be_bytes()[..4.min(length)]);
        Ok(Event::Message(message.into()))
    }));
    Ok(Box::pin(messages.chain(stream::iter([ended()]))))
}

fn chat(requests: MessageStream) -> EventStream {
    let mut failed = false;
    let echoed = requests.map(|request| request.map(Event::Message)).chain(stream::iter([ended()]));
    Box::pin(echoed.take_while(move |event| {
        let go_on = !failed;
        failed = event.is_err();
        std::future::ready(go_on)
    }))
}

impl Service<Call> for Echo {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        let (alive, most) = (self.alive(), self.most.unwrap_or(usize::MAX));
        let name = call.method().name().to_owned();
        let body = call.into_body();
        Box::pin(async move {
            match (name.as_str(), body) {
                ("Unary", Body::Unary(message)) => Ok(unary(message)),
                ("Repeat", Body::Unary(order)) => {
                    let events = repeat(&order, most)?.inspect(move |_| {
                        let _ = &alive;
                    });
                    Ok(Reply::new(Metadata::new(), ReplyBody::Stream(Box::pin(events))))
                }
                ("Concat", Body::Stream(mut requests)) => {
                    let mut all = Vec::new();
                    while let Some(request) = requests.next().await {
                        all.extend_from_slice(&request?);
                    }
                    drop(alive);
                    Ok(unary(all))
                }
                ("Chat", Body::Stream(requests)) => {
                    let events = chat(requests).inspect(move |_| {
                        let _ = &alive;
                    });
                    Ok(Reply::new(Metadata::new(), ReplyBody::Stream(Box::pin(events))))
                }
                (other, _) => Err(Status::unimplemented(other.to_owned())),
            }
        })
    }
}

impl RpcService for Echo {
    const SPEC: &'static ServiceSpec = &ECHO;
}
