//! Calls without types: the floor under generated clients and servers, gateways and tools.

mod answer;
mod buffer;
mod call;
mod exchange;
mod opening;
mod reply;
mod service;

pub(crate) use self::answer::Answer;
pub(crate) use self::buffer::build;
pub use self::call::{Body, Call};
pub(crate) use self::exchange::Exchange;
pub(crate) use self::opening::{Opening, Terms};
pub use self::reply::{Reply, ReplyBody};
pub use self::service::CallService;
