//! The broker within the process: what it does as NATS does it, and the faults that a test can give it.

mod accounts;
mod delivery;
mod faults;
mod latency;
mod nodes;
mod processes;
mod simulation;

use nats_rpc::transport::memory::{Broker, Client, Options, Subscriber};

/// A client of this name.
fn client(broker: &Broker, name: &str) -> Client {
    broker.client(&Options::new().name(name)).unwrap()
}

/// What has arrived, as text; a 503 is `503`.
fn arrived(subscriber: &mut Subscriber) -> Vec<String> {
    std::iter::from_fn(|| subscriber.try_next())
        .map(|message| match message.no_responders {
            true => "503".to_owned(),
            false => String::from_utf8(message.payload.to_vec()).unwrap(),
        })
        .collect()
}
