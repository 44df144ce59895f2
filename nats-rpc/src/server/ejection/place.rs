use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use rand::Rng;
use tokio::sync::Notify;
use tokio::time::{Duration, Instant, timeout};

use super::absence::Absence;
use super::gate::Gate;
use super::health::Health;
use super::member::Member;
use super::trial::Admitted;
use super::window::Counts;
use super::{Census, Ejection, Group, Standing, Verdict};
use crate::server::Mount;
use crate::server::instance::Instance;
use crate::wire::{Leaving, LeavingState, Serves};

/// How long a server that stops waits for another one to come back.
const RELIEF: Duration = Duration::from_millis(250);

/// The place of one service of this instance in its queue group. It stays the same over all connections.
pub(in crate::server) struct Place {
    /// What the service's subjects begin with.
    prefix: String,
    instance: Instance,
    /// Names the methods that are served: their hashes, combined in any order. Only who serves the same ones can stand
    /// in for this instance.
    methods: u32,
    settings: Ejection,
    health: Health,
    gate: Gate,
    member: Mutex<Member>,
    absence: Mutex<Absence>,
    /// Nobody else serves any more.
    alone: Notify,
    /// Another one is back.
    relieved: Notify,
}

impl Place {
    pub(in crate::server) fn new(mount: &Mount, instance: Instance, settings: Ejection) -> Self {
        Self {
            prefix: mount.prefix(),
            methods: mount.spec().methods().fold(0, |all, method| all ^ method.hash()),
            settings,
            health: Health::new(settings),
            gate: Gate::new(),
            member: Mutex::new(Member::new(instance.as_str())),
            instance,
            absence: Mutex::default(),
            alone: Notify::new(),
            relieved: Notify::new(),
        }
    }

    pub(in crate::server) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(in crate::server) fn instance(&self) -> &Instance {
        &self.instance
    }

    pub(in crate::server) fn standing(&self) -> Standing {
        self.gate.standing()
    }

    /// Lets a call in that came through the queue group. `None`: it should go to another instance.
    pub(in crate::server) fn admit(&self) -> Option<Admitted> {
        self.gate.admit()
    }

    /// A call has ended at this time.
    pub(in crate::server) fn record(&self, admitted: Admitted, at: Instant, verdict: Verdict) {
        admitted.end(verdict);
        self.health.record(at, verdict);
    }

    /// The group is not to rely on it, for now or because the server stops.
    pub(in crate::server) fn stop(&self) {
        self.member().stop();
    }

    /// Says that the server stops. If others are away, or may be, lets one come back first: nobody else may serve.
    pub(in crate::server) async fn hand_over(&self, group: &Group) {
        self.stop();
        let (relieved, may_come) = (self.relieved.notified(), self.member().knows_of_absence(Instant::now()));
        tokio::pin!(relieved);
        relieved.as_mut().enable();
        group.say(LeavingState::Stopping, 0);
        if may_come {
            // Whoever has to come back does so at once. Nobody has to when there are others.
            let _ = timeout(RELIEF, relieved).await;
        }
    }
}

/// For the group, and what keeps the place.
impl Place {
    pub(super) fn methods(&self) -> u32 {
        self.methods
    }

    pub(super) fn answer(&self) -> Serves {
        self.member().answer()
    }

    pub(super) fn hear(&self, said: &Leaving<'_>) {
        if self.member().hear(said, Instant::now()) {
            self.alone.notify_one();
        }
        if said.state == LeavingState::Returned {
            self.relieved.notify_waiters();
        }
    }

    pub(super) fn learn(&self, census: &Census) {
        self.member().learn(census);
    }

    /// Waits until the last other one that serves has said that it stops.
    pub(super) async fn until_alone(&self) {
        self.alone.notified().await;
    }

    pub(super) async fn until_bad(&self) {
        self.health.until_bad().await;
    }

    pub(super) fn counts(&self) -> Counts {
        self.health.counts(Instant::now())
    }

    /// All calls are let in, though the group can't rely on it yet.
    pub(super) fn open(&self) {
        self.health.begin_anew();
        self.gate.open();
    }

    /// Few calls are let in.
    pub(super) fn open_for_trial(&self) {
        self.health.begin_anew();
        self.gate.open_for_trial(Instant::now());
    }

    /// No calls are let in.
    pub(super) fn close(&self) {
        self.gate.close();
    }

    /// Whether the trial went well, when that is known.
    pub(super) fn trial_passed(&self) -> Option<bool> {
        let trial = self.gate.trial()?;
        trial.passed(Instant::now(), self.settings.failure_ratio)
    }

    /// The group can rely on it.
    pub(super) fn serve(&self) {
        self.member().serve();
    }

    /// An absence is over, and was not in vain.
    pub(super) fn end_absence(&self) {
        lock(&self.absence).end(Instant::now());
    }

    /// It wants to leave, and announces that. `false`: another one comes first.
    pub(super) fn bid(&self, rank: u64) -> bool {
        self.member().bid(rank, Instant::now())
    }

    /// Leaves, unless it has to stay after all.
    pub(super) fn leave(&self) -> bool {
        self.member().leave()
    }

    /// Lets no calls in any more. Returns for how long.
    pub(super) fn begin_absence(&self, random: &mut impl Rng) -> Duration {
        // What nobody has waited for was about another absence.
        let _ = self.alone.notified().now_or_never();
        self.gate.close();
        lock(&self.absence).begin(Instant::now(), &self.settings, random)
    }

    /// When it is to come back.
    pub(super) fn absent_until(&self) -> Instant {
        lock(&self.absence).until().unwrap_or_else(Instant::now)
    }

    fn member(&self) -> MutexGuard<'_, Member> {
        lock(&self.member)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
