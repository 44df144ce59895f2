use std::sync::Arc;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Mount;
use super::control::Control;
use super::discovery::Discovery;
use super::dispatch::{Dispatcher, Serving};
use super::ejection::{Group, Keeper, Place, Standing};
use super::membership::{self, Membership, Site};
use super::plain::Bodies;
use super::stats::MethodStats;
use crate::status::Status;
use crate::subject::{self, Subject};
use crate::transport::{Denial, Epoch};

/// The subscriptions of a server on one connection.
pub(super) struct Session {
    pub(super) epoch: Arc<Epoch>,
    services: Vec<Service>,
    /// The tasks that keep the services in their queue groups, or out of them.
    keepers: Vec<JoinHandle<Option<Membership>>>,
    /// Queue groups that were left are drained.
    ending: TaskTracker,
    /// The tasks that read everything else.
    controls: TaskTracker,
    /// The server stops.
    stopping: CancellationToken,
    /// All calls are over.
    close: CancellationToken,
    /// Whether fillers do no harm in the queue groups.
    fills: bool,
}

struct Service {
    site: Arc<Site>,
    group: Arc<Group>,
    /// What the instance itself is reached by.
    own: Subject,
    /// What all instances are reached by at once.
    all: Subject,
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
    /// Subscribes to everything, and returns when the NATS server knows of it. Only the queue groups that the instance
    /// has left stay as they are.
    ///
    /// Callers that are sent to the instance's own subjects find them, so these come before the methods. `fills` says
    /// whether fillers do no harm in the queue groups.
    pub(super) async fn open(
        mounts: &[Mount],
        discovery: &Discovery,
        serving: &Arc<Serving>,
        fills: bool,
    ) -> Result<Self, Status> {
        let epoch = &serving.epoch;
        let mut session = Self {
            epoch: Arc::clone(epoch),
            services: Vec::new(),
            keepers: Vec::new(),
            ending: TaskTracker::new(),
            controls: TaskTracker::new(),
            stopping: CancellationToken::new(),
            close: CancellationToken::new(),
            fills,
        };
        for ((mount, stats), place) in mounts.iter().zip(discovery.stats()).zip(discovery.places()) {
            session.listen(mount, dispatchers(mount, stats, serving)?, (place, serving)).await?;
        }
        epoch.barrier().await?;
        let mut memberships = Vec::new();
        for Service { site, .. } in &session.services {
            let stays_away = site.place.standing() == Standing::Ejected;
            memberships.push(if stays_away { None } else { Some(Membership::join(epoch, site).await?) });
        }
        if let Some(responder) = discovery.subscribe(epoch).await {
            session.controls.spawn(responder.run(session.stopping.clone()));
        }
        session.controls.close();
        epoch.barrier().await?;
        session.refuse_denials().await?;
        session.keep(memberships);
        Ok(session)
    }

    /// Sees that the NATS server has let all subscriptions be.
    async fn refuse_denials(&self) -> Result<(), Status> {
        let known = self.epoch.refusals_known().await;
        let needed: Vec<Subject> = self.services.iter().flat_map(Service::needed).collect();
        let needs = |denial: &Denial| needed.iter().any(|subject| subject.as_str() == denial.subject);
        let denied = self.epoch.denied_subscriptions();
        denied.iter().find(|denial| needs(denial)).map_or(known, |denial| Err(denial.status()))
    }

    /// Listens at the instance's own subjects of a service, at those of all instances, and to its group.
    async fn listen(
        &mut self,
        mount: &Mount,
        methods: Arc<[Arc<Dispatcher>]>,
        (place, serving): (&Arc<Place>, &Serving),
    ) -> Result<(), Status> {
        let (running, prefix, epoch) = (Arc::clone(&serving.calls.running), place.prefix(), &self.epoch);
        let own = subject::all_of_instance(prefix, running.instance());
        let all = subject::all_methods_of_all(prefix);
        let subjects = mount.spec().methods().map(|method| subject::of_method(prefix, &method));
        let subjects = subjects.collect::<Result<Vec<_>, _>>()?;
        let queued = subjects.into_iter().zip(methods.iter().cloned()).collect();
        let control = Control::new(mount.spec(), Arc::clone(epoch), running, serving.terms, methods);

        let at_own = epoch.subscribe(own.clone(), None).await?;
        let at_all = epoch.subscribe(all.clone(), None).await?;
        let (listening, close) = (control.clone(), self.close.clone());
        self.controls.spawn(async move { listening.read_until(at_own, &close).await });
        let (listening, stopping) = (control.clone(), self.stopping.clone());
        self.controls.spawn(async move { listening.read_until(at_all, &stopping).await });

        // Not before it is known that it is subscribed.
        place.stop();
        let site = Arc::new(Site {
            place: Arc::clone(place),
            queue_group: mount.group().to_owned(),
            methods: queued,
            control,
            fills: self.fills,
        });
        let group = Arc::new(Group::new(Arc::clone(epoch), Arc::clone(place)));
        let heard = epoch.subscribe(group.subject().clone(), None).await?;
        let (listening, close) = (Arc::clone(&group), self.close.clone());
        self.controls.spawn(async move { listening.listen(heard, &close).await });
        self.services.push(Service { site, group, own, all });
        Ok(())
    }

    /// From now on the services take care of their places by themselves.
    fn keep(&mut self, memberships: Vec<Option<Membership>>) {
        for (Service { site, group, .. }, membership) in self.services.iter().zip(memberships) {
            let (site, group, ending) = (Arc::clone(site), Arc::clone(group), self.ending.clone());
            let keeper = Keeper::new(Arc::clone(&self.epoch), site, group, membership, ending);
            self.keepers.push(tokio::spawn(keeper.run(self.stopping.clone())));
        }
    }

    /// Announces that the instance stops, then leaves the queue groups without losing what the NATS server has sent
    /// already.
    pub(super) async fn drain(&mut self) {
        self.stopping.cancel();
        let mut memberships = Vec::new();
        for keeper in self.keepers.drain(..) {
            // It fails only when the runtime is going down.
            memberships.extend(keeper.await.ok().flatten());
        }
        join_all(self.services.iter().map(|service| service.site.place.hand_over(&service.group))).await;
        self.services.iter().for_each(|service| service.site.control.leave());
        membership::leave(&self.epoch, &memberships, self.fills).await;
        self.ending.close();
        self.ending.wait().await;
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
        self.stopping.cancel();
    }
}

impl Service {
    /// What it can't do without.
    fn needed(&self) -> impl Iterator<Item = Subject> {
        let methods = self.site.methods.iter().map(|(subject, _)| subject.clone());
        let up = subject::up(self.site.place.prefix());
        methods.chain([self.own.clone(), self.all.clone(), up])
    }
}
