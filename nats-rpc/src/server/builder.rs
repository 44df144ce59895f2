use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use super::Mount;
use super::serve::Plan;
use super::{Ejection, Handle, Imports};
use crate::raw::{Compression, Terms};
use crate::status::Status;
use crate::transport::{Connection, Limits};

/// How long calls that are running may take to end after a shutdown began.
const GRACE: Duration = Duration::from_secs(30);
/// The timeout of plain calls that name none.
const PLAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// What NATS servers have unless they are told otherwise.
const IMPORT_THRESHOLD: Duration = Duration::from_secs(120);
/// How long a starting server listens for others that would run its calls a second time.
const STARTUP_CHECK: Duration = Duration::from_millis(250);

/// Serves any number of services on one connection.
///
/// ```no_run
/// # use nats_rpc::server::RpcService;
/// # async fn serve(greeter: impl RpcService, quests: impl RpcService) -> Result<(), nats_rpc::Status> {
/// use nats_rpc::{Connection, Server, server::shutdown_signal};
///
/// let connection = Connection::connect("nats://localhost:4222").await?;
/// Server::builder()
///     .add_service(greeter)
///     .add_service(quests)
///     .serve_with_shutdown(connection, shutdown_signal())
///     .await
/// # }
/// ```
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Starts to say what to serve.
    pub fn builder() -> Builder {
        let terms = Terms {
            plain_timeout: PLAIN_TIMEOUT,
            imports: Imports::default(),
            limits: Limits::default(),
            compression: None,
        };
        Builder {
            mounts: Vec::new(),
            grace: GRACE,
            terms,
            startup_check: STARTUP_CHECK,
            import_threshold: IMPORT_THRESHOLD,
            ejection: Ejection::new(),
        }
    }
}

/// Says what to serve, and how.
#[derive(Debug)]
#[must_use = "nothing is served until `serve` or `start` is called"]
pub struct Builder {
    mounts: Vec<Mount>,
    grace: Duration,
    terms: Terms,
    startup_check: Duration,
    import_threshold: Duration,
    ejection: Ejection,
}

impl Builder {
    /// Adds a service: a generated server, or a [`Mount`] that says more.
    pub fn add_service(mut self, service: impl Into<Mount>) -> Self {
        self.mounts.push(service.into());
        self
    }

    /// Sets how long running calls may take to end once a shutdown has begun; those that have not are then
    /// answered with UNAVAILABLE. Default: 30 s.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets the timeout of calls by plain NATS clients that name none. Default: 10 s.
    pub fn plain_timeout(mut self, timeout: Duration) -> Self {
        self.terms.plain_timeout = timeout;
        self
    }

    /// Sets the longest message that is received, in bytes. Default: 4 MiB, as in gRPC. A call with a longer one ends with
    /// RESOURCE_EXHAUSTED, before that is kept.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.terms.limits.max_message = bytes;
        self
    }

    /// Compresses responses of 1 KiB and more for clients that can read it. Default: nothing is compressed. What clients
    /// compress is read in any case.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.terms.compression = Some(compression);
        self
    }

    /// Sets how much of a stream of requests may be on its way at once when its handler keeps up, in bytes. Default:
    /// 512 KiB. A handler that stops reading stops the client when as much is waiting.
    pub fn max_window(mut self, bytes: u32) -> Self {
        self.terms.limits.max_window = bytes.into();
        self
    }

    /// Sets how long [`start`](Self::start) waits for others to say what they serve: two queue groups on one
    /// subject would run every call twice, so a server does not start beside another group. Where no service
    /// answers at all there is no wait. Zero switches the check off. Default: 250 ms.
    pub fn startup_check(mut self, wait: Duration) -> Self {
        self.startup_check = wait;
        self
    }

    /// Says how other accounts import the services, if they do. Default: [`Imports::Singleton`].
    pub fn imports(mut self, imports: Imports) -> Self {
        self.terms.imports = imports;
        self
    }

    /// Sets the `response_threshold` of the exports, if the NATS server's configuration sets one: an import forgets the
    /// way back of a call for which nothing was sent for so long. Streams and slow calls from other accounts are kept
    /// alive by a small message every third of it. Default: 2 minutes, which is NATS' own.
    pub fn import_threshold(mut self, threshold: Duration) -> Self {
        self.import_threshold = threshold;
        self
    }

    /// Says when the server leaves the queue group of a service in which it does badly, or that it never does. Default:
    /// [`Ejection::new`].
    pub fn self_ejection(mut self, ejection: Ejection) -> Self {
        self.ejection = ejection;
        self
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn serve(self, connection: Connection) -> Result<(), Status> {
        self.serve_with_shutdown(connection, std::future::pending::<()>()).await
    }

    /// Serves until `signal` completes, then shuts down without losing a call: leaves the queue groups, answers
    /// everything that was received, and returns.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn serve_with_shutdown<F: Future>(
        self,
        connection: Connection,
        signal: F,
    ) -> Result<(), Status> {
        let handle = self.start(connection).await?;
        signal.await;
        handle.shutdown().await;
        Ok(())
    }

    /// Starts to serve in the background, and returns when callers can reach it.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when two services would have the same subject, there is no service at all or
    /// [`self_ejection`](Self::self_ejection) makes no sense,
    /// FAILED_PRECONDITION when somebody serves one of the subjects in another queue group (see
    /// [`startup_check`](Self::startup_check)), PERMISSION_DENIED when the user may not subscribe to what the services
    /// need, RESOURCE_EXHAUSTED when the NATS server takes no more subscriptions, UNAVAILABLE when the connection ends
    /// meanwhile.
    pub async fn start(self, connection: Connection) -> Result<Handle, Status> {
        if self.mounts.is_empty() {
            return Err(Status::invalid_argument("the server has no service: use add_service"));
        }
        self.ejection.check()?;
        let mut prefixes = HashSet::new();
        for mount in &self.mounts {
            let prefix = mount.prefix();
            if !prefixes.insert(prefix.clone()) {
                return Err(Status::invalid_argument(format!(
                    "two services have the subject {prefix:?}: mount one of them elsewhere with Mount::subject"
                )));
            }
        }
        let Self { mounts, grace, terms, startup_check, import_threshold, ejection } = self;
        Plan { mounts, grace, terms, startup_check, import_threshold, ejection }.start(connection).await
    }
}
