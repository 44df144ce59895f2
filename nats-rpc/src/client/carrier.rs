use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;

use crate::call::Cancelled;
use crate::raw::{Call, Coalescing, Compression, Destination, Exchange, Remote, Remotes, Reply, Scattered};
use crate::spec::Method;
use crate::status::Status;
use crate::subject::{self, Subject};
use crate::transport::{Connection, Epoch, Limits};

/// Carries calls over a connection, each of them once, apart from what the wire itself repeats.
#[derive(Debug, Clone)]
pub(super) struct Carrier(Arc<Shared>);

/// A stream that is all that its connection is used for needs more on its way than 512 KiB, in bytes.
const MAX_WINDOW: u64 = 1024 * 1024;

/// In one piece, since each call clones it.
#[derive(Debug, Clone)]
struct Shared {
    connection: Connection,
    /// Services that are called elsewhere than where their `.proto` says: name and prefix.
    mounts: Vec<(String, String)>,
    limits: Limits,
    compression: Option<Compression>,
    /// Whether calls share NATS messages, and the methods whose calls do not.
    coalesces: bool,
    alone: Vec<String>,
    /// What is known of the services that are called.
    remotes: Arc<Remotes>,
}

impl Carrier {
    pub(super) fn new(connection: Connection) -> Self {
        Self(Arc::new(Shared {
            connection,
            mounts: Vec::new(),
            limits: Limits { max_window: MAX_WINDOW, ..Limits::default() },
            compression: None,
            coalesces: true,
            alone: Vec::new(),
            remotes: Arc::new(Remotes::new()),
        }))
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.0.connection
    }

    pub(super) fn limits_mut(&mut self) -> &mut Limits {
        &mut Arc::make_mut(&mut self.0).limits
    }

    pub(super) fn compress(&mut self, compression: Compression) {
        Arc::make_mut(&mut self.0).compression = Some(compression);
    }

    pub(super) fn coalesce_nothing(&mut self) {
        Arc::make_mut(&mut self.0).coalesces = false;
    }

    pub(super) fn coalesce_nothing_of(&mut self, method: String) {
        Arc::make_mut(&mut self.0).alone.push(method);
    }

    fn coalescing(&self, method: &Method) -> Coalescing {
        let is = |path: &String| {
            path.trim_start_matches('/').split_once('/') == Some((method.service(), method.name()))
        };
        let alone = !self.0.coalesces || self.0.alone.iter().any(is);
        if alone { Coalescing::Nothing } else { Coalescing::All }
    }

    pub(super) fn mount(&mut self, service: String, prefix: String) {
        let shared = Arc::make_mut(&mut self.0);
        shared.mounts.retain(|(own, _)| *own != service);
        shared.mounts.push((service, prefix));
        // What was known is of the services at their old places.
        shared.remotes = Arc::new(Remotes::new());
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

    /// Makes a call at the time `now`.
    pub(super) fn carry(&self, mut call: Call, now: Instant) -> Carried {
        let cancelled = call.context().until_cancelled();
        call.start(None, now);
        let state = match self.start(call, now) {
            Ok(exchange) => State::Running(exchange),
            Err(status) => State::Over(Some(status)),
        };
        Carried { state, cancelled }
    }

    fn start(&self, call: Call, now: Instant) -> Result<Exchange, Status> {
        let (to, epoch) = self.destination(&call)?;
        Exchange::start(to, epoch, call, now)
    }

    /// Makes a call of all instances.
    pub(super) async fn scatter(&self, call: Call) -> Result<Scattered, Status> {
        let (to, epoch) = self.destination(&call)?;
        Scattered::start(to, epoch, call).await
    }

    /// Where a call goes.
    fn destination(&self, call: &Call) -> Result<(Destination, Arc<Epoch>), Status> {
        let Shared { connection, remotes, limits, compression, .. } = &*self.0;
        let epoch = connection.epoch().map_err(Status::with_not_processed)?;
        let subject = self.subject(call).map_err(Status::with_not_processed)?;
        let method = call.method();
        let remote = remotes.of(method, || Remote::new(method.service(), subject::prefix_of(&subject)));
        let (limits, compression, coalescing) = (*limits, *compression, self.coalescing(method));
        let connection = connection.clone();
        let to = Destination { connection, subject, remote, limits, compression, coalescing };
        Ok((to, epoch))
    }
}

impl Service<Call> for Carrier {
    type Response = Reply;
    type Error = Status;
    type Future = Carried;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Carried {
        self.carry(call, Instant::now())
    }
}

/// A call that a [`Carrier`] carries.
#[must_use = "a call's answer is in its future"]
pub(super) struct Carried {
    state: State,
    cancelled: Cancelled,
}

#[expect(clippy::large_enum_variant, reason = "a box for each call would cost more than room in its future")]
enum State {
    Running(Exchange),
    /// With the failure, until it is told.
    Over(Option<Status>),
}

impl Future for Carried {
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

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Carried").finish_non_exhaustive()
    }
}
