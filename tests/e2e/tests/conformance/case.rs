//! What is asked for, and what then has to come back.

use std::fmt;
use std::time::Duration;

use nats_rpc::Code;
use prost_types::Any;

use super::answers::{headers, metadata};
use super::outcome::{Failure, Outcome};
use super::packed::Packed;
use super::proto::conformance_payload::RequestInfo;
use super::proto::{
    BidiStreamRequest, ClientStreamRequest, ConformancePayload, Error, Header, IdempotentUnaryRequest,
    ServerStreamRequest, StreamResponseDefinition, UnaryRequest, UnaryResponseDefinition,
    unary_response_definition,
};

/// Names, each with its values.
pub(super) type Pairs = &'static [(&'static str, &'static [&'static str])];

/// What kind of call it is, and how its two streams go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Unary,
    IdempotentUnary,
    ClientStream,
    ServerStream,
    /// All requests, then all responses.
    HalfDuplex,
    /// A response to each request before the next.
    FullDuplex,
}

use Shape::{ClientStream, FullDuplex, HalfDuplex, IdempotentUnary, ServerStream, Unary};

impl Shape {
    pub(super) const ALL: [Self; 6] =
        [Unary, IdempotentUnary, ClientStream, ServerStream, HalfDuplex, FullDuplex];
    /// Those with any number of requests.
    pub(super) const REQUESTS: [Self; 3] = [ClientStream, HalfDuplex, FullDuplex];
    /// Those with any number of responses.
    pub(super) const RESPONSES: [Self; 3] = [ServerStream, HalfDuplex, FullDuplex];

    pub(super) fn streams_requests(self) -> bool {
        Self::REQUESTS.contains(&self)
    }

    pub(super) fn streams_responses(self) -> bool {
        Self::RESPONSES.contains(&self)
    }
}

/// What the service is asked to answer. Of several responses, a method with a single one gives the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Definition {
    pub(super) headers: Pairs,
    pub(super) data: Vec<Vec<u8>>,
    pub(super) error: Option<Error>,
    pub(super) trailers: Pairs,
    pub(super) delay_ms: u32,
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Case {
    name: String,
    pub(super) shape: Shape,
    pub(super) headers: Pairs,
    pub(super) timeout: Option<Duration>,
    /// In the first request.
    pub(super) definition: Option<Definition>,
    /// The data of each request.
    pub(super) requests: Vec<Vec<u8>>,
}

impl Case {
    /// One request without anything in it.
    pub(super) fn new(name: impl Into<String>, shape: Shape) -> Self {
        let requests = vec![Vec::new()];
        Self { name: name.into(), shape, headers: &[], timeout: None, definition: None, requests }
    }

    pub(super) fn headers(self, headers: Pairs) -> Self {
        Self { headers, ..self }
    }

    pub(super) fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    pub(super) fn define(self, definition: Definition) -> Self {
        Self { definition: Some(definition), ..self }
    }

    /// Several requests with this data, where the method takes several; otherwise the first.
    pub(super) fn requests<const N: usize>(self, data: [&[u8]; N]) -> Self {
        let most = if self.shape.streams_requests() { N } else { 1 };
        Self { requests: data.iter().take(most).map(|data| data.to_vec()).collect(), ..self }
    }

    pub(super) fn unary(&self) -> UnaryRequest {
        UnaryRequest { response_definition: self.one_response(), request_data: self.requests[0].clone() }
    }

    pub(super) fn idempotent(&self) -> IdempotentUnaryRequest {
        let UnaryRequest { response_definition, request_data } = self.unary();
        IdempotentUnaryRequest { response_definition, request_data }
    }

    pub(super) fn server_stream(&self) -> ServerStreamRequest {
        let response_definition = self.definition.as_ref().map(many_responses);
        ServerStreamRequest { response_definition, request_data: self.requests[0].clone() }
    }

    pub(super) fn client_stream(&self) -> Vec<ClientStreamRequest> {
        let mut definition = self.one_response();
        let request = |data: &Vec<u8>| ClientStreamRequest {
            response_definition: definition.take(),
            request_data: data.clone(),
        };
        self.requests.iter().map(request).collect()
    }

    pub(super) fn bidi_stream(&self) -> Vec<BidiStreamRequest> {
        let mut definition = self.definition.as_ref().map(many_responses);
        let mut full_duplex = self.shape == FullDuplex;
        let request = |data: &Vec<u8>| BidiStreamRequest {
            response_definition: definition.take(),
            full_duplex: std::mem::take(&mut full_duplex),
            request_data: data.clone(),
        };
        self.requests.iter().map(request).collect()
    }

    /// How long each request is when it is encoded.
    pub(super) fn lengths(&self) -> Vec<usize> {
        self.packed().iter().map(|any| any.value.len()).collect()
    }

    fn one_response(&self) -> Option<UnaryResponseDefinition> {
        let Definition { headers, data, error, trailers, delay_ms } = self.definition.clone()?;
        let data = || data.into_iter().next().map(unary_response_definition::Response::ResponseData);
        Some(UnaryResponseDefinition {
            response_headers: named(headers),
            response: error.map(unary_response_definition::Response::Error).or_else(data),
            response_trailers: named(trailers),
            response_delay_ms: delay_ms,
        })
    }

    fn packed(&self) -> Vec<Any> {
        match self.shape {
            Unary => vec![self.unary().packed()],
            IdempotentUnary => vec![self.idempotent().packed()],
            ServerStream => vec![self.server_stream().packed()],
            ClientStream => self.client_stream().iter().map(Packed::packed).collect(),
            HalfDuplex | FullDuplex => self.bidi_stream().iter().map(Packed::packed).collect(),
        }
    }

    /// What has to come back.
    pub(super) fn expected(&self) -> Outcome {
        let packed = self.packed();
        if packed.is_empty() && self.shape.streams_responses() {
            return Outcome::default();
        }
        let Definition { headers: head, data, error, trailers, .. } =
            self.definition.clone().unwrap_or_default();
        let seen = |requests: &[Any]| RequestInfo {
            request_headers: headers(&metadata(&named(self.headers))),
            timeout_ms: self.timeout.map(|timeout| timeout.as_millis().try_into().expect("not that long")),
            requests: requests.to_vec(),
        };
        // What the first response shows.
        let first = if self.shape == FullDuplex { seen(&packed[..1]) } else { seen(&packed) };
        let info = |index: usize| match (index, packed.get(index)) {
            (0, _) => Some(first.clone()),
            (_, Some(request)) if self.shape == FullDuplex => {
                Some(RequestInfo { requests: vec![request.clone()], ..RequestInfo::default() })
            }
            _ => None,
        };
        let data = match (self.shape.streams_responses(), &error) {
            (true, _) => data,
            (false, None) => vec![data.into_iter().next().unwrap_or_default()],
            (false, Some(_)) => Vec::new(),
        };
        let payload = |(index, data)| ConformancePayload { data, request_info: info(index) };
        let payloads: Vec<_> = data.into_iter().enumerate().map(payload).collect();
        let failure = error.map(|error| Failure {
            code: Code::from_number(error.code.try_into().expect("a code")),
            message: error.message.unwrap_or_default(),
            details: [error.details, Vec::from_iter(payloads.is_empty().then(|| first.packed()))].concat(),
        });
        Outcome { head: metadata(&named(head)), payloads, failure, trailers: metadata(&named(trailers)) }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.shape, self.name)
    }
}

fn many_responses(definition: &Definition) -> StreamResponseDefinition {
    let Definition { headers, data, error, trailers, delay_ms } = definition.clone();
    StreamResponseDefinition {
        response_headers: named(headers),
        response_data: data,
        response_delay_ms: delay_ms,
        error,
        response_trailers: named(trailers),
    }
}

pub(super) fn named(pairs: Pairs) -> Vec<Header> {
    let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    pairs.iter().map(|(name, all)| Header { name: (*name).to_owned(), value: values(all) }).collect()
}
