mod args;

use std::time::{Duration, Instant};

use nats_rpc::server::{Imports, Mount, RpcService};
use nats_rpc::{Channel, Code, Connection, Server, Status};

pub use self::args::Args;
use crate::{LONG, script};

/// How a process of its own connects, and where its service is: the same on both sides of its command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Options {
    url: String,
    prefix: Option<String>,
    queue_group: Option<String>,
    login: Option<(String, String)>,
    inbox_prefix: Option<String>,
    clock_ahead_ms: i64,
    grace: Option<Duration>,
    stream_imports: bool,
}

impl Options {
    /// Connects there, to one of several if they are separated by commas, without a user.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Where the service is, instead of where it belongs.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: Some(prefix.into()), ..self }
    }

    /// The queue group of a server.
    pub fn queue_group(self, queue_group: impl Into<String>) -> Self {
        Self { queue_group: Some(queue_group.into()), ..self }
    }

    /// Logs in.
    pub fn login(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { login: Some((user.into(), password.into())), ..self }
    }

    /// Where answers go, for a user who may not subscribe everywhere.
    pub fn inbox_prefix(self, prefix: impl Into<String>) -> Self {
        Self { inbox_prefix: Some(prefix.into()), ..self }
    }

    /// Lets the process believe that it is later than it is.
    pub fn clock_ahead_ms(self, clock_ahead_ms: i64) -> Self {
        Self { clock_ahead_ms, ..self }
    }

    /// How long a server waits for its calls when it stops.
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace: Some(grace), ..self }
    }

    /// Lets a server know that other accounts import its services as streams.
    pub fn stream_imports(self) -> Self {
        Self { stream_imports: true, ..self }
    }

    /// Connects as this says.
    ///
    /// # Errors
    /// As `Connection::connect`.
    pub async fn connect(&self) -> Result<Connection, Status> {
        let builder = Connection::builder().clock_ahead_ms(self.clock_ahead_ms);
        let mut builder = self.url.split(',').fold(builder, nats_rpc::transport::nats::Builder::server);
        if let Some(prefix) = &self.inbox_prefix {
            builder = builder.inbox_prefix(prefix);
        }
        if let Some((user, password)) = self.login.clone() {
            builder = builder.user_and_password(user, password);
        }
        builder.connect().await
    }

    /// Connects as this says, as soon as that can be done.
    ///
    /// # Errors
    /// As `Connection::connect`, when it can't be done for [`LONG`].
    pub async fn connect_patiently(&self) -> Result<Connection, Status> {
        let begin = Instant::now();
        loop {
            match self.connect().await {
                Err(status) if status.code() == Code::Unavailable && begin.elapsed() < LONG => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// A channel on a connection of its own.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and when the prefix can't be one.
    pub async fn channel(&self) -> Result<Channel, Status> {
        script::channel(self.connect().await?, self.prefix.as_deref().unwrap_or("-"))
    }

    /// What serves this service where it is to be.
    ///
    /// # Errors
    /// When the prefix can't be one.
    pub fn server(&self, service: impl RpcService) -> Result<nats_rpc::server::Builder, Status> {
        let mut mount = Mount::new(service);
        if let Some(prefix) = &self.prefix {
            mount = mount.subject(prefix)?;
        }
        if let Some(group) = &self.queue_group {
            mount = mount.queue_group(group);
        }
        let mut server = Server::builder().add_service(mount);
        if self.stream_imports {
            server = server.imports(Imports::Stream);
        }
        Ok(match self.grace {
            Some(grace) => server.grace(grace),
            None => server,
        })
    }
}
