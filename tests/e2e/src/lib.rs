//! What the end-to-end tests share: a service whose handler is a closure, and places to serve it.

mod actor;
mod bystander;
mod config;
mod inspect;
mod left;
mod observer;
mod options;
mod probe;
mod process;
mod proxy;
mod raw_socket;
mod script;
mod wait;
mod world;

/// The code generated from `proto/probe.proto`.
pub mod proto {
    nats_rpc::include_proto!("e2e.v1");
}

pub use actor::Actor;
pub use bystander::Bystander;
pub use config::{Account, ResponseType, needed_permissions, permissions, two_accounts};
pub use inspect::{open_files, resident_bytes, threads};
pub use left::{nothing_runs, nothing_waits};
pub use observer::Observer;
pub use options::{Args, Options};
pub use probe::{Crew, Outcome, Scripted, other, placed, probe};
pub use process::Program;
pub use proto::{
    Answer, Empty, OtherClient, OtherServer, PlacedClient, PlacedServer, ProbeClient, ProbeServer, Question,
};
pub use proxy::Proxy;
pub use raw_socket::{RawMessage, RawSocket};
pub use script::{Script, channel, say};
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
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn nats() {
                    $crate::within("the test", super::$name($crate::World::nats())).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn memory() {
                    $crate::within("the test", super::$name($crate::World::memory())).await;
                }
            }
        )*
    };
}
