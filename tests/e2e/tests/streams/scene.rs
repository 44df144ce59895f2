use std::time::Duration;

use e2e::{FeedClient, Feeder, Flow, FlowKind, Options, Pace, World, nothing_runs, nothing_waits, until};
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Connection, Server};

/// What a client gets to know that hears nothing any more. Usually it takes a second.
pub(crate) const SOON: Duration = Duration::from_secs(8);

/// A server with its connection.
pub(crate) struct Serving {
    pub(crate) feeder: Feeder,
    pub(crate) handle: Handle,
    pub(crate) connection: Connection,
}

impl Serving {
    pub(crate) async fn on(connection: Connection) -> Self {
        let feeder = Feeder::new();
        let handle = Server::builder().add_service(feeder.feed()).start(connection.clone()).await.unwrap();
        Self { feeder, handle, connection }
    }

    /// All streams are over, and were stopped before their ends.
    pub(crate) async fn all_stopped(&self) {
        self.feeder.over.reach(self.feeder.started.get()).await;
        assert_eq!(self.feeder.ended.get(), 0);
        self.nothing_is_left().await;
    }

    pub(crate) async fn nothing_is_left(&self) {
        nothing_runs(&self.handle).await;
        nothing_waits(&self.connection).await;
    }
}

/// A client with its connection.
pub(crate) struct Calling {
    pub(crate) client: FeedClient,
    pub(crate) connection: Connection,
}

impl Calling {
    pub(crate) fn on(connection: Connection) -> Self {
        Self { client: FeedClient::new(Channel::new(connection.clone())), connection }
    }

    pub(crate) async fn to(options: &Options) -> Self {
        Self::on(options.connect().await.unwrap())
    }

    pub(crate) async fn of(world: &World) -> Self {
        Self::on(world.connect().await)
    }

    /// Streams of each kind: some that flow slowly, some as fast as they can, and some through which nothing goes.
    pub(crate) async fn open_various(&self) -> Vec<Flow> {
        let mut flows = Flow::open_all(&self.client, Pace::every(Duration::from_millis(5))).await;
        flows.extend(Flow::open_all(&self.client, Pace::of(0, 50_000)).await);
        let accepted = self.connection.stats().accepted;
        flows.extend(FlowKind::ALL.map(|kind| Flow::open(&self.client, kind, Pace::idle())));
        until("the idle ones are accepted", || self.connection.stats().accepted == accepted + 3).await;
        flows
    }

    /// Streams of each kind go through to their ends.
    pub(crate) async fn streams_work(&self) {
        let flows = FlowKind::ALL.map(|kind| Flow::open(&self.client, kind, Pace::of(20, 10_000)));
        for mut flow in flows {
            flow.end().await.unwrap();
        }
    }

    pub(crate) async fn nothing_is_left(&self) {
        nothing_waits(&self.connection).await;
    }
}
