//! The standard error details of `google/rpc/error_details.proto`.
//!
//! Any protobuf message can be a detail ([`Status::with_detail`](crate::Status::with_detail)); these are the ones
//! that tools know. They are wire-compatible with every gRPC implementation.

use std::collections::HashMap;
use std::time::Duration;

use prost::{Message, Name};

macro_rules! named {
    ($($message:ident),* $(,)?) => {
        $(impl Name for $message {
            const NAME: &'static str = stringify!($message);
            const PACKAGE: &'static str = "google.rpc";

            fn full_name() -> String {
                concat!("google.rpc.", stringify!($message)).to_owned()
            }

            fn type_url() -> String {
                concat!("type.googleapis.com/google.rpc.", stringify!($message)).to_owned()
            }
        })*
    };
}

named!(
    Status,
    ErrorInfo,
    RetryInfo,
    DebugInfo,
    QuotaFailure,
    PreconditionFailure,
    BadRequest,
    RequestInfo,
    ResourceInfo,
    Help,
    LocalizedMessage,
);

/// A whole status as one message, the form in which protocols on text headers carry it.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// The code's number.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The message for people.
    #[prost(string, tag = "2")]
    pub message: String,
    /// The details.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<prost_types::Any>,
}

/// The cause of an error, for programs.
#[derive(Clone, PartialEq, Message)]
pub struct ErrorInfo {
    /// The cause in `UPPER_SNAKE_CASE`, unique within the domain.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// Who defines the reason, such as `payment.example.com`.
    #[prost(string, tag = "2")]
    pub domain: String,
    /// Facts of this occurrence.
    #[prost(map = "string, string", tag = "3")]
    pub metadata: HashMap<String, String>,
}

impl ErrorInfo {
    /// Creates one without further facts.
    #[must_use]
    pub fn new(reason: impl Into<String>, domain: impl Into<String>) -> Self {
        Self { reason: reason.into(), domain: domain.into(), metadata: HashMap::new() }
    }
}

/// When a caller may try again.
#[derive(Clone, PartialEq, Message)]
pub struct RetryInfo {
    /// How long to wait at least.
    #[prost(message, optional, tag = "1")]
    pub retry_delay: Option<prost_types::Duration>,
}

impl RetryInfo {
    /// Asks the caller to wait this long. A delay of over 10,000 years is cut to the longest possible.
    #[must_use]
    pub fn after(delay: Duration) -> Self {
        let longest = prost_types::Duration { seconds: 315_576_000_000, nanos: 0 };
        Self { retry_delay: Some(delay.try_into().unwrap_or(longest)) }
    }
}

/// What a developer needs to know; not for users.
#[derive(Clone, PartialEq, Message)]
pub struct DebugInfo {
    /// The stack, innermost first.
    #[prost(string, repeated, tag = "1")]
    pub stack_entries: Vec<String>,
    /// Anything else.
    #[prost(string, tag = "2")]
    pub detail: String,
}

/// Which quotas were exceeded.
#[derive(Clone, PartialEq, Message)]
pub struct QuotaFailure {
    /// Each of them.
    #[prost(message, repeated, tag = "1")]
    pub violations: Vec<QuotaViolation>,
}

/// One exceeded quota.
#[derive(Clone, PartialEq, Message)]
pub struct QuotaViolation {
    /// Whose quota, such as `project:acme`.
    #[prost(string, tag = "1")]
    pub subject: String,
    /// In words.
    #[prost(string, tag = "2")]
    pub description: String,
}

/// Which preconditions do not hold.
#[derive(Clone, PartialEq, Message)]
pub struct PreconditionFailure {
    /// Each of them.
    #[prost(message, repeated, tag = "1")]
    pub violations: Vec<PreconditionViolation>,
}

/// One precondition that does not hold.
#[derive(Clone, PartialEq, Message)]
pub struct PreconditionViolation {
    /// The kind, defined by the service, such as `TOS`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// What does not fulfil it.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// In words.
    #[prost(string, tag = "3")]
    pub description: String,
}

/// Which fields of a request are wrong.
#[derive(Clone, PartialEq, Message)]
pub struct BadRequest {
    /// Each of them.
    #[prost(message, repeated, tag = "1")]
    pub field_violations: Vec<FieldViolation>,
}

impl BadRequest {
    /// Creates one with a single wrong field.
    #[must_use]
    pub fn violation(field: impl Into<String>, description: impl Into<String>) -> Self {
        let violation = FieldViolation { field: field.into(), description: description.into() };
        Self { field_violations: vec![violation] }
    }
}

/// One wrong field.
#[derive(Clone, PartialEq, Message)]
pub struct FieldViolation {
    /// The path of the field, such as `address.city`.
    #[prost(string, tag = "1")]
    pub field: String,
    /// What is wrong with it.
    #[prost(string, tag = "2")]
    pub description: String,
}

/// How to name this request when asking for help.
#[derive(Clone, PartialEq, Message)]
pub struct RequestInfo {
    /// An id that the service's logs know.
    #[prost(string, tag = "1")]
    pub request_id: String,
    /// Data that the service's people can read.
    #[prost(string, tag = "2")]
    pub serving_data: String,
}

/// Which resource an error is about.
#[derive(Clone, PartialEq, Message)]
pub struct ResourceInfo {
    /// Its kind.
    #[prost(string, tag = "1")]
    pub resource_type: String,
    /// Its name.
    #[prost(string, tag = "2")]
    pub resource_name: String,
    /// Its owner, if known.
    #[prost(string, tag = "3")]
    pub owner: String,
    /// What went wrong with it.
    #[prost(string, tag = "4")]
    pub description: String,
}

/// Where to read on.
#[derive(Clone, PartialEq, Message)]
pub struct Help {
    /// Links.
    #[prost(message, repeated, tag = "1")]
    pub links: Vec<HelpLink>,
}

/// One link.
#[derive(Clone, PartialEq, Message)]
pub struct HelpLink {
    /// What it leads to.
    #[prost(string, tag = "1")]
    pub description: String,
    /// The address.
    #[prost(string, tag = "2")]
    pub url: String,
}

/// A message that can be shown to a user.
#[derive(Clone, PartialEq, Message)]
pub struct LocalizedMessage {
    /// The language, such as `de-CH`.
    #[prost(string, tag = "1")]
    pub locale: String,
    /// The message in it.
    #[prost(string, tag = "2")]
    pub message: String,
}
