//! The one error of the crate.

mod code;
mod code_set;
mod convert;
pub mod details;
mod pushback;
mod reason;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use prost::{Message, Name};
use prost_types::Any;

use self::code::CODES;
pub use self::code::Code;
pub use self::code_set::CodeSet;
pub(crate) use self::convert::BoxError;
pub use self::convert::OrStatus;
pub use self::pushback::Pushback;
pub use self::reason::Reason;
use crate::metadata::Metadata;

/// How a call failed: a [`Code`], a message for people, and more if there is more to say.
///
/// One pointer wide, so that `Result<T, Status>` stays small. Handlers return it; callers receive what the
/// handler returned, or what the library had to say ([`Status::origin`] tells which).
///
/// `impl From<YourError> for Status` makes `?` work in handlers; [`OrStatus`] does for errors of others.
///
/// ```
/// use nats_rpc::{Code, Status, details::BadRequest};
///
/// let status = Status::invalid_argument("name is empty")
///     .with_detail(&BadRequest::violation("name", "must not be empty"));
/// assert_eq!(status.code(), Code::InvalidArgument);
/// let detail = status.detail::<BadRequest>().unwrap();
/// assert_eq!(detail.field_violations[0].field, "name");
/// ```
#[derive(Clone)]
pub struct Status(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    details: Vec<Any>,
    head: Metadata,
    trailers: Metadata,
    origin: Origin,
    not_processed: bool,
    reason: Option<Reason>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// Who says that a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// This process: a deadline that expired here, a request that can't be encoded, a handler's own error.
    Local,
    /// The way to the service: not connected, nobody serves the method.
    Transport,
    /// The service answered with it.
    Remote,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $code:ident),* $(,)?) => {
        impl Status {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                    Self::new(Code::$code, message)
                }
            )*
        }
    };
}

constructors! {
    /// CANCELLED: the caller gave the call up.
    cancelled => Cancelled,
    /// UNKNOWN: nothing better is known.
    unknown => Unknown,
    /// INVALID_ARGUMENT: the request is wrong whatever the state of the system.
    invalid_argument => InvalidArgument,
    /// DEADLINE_EXCEEDED: the deadline expired before the call ended.
    deadline_exceeded => DeadlineExceeded,
    /// NOT_FOUND: what was asked for does not exist.
    not_found => NotFound,
    /// ALREADY_EXISTS: what should be created exists.
    already_exists => AlreadyExists,
    /// PERMISSION_DENIED: the caller is known and may not do this.
    permission_denied => PermissionDenied,
    /// RESOURCE_EXHAUSTED: a quota or a limit is used up.
    resource_exhausted => ResourceExhausted,
    /// FAILED_PRECONDITION: the system is not in the state that the call needs.
    failed_precondition => FailedPrecondition,
    /// ABORTED: a conflict; retry at a higher level.
    aborted => Aborted,
    /// OUT_OF_RANGE: past the valid range.
    out_of_range => OutOfRange,
    /// UNIMPLEMENTED: the method does not exist here.
    unimplemented => Unimplemented,
    /// INTERNAL: an invariant is broken.
    internal => Internal,
    /// UNAVAILABLE: the service can't be reached at the moment.
    unavailable => Unavailable,
    /// DATA_LOSS: data is lost or corrupted for good.
    data_loss => DataLoss,
    /// UNAUTHENTICATED: the caller is not known.
    unauthenticated => Unauthenticated,
}

impl Status {
    /// Creates a status. Its origin is [`Origin::Local`].
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            details: Vec::new(),
            head: Metadata::new(),
            trailers: Metadata::new(),
            origin: Origin::Local,
            not_processed: false,
            reason: None,
            source: None,
        }))
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for people: any Unicode, maybe empty.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The details, as packed messages.
    #[must_use]
    pub fn details(&self) -> &[Any] {
        &self.0.details
    }

    /// The first detail of type `T`, such as [`details::ErrorInfo`]; `None` too when it does not decode.
    #[must_use]
    pub fn detail<T: Message + Name + Default>(&self) -> Option<T> {
        self.0.details.iter().find_map(|any| any.to_msg().ok())
    }

    /// The metadata that came with the error: trailers.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.0.trailers
    }

    /// The metadata that came with the error, to be changed.
    #[must_use]
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.0.trailers
    }

    /// The response metadata of the failed call, which a service sends before its response.
    #[must_use]
    pub fn response_metadata(&self) -> &Metadata {
        &self.0.head
    }

    /// Who says that the call failed.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// Whether it is certain that the service's handler has not run: nobody serves the method, the instance refused
    /// the call, or it never left this process. Such a call can be made again whatever the method does.
    ///
    /// `false` says that it may have run.
    #[must_use]
    pub fn is_not_processed(&self) -> bool {
        self.0.not_processed
    }

    /// Why the library ended the call, here or at the service; `None` when the handler's code did, or a layer, or for
    /// a reason that has no name.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// Adds a detail: any protobuf message that knows its name.
    #[must_use]
    pub fn with_detail<T: Message + Name>(self, detail: &T) -> Self {
        let any = Any { type_url: T::type_url(), value: detail.encode_to_vec() };
        self.with_packed_detail(any)
    }

    /// Adds a detail that is packed already.
    #[must_use]
    pub fn with_packed_detail(mut self, detail: Any) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Sets the metadata that is sent with the error, as trailers.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.0.trailers = metadata;
        self
    }

    /// Sets the response metadata, which a caller finds in [`Status::response_metadata`].
    #[must_use]
    pub fn with_response_metadata(mut self, metadata: Metadata) -> Self {
        self.0.head = metadata;
        self
    }

    /// Sets the error behind the status. It stays in this process: it is logged, never sent.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Arc<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_origin(mut self, origin: Origin) -> Self {
        self.0.origin = origin;
        self
    }

    /// Says that the handler has not run and will not: for a layer that turns a call away, so that it may be made again
    /// whatever the method does. Of what a handler itself answers with it is not true, and not believed.
    #[must_use]
    pub fn with_not_processed(mut self) -> Self {
        self.0.not_processed = true;
        self
    }

    /// Says why a layer ended the call.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.0.reason = Some(reason);
        self
    }

    pub(crate) fn with_maybe_processed(mut self) -> Self {
        self.0.not_processed = false;
        self
    }

    pub(crate) fn transport(message: impl Into<Cow<'static, str>>) -> Self {
        Self::unavailable(message).with_origin(Origin::Transport)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => write!(f, "{}", self.code()),
            message => write!(f, "{}: {message}", self.code()),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Status");
        debug.field("code", &self.code()).field("message", &self.message()).field("origin", &self.origin());
        if !self.details().is_empty() {
            debug.field("details", &self.details().iter().map(|any| &any.type_url).collect::<Vec<_>>());
        }
        if !self.metadata().is_empty() {
            debug.field("metadata", self.metadata());
        }
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests;
