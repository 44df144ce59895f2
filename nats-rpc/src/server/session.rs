use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Mount;
use super::control::Control;
use super::discovery::Discovery;
use super::dispatch::{Dispatcher, Serving};
use super::drain::{Drain, fill};
use super::plain::Bodies;
use super::reader::Reader;
use super::stats::MethodStats;
use crate::status::Status;
use crate::subject::{self, Subject};
use crate::transport::{Denial, Epoch, Outgoing, Subscription};
use crate::wire::{Leaving, LeavingState};

/// How long the subscriptions may take to end by themselves when draining: with fillers it takes 0.3 s, and nearly 2 s
/// on a machine that has far more to do than it can. Without, it depends on callers.
const LIMIT_WITH_FILLERS: Duration = Duration::from_secs(5);
const LIMIT_WITHOUT: Duration = Duration::from_secs(2);

/// The subscriptions of a server on one connection.
pub(super) struct Session {
    pub(super) epoch: Arc<Epoch>,
    /// The tasks that read the methods.
    readers: TaskTracker,
    /// The tasks that read `_up` and the instance's own subjects.
    controls: TaskTracker,
    drain: Arc<Drain>,
    subjects: Vec<Subject>,
    services: Vec<Service>,
    /// All calls are over.
    close: CancellationToken,
}

struct Service {
    prefix: String,
    /// What the instance itself is reached by.
    own: Subject,
    /// What all instances are reached by at once.
    all: Subject,
    control: Control,
    methods: Arc<[Arc<Dispatcher>]>,
}

fn dispatchers(
    mount: &Mount,
    stats: impl Iterator<Item = Arc<MethodStats>>,
    serving: &Arc<Serving>,
) -> Result<Arc<[Arc<Dispatcher>]>, Status> {
    let methods = mount.spec().methods().zip(Bodies::of_methods(mount)?).zip(stats);
    let dispatcher = |((method, bodies), stats)| {
        Arc::new(Dispatcher::new(mount.route().clone(), method, bodies, stats, Arc::clone(serving)))
    };
    Ok(methods.map(dispatcher).collect())
}

impl Session {
    /// Subscribes to everything, and returns when the NATS server knows of it.
    ///
    /// Callers that are sent to the instance's own subjects find them, so these come before the methods; and whoever
    /// is told by `_up` that a method is served finds the method, so that comes last.
    pub(super) async fn open(
        mounts: &[Mount],
        discovery: &Discovery,
        serving: &Arc<Serving>,
    ) -> Result<Self, Status> {
        let epoch = &serving.epoch;
        let mut session = Self {
            epoch: Arc::clone(epoch),
            readers: TaskTracker::new(),
            controls: TaskTracker::new(),
            drain: Arc::default(),
            subjects: Vec::new(),
            services: Vec::new(),
            close: CancellationToken::new(),
        };
        for (mount, stats) in mounts.iter().zip(discovery.stats()) {
            session.listen(mount, dispatchers(mount, stats, serving)?, serving).await?;
        }
        epoch.barrier().await?;
        let mut readers = Vec::new();
        for (mount, index) in mounts.iter().zip(0..) {
            readers.extend(session.subscribe(mount, index).await?);
        }
        // They must be read at once: who asks and is not heard takes the service for dead.
        readers.into_iter().for_each(|reader| {
            session.readers.spawn(reader.run(Arc::clone(&session.drain)));
        });
        for (mount, service) in mounts.iter().zip(&session.services) {
            let up = epoch.subscribe(subject::up(&service.prefix), Some(mount.group())).await?;
            let (control, drain) = (service.control.clone(), Arc::clone(&session.drain));
            session.controls.spawn(async move { control.read_until(up, &drain.begin).await });
        }
        if let Some(responder) = discovery.subscribe(epoch).await {
            session.controls.spawn(responder.run(Arc::clone(&session.drain)));
        }
        session.readers.close();
        session.controls.close();
        epoch.barrier().await?;
        session.refuse_denials().await?;
        Ok(session)
    }

    /// Sees that the NATS server has let all subscriptions be.
    async fn refuse_denials(&self) -> Result<(), Status> {
        let known = self.epoch.refusals_known().await;
        let instance = self.services.iter().flat_map(|service| [service.own.clone(), service.all.clone()]);
        let up = self.services.iter().map(|service| subject::up(&service.prefix));
        let needed: Vec<Subject> = self.subjects.iter().cloned().chain(instance).chain(up).collect();
        let needs = |denial: &Denial| needed.iter().any(|subject| subject.as_str() == denial.subject);
        let denied = self.epoch.denied_subscriptions();
        denied.iter().find(|denial| needs(denial)).map_or(known, |denial| Err(denial.status()))
    }

    /// Listens at the instance's own subjects of a service, and at those of all instances.
    async fn listen(
        &mut self,
        mount: &Mount,
        methods: Arc<[Arc<Dispatcher>]>,
        serving: &Serving,
    ) -> Result<(), Status> {
        let running = Arc::clone(&serving.calls.running);
        let prefix = mount.prefix();
        let own = subject::all_of_instance(&prefix, running.instance());
        let all = subject::all_methods_of_all(&prefix);
        let epoch = Arc::clone(&self.epoch);
        let control = Control::new(mount.spec(), epoch, running, serving.terms, Arc::clone(&methods));
        let (at_own, at_all) =
            (self.epoch.subscribe(own.clone(), None).await?, self.epoch.subscribe(all.clone(), None).await?);
        let (listening, close) = (control.clone(), self.close.clone());
        self.controls.spawn(async move { listening.read_until(at_own, &close).await });
        let (listening, drain) = (control.clone(), Arc::clone(&self.drain));
        self.controls.spawn(async move { listening.read_until(at_all, &drain.begin).await });
        self.services.push(Service { prefix, own, all, control, methods });
        Ok(())
    }

    /// Joins the queue groups of the methods of service number `index`.
    async fn subscribe(&mut self, mount: &Mount, index: usize) -> Result<Vec<Reader>, Status> {
        let Service { prefix, methods, .. } = &self.services[index];
        let mut readers = Vec::new();
        for (method, dispatcher) in mount.spec().methods().zip(methods.iter()) {
            let subject = subject::of_method(prefix, &method)?;
            let subscription = self.epoch.subscribe(subject.clone(), Some(mount.group())).await?;
            self.subjects.push(subject);
            readers.push(Reader::new(subscription, Arc::clone(dispatcher)));
        }
        Ok(readers)
    }

    /// Announces that the instance leaves, then leaves the queue groups without losing what the NATS server has sent
    /// already. `fills` says whether fillers do no harm.
    pub(super) async fn drain(&self, fills: bool) {
        for service in &self.services {
            service.control.leave();
            self.epoch.send_control(service.announcement());
        }
        self.drain.begin.cancel();
        let ended = async {
            tokio::select! {
                biased;
                () = self.readers.wait() => {}
                () = fill(&self.epoch, &self.subjects, &self.drain.missing), if fills => {}
            }
        };
        let limit = if fills { LIMIT_WITH_FILLERS } else { LIMIT_WITHOUT };
        if tokio::time::timeout(limit, ended).await.is_err() {
            tracing::warn!("subscriptions did not end in time: some messages may be lost");
            self.drain.give_up.cancel();
            self.readers.wait().await;
        }
    }

    /// Ends what is left once all calls are over.
    pub(super) async fn close(self) {
        self.close.cancel();
        self.controls.wait().await;
    }
}

/// A session that is not drained ends with its connection, or when it could not be opened.
impl Drop for Session {
    fn drop(&mut self) {
        self.close.cancel();
        self.drain.begin.cancel();
        self.drain.give_up.cancel();
    }
}

impl Service {
    fn announcement(&self) -> Outgoing {
        let leaving = Leaving {
            instance: self.control.instance(),
            rank: rand::random(),
            state: LeavingState::Stopping,
        };
        let mut frame = BytesMut::new();
        leaving.encode(&mut frame).expect("an instance id is short");
        Outgoing::new(subject::group(&self.prefix), frame.freeze())
    }
}

impl Control {
    /// Reads a subscription until it ends, which it does once `end` is cancelled.
    async fn read_until(&self, mut subscription: Subscription, end: &CancellationToken) {
        tokio::select! {
            biased;
            () = self.read(&mut subscription) => return,
            () = end.cancelled() => {}
        }
        subscription.unsubscribe().await;
        self.read(&mut subscription).await;
    }
}
