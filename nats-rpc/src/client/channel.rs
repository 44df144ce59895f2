use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_service::Service;

use super::carrier::{Carried, Carrier};
use crate::raw::{Call, Compression, Reply, Scattered};
use crate::spec::Kind;
use crate::status::Status;
use crate::subject;
use crate::transport::Connection;

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
pub struct Channel {
    carrier: Carrier,
    default_timeout: Option<Duration>,
}

impl Channel {
    /// Creates a channel on a connection. Several channels can share one.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { carrier: Carrier::new(connection), default_timeout: Some(DEFAULT_TIMEOUT) }
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
        self.carrier.connection()
    }

    /// Sets the deadline of unary calls that name none and whose method has none either. Default: 10 s.
    #[must_use]
    pub fn with_default_timeout(mut self, timeout: Duration) -> Self {
        self.default_timeout = Some(timeout);
        self
    }

    /// Lets calls without a deadline of their own wait for ever.
    #[must_use]
    pub fn without_default_timeout(mut self) -> Self {
        self.default_timeout = None;
        self
    }

    /// Sets the longest message that is received, in bytes. Default: 4 MiB, as in gRPC. A call whose response is longer
    /// ends with RESOURCE_EXHAUSTED, before that is kept.
    #[must_use]
    pub fn with_max_message(mut self, bytes: usize) -> Self {
        self.carrier.limits_mut().max_message = bytes;
        self
    }

    /// Compresses requests of 1 KiB and more. Default: nothing is compressed. A service that can't read it refuses the
    /// call, which is made again as it was, and then gets nothing compressed any more. What services compress is read
    /// in any case.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.carrier.compress(compression);
        self
    }

    /// Sets how much of a stream of responses may be on its way at once when its reader keeps up, in bytes. Default:
    /// 512 KiB. A reader that stops reading stops the service when as much is waiting.
    #[must_use]
    pub fn with_max_window(mut self, bytes: u32) -> Self {
        self.carrier.limits_mut().max_window = bytes.into();
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
        self.carrier.mount(service, prefix);
        Ok(self)
    }

    /// Makes a call of all instances.
    pub(super) async fn scatter(&self, mut call: Call) -> Result<Scattered, Status> {
        self.start(&mut call);
        self.carrier.scatter(call).await
    }

    fn start(&self, call: &mut Call) {
        let method = call.method();
        let unary = method.kind() == Kind::Unary;
        let default = method.timeout().or_else(|| self.default_timeout.filter(|_| unary));
        call.start(default);
    }
}

impl Service<Call> for Channel {
    type Response = Reply;
    type Error = Status;
    type Future = ChannelFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut call: Call) -> ChannelFuture {
        self.start(&mut call);
        ChannelFuture(self.carrier.call(call))
    }
}

/// A call that a [`Channel`] carries.
#[must_use = "a call's answer is in its future"]
pub struct ChannelFuture(Carried);

impl Future for ChannelFuture {
    type Output = Result<Reply, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl std::fmt::Debug for ChannelFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelFuture").finish_non_exhaustive()
    }
}
