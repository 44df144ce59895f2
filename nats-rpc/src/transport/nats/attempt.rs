use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};

use super::lean::{self, Guest, Tls};
use super::link::{Link, Way};
use super::login::Login;
use super::pool::{Pool, shown};
use super::relay::Relay;
use super::{client, failure};
use crate::status::Status;
use crate::transport::clock::Clock;
use crate::transport::{Epoch, Events, Settings, link};
use crate::wire::SMALLEST_MAX_MESSAGE;

/// No message of the protocol's own has to fit into less.
pub(super) const SMALLEST_MAX_PAYLOAD: usize = SMALLEST_MAX_MESSAGE as usize;
/// Nobody can listen there, so a client that is told to reconnect to it ends instead.
const NOWHERE: &str = "nats://127.0.0.1:0";

/// All that is needed to connect, and to connect again.
pub(super) struct Attempt {
    pub(super) pool: Pool,
    pub(super) discovers: bool,
    pub(super) options: ConnectOptions,
    /// Somebody has changed them, so that only `async-nats` knows what is wanted.
    pub(super) changed: bool,
    pub(super) name: Option<String>,
    pub(super) ping_interval: Duration,
    pub(super) tls: Tls,
    pub(super) login: Login,
    pub(super) settings: Settings,
    pub(super) timeout: Duration,
    pub(super) clock: Clock,
    pub(super) events: Events,
}

impl Attempt {
    /// Tries one server after the other.
    pub(super) async fn connect(self: &Arc<Self>) -> Result<Arc<Epoch>, Status> {
        let mut failures = Vec::new();
        for server in self.pool.shuffled() {
            let outcome = match tokio::time::timeout(self.timeout, self.connect_to(&server)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Status::transport(format!(
                    "can't connect to {}: no answer within {:?}",
                    shown(&server),
                    self.timeout
                ))),
            };
            match outcome {
                Ok(epoch) => {
                    for status in failures {
                        tracing::warn!(%status, "another server had to be used");
                    }
                    return Ok(epoch);
                }
                Err(status) => failures.push(status),
            }
        }
        Err(failure::of_all(&failures))
    }

    async fn connect_to(self: &Arc<Self>, server: &ServerAddr) -> Result<Arc<Epoch>, Status> {
        let relay = Relay::new(self.events.clone());
        let (way, connect_urls) = if self.changed {
            let client = self.login(server, relay.clone()).await?;
            let urls = client.server_info().connect_urls;
            (Way::Client(client::Link(client)), urls)
        } else {
            let session = self.shake_hands(server).await?;
            let urls = session.info.connect_urls.clone();
            (Way::Lean(lean::Link::new(session, relay.clone(), self.ping_interval)), urls)
        };
        let link = Link::new(way, (Arc::clone(self), server.clone()));
        if link.max_payload() < SMALLEST_MAX_PAYLOAD {
            return Err(Status::failed_precondition(format!(
                "{} allows messages of {} bytes, and nats-rpc needs {SMALLEST_MAX_PAYLOAD}: \
                 raise max_payload in its configuration",
                shown(server),
                link.max_payload()
            )));
        }
        if self.discovers {
            self.pool.discover(server, &connect_urls);
        }
        let link = link::Link::Nats(link);
        let epoch = Epoch::start(link, &self.settings).await?;
        let unless_complete = epoch.end_on_drop();
        relay.connect(&epoch);
        // Answers can be received from here on, or the reason why not is known. Not by a message to the own inbox: a
        // client need not be allowed to publish there.
        epoch.refusals_known().await?;
        unless_complete.disarm();
        Ok(epoch)
    }

    async fn shake_hands(&self, server: &ServerAddr) -> Result<lean::Session, Status> {
        let login = self.login.towards(server)?;
        let guest = Guest { login: &login, name: self.name.as_deref(), tls: &self.tls };
        lean::shake_hands(server, guest).await.map_err(|refused| failure::of_refused(server, refused))
    }

    /// A client for what calls do not need, beside the connection that they use. It ends with the connection to its
    /// server, too.
    pub(super) async fn client(&self, server: &ServerAddr) -> Result<Client, Status> {
        self.login(server, Relay::apart(self.events.clone())).await
    }

    /// A client that ends with its first disconnection: one attempt to connect again, and that to nowhere. Its own
    /// reconnecting would replay what was queued meanwhile.
    async fn login(&self, server: &ServerAddr, relay: Relay) -> Result<Client, Status> {
        let options = self
            .login
            .towards(server)?
            .apply(self.options.clone())
            .await?
            .connection_timeout(self.timeout)
            .ping_interval(self.ping_interval)
            // Its own requests, to JetStream for example, may be answered nowhere else.
            .custom_inbox_prefix(&self.settings.inbox_prefix)
            .ignore_discovered_servers()
            .max_reconnects(1)
            .reconnect_delay_callback(|_| Duration::ZERO)
            .skip_subject_validation(true)
            .event_callback(move |event| {
                relay.tell(event);
                std::future::ready(())
            });
        let options = self.name.iter().fold(options, ConnectOptions::name);
        let options = self.tls.apply(options);
        let connected = options.connect(server.clone()).await;
        let client = connected.map_err(|error| failure::of_server(server, &error))?;
        let nowhere = client.set_server_pool(NOWHERE).await;
        nowhere.map_err(|error| Status::transport(format!("the connection has ended: {error}")))?;
        Ok(client)
    }
}
