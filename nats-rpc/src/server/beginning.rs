use std::sync::Arc;

use futures_util::StreamExt;
use tokio::time::Instant;

use super::{HandlerFuture, Route};
use crate::raw::{Beginning, Body, Request, Requests};
use crate::spec::{Kind, Method};
use crate::status::{Reason, Status};
use crate::transport::Flow;

impl Beginning {
    /// Hands the call to its handler, at once when the request is a stream, else as soon as it is complete.
    pub(super) fn handle(self, route: &Route, flow: &Arc<Flow>) -> HandlerFuture {
        let Self { call, request } = self;
        let method = call.method().clone();
        let streams = matches!(method.kind(), Kind::ClientStreaming | Kind::BidiStreaming);
        match request {
            Request::Message(message) => route.handle(call.with_body(Body::Unary(message))),
            Request::Chunk { .. } if !streams => {
                let requests = Requests::new(Arc::clone(flow), method.clone());
                let deadline = call.context().deadline();
                let route = route.clone();
                Box::pin(async move {
                    let message = complete(requests, deadline, &method).await?;
                    route.handle(call.with_body(message)).await
                })
            }
            Request::Chunk { .. } => {
                let requests = Requests::new(Arc::clone(flow), method);
                route.handle(call.with_body(Body::Stream(Box::pin(requests))))
            }
            Request::Messages { messages, end, .. } => {
                flow.opened_with(messages, end);
                let requests = Requests::new(Arc::clone(flow), method);
                route.handle(call.with_body(Body::Stream(Box::pin(requests))))
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
