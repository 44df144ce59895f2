use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::control::Control;
use super::dispatch::Dispatcher;
use super::drain::{Drain, fill};
use super::ejection::Place;
use super::reader::Reader;
use crate::status::Status;
use crate::subject::{self, Subject};
use crate::transport::Epoch;

/// How long the subscriptions may take to end by themselves when draining: with fillers it takes 0.3 s, and nearly 2 s
/// on a machine that has far more to do than it can. Without, it depends on callers.
const LIMIT_WITH_FILLERS: Duration = Duration::from_secs(5);
const LIMIT_WITHOUT: Duration = Duration::from_secs(2);

/// What it takes to serve one service on one connection.
pub(super) struct Site {
    pub(super) place: Arc<Place>,
    pub(super) queue_group: String,
    /// What is subscribed to, and what runs the calls that come there.
    pub(super) methods: Vec<(Subject, Arc<Dispatcher>)>,
    pub(super) control: Control,
    /// Whether fillers do no harm in the queue groups.
    pub(super) fills: bool,
}

/// The queue subscriptions of one service on one connection. Dropped, they end at once.
pub(super) struct Membership {
    subjects: Vec<Subject>,
    tasks: TaskTracker,
    drain: Arc<Drain>,
}

impl Membership {
    /// Joins the queue groups of the methods, and `_up` last: who is told there that a method is served finds the
    /// method.
    pub(super) async fn join(epoch: &Epoch, site: &Site) -> Result<Self, Status> {
        let group = Some(&*site.queue_group);
        let mut subscriptions = Vec::new();
        for (subject, dispatcher) in &site.methods {
            let subscription = epoch.subscribe(subject.clone(), group).await?;
            subscriptions.push(Reader::new(subscription, Arc::clone(dispatcher)));
        }
        let subjects = site.methods.iter().map(|(subject, _)| subject.clone()).collect();
        let joined = Self { subjects, tasks: TaskTracker::new(), drain: Arc::default() };
        // They must be read at once: who asks and is not heard takes the service for dead.
        for reader in subscriptions {
            joined.tasks.spawn(reader.run(Arc::clone(&joined.drain)));
        }
        let up = epoch.subscribe(subject::up(site.place.prefix()), group).await?;
        let (control, drain) = (site.control.clone(), Arc::clone(&joined.drain));
        joined.tasks.spawn(async move { control.read_until(up, &drain.begin).await });
        joined.tasks.close();
        Ok(joined)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.drain.begin.cancel();
        self.drain.give_up.cancel();
    }
}

/// Leaves the queue groups without losing what the NATS server has sent already. `fills` says whether fillers do no
/// harm.
pub(super) async fn leave(epoch: &Epoch, memberships: &[Membership], fills: bool) {
    memberships.iter().for_each(|one| one.drain.begin.cancel());
    let subjects: Vec<Subject> = memberships.iter().flat_map(|one| &one.subjects).cloned().collect();
    let missing = || memberships.iter().map(|one| one.drain.missing.load(Ordering::Relaxed)).sum();
    let all_ended = async {
        for one in memberships {
            one.tasks.wait().await;
        }
    };
    let ended = async {
        tokio::select! {
            biased;
            () = all_ended => {}
            () = fill(epoch, &subjects, missing), if fills => {}
        }
    };
    let limit = if fills { LIMIT_WITH_FILLERS } else { LIMIT_WITHOUT };
    if tokio::time::timeout(limit, ended).await.is_err() {
        tracing::warn!("subscriptions did not end in time: some messages may be lost");
        for one in memberships {
            one.drain.give_up.cancel();
            one.tasks.wait().await;
        }
    }
}
