use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Duration, Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Group, Place, Standing};
use crate::server::membership::{self, Membership, Site};
use crate::transport::Epoch;
use crate::wire::LeavingState;

/// Between an announcement and the question who serves, in milliseconds. Random, so that of those that trip together
/// one is usually alone.
const ANNOUNCED_MS: std::ops::Range<u64> = 300..600;
/// A decision on answers that are older than that might cross another one.
const FRESH: Duration = Duration::from_millis(ANNOUNCED_MS.start);
/// After this many milliseconds an instance that has to stay wants to leave again: at least as long as another one takes
/// that counts on it.
const AGAIN_MS: std::ops::Range<u64> = 1_000..2_000;
/// How often an instance that is away looks whether it is needed.
const LOOK: Duration = Duration::from_secs(1);

/// Keeps the place of a service in its queue group on one connection: leaves when it does badly and may, and comes back.
pub(in crate::server) struct Keeper {
    epoch: Arc<Epoch>,
    site: Arc<Site>,
    place: Arc<Place>,
    group: Arc<Group>,
    /// While the instance is in the group.
    membership: Option<Membership>,
    /// Memberships that are ending.
    ending: TaskTracker,
    random: StdRng,
}

impl Keeper {
    pub(in crate::server) fn new(
        epoch: Arc<Epoch>,
        site: Arc<Site>,
        group: Arc<Group>,
        membership: Option<Membership>,
        ending: TaskTracker,
    ) -> Self {
        let (place, random) = (Arc::clone(&site.place), StdRng::seed_from_u64(epoch.seed()));
        Self { epoch, site, place, group, membership, ending, random }
    }

    /// Works until `stop` completes. Returns the membership that there is then.
    pub(in crate::server) async fn run(mut self, stop: CancellationToken) -> Option<Membership> {
        if self.place.standing() == Standing::Serving {
            self.place.serve();
        }
        let epoch = Arc::clone(&self.epoch);
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = epoch.ended() => {}
            () = self.keep() => {}
        }
        self.membership
    }

    async fn keep(&mut self) {
        loop {
            match self.place.standing() {
                Standing::Serving => self.serve().await,
                Standing::Ejected => self.stay_away().await,
                Standing::Trial => self.try_out().await,
            }
        }
    }

    /// Until it has left, or may not.
    async fn serve(&mut self) {
        self.place.until_bad().await;
        if self.wins_leave().await {
            self.leave();
        } else {
            let (service, counts) = (self.place.prefix(), self.place.counts());
            // Not louder: a service that is alone and bad says so every other second.
            tracing::debug!(service, ?counts, "does badly, and stays for now");
            sleep(Duration::from_millis(self.random.random_range(AGAIN_MS))).await;
        }
    }

    /// Leaves by the rules of [`Member`](super::member::Member), as far as the group is concerned.
    async fn wins_leave(&mut self) -> bool {
        // Who could not leave in any case does not trouble the others.
        if !self.group.ask(|_| false).await.lets_go() {
            return false;
        }
        let rank = self.random.random();
        if !self.place.bid(rank) {
            return false;
        }
        self.group.say(LeavingState::Announced, rank);
        sleep(Duration::from_millis(self.random.random_range(ANNOUNCED_MS))).await;
        let asked = Instant::now();
        let census = self.group.ask(|_| false).await;
        let leaves = census.lets_go() && asked.elapsed() < FRESH && self.place.leave();
        if leaves {
            self.place.learn(&census);
        } else {
            self.place.serve();
        }
        leaves
    }

    /// Takes no calls any more.
    fn leave(&mut self) {
        let counts = self.place.counts();
        let absence = self.place.begin_absence(&mut self.random);
        tracing::warn!(
            service = self.place.prefix(),
            ?counts,
            ?absence,
            "does badly: has left its queue group"
        );
        if let Some(membership) = self.membership.take() {
            let (epoch, fills) = (Arc::clone(&self.epoch), self.site.fills);
            self.ending.spawn(async move { membership::leave(&epoch, &[membership], fills).await });
        }
    }

    /// Until it is needed, or its time is over. Tells again and again that it is away: whoever begins later has to know.
    async fn stay_away(&mut self) {
        let until = self.place.absent_until();
        loop {
            self.group.say(LeavingState::Left, 0);
            let next = Instant::now() + LOOK;
            let needed = self.is_needed_before(next.min(until)).await;
            if needed {
                self.place.open();
            } else if Instant::now() >= until {
                self.place.open_for_trial();
            } else {
                continue;
            }
            if self.join().await {
                let service = self.place.prefix();
                tracing::info!(service, needed, "is back in its queue group");
                return;
            }
            self.place.close();
            sleep_until(next).await;
        }
    }

    /// Looks whether nobody else serves, and until then listens whether the last one stops.
    async fn is_needed_before(&self, time: Instant) -> bool {
        let looking = async {
            let needed = self.is_needed().await;
            if !needed {
                sleep_until(time).await;
            }
            needed
        };
        tokio::select! {
            biased;
            () = self.place.until_alone() => true,
            needed = looking => needed,
        }
    }

    /// Whether nobody else serves. One question may get lost.
    async fn is_needed(&self) -> bool {
        for _ in 0..2 {
            let census = self.group.ask(|census| census.serving().next().is_some()).await;
            if census.serving().next().is_some() {
                self.place.learn(&census);
                return false;
            }
            if self.epoch.has_ended() {
                // Nobody could answer.
                std::future::pending::<()>().await;
            }
        }
        true
    }

    /// Subscribes again.
    async fn join(&mut self) -> bool {
        let joined = match Membership::join(&self.epoch, &self.site).await {
            Ok(membership) => {
                // Calls may come from now on.
                self.membership = Some(membership);
                self.epoch.barrier().await
            }
            Err(status) => Err(status),
        };
        if let Err(status) = joined {
            tracing::warn!(service = self.place.prefix(), %status, "can't join its queue group");
            self.membership = None;
            return false;
        }
        self.group.say(LeavingState::Returned, 0);
        if self.place.standing() == Standing::Serving {
            self.settle();
        }
        true
    }

    /// Takes few calls, until it is known how it does. Nobody relies on it meanwhile.
    async fn try_out(&mut self) {
        while !self.is_needed_before(Instant::now() + LOOK).await {
            match self.place.trial_passed() {
                None => {}
                Some(true) => break,
                Some(false) => return self.leave(),
            }
        }
        self.place.open();
        self.settle();
    }

    /// Serves as before.
    fn settle(&self) {
        tracing::info!(service = self.place.prefix(), "takes all calls again");
        self.place.end_absence();
        self.place.serve();
    }
}
