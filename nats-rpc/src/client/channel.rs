use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_service::Service;

use super::carrier::Carrier;
use crate::layer::{BreakerHandle, Layers, Policies, StackFuture, StackLayer};
use crate::raw::{Call, Compression, Reply, Scattered};
use crate::status::Status;
use crate::subject;
use crate::transport::Connection;

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

/// In one piece, since each call clones it.
#[derive(Debug)]
struct Shared {
    layers: Layers<Carrier>,
    made_by: StackLayer,
    carrier: Carrier,
}

impl Channel {
    /// Creates a channel on a connection, with the [default layers](StackLayer): deadlines, retries, hedging, breakers.
    /// Several channels can share one connection.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self::of(StackLayer::new(), Carrier::new(connection))
    }

    /// Creates a channel that makes each call once: it has deadlines, but no retries, hedging and breakers.
    #[must_use]
    pub fn bare(connection: Connection) -> Self {
        Self::of(StackLayer::bare(), Carrier::new(connection))
    }

    fn of(made_by: StackLayer, carrier: Carrier) -> Self {
        Self(Arc::new(Shared { layers: made_by.layers(&carrier), made_by, carrier }))
    }

    fn change_layers(&self, change: impl FnOnce(StackLayer) -> StackLayer) -> Self {
        Self::of(change(self.0.made_by.clone()), self.0.carrier.clone())
    }

    fn change_carrier(&self, change: impl FnOnce(&mut Carrier)) -> Self {
        let mut carrier = self.0.carrier.clone();
        change(&mut carrier);
        Self::of(self.0.made_by.clone(), carrier)
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
        self.0.carrier.connection()
    }

    /// Sets the deadline of unary calls that name none and whose method has none either. Default: 10 s.
    #[must_use]
    pub fn with_default_timeout(self, timeout: Duration) -> Self {
        self.change_layers(|layers| layers.with_default_timeout(Some(timeout)))
    }

    /// Lets calls without a deadline of their own wait for ever.
    #[must_use]
    pub fn without_default_timeout(self) -> Self {
        self.change_layers(|layers| layers.with_default_timeout(None))
    }

    /// Puts other layers than the default ones around what carries the calls.
    #[must_use]
    pub fn with_layers(self, layers: StackLayer) -> Self {
        self.change_layers(|_| layers)
    }

    /// Sets what was configured for methods: timeouts, retries, hedging, breakers. Default: what their options say, and
    /// the defaults of each. Budgets and breakers begin anew.
    #[must_use]
    pub fn with_policies(self, policies: Policies) -> Self {
        self.change_layers(|layers| layers.with_policies(policies))
    }

    /// Shows and changes the states of the breakers, of which there is one for each method. `None`: it is
    /// [bare](Self::bare).
    #[must_use]
    pub fn breakers(&self) -> Option<BreakerHandle> {
        self.0.made_by.breakers()
    }

    /// Sets the longest message that is received, in bytes. Default: 4 MiB, as in gRPC. A call whose response is longer
    /// ends with RESOURCE_EXHAUSTED, before that is kept.
    #[must_use]
    pub fn with_max_message(self, bytes: usize) -> Self {
        self.change_carrier(|carrier| carrier.limits_mut().max_message = bytes)
    }

    /// Compresses requests of 1 KiB and more. Default: nothing is compressed. A service that can't read it refuses the
    /// call, which is made again as it was, and then gets nothing compressed any more. What services compress is read
    /// in any case.
    #[must_use]
    pub fn with_compression(self, compression: Compression) -> Self {
        self.change_carrier(|carrier| carrier.compress(compression))
    }

    /// Lets each call have a NATS message of its own, and each answer. By default calls to one method that are made at
    /// the same time share one, at most 16 as long as their handlers take less than 50 us, and answers to one connection
    /// that are ready at the same time do: nothing ever waits for more. Deadlines, cancellation and outcomes stay each
    /// call's own. Without, a call that is seen on its way, by `nats sub` say, is easier to read.
    #[must_use]
    pub fn without_coalescing(self) -> Self {
        self.change_carrier(Carrier::coalesce_nothing)
    }

    /// The same for one method, such as `greeter.v1.Greeter/SayHello`.
    #[must_use]
    pub fn without_coalescing_of(self, method: impl Into<String>) -> Self {
        let method = method.into();
        self.change_carrier(|carrier| carrier.coalesce_nothing_of(method))
    }

    /// Sets how much of a stream of responses may be on its way at once when its reader keeps up, in bytes. Default:
    /// 1 MiB. Of more than 512 KiB half is used while other calls of the connection are under way, but 512 KiB at least. A
    /// reader that stops reading stops the service when as much is waiting.
    #[must_use]
    pub fn with_max_window(self, bytes: u32) -> Self {
        self.change_carrier(|carrier| carrier.limits_mut().max_window = bytes.into())
    }

    /// Calls `service`, such as `greeter.v1.Greeter`, below another subject than its `.proto` says. Breakers begin anew.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when `prefix` can't be part of a subject.
    pub fn with_subject(self, service: impl Into<String>, prefix: impl Into<String>) -> Result<Self, Status> {
        let (service, prefix) = (service.into(), prefix.into());
        subject::check_prefix(&prefix)?;
        let channel = self.change_carrier(|carrier| carrier.mount(service, prefix));
        Ok(channel.change_layers(StackLayer::anew))
    }

    /// Makes a call of all instances, each of them once.
    pub(super) async fn scatter(&self, mut call: Call) -> Result<Scattered, Status> {
        let Shared { made_by, carrier, .. } = &*self.0;
        made_by.begin(&mut call, Instant::now())?;
        carrier.scatter(call).await
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
        let Shared { layers, carrier, .. } = &*self.0;
        ChannelFuture { future: layers.call(call, |call, now| carrier.carry(call, now)) }
    }
}

pin_project! {
    /// A call that a [`Channel`] carries.
    #[must_use = "a call's answer is in its future"]
    pub struct ChannelFuture {
        #[pin]
        future: StackFuture<Carrier>,
    }
}

impl Future for ChannelFuture {
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

impl std::fmt::Debug for ChannelFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelFuture").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::ChannelFuture;

    /// There is one for each call in flight, and it is moved from layer to layer while it is made.
    #[test]
    fn the_future_of_a_call_stays_below_a_kilobyte() {
        assert!(size_of::<ChannelFuture>() < 1024, "{} bytes", size_of::<ChannelFuture>());
    }
}
