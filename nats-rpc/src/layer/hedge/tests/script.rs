use std::future::{Future, pending};
use std::num::NonZeroU128;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use tower::util::ServiceFn;
use tower::{Service, service_fn};

use crate::metadata::Metadata;
use crate::raw::{Body, Budget, Call, Reply, ReplyBody};
use crate::spec::{HedgeSpec, Idempotency, Kind, Method, Spec};
use crate::status::Status;

pub(super) const MS: Duration = Duration::from_millis(1);
/// The delay of [`call`]s.
pub(super) const DELAY: Duration = Duration::from_millis(10);

static HEDGED: Spec = Spec::new("a.S", "Hedged", 0, Kind::Unary)
    .with_idempotency(Idempotency::NoSideEffects)
    .with_hedge(HedgeSpec::new().with_max_attempts(3).with_delay(DELAY));

/// What becomes of an attempt.
#[derive(Clone)]
pub(super) enum Answer {
    Ok(Duration),
    Failed(Duration, Status),
    Hangs,
}

/// What is known of an attempt.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) at: Duration,
    pub(super) attempt: u32,
    pub(super) id: Option<NonZeroU128>,
    pub(super) deadline: Option<Duration>,
    pub(super) given_up: Option<Duration>,
}

/// All attempts that reach the service.
#[derive(Clone)]
pub(super) struct Log {
    start: Instant,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Log {
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// When there were attempts, in milliseconds.
    pub(super) fn times(&self) -> Vec<u128> {
        self.seen().iter().map(|seen| seen.at.as_millis()).collect()
    }

    pub(super) fn attempts(&self) -> usize {
        self.seen().len()
    }
}

/// An attempt, which is given up unless it has ended.
struct Running {
    log: Log,
    index: usize,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.log.seen.lock().unwrap()[self.index].given_up = Some(self.log.start.elapsed());
        }
    }
}

/// A service that answers attempt for attempt as it is told, the last answer over and over, and what it sees.
pub(super) fn scripted(
    answers: impl Into<Vec<Answer>>,
) -> (impl Service<Call, Response = Reply, Error = Status, Future: Future + Send> + Clone + Send, Log) {
    let answers: Vec<Answer> = answers.into();
    let log = Log { start: Instant::now(), seen: Arc::default() };
    let seen = log.clone();
    let service: ServiceFn<_> = service_fn(move |call: Call| {
        let (log, answers) = (seen.clone(), answers.clone());
        let index = log.attempts();
        let deadline = call.context().deadline().map(|deadline| deadline - log.start);
        let (at, attempt, id) = (log.start.elapsed(), call.context().attempt(), call.call_id());
        log.seen.lock().unwrap().push(Seen { at, attempt, id, deadline, given_up: None });
        async move {
            let mut running = Running { log, index, ended: false };
            let outcome = match answers[index.min(answers.len() - 1)].clone() {
                Answer::Ok(after) => {
                    tokio::time::sleep(after).await;
                    Ok(reply(index))
                }
                Answer::Failed(after, status) => {
                    tokio::time::sleep(after).await;
                    Err(status)
                }
                Answer::Hangs => pending().await,
            };
            running.ended = true;
            outcome
        }
    });
    (service, log)
}

/// The answer to attempt number `index` of all.
fn reply(index: usize) -> Reply {
    let message = Bytes::from(index.to_string());
    Reply::new(Metadata::new(), ReplyBody::Unary { message, trailers: Metadata::new() })
}

/// Which attempt of all has answered.
pub(super) fn winner(reply: Reply) -> usize {
    let ReplyBody::Unary { message, .. } = reply.into_parts().1 else { panic!("it is unary") };
    std::str::from_utf8(&message).unwrap().parse().unwrap()
}

/// Of a method with three attempts, [`DELAY`] apart.
pub(super) fn call() -> Call {
    call_of(&HEDGED)
}

/// A call whose further attempts are paid from `budget`.
pub(super) fn call_paid_from(budget: &Arc<Budget>) -> Call {
    let mut call = call();
    call.set_budget(Arc::clone(budget));
    call
}

pub(super) fn call_of(spec: &'static Spec) -> Call {
    Call::new(Method::from(spec), Body::Unary(Bytes::from_static(b"x")))
}
