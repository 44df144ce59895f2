//! The vocabulary of a call: request, response, streams of messages, and the context they run in.

mod context;
mod event;
mod request;
mod response;
mod streaming;

pub(crate) use self::context::Scope;
pub use self::context::{Context, spawn};
pub use self::event::{Event, EventStream, MessageStream};
pub use self::request::{IntoRequest, Request};
pub use self::response::Response;
pub use self::streaming::Streaming;
