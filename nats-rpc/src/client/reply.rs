use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::failure::Failure;
use crate::call::{Event, EventStream, Response, Streaming};
use crate::metadata::Metadata;
use crate::raw::{Reply, ReplyBody};
use crate::status::Status;

type Decode<R> = fn(Bytes) -> Result<R, Status>;

/// The response of a service that answers with one message.
pub(super) fn one_response<R>(reply: Reply, decode: Decode<R>) -> Result<Response<R>, Status> {
    let (metadata, body) = reply.into_parts();
    match body {
        ReplyBody::Unary { message, trailers } => {
            decode(message).map(|message| Response::from_parts(message, metadata, trailers))
        }
        ReplyBody::Stream(_) => {
            Err(Status::unimplemented("the service answered with a stream where one message was expected"))
        }
    }
}

/// The response of a service that answers with a stream, which fails when the requests do.
pub(super) fn many_responses<R>(
    reply: Reply,
    decode: Decode<R>,
    requests: Option<&Arc<Failure>>,
) -> Result<Response<Streaming<R>>, Status> {
    let (metadata, body) = reply.into_parts();
    match body {
        ReplyBody::Stream(mut events) => {
            if let Some(requests) = requests {
                events = Box::pin(Watched { events, requests: Arc::clone(requests) });
            }
            let messages = Streaming::from_events(events, decode);
            Ok(Response::from_parts(messages, metadata, Metadata::new()))
        }
        ReplyBody::Unary { .. } => {
            Err(Status::unimplemented("the service answered with one message where a stream was expected"))
        }
    }
}

/// Events that end when the stream of requests has failed.
struct Watched {
    events: EventStream,
    requests: Arc<Failure>,
}

impl Stream for Watched {
    type Item = Result<Event, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.events.as_mut().poll_next(cx);
        self.requests.or(polled, cx, |status| Some(Err(status)))
    }
}
