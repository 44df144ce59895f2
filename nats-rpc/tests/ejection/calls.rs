//! Those who call, and what became of their calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::{Channel, Code, Origin, Status};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::work::WorkClient;

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// The handler's own error, also that it panicked or took too long.
    Failed(Code),
    /// Each of the three instances that it was sent to said that another one should have it.
    Refused,
    /// There was nobody, or there was no answer: what must not be.
    Lost(String),
}

impl Outcome {
    fn of(result: Result<(), Status>) -> Self {
        let Err(status) = result else { return Self::Done };
        let of_the_handler =
            [Code::Internal, Code::Unknown, Code::NotFound, Code::ResourceExhausted, Code::DeadlineExceeded];
        if of_the_handler.contains(&status.code()) {
            Self::Failed(status.code())
        } else if status.is_not_processed() && status.origin() == Origin::Remote {
            Self::Refused
        } else {
            Self::Lost(status.to_string())
        }
    }
}

/// Calls that are made at a rate, for as long as this exists.
pub(crate) struct Calls {
    made: Arc<Mutex<Vec<(Instant, Outcome)>>>,
    _task: JoinSet<()>,
}

const TIMEOUT: Duration = Duration::from_millis(500);

pub(crate) async fn one(channel: &Channel) -> Outcome {
    let called = WorkClient::new(channel.clone()).act(String::new()).timeout(TIMEOUT).await;
    Outcome::of(called.map(drop))
}

/// Makes many calls at once.
pub(crate) async fn burst(channel: &Channel, count: usize) -> Vec<Outcome> {
    futures_util::future::join_all((0..count).map(|_| one(channel))).await
}

impl Calls {
    pub(crate) fn every(pause: Duration, channel: Channel) -> Self {
        let made: Arc<Mutex<Vec<_>>> = Arc::default();
        let (noted, mut task) = (Arc::clone(&made), JoinSet::new());
        task.spawn(async move {
            let (mut running, mut ticks) = (JoinSet::new(), tokio::time::interval(pause));
            loop {
                ticks.tick().await;
                while running.try_join_next().is_some() {}
                let (channel, noted) = (channel.clone(), Arc::clone(&noted));
                running.spawn(async move {
                    let begin = Instant::now();
                    let outcome = one(&channel).await;
                    noted.lock().unwrap().push((begin, outcome));
                });
            }
        });
        Self { made, _task: task }
    }

    /// What became of the calls that were made since then.
    pub(crate) fn since(&self, begin: Instant) -> Vec<Outcome> {
        let made = self.made.lock().unwrap();
        made.iter().filter(|(made, _)| *made >= begin).map(|(_, outcome)| outcome.clone()).collect()
    }

    pub(crate) fn assert_none_lost(&self) {
        let made = self.made.lock().unwrap();
        assert!(made.len() > 100, "only {} calls", made.len());
        assert_none_lost(made.iter().map(|(_, outcome)| outcome));
    }
}

pub(crate) fn assert_none_lost<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) {
    let lost: Vec<_> = outcomes.into_iter().filter(|outcome| matches!(outcome, Outcome::Lost(_))).collect();
    assert!(lost.is_empty(), "{} lost: {:?}", lost.len(), lost.first());
}

/// How many were done, of all.
pub(crate) fn done(outcomes: &[Outcome]) -> f64 {
    outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count() as f64 / outcomes.len().max(1) as f64
}
