use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};

use super::Link;
use super::failure;
use super::login::Login;
use super::pool::{Pool, shown};
use super::relay::Relay;
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
    pub(super) login: Login,
    pub(super) settings: Settings,
    pub(super) timeout: Duration,
    pub(super) clock: Clock,
    pub(super) events: Events,
}

impl Attempt {
    /// Tries one server after the other.
    pub(super) async fn connect(&self) -> Result<Arc<Epoch>, Status> {
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

    async fn connect_to(&self, server: &ServerAddr) -> Result<Arc<Epoch>, Status> {
        let relay = Relay::new(self.events.clone());
        let client = self.login(server, relay.clone()).await?;
        let info = client.server_info();
        if info.max_payload < SMALLEST_MAX_PAYLOAD {
            return Err(Status::failed_precondition(format!(
                "{} allows messages of {} bytes, and nats-rpc needs {SMALLEST_MAX_PAYLOAD}: \
                 raise max_payload in its configuration",
                shown(server),
                info.max_payload
            )));
        }
        if self.discovers {
            self.pool.discover(server, &info.connect_urls);
        }
        let link = link::Link::Nats(Link::new(client, shown(server), self.clock));
        let epoch = Epoch::start(link, &self.settings).await?;
        let unless_complete = epoch.end_on_drop();
        relay.connect(&epoch);
        // Answers can be received from here on, or the reason why not is known. Not by a message to the own inbox: a
        // client need not be allowed to publish there.
        epoch.refusals_known().await?;
        unless_complete.disarm();
        Ok(epoch)
    }

    /// A client that ends with its first disconnection: one attempt to connect again, and that to nowhere. Its own
    /// reconnecting would replay what was queued meanwhile.
    async fn login(&self, server: &ServerAddr, relay: Relay) -> Result<Client, Status> {
        let options = self
            .login
            .apply(self.options.clone(), server)
            .await?
            .connection_timeout(self.timeout)
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
        let connected = options.connect(server.clone()).await;
        let client = connected.map_err(|error| failure::of_server(server, &error))?;
        let nowhere = client.set_server_pool(NOWHERE).await;
        nowhere.map_err(|error| Status::transport(format!("the connection has ended: {error}")))?;
        Ok(client)
    }
}
