//! The bodies of plain calls, which may be JSON where the handler takes protobuf.

use super::{HandlerFuture, Mount, Route};
use crate::raw::Call;
use crate::status::Status;

/// Hands calls to a service in the form that it takes.
pub(super) struct Bodies {
    #[cfg(feature = "json")]
    transcoder: Option<crate::codec::Transcoder>,
    /// The service was generated from a `.proto`, so its handlers take protobuf.
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
        match content_type {
            Some(media_type) if self.protobuf && is_json(media_type) => self.handle_json(route, call),
            _ => route.handle(call),
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
    #[expect(clippy::unused_self, reason = "the other form needs it")]
    fn handle_json(&self, _: &Route, call: Call) -> HandlerFuture {
        let text = format!("{} takes protobuf: the service was built without the feature `json`", call.method());
        Box::pin(std::future::ready(Err(Status::unimplemented(text))))
    }
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(crate::wire::plain::JSON)
}
