use std::sync::Arc;

use futures_util::StreamExt;
use tokio::time::Instant;

use super::{HandlerFuture, Route};
use crate::raw::{Beginning, Body, Call, Request, Requests};
use crate::spec::{Kind, Method};
use crate::status::{Reason, Status};
use crate::transport::Flow;

impl Beginning {
    /// Hands the call to its handler, at once when the request is a stream, else as soon as it is complete.
    pub(super) fn handle(self, route: &Route, flow: &Arc<Flow>) -> HandlerFuture {
        let Self { method, context, metadata, request } = self;
        let streams = matches!(method.kind(), Kind::ClientStreaming | Kind::BidiStreaming);
        match request {
            Request::Message(message) => {
                route.handle(Call::received(method, context, metadata, Body::Unary(message)))
            }
            Request::Chunk { .. } if !streams => {
                let requests = Requests::new(Arc::clone(flow), method.clone());
                let route = route.clone();
                Box::pin(async move {
                    let message = complete(requests, context.deadline(), &method).await?;
                    route.handle(Call::received(method, context, metadata, message)).await
                })
            }
            Request::Chunk { .. } => {
                let requests = Requests::new(Arc::clone(flow), method.clone());
                route.handle(Call::received(method, context, metadata, Body::Stream(Box::pin(requests))))
            }
            Request::Messages { messages, end, .. } => {
                flow.opened_with(messages, end);
                let requests = Requests::new(Arc::clone(flow), method.clone());
                route.handle(Call::received(method, context, metadata, Body::Stream(Box::pin(requests))))
            }
        }
    }
}

/// The one message of a request that comes in chunks.
async fn complete(
    mut requests: Requests,
    deadline: Option<Instant>,
    method: &Method,
) -> Result<Body, Status> {
    let next = requests.next();
    let message = match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, next).await.map_err(|_| {
            let text = format!("the request of {method} was not complete before the deadline");
            Status::deadline_exceeded(text).with_reason(Reason::Deadline)
        })?,
        None => next.await,
    };
    let none = || Status::unimplemented(format!("{method} takes one message, and none came"));
    message.unwrap_or_else(|| Err(none().with_reason(Reason::Cardinality))).map(Body::Unary)
}
