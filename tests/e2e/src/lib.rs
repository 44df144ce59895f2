//! What the end-to-end tests share: a service whose handler is a closure, and places to serve it.

mod actor;
mod bystander;
mod cluster;
mod config;
mod feeder;
mod flow;
mod frames;
mod inspect;
mod left;
mod load;
mod observer;
mod options;
mod piece;
mod probe;
mod process;
mod proxy;
mod raw_socket;
mod script;
mod talk;
mod wait;
mod world;

/// The code generated from `proto`.
pub mod proto {
    nats_rpc::include_proto!("e2e.v1");
}

pub use actor::Actor;
pub use bystander::Bystander;
pub use cluster::Cluster;
pub use config::{Account, ResponseType, forgetful_accounts, needed_permissions, permissions, two_accounts};
pub use feeder::Feeder;
pub use flow::{Flow, FlowKind, Pace};
pub use frames::frames;
pub use inspect::{open_files, resident_bytes, threads};
pub use left::{nothing_runs, nothing_waits};
pub use load::Load;
pub use observer::Observer;
pub use options::{Args, Options};
pub use probe::{Crew, Outcome, Scripted, other, placed, probe};
pub use process::Program;
pub use proto::{
    Answer, Empty, FeedClient, FeedServer, OtherClient, OtherServer, Piece, PlacedClient, PlacedServer,
    ProbeClient, ProbeServer, Question, TalkClient, TalkServer,
};
pub use proxy::Proxy;
pub use raw_socket::{RawMessage, RawSocket};
pub use script::{Script, channel, say};
pub use talk::{Answers, Talker, chat, listen, tell};
pub use wait::{Count, Guard, LONG, until, within};
pub use world::World;

/// A question with this text.
#[must_use]
pub fn question(text: impl Into<String>) -> Question {
    Question { text: text.into(), ..Question::default() }
}

/// An answer with this text.
#[must_use]
pub fn answer(text: impl Into<String>) -> nats_rpc::Response<Answer> {
    Answer { text: text.into(), ..Answer::default() }.into()
}

/// Makes two tests of each function that takes a [`World`]: on a real nats-server, and on the broker within the
/// process. A function that is not named is reported as unused.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        $(
            mod $name {
                $crate::test_on!($name nats, memory);
            }
        )*
    };
}

/// The same, and a third of each on a real nats-server with connections that `async-nats` makes.
#[macro_export]
macro_rules! on_all {
    ($($name:ident),* $(,)?) => {
        $(
            mod $name {
                $crate::test_on!($name nats, memory, nats_by_client);
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! test_on {
    ($name:ident $($world:ident),*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $world() {
                $crate::within("the test", super::$name($crate::World::$world())).await;
            }
        )*
    };
}
