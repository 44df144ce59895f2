use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{ConnectOptions, rustls};

use super::attempt::{Attempt, SMALLEST_MAX_PAYLOAD};
use super::lean::Tls;
use super::login::Login;
use super::pool::Pool;
use crate::status::Status;
use crate::transport::clock::Clock;
use crate::transport::{Connection, Event, Events, Settings};

/// A server that stopped answering is noticed after about three pings; `async-nats`' own default of 60 s would
/// leave calls waiting for minutes.
const PING_INTERVAL: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages that may wait in one subscription before new ones are dropped.
pub(super) const SUBSCRIPTION_CAPACITY: usize = 128 * 1024;

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
#[derive(Clone)]
#[must_use = "nothing happens until `connect` is called"]
pub struct Builder {
    servers: Vec<String>,
    discovers: bool,
    options: ConnectOptions,
    changed: bool,
    name: Option<String>,
    ping_interval: Duration,
    tls: Tls,
    login: Login,
    settings: Settings,
    timeout: Duration,
    clock_ahead_ms: i64,
    events: Events,
}

impl Connection {
    /// Connects to the NATS server at `url`, such as `nats://localhost:4222`. Several, separated by commas, are
    /// members of one cluster.
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub async fn connect(url: impl AsRef<str>) -> Result<Self, Status> {
        let servers = url.as_ref().split(',').map(str::trim).filter(|server| !server.is_empty());
        servers.fold(Self::builder(), Builder::server).connect().await
    }

    /// Starts to say where and how to connect.
    pub fn builder() -> Builder {
        Builder {
            servers: Vec::new(),
            discovers: true,
            options: ConnectOptions::new().subscription_capacity(SUBSCRIPTION_CAPACITY),
            changed: false,
            name: None,
            ping_interval: PING_INTERVAL,
            tls: Tls::default(),
            login: Login::default(),
            settings: Settings::default(),
            timeout: CONNECT_TIMEOUT,
            clock_ahead_ms: 0,
            events: Events::default(),
        }
    }
}

/// Without secrets: what stands before an @ may be a password.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.servers.iter().map(|url| url.rsplit('@').next()).collect();
        f.debug_struct("Builder")
            .field("servers", &servers)
            .field("login", &self.login)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Where.
impl Builder {
    /// Adds a server, such as `nats://localhost:4222`, `tls://host` or `nats://user:password@host`. They are tried in
    /// random order. Default: `nats://localhost:4222` alone.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(url.into());
        self
    }

    /// Connects to the servers that were given and to no others. By default the other servers of a cluster, which
    /// each one tells when it is connected to, are tried after those that were given.
    pub fn ignore_discovered_servers(mut self) -> Self {
        self.discovers = false;
        self
    }

    /// Sets how long connecting to one server may take, from the look-up of its name to the first round trip.
    /// Default: 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how often to ask the server, while it is silent, whether it is there: it is given up after three times
    /// that without a word. Default: 5 s, so that calls are not left waiting when a server or the network has
    /// gone without a word; `async-nats`' own 60 s, good for idle clients by the million, would take minutes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// nats_rpc::Connection::builder().ping_interval(Duration::from_secs(2));
    /// ```
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }
}

/// Who. The last of these wins, and a user in a server's URL wins over all of them.
impl Builder {
    /// Logs in with a file of credentials (`.creds`): a JWT and the seed of its nkey. It is read at every connect, so
    /// that it can be renewed.
    ///
    /// ```
    /// nats_rpc::Connection::builder().server("tls://nats.example.com").credentials_file("/run/secrets/ada.creds");
    /// ```
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.login = Login::CredentialsFile(path.into());
        self
    }

    /// Logs in with the text of a file of credentials (`.creds`).
    pub fn credentials(mut self, text: impl Into<String>) -> Self {
        self.login = Login::Credentials(text.into());
        self
    }

    /// Logs in with an nkey, given by its seed (`SU...`).
    pub fn nkey(mut self, seed: impl Into<String>) -> Self {
        self.login = Login::Nkey(seed.into());
        self
    }

    /// Logs in with a token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.login = Login::Token(token.into());
        self
    }

    /// Logs in with a name and a password.
    ///
    /// ```
    /// # let password = String::new();
    /// nats_rpc::Connection::builder().user_and_password("ada", password);
    /// ```
    pub fn user_and_password(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Login::User(user.into(), password.into());
        self
    }
}

/// Within TLS, where the URL or the server asks for it.
impl Builder {
    /// Trusts the authorities in a PEM file, instead of those that the machine trusts. Several files add up. They are
    /// read at every connect, so that they can be renewed.
    ///
    /// ```
    /// nats_rpc::Connection::builder()
    ///     .server("tls://nats.example.com")
    ///     .root_certificates("ca.pem")
    ///     .client_certificate("client.pem", "client-key.pem");
    /// ```
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.roots.push(path.into());
        self
    }

    /// Shows a certificate to servers that want one, by PEM files of it and of its key, which are read at every connect.
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.client = Some((certificate.into(), key.into()));
        self
    }

    /// Uses this configuration of TLS instead.
    pub fn tls_config(mut self, config: rustls::ClientConfig) -> Self {
        self.tls.config = Some(Arc::new(config));
        self
    }

    /// Connects within TLS or not at all.
    pub fn require_tls(mut self) -> Self {
        self.tls.required = true;
        self
    }

    /// Begins TLS before the server has said anything, as a server with `handshake_first` wants it.
    pub fn tls_first(mut self) -> Self {
        self.tls.first = true;
        self
    }
}

/// How.
impl Builder {
    /// Names the connection in the server's monitoring.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets what answers are sent to, such as `_INBOX.alice` for a user who may subscribe to nothing else.
    /// Default: `_INBOX`.
    pub fn inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.inbox_prefix = prefix.into();
        self
    }

    /// Sets how many streams may be open at once on the connection, those that it makes and those that it serves.
    /// Default: 1,000. More than the limit are refused with RESOURCE_EXHAUSTED.
    ///
    /// What a connection lets all its streams send before anybody has read it is bounded, since a broker cuts a
    /// connection for which too much waits. So with more of them each may send less at first: 16 MiB are shared, and
    /// a stream gets 16 KiB at most and 1 KiB at least.
    pub fn max_streams(mut self, streams: usize) -> Self {
        self.settings.max_streams = streams;
        self
    }

    /// Sets the largest NATS message that is sent, in bytes: larger messages of calls go in pieces. Default: 1 MiB, or
    /// less where the server's `max_payload` says so.
    ///
    /// It has to be set where a leaf node or another account on the way has a smaller limit than the servers that
    /// connections are made to: one message that is too large closes the link of a leaf node, with everything on it.
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.settings.frame_limit = bytes;
        self
    }

    /// Listens to what happens to the connection: see [`Event`]. One event after the other; the callback must not
    /// block, and its panic is caught and logged.
    ///
    /// ```
    /// use nats_rpc::transport::Event;
    ///
    /// nats_rpc::Connection::builder().on_event(|event: &Event| match event {
    ///     Event::PermissionDenied(denial) => eprintln!("not allowed: {}", denial.subject),
    ///     Event::SlowConsumer => eprintln!("messages are lost"),
    ///     event => println!("{event}"),
    /// });
    /// ```
    pub fn on_event(mut self, callback: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events = Events::to(callback);
        self
    }

    /// Lets this process believe that it is later than it is, by so many milliseconds: for tests of clocks that
    /// differ.
    #[doc(hidden)]
    pub fn clock_ahead_ms(mut self, ahead_ms: i64) -> Self {
        self.clock_ahead_ms = ahead_ms;
        self
    }

    /// Changes any other option of `async-nats`, which then makes the connection itself: slower, but it can do more, such
    /// as connecting from a given address. Its options for reconnecting, discovery, timeouts of connecting, events and
    /// inboxes are nats-rpc's own and are overwritten, and so are the name and the interval of pings.
    pub fn options(mut self, change: impl FnOnce(ConnectOptions) -> ConnectOptions) -> Self {
        self.options = change(self.options);
        self.changed = true;
        self
    }

    /// Connects. What is wrong with a single server is told only when no other would do, or else logged.
    ///
    /// # Errors
    /// UNAVAILABLE when no server answers, UNAUTHENTICATED when it refuses the login or the client's certificate,
    /// PERMISSION_DENIED when the user may not subscribe to answers ([`inbox_prefix`](Self::inbox_prefix)),
    /// INVALID_ARGUMENT when a URL is none, credentials or certificates can't be read or the frame limit is below 32 KiB,
    /// FAILED_PRECONDITION when the server's `max_payload` is below 32 KiB.
    pub async fn connect(self) -> Result<Connection, Status> {
        crate::subject::check_prefix(self.settings.inbox_prefix.trim_start_matches('_'))?;
        if self.settings.frame_limit < SMALLEST_MAX_PAYLOAD {
            return Err(Status::invalid_argument(format!(
                "the frame limit of {} bytes is below {SMALLEST_MAX_PAYLOAD}, which nats-rpc needs",
                self.settings.frame_limit
            )));
        }
        let attempt = Arc::new(Attempt {
            pool: Pool::new(&self.servers)?,
            discovers: self.discovers,
            options: self.options,
            changed: self.changed,
            name: self.name,
            ping_interval: self.ping_interval,
            tls: self.tls,
            login: self.login,
            settings: self.settings,
            timeout: self.timeout,
            clock: Clock::system(self.clock_ahead_ms),
            events: self.events.clone(),
        });
        Connection::establish(
            Box::new(move || {
                let attempt = Arc::clone(&attempt);
                Box::pin(async move { attempt.connect().await })
            }),
            rand::random(),
            self.events,
        )
        .await
    }
}
