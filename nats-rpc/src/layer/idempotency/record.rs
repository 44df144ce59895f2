use std::time::Duration;

use bytes::Bytes;
use prost::{Message, Oneof};
use prost_types::Any;

use super::outcome::{OneReply, Outcome};
use crate::metadata::Metadata;
use crate::status::{Code, Status};

/// What a store holds of a call: that somebody runs it, or what it came to.
///
/// Instances of several releases read it, so fields keep their numbers.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Record {
    /// Of the request.
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) digest: Bytes,
    /// Random; by it the one who wrote it knows it again.
    #[prost(fixed64, tag = "2")]
    pub(super) claim: u64,
    /// While it runs: the one who runs it is gone if this is not written again for so long.
    #[prost(uint64, tag = "3")]
    lease_ms: u64,
    /// Nothing while it runs.
    #[prost(oneof = "Ended", tags = "4, 5")]
    ended: Option<Ended>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Ended {
    #[prost(message, tag = "4")]
    Reply(ReplyRecord),
    #[prost(message, tag = "5")]
    Failure(FailureRecord),
}

#[derive(Clone, PartialEq, Message)]
struct ReplyRecord {
    #[prost(message, repeated, tag = "1")]
    head: Vec<Entry>,
    #[prost(bytes = "bytes", tag = "2")]
    message: Bytes,
    #[prost(message, repeated, tag = "3")]
    trailers: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
struct FailureRecord {
    #[prost(message, repeated, tag = "1")]
    head: Vec<Entry>,
    #[prost(uint32, tag = "2")]
    code: u32,
    #[prost(string, tag = "3")]
    message: String,
    #[prost(message, repeated, tag = "4")]
    details: Vec<Any>,
    #[prost(message, repeated, tag = "5")]
    trailers: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

impl Record {
    pub(super) fn running(digest: Bytes, claim: u64, lease: Duration) -> Self {
        let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        Self { digest, claim, lease_ms, ended: None }
    }

    pub(super) fn ended(digest: Bytes, claim: u64, outcome: &Outcome) -> Self {
        let ended = match outcome {
            Ok(reply) => Ended::Reply(ReplyRecord {
                head: entries(&reply.head),
                message: reply.message.clone(),
                trailers: entries(&reply.trailers),
            }),
            Err(status) => Ended::Failure(FailureRecord {
                head: entries(status.response_metadata()),
                code: status.code().number(),
                message: status.message().to_owned(),
                details: status.details().to_vec(),
                trailers: entries(status.metadata()),
            }),
        };
        Self { digest, claim, lease_ms: 0, ended: Some(ended) }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// # Errors
    /// INTERNAL when it is none.
    pub(super) fn of_bytes(bytes: Bytes) -> Result<Self, Status> {
        Self::decode(bytes)
            .map_err(|error| Status::internal(format!("what is remembered of a call is broken: {error}")))
    }

    pub(super) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub(super) fn runs(&self) -> bool {
        self.ended.is_none()
    }

    /// What the call came to; `None` while it runs.
    pub(super) fn outcome(self) -> Option<Outcome> {
        Some(match self.ended? {
            Ended::Reply(reply) => Ok(OneReply {
                head: metadata(reply.head),
                message: reply.message,
                trailers: metadata(reply.trailers),
            }),
            Ended::Failure(failure) => {
                let status = Status::new(Code::from_number(failure.code), failure.message)
                    .with_response_metadata(metadata(failure.head))
                    .with_metadata(metadata(failure.trailers));
                Err(failure.details.into_iter().fold(status, Status::with_packed_detail))
            }
        })
    }
}

fn entries(metadata: &Metadata) -> Vec<Entry> {
    let entry =
        |(key, value): (&str, &[u8])| Entry { key: key.to_owned(), value: Bytes::copy_from_slice(value) };
    metadata.raw().map(entry).collect()
}

fn metadata(entries: Vec<Entry>) -> Metadata {
    entries.into_iter().fold(Metadata::new(), |mut metadata, Entry { key, value }| {
        metadata.append_received(&key, value);
        metadata
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{OneReply, Outcome, Record};
    use crate::metadata::Metadata;
    use crate::status::details::ErrorInfo;
    use crate::status::{Code, Pushback, Status};

    fn again(outcome: &Outcome) -> Outcome {
        let bytes = Record::ended("digest".into(), 7, outcome).to_bytes();
        let record = Record::of_bytes(bytes).unwrap();
        assert_eq!((&*record.digest, record.claim), (&b"digest"[..], 7));
        record.outcome().unwrap()
    }

    fn some(text: &'static str) -> Metadata {
        let mut metadata = Metadata::new();
        metadata.append("x-of", text).unwrap();
        metadata.append("x-of", "twice").unwrap();
        metadata.append_bin("x-bytes-bin", vec![0, 255]).unwrap();
        metadata
    }

    #[test]
    fn a_reply_comes_back_as_it_was() {
        let reply = OneReply { head: some("head"), message: "message".into(), trailers: some("trailers") };
        assert_eq!(again(&Ok(reply.clone())).unwrap(), reply);
        let empty = OneReply { head: Metadata::new(), message: "".into(), trailers: Metadata::new() };
        assert_eq!(again(&Ok(empty.clone())).unwrap(), empty);
    }

    #[test]
    fn an_error_comes_back_with_all_that_a_caller_sees() {
        let info = ErrorInfo { reason: "GONE".to_owned(), ..ErrorInfo::default() };
        let status = Status::not_found("no such thing: ∅")
            .with_metadata(some("trailers"))
            .with_response_metadata(some("head"))
            .with_detail(&info)
            .with_no_retry();
        let again = again(&Err(status.clone())).unwrap_err();
        assert_eq!((again.code(), again.message()), (Code::NotFound, "no such thing: ∅"));
        assert_eq!(again.metadata(), status.metadata());
        assert_eq!(again.response_metadata(), &some("head"));
        assert_eq!(again.detail::<ErrorInfo>(), Some(info));
        assert_eq!(again.pushback(), Some(Pushback::Never));
    }

    #[test]
    fn what_runs_has_not_ended() {
        let lease = Duration::from_millis(1500);
        let record = Record::of_bytes(Record::running("d".into(), 1, lease).to_bytes()).unwrap();
        assert_eq!(record.lease(), lease);
        assert!(record.outcome().is_none());
        assert_eq!(Record::of_bytes("\u{1}".into()).unwrap_err().code(), Code::Internal);
    }
}
