//! What the service makes of a definition.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nats_rpc::metadata::Value;
use nats_rpc::{Code, Metadata, Request, Response, Status};
use prost_types::Any;

use super::packed::Packed;
use super::proto::conformance_payload::RequestInfo;
use super::proto::unary_response_definition::Response as Answer;
use super::proto::{ConformancePayload, Error, Header, UnaryResponseDefinition};

/// Metadata of the names and values in a message: those of `-bin` names in base64.
pub(super) fn metadata(headers: &[Header]) -> Metadata {
    let mut metadata = Metadata::new();
    for Header { name, value } in headers {
        for value in value {
            let added = match name.ends_with("-bin") {
                true => metadata.append_bin(name.clone(), BASE64_STANDARD.decode(value).expect("base64")),
                false => metadata.append(name.clone(), value.clone()),
            };
            added.expect("valid metadata");
        }
    }
    metadata
}

/// The same backwards: the values of a name together.
pub(super) fn headers(metadata: &Metadata) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for (name, value) in metadata.iter() {
        let value = match value {
            Value::Ascii(text) => text.to_owned(),
            Value::Binary(bytes) => BASE64_STANDARD.encode(bytes),
        };
        match headers.iter_mut().find(|header| header.name == name) {
            Some(header) => header.value.push(value),
            None => headers.push(Header { name: name.to_owned(), value: vec![value] }),
        }
    }
    headers
}

/// What the service has seen of a call so far.
pub(super) fn seen<T>(request: &Request<T>) -> RequestInfo {
    let left = request.context().time_remaining();
    RequestInfo {
        request_headers: headers(request.metadata()),
        timeout_ms: left.map(|left| left.as_millis().try_into().expect("not that long")),
        requests: Vec::new(),
    }
}

/// The status that a definition asks for.
pub(super) fn status(error: &Error, more: Option<Any>) -> Status {
    let code = Code::from_number(error.code.try_into().expect("a code"));
    let status = Status::new(code, error.message.clone().unwrap_or_default());
    error.details.iter().cloned().chain(more).fold(status, Status::with_packed_detail)
}

/// One response, for a method that has one.
pub(super) async fn one<R>(
    definition: Option<UnaryResponseDefinition>,
    seen: RequestInfo,
    response: impl FnOnce(Option<ConformancePayload>) -> R,
) -> Result<Response<R>, Status> {
    let definition = definition.unwrap_or_default();
    super::service::delay(definition.response_delay_ms).await;
    let (head, trailers) = (metadata(&definition.response_headers), metadata(&definition.response_trailers));
    let data = match definition.response {
        Some(Answer::Error(error)) => {
            let status = status(&error, Some(seen.packed()));
            return Err(status.with_response_metadata(head).with_metadata(trailers));
        }
        Some(Answer::ResponseData(data)) => data,
        None => Vec::new(),
    };
    let mut response = Response::new(response(Some(ConformancePayload { data, request_info: Some(seen) })));
    *response.metadata_mut() = head;
    *response.trailers_mut() = trailers;
    Ok(response)
}
