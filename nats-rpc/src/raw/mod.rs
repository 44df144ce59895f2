//! Calls without types: the floor under generated clients and servers, gateways and tools.

mod answer;
mod attempt;
mod budget;
mod buffer;
mod call;
mod draft;
mod exchange;
mod frames;
mod opening;
mod pursuit;
mod remote;
mod remotes;
mod reply;
mod rtt;
mod said;
mod service;
mod skew;
mod terms;

pub(crate) use self::answer::Answer;
pub(crate) use self::buffer::build;
pub use self::call::{Body, Call};
pub(crate) use self::exchange::Exchange;
pub(crate) use self::opening::{Opening, refused};
pub(crate) use self::remote::Remote;
pub(crate) use self::remotes::Remotes;
pub use self::reply::{Reply, ReplyBody};
pub use self::service::CallService;
pub use self::terms::Imports;
pub(crate) use self::terms::Terms;
