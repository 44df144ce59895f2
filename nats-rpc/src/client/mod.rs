//! What generated clients are made of.

mod channel;
mod unary;

pub use self::channel::{Channel, ChannelFuture};
pub use self::unary::Unary;
