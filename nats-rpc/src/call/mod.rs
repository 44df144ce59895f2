//! The vocabulary of a call: request, response, streams of messages, and the context they run in.

mod cancellation;
mod context;
mod event;
mod identity;
mod priority;
mod request;
mod response;
mod scope;
mod spawn;
mod streaming;
mod trace;

pub(crate) use self::cancellation::Cancelled;
pub use self::context::Context;
pub use self::event::{Event, EventStream, MessageStream};
pub use self::identity::NatsIdentity;
pub use self::priority::Priority;
pub use self::request::{IntoRequest, IntoStreamingRequest, Request};
pub use self::response::Response;
pub(crate) use self::scope::Scope;
pub use self::spawn::spawn;
pub use self::streaming::Streaming;
pub use self::trace::TraceContext;
