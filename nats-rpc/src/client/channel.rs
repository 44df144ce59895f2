use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_service::Service;

use crate::call::Cancelled;
use crate::raw::{Call, Compression, Destination, Exchange, Remote, Remotes, Reply, Scattered};
use crate::spec::Kind;
use crate::status::Status;
use crate::subject::{self, Subject};
use crate::transport::{Connection, Limits};

/// The deadline of unary calls that name none: a caller that waits for ever is a bug that hides.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Carries calls over a [`Connection`]; what generated clients run on.
///
/// Clones are cheap and share everything.
///
/// ```no_run
/// # async fn connect() -> Result<(), nats_rpc::Status> {
/// use std::time::Duration;
/// use nats_rpc::Channel;
///
/// let channel = Channel::connect("nats://localhost:4222").await?.with_default_timeout(Duration::from_secs(2));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Channel(Arc<Shared>);

/// In one piece, since each call clones its channel.
#[derive(Debug, Clone)]
struct Shared {
    connection: Connection,
    default_timeout: Option<Duration>,
    /// Services that are called elsewhere than where their `.proto` says: name and prefix.
    mounts: Vec<(String, String)>,
    limits: Limits,
    compression: Option<Compression>,
    /// What is known of the services that are called.
    remotes: Arc<Remotes>,
}

impl Channel {
    /// Creates a channel on a connection. Several channels can share one.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self(Arc::new(Shared {
            connection,
            default_timeout: Some(DEFAULT_TIMEOUT),
            mounts: Vec::new(),
            limits: Limits::default(),
            compression: None,
            remotes: Arc::new(Remotes::new()),
        }))
    }

    /// Connects to the NATS server at `url` and creates a channel on the connection.
    ///
    /// # Errors
    /// As [`Connection::connect`].
    #[cfg(feature = "nats")]
    pub async fn connect(url: impl AsRef<str>) -> Result<Self, Status> {
        Connection::connect(url).await.map(Self::new)
    }

    /// The connection, for other channels and servers.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// Sets the deadline of unary calls that name none and whose method has none either. Default: 10 s.
    #[must_use]
    pub fn with_default_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.0).default_timeout = Some(timeout);
        self
    }

    /// Lets calls without a deadline of their own wait for ever.
    #[must_use]
    pub fn without_default_timeout(mut self) -> Self {
        Arc::make_mut(&mut self.0).default_timeout = None;
        self
    }

    /// Sets the longest message that is received, in bytes. Default: 4 MiB, as in gRPC. A call whose response is longer
    /// ends with RESOURCE_EXHAUSTED, before that is kept.
    #[must_use]
    pub fn with_max_message(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).limits.max_message = bytes;
        self
    }

    /// Compresses requests of 1 KiB and more. Default: nothing is compressed. A service that can't read it refuses the
    /// call, which is made again as it was, and then gets nothing compressed any more. What services compress is read
    /// in any case.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        Arc::make_mut(&mut self.0).compression = Some(compression);
        self
    }

    /// Sets how much of a stream of responses may be on its way at once when its reader keeps up, in bytes. Default:
    /// 512 KiB. A reader that stops reading stops the service when as much is waiting.
    #[must_use]
    pub fn with_max_window(mut self, bytes: u32) -> Self {
        Arc::make_mut(&mut self.0).limits.max_window = bytes.into();
        self
    }

    /// Calls `service`, such as `greeter.v1.Greeter`, below another subject than its `.proto` says.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when `prefix` can't be part of a subject.
    pub fn with_subject(
        mut self,
        service: impl Into<String>,
        prefix: impl Into<String>,
    ) -> Result<Self, Status> {
        let (service, prefix) = (service.into(), prefix.into());
        subject::check_prefix(&prefix)?;
        let shared = Arc::make_mut(&mut self.0);
        shared.mounts.retain(|(own, _)| *own != service);
        shared.mounts.push((service, prefix));
        // What was known is of the services at their old places.
        shared.remotes = Arc::new(Remotes::new());
        Ok(self)
    }

    /// Where a call goes.
    fn subject(&self, call: &Call) -> Result<Subject, Status> {
        let method = call.method();
        if let Some((_, prefix)) = self.0.mounts.iter().find(|(own, _)| own == method.service()) {
            return subject::of_method(prefix, method);
        }
        match method.subject() {
            Some(subject) => Ok(Subject::from_static(subject)),
            None => subject::of_method(&subject::default_prefix(method.service()), method),
        }
    }

    fn start(&self, mut call: Call) -> Result<Exchange, Status> {
        let (to, now) = self.destination(&mut call)?;
        Exchange::start(to, call, now)
    }

    /// Makes a call of all instances.
    pub(super) async fn scatter(&self, mut call: Call) -> Result<Scattered, Status> {
        let (to, now) = self.destination(&mut call)?;
        Scattered::start(to, call, now).await
    }

    /// Where a call that begins now goes.
    fn destination(&self, call: &mut Call) -> Result<(Destination, Instant), Status> {
        let Shared { connection, default_timeout, remotes, limits, compression, .. } = &*self.0;
        let epoch = connection.epoch().map_err(Status::with_not_processed)?;
        let subject = self.subject(call).map_err(Status::with_not_processed)?;
        let method = call.method();
        let unary = method.kind() == Kind::Unary;
        let default = method.timeout().or_else(|| default_timeout.filter(|_| unary));
        let remote = remotes.of(method, || Remote::new(method.service(), subject::prefix_of(&subject)));
        let (limits, compression) = (*limits, *compression);
        let connection = connection.clone();
        let to = Destination { connection, epoch, subject, remote, limits, compression };
        Ok((to, call.start(default)))
    }
}

impl Service<Call> for Channel {
    type Response = Reply;
    type Error = Status;
    type Future = ChannelFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ChannelFuture {
        let cancelled = call.context().until_cancelled();
        let state = match self.start(call) {
            Ok(exchange) => State::Running(exchange),
            Err(status) => State::Over(Some(status)),
        };
        ChannelFuture { state, cancelled }
    }
}

/// A call that a [`Channel`] carries.
#[must_use = "a call's answer is in its future"]
pub struct ChannelFuture {
    state: State,
    cancelled: Cancelled,
}

#[expect(clippy::large_enum_variant, reason = "a box for each call would cost more than room in its future")]
enum State {
    Running(Exchange),
    /// With the failure, until it is told.
    Over(Option<Status>),
}

impl Future for ChannelFuture {
    type Output = Result<Reply, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.state {
            State::Running(exchange) => match Pin::new(exchange).poll(cx) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => Err(std::task::ready!(Pin::new(&mut self.cancelled).poll(cx))),
            },
            State::Over(failure) => Err(failure.take().expect("a call was polled after it had ended")),
        };
        // Whoever is given up is told now, not when the future is dropped.
        self.state = State::Over(None);
        Poll::Ready(outcome)
    }
}

impl std::fmt::Debug for ChannelFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelFuture").finish_non_exhaustive()
    }
}
