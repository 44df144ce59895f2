use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use super::{Code, Status};
use crate::metadata::InvalidMetadata;

/// Any error, boxed, as tower's services have it.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Turns errors of others into a [`Status`] where they happen.
///
/// ```
/// use nats_rpc::{Code, OrStatus, Status};
///
/// fn parse(text: &str) -> Result<u32, Status> {
///     text.parse::<u32>().or_status(Code::InvalidArgument, "age is not a number")
/// }
/// assert_eq!(parse("x").unwrap_err().to_string(), "INVALID_ARGUMENT: age is not a number");
/// ```
pub trait OrStatus<T> {
    /// Replaces the error, or the absence of a value, by a status. An error stays reachable as its source.
    ///
    /// # Errors
    /// The status, when there is no value.
    fn or_status(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Status>;
}

impl<T, E: Error + Send + Sync + 'static> OrStatus<T> for Result<T, E> {
    fn or_status(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Status> {
        self.map_err(|error| Status::new(code, message).with_source(Arc::new(error) as Arc<_>))
    }
}

impl<T> OrStatus<T> for Option<T> {
    fn or_status(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Status> {
        self.ok_or_else(|| Status::new(code, message))
    }
}

impl From<InvalidMetadata> for Status {
    fn from(error: InvalidMetadata) -> Self {
        Self::internal(error.to_string()).with_source(Arc::new(error) as Arc<_>)
    }
}

impl Status {
    /// What a tower layer's error means for a call: a `Status` anywhere in the chain of sources survives, an
    /// elapsed timeout is DEADLINE_EXCEEDED, a shed load RESOURCE_EXHAUSTED, anything else UNKNOWN.
    pub(crate) fn from_error(error: BoxError) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(status) => return *status,
            Err(error) => error,
        };
        let mut cause: Option<&(dyn Error + 'static)> = Some(&*error);
        while let Some(link) = cause {
            if let Some(status) = link.downcast_ref::<Self>() {
                return status.clone();
            }
            cause = link.source();
        }
        // tower is no dependency of the runtime, so its two errors are known by their texts.
        let (code, text) = match error.to_string() {
            text if text == "request timed out" => (Code::DeadlineExceeded, text),
            text if text == "service overloaded" => (Code::ResourceExhausted, text),
            text => (Code::Unknown, text),
        };
        Self::new(code, text).with_source(error)
    }
}
