//! Somebody who listens in.

use nats_rpc::transport::memory::{Broker, Client, Options, Subscriber};

/// While it listens, NATS says of no subject that nobody is there.
pub(crate) struct Tap {
    _client: Client,
    _subscriber: Subscriber,
}

impl Tap {
    pub(crate) fn new(broker: &Broker) -> Self {
        let client = broker.client(&Options::new().name("tap")).unwrap();
        let subscriber = client.subscribe("svc.>", None).unwrap();
        Self { _client: client, _subscriber: subscriber }
    }
}
