//! The bodies of plain calls, which may be JSON where the handler takes protobuf.

use super::{HandlerFuture, Mount, Route};
use crate::raw::Call;
use crate::spec::Kind;
use crate::status::Status;
use crate::wire::plain::JSON;

const PROTOBUF: [&str; 2] = [crate::wire::plain::PROTOBUF, "application/x-protobuf"];

/// Hands calls to a service in the form that it takes.
pub(super) struct Bodies {
    #[cfg(feature = "json")]
    transcoder: Option<crate::codec::Transcoder>,
    /// The service was generated from a `.proto`, so its handlers take protobuf. One from a Rust trait gets bodies
    /// as they are: it knows its codec.
    protobuf: bool,
}

impl Bodies {
    /// One for each method of a service, in their order.
    ///
    /// # Errors
    /// INTERNAL when the service's descriptors are broken.
    pub(super) fn of_methods(mount: &Mount) -> Result<Vec<Self>, Status> {
        let spec = mount.spec();
        let protobuf = spec.descriptor_set().is_some();
        #[cfg(feature = "json")]
        if let Some(transcoders) = crate::codec::Transcoder::of_service(spec)? {
            let bodies = transcoders.into_iter().map(|one| Self { transcoder: Some(one), protobuf });
            return Ok(bodies.collect());
        }
        let bodies = spec.methods().map(|_| Self {
            #[cfg(feature = "json")]
            transcoder: None,
            protobuf,
        });
        Ok(bodies.collect())
    }

    /// Handles a call whose body is of a media type.
    pub(super) fn handle(&self, route: &Route, call: Call, content_type: Option<&str>) -> HandlerFuture {
        if content_type.is_some() && call.method().kind() != Kind::Unary {
            return refuse(format!("{} is called with streams, which plain calls have not", call.method()));
        }
        match content_type.filter(|_| self.protobuf).map(essence) {
            None => route.handle(call),
            Some(kind) if PROTOBUF.iter().any(|own| kind.eq_ignore_ascii_case(own)) => route.handle(call),
            Some(kind) if kind.eq_ignore_ascii_case(JSON) => self.handle_json(route, call),
            Some(kind) => refuse(format!("{} takes {} and {JSON}, not {kind}", call.method(), PROTOBUF[0])),
        }
    }

    #[cfg(feature = "json")]
    fn handle_json(&self, route: &Route, call: Call) -> HandlerFuture {
        use crate::raw::{Reply, ReplyBody};

        let Some(transcoder) = self.transcoder.clone() else { return route.handle(call) };
        let route = route.clone();
        Box::pin(async move {
            let call = call.try_map_message(|json| transcoder.request(&json))?;
            let (metadata, body) = route.handle(call).await?.into_parts();
            let body = match body {
                ReplyBody::Unary { message, trailers } => {
                    ReplyBody::Unary { message: transcoder.response(message)?, trailers }
                }
                stream @ ReplyBody::Stream(_) => stream,
            };
            Ok(Reply::new(metadata, body))
        })
    }

    #[cfg(not(feature = "json"))]
    #[expect(clippy::unused_self, clippy::needless_pass_by_value, reason = "the other form needs them so")]
    fn handle_json(&self, _: &Route, call: Call) -> HandlerFuture {
        refuse(format!(
            "{} takes {} only: nats-rpc was built without its feature json",
            call.method(),
            PROTOBUF[0]
        ))
    }
}

fn refuse(text: String) -> HandlerFuture {
    Box::pin(std::future::ready(Err(Status::unimplemented(text))))
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}
