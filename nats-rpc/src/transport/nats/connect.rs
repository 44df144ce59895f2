use std::sync::Arc;
use std::time::Duration;

use async_nats::{ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;
use rand::seq::SliceRandom;

use super::Link;
use crate::status::Status;
use crate::transport::clock::Clock;
use crate::transport::{Connection, Epoch, link};

/// A server that stopped answering is noticed after about three pings; `async-nats`' own default of 60 s would
/// leave calls waiting for minutes.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Messages that may wait in one subscription before new ones are dropped.
const SUBSCRIPTION_CAPACITY: usize = 128 * 1024;
/// No message of the protocol's own has to fit into less.
const SMALLEST_MAX_PAYLOAD: usize = 32 * 1024;
/// Nobody can listen there, so a client that is told to reconnect to it ends instead.
const NOWHERE: &str = "nats://127.0.0.1:0";

/// Says where and how to connect.
///
/// ```no_run
/// # async fn connect() -> Result<(), nats_rpc::Status> {
/// let connection = nats_rpc::Connection::builder()
///     .server("nats://nats-1:4222")
///     .server("nats://nats-2:4222")
///     .name("greeter")
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing happens until `connect` is called"]
pub struct Builder {
    servers: Vec<String>,
    options: ConnectOptions,
    inbox_prefix: String,
    clock_ahead_ms: i64,
}

impl Connection {
    /// Connects to the NATS server at `url`, such as `nats://localhost:4222`. Several, separated by commas, are
    /// members of one cluster.
    ///
    /// # Errors
    /// UNAVAILABLE when no server answers, UNAUTHENTICATED when it refuses, INVALID_ARGUMENT when the URL is none.
    pub async fn connect(url: impl AsRef<str>) -> Result<Self, Status> {
        let servers = url.as_ref().split(',').map(str::trim).filter(|server| !server.is_empty());
        servers.fold(Self::builder(), Builder::server).connect().await
    }

    /// Starts to say where and how to connect.
    pub fn builder() -> Builder {
        let options =
            ConnectOptions::new().ping_interval(PING_INTERVAL).subscription_capacity(SUBSCRIPTION_CAPACITY);
        Builder { servers: Vec::new(), options, inbox_prefix: "_INBOX".to_owned(), clock_ahead_ms: 0 }
    }
}

impl Builder {
    /// Adds a server, such as `nats://localhost:4222`, `tls://host` or `nats://user:password@host`. They are tried in
    /// random order. Default: `nats://localhost:4222` alone.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(url.into());
        self
    }

    /// Names the connection in the server's monitoring.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options = self.options.name(name.into());
        self
    }

    /// Sets what answers are sent to, such as `_INBOX.alice` for a user who may subscribe to nothing else.
    /// Default: `_INBOX`.
    pub fn inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.inbox_prefix = prefix.into();
        self
    }

    /// Lets this process believe that it is later than it is, by so many milliseconds: for tests of clocks that
    /// differ.
    #[doc(hidden)]
    pub fn clock_ahead_ms(mut self, ahead_ms: i64) -> Self {
        self.clock_ahead_ms = ahead_ms;
        self
    }

    /// Changes any other option of `async-nats`: credentials, TLS, timeouts. Its options for reconnecting,
    /// events and inboxes are nats-rpc's own and are overwritten.
    ///
    /// ```no_run
    /// # fn f(credentials: &str) -> nats_rpc::transport::nats::Builder {
    /// nats_rpc::Connection::builder().options(|options| options.token("secret".into()).require_tls(true))
    /// # }
    /// ```
    pub fn options(mut self, change: impl FnOnce(ConnectOptions) -> ConnectOptions) -> Self {
        self.options = change(self.options);
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// UNAVAILABLE when no server answers, UNAUTHENTICATED when it refuses, INVALID_ARGUMENT when a URL is none,
    /// FAILED_PRECONDITION when the server's `max_payload` is below 32 KiB.
    pub async fn connect(self) -> Result<Connection, Status> {
        let mut servers = Vec::new();
        for url in &self.servers {
            servers.push(parse(url)?);
        }
        if servers.is_empty() {
            servers.push(parse("nats://localhost:4222")?);
        }
        crate::subject::check_prefix(self.inbox_prefix.trim_start_matches('_'))?;
        let attempt = Arc::new(Attempt {
            servers,
            options: self.options,
            inbox_prefix: self.inbox_prefix,
            clock: Clock::system(self.clock_ahead_ms),
        });
        Connection::establish(
            Box::new(move || {
                let attempt = Arc::clone(&attempt);
                Box::pin(async move { attempt.connect().await })
            }),
            rand::random(),
        )
        .await
    }
}

/// All that is needed to connect, and to connect again.
struct Attempt {
    servers: Vec<ServerAddr>,
    options: ConnectOptions,
    inbox_prefix: String,
    clock: Clock,
}

impl Attempt {
    async fn connect(&self) -> Result<Arc<Epoch>, Status> {
        let mut servers = self.servers.clone();
        servers.shuffle(&mut rand::rng());
        let mut failure = Status::transport("no server to connect to");
        for server in servers {
            match self.connect_to(&server).await {
                Ok(epoch) => return Ok(epoch),
                Err(status) => failure = status,
            }
        }
        Err(failure)
    }

    async fn connect_to(&self, server: &ServerAddr) -> Result<Arc<Epoch>, Status> {
        // The client ends with its first disconnection: one attempt, and that at nowhere. Its own reconnecting
        // would replay what was queued meanwhile.
        let options = with_user_of(server, self.options.clone())?
            .max_reconnects(1)
            .reconnect_delay_callback(|_| Duration::ZERO)
            .skip_subject_validation(true)
            .event_callback(|event| async move { report(&event) });
        let client = options.connect(server.clone()).await.map_err(|error| failure(server, &error))?;
        let nowhere = client.set_server_pool(NOWHERE).await;
        nowhere.map_err(|error| Status::transport(format!("the connection has ended: {error}")))?;
        let max_payload = client.max_payload();
        if max_payload < SMALLEST_MAX_PAYLOAD {
            return Err(Status::failed_precondition(format!(
                "{} allows messages of {max_payload} bytes, and nats-rpc needs {SMALLEST_MAX_PAYLOAD}: \
                 raise max_payload in its configuration",
                address(server)
            )));
        }
        Epoch::start(link::Link::Nats(Link::new(client, self.clock)), &self.inbox_prefix).await
    }
}

fn parse(url: &str) -> Result<ServerAddr, Status> {
    // What stands before an @ may be a password.
    let shown = url.rsplit('@').next().unwrap_or_default();
    let invalid =
        |reason: String| Status::invalid_argument(format!("{shown:?} is no URL of a server: {reason}"));
    let server = url.parse::<ServerAddr>().map_err(|error| invalid(error.to_string()))?;
    if server.host().is_empty() {
        return Err(invalid("it names no host; nats://localhost:4222 would be one".to_owned()));
    }
    Ok(server)
}

/// Logs in as the URL says: `nats://user:password@host`, or `nats://token@host`.
fn with_user_of(server: &ServerAddr, options: ConnectOptions) -> Result<ConnectOptions, Status> {
    let decode = |text: &str| match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Status::invalid_argument("the user or password in the URL is not UTF-8")),
    };
    Ok(match (server.username(), server.password()) {
        (Some(user), Some(password)) => options.user_and_password(decode(user)?, decode(password)?),
        (Some(token), None) => options.token(decode(token)?),
        _ => options,
    })
}

fn address(server: &ServerAddr) -> String {
    format!("{}://{}:{}", server.scheme(), server.host(), server.port())
}

fn failure(server: &ServerAddr, error: &async_nats::ConnectError) -> Status {
    use async_nats::ConnectErrorKind::{Authentication, AuthorizationViolation};
    let text = format!("can't connect to {}: {error}", address(server));
    match error.kind() {
        Authentication | AuthorizationViolation => Status::unauthenticated(text),
        _ => Status::transport(text),
    }
}

/// Nothing that happens to a connection goes unnoticed.
fn report(event: &Event) {
    match event {
        Event::SlowConsumer(_) => tracing::error!("a subscription is full: messages are being dropped"),
        Event::ServerError(error) => tracing::error!(%error, "the server reports an error"),
        Event::LameDuckMode => tracing::warn!("the server is about to stop"),
        event => tracing::debug!(%event, "connection"),
    }
}
