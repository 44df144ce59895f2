//! How a call ended.

use nats_rpc::{Code, Metadata, Status};
use prost_types::Any;

use super::packed::Packed;
use super::proto::ConformancePayload;
use super::proto::conformance_payload::RequestInfo;

/// All that a caller sees.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) head: Metadata,
    pub(super) payloads: Vec<ConformancePayload>,
    pub(super) failure: Option<Failure>,
    pub(super) trailers: Metadata,
}

#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) details: Vec<Any>,
}

impl Outcome {
    /// One response, or none.
    pub(super) fn of_one(payload: ConformancePayload, head: Metadata, trailers: Metadata) -> Self {
        Self { head, payloads: vec![payload], failure: None, trailers }
    }

    /// A call that failed before anything else came.
    pub(super) fn of_status(status: &Status) -> Self {
        Self { head: status.response_metadata().clone(), ..Self::default() }.failed(status)
    }

    pub(super) fn failed(self, status: &Status) -> Self {
        let details = status.details().to_vec();
        let failure = Failure { code: status.code(), message: status.message().to_owned(), details };
        Self { failure: Some(failure), trailers: status.metadata().clone(), ..self }
    }

    pub(super) fn code(&self) -> Code {
        self.failure.as_ref().map_or(Code::Ok, |failure| failure.code)
    }

    /// Looks at everything that the service has seen of the call.
    pub(super) fn for_each_seen(&mut self, mut look: impl FnMut(&mut RequestInfo)) {
        self.payloads.iter_mut().filter_map(|payload| payload.request_info.as_mut()).for_each(&mut look);
        for detail in self.failure.iter_mut().flat_map(|failure| &mut failure.details) {
            if let Some(mut seen) = RequestInfo::unpacked(detail) {
                look(&mut seen);
                *detail = seen.packed();
            }
        }
    }
}
