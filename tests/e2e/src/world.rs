use std::future::Future;

use nats_rpc::server::{Handle, Mount};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Connection, Request, Server};

use crate::proto::{ProbeClient, Question};
use crate::{Observer, Options, Outcome, Proxy, probe};

/// Where services and clients meet.
#[derive(Debug)]
pub struct World {
    kind: Kind,
    /// `async-nats` makes its connections.
    by_client: bool,
}

#[derive(Debug)]
enum Kind {
    Nats(Box<nats_server::Server>),
    Memory(Broker),
}

impl World {
    /// A nats-server of its own.
    ///
    /// # Panics
    /// When there is none to run.
    #[must_use]
    pub fn nats() -> Self {
        Self::of(nats_server::Server::builder())
    }

    /// A nats-server of its own, to which `async-nats` makes the connections.
    ///
    /// # Panics
    /// When there is none to run.
    #[must_use]
    pub fn nats_by_client() -> Self {
        Self { by_client: true, ..Self::nats() }
    }

    /// A nats-server as this says.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn of(server: nats_server::Builder) -> Self {
        Self { kind: Kind::Nats(Box::new(server.start().unwrap())), by_client: false }
    }

    /// A nats-server with this configuration: accounts, permissions, limits.
    ///
    /// # Panics
    /// When it does not start with it.
    #[must_use]
    pub fn with_config(text: impl Into<String>) -> Self {
        Self::of(nats_server::Server::builder().config(text))
    }

    /// A nats-server with `JetStream`.
    ///
    /// # Panics
    /// When there is none to run.
    #[must_use]
    pub fn jetstream() -> Self {
        Self::of(nats_server::Server::builder().jetstream(true))
    }

    /// The broker within the process.
    #[must_use]
    pub fn memory() -> Self {
        Self { kind: Kind::Memory(Broker::new()), by_client: false }
    }

    /// What clients of the nats-server connect to.
    ///
    /// # Panics
    /// When it is the other broker.
    #[must_use]
    pub fn url(&self) -> String {
        self.server().url()
    }

    /// The nats-server.
    ///
    /// # Panics
    /// When it is the other broker.
    #[must_use]
    pub fn server(&self) -> &nats_server::Server {
        match &self.kind {
            Kind::Nats(server) => server,
            Kind::Memory(_) => panic!("the broker within the process is no nats-server"),
        }
    }

    /// How a process of its own connects here.
    pub fn options(&self) -> Options {
        Options::new(self.url())
    }

    /// A proxy before the nats-server.
    pub async fn proxy(&self) -> Proxy {
        Proxy::to_port(self.server().port()).await
    }

    /// A new connection.
    ///
    /// # Panics
    /// When there is none to be had.
    pub async fn connect(&self) -> Connection {
        match &self.kind {
            Kind::Nats(server) if self.by_client => {
                let builder = Connection::builder().server(server.url()).options(|options| options);
                builder.connect().await.unwrap()
            }
            Kind::Nats(server) => Connection::connect(server.url()).await.unwrap(),
            Kind::Memory(broker) => broker.connect().await.unwrap(),
        }
    }

    /// Sees everything that is published from now on.
    pub async fn observer(&self) -> Observer {
        match &self.kind {
            Kind::Nats(server) => Observer::of_nats(server.url()).await,
            Kind::Memory(broker) => Observer::of_memory(broker),
        }
    }

    /// A channel on a connection of its own.
    pub async fn channel(&self) -> Channel {
        Channel::new(self.connect().await)
    }

    /// A channel that makes each call once, on a connection of its own.
    pub async fn bare_channel(&self) -> Channel {
        Channel::bare(self.connect().await)
    }

    /// A client on a connection of its own.
    pub async fn client(&self) -> ProbeClient {
        ProbeClient::new(self.channel().await)
    }

    /// Serves on a connection of its own.
    ///
    /// # Panics
    /// When the server does not start.
    pub async fn serve(&self, service: impl Into<Mount>) -> Handle {
        Server::builder().add_service(service).start(self.connect().await).await.unwrap()
    }

    /// A `Probe` with this handler, and a client.
    pub async fn start<F, Fut>(&self, handler: F) -> (ProbeClient, Handle)
    where
        F: Fn(Request<Question>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let handle = self.serve(probe(handler)).await;
        (self.client().await, handle)
    }

    /// Kills the broker: nothing is said to its clients.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn cut(&mut self) {
        match &mut self.kind {
            Kind::Nats(server) => server.kill().unwrap(),
            Kind::Memory(broker) => broker.stop(),
        }
    }

    /// Starts the broker again, at the same place.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restore(&mut self) {
        match &mut self.kind {
            Kind::Nats(server) => server.restart().unwrap(),
            Kind::Memory(broker) => broker.start(),
        }
    }
}
