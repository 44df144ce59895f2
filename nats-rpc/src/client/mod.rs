//! What generated clients are made of.

mod bidi;
mod carrier;
mod channel;
mod client_streaming;
mod duplex;
mod failure;
mod making;
mod on_instance;
mod options;
mod pipe;
mod prepared;
mod receiver;
mod reply;
mod requests;
mod scatter;
mod sender;
mod sending;
mod server_streaming;
mod unary;

pub use self::bidi::Bidi;
pub use self::channel::{Channel, ChannelFuture};
pub use self::client_streaming::ClientStreaming;
pub use self::duplex::Duplex;
pub use self::on_instance::OnInstance;
pub use self::receiver::ResponseReceiver;
pub use self::scatter::{Answers, Scatter};
pub use self::sender::RequestSender;
pub use self::server_streaming::ServerStreaming;
pub use self::unary::Unary;
