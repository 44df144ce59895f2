//! What happened in a run, and whether it may have.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::{Code, Origin, Status};
use tokio::time::Instant;

use crate::probe::{FAILURE, Job, Order, answer};
use crate::simulation_support::log::Entry;
use crate::simulation_support::seeds;
use crate::simulation_support::totals::Totals;
use crate::simulation_support::wording::without_instance;

/// The timers of tokio and the sweep have a millisecond each.
const SLACK: Duration = Duration::from_millis(5);

/// One call, from its caller's side.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) job: Job,
    pub(crate) client: usize,
    pub(crate) idempotent: bool,
    pub(crate) timeout: Duration,
    pub(crate) began: Duration,
    pub(crate) ended: Option<Duration>,
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(String),
    Failed { code: Code, origin: Origin, not_processed: bool, text: String },
    Dropped,
}

impl Outcome {
    fn has_code(&self, code: Code) -> bool {
        matches!(self, Self::Failed { code: own, .. } if *own == code)
    }
}

impl From<Result<String, Status>> for Outcome {
    fn from(outcome: Result<String, Status>) -> Self {
        match outcome {
            Ok(text) => Self::Answered(text),
            Err(status) => Self::Failed {
                code: status.code(),
                origin: status.origin(),
                not_processed: status.is_not_processed(),
                text: without_instance(status.message()),
            },
        }
    }
}

/// One run of a handler.
#[derive(Debug, Clone)]
struct Run {
    id: usize,
    /// How many services away from the caller.
    depth: usize,
    began: Duration,
    ended: bool,
    gone: Option<Duration>,
}

/// What all handlers of one service write in.
#[derive(Clone)]
pub(crate) struct Book {
    runs: Arc<Mutex<Vec<Run>>>,
    depth: usize,
    start: Instant,
}

impl Book {
    pub(crate) fn new(start: Instant) -> Self {
        Self { runs: Arc::default(), depth: 0, start }
    }

    /// For the service behind the others.
    pub(crate) fn behind(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    pub(crate) fn started(&self, id: usize) -> Running {
        let mut runs = self.runs.lock().unwrap();
        runs.push(Run { id, depth: self.depth, began: self.start.elapsed(), ended: false, gone: None });
        Running { book: self.clone(), index: runs.len() - 1 }
    }

    pub(crate) fn running(&self) -> usize {
        self.runs.lock().unwrap().iter().filter(|run| run.gone.is_none()).count()
    }
}

/// A handler that runs, until this is dropped.
pub(crate) struct Running {
    book: Book,
    index: usize,
}

impl Running {
    pub(crate) fn ended(&self) {
        self.book.runs.lock().unwrap()[self.index].ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.book.runs.lock().unwrap()[self.index].gone = Some(self.book.start.elapsed());
    }
}

/// Everything that is known of a run.
pub(crate) struct Ledger {
    pub(crate) calls: Vec<Call>,
    pub(crate) book: Book,
    pub(crate) events: Vec<Entry>,
    /// Some clocks are wrong, so nobody can tell what is stale.
    pub(crate) skewed: bool,
    /// What was left when it was all over; empty if nothing was.
    pub(crate) left: Vec<String>,
}

impl Ledger {
    /// What a service finds late it does not begin.
    fn check_start(&self, call: &Call, runs: &[&Run]) -> Result<(), &'static str> {
        let latest = call.began + call.timeout + Duration::from_millis(500) + SLACK;
        if !self.skewed && runs.iter().any(|run| run.began > latest) {
            return Err("a handler began when its caller had long given up");
        }
        Ok(())
    }
}

impl seeds::Ledger for Ledger {
    fn check(&self) -> Result<(), String> {
        let runs = self.book.runs.lock().unwrap();
        for call in &self.calls {
            let of_call: Vec<&Run> =
                runs.iter().filter(|run| run.id == call.job.id && run.depth == 0).collect();
            let checked = check_call(call, &of_call).and_then(|()| self.check_start(call, &of_call));
            checked.map_err(|wrong| format!("{wrong}: {call:?}\nits handlers: {of_call:?}"))?;
        }
        if self.left.is_empty() { Ok(()) } else { Err(format!("in the end: {}", self.left.join(", "))) }
    }

    fn totals(&self) -> Totals {
        let runs = self.book.runs.lock().unwrap();
        let mut totals = Totals::default();
        totals.add("calls", self.calls.len());
        totals.add("handlers run", runs.len());
        for call in &self.calls {
            let outcome = call.outcome.as_ref();
            let is = |of: fn(&Outcome) -> bool| usize::from(outcome.is_some_and(of));
            let says = |text: &str| {
                usize::from(matches!(outcome, Some(Outcome::Failed { text: own, .. }) if own.contains(text)))
            };
            totals.add("answered", is(|outcome| matches!(outcome, Outcome::Answered(_))));
            totals.add("dropped", is(|outcome| matches!(outcome, Outcome::Dropped)));
            totals.add("expired", is(|outcome| outcome.has_code(Code::DeadlineExceeded)));
            totals.add(
                "not processed",
                is(|outcome| matches!(outcome, Outcome::Failed { not_processed: true, .. })),
            );
            totals.add("failed by their handlers", is(|outcome| outcome.has_code(FAILURE)));
            totals.add("not accepted", says("no instance has answered"));
            totals.add("lost with their instance", says("has gone") + says("no longer"));
            let times = runs.iter().filter(|run| run.id == call.job.id && run.depth == 0).count();
            totals.add("run twice because they may", usize::from(times > 1));
        }
        totals
    }
}

fn check_call(call: &Call, runs: &[&Run]) -> Result<(), &'static str> {
    let (Some(ended), Some(outcome)) = (call.ended, &call.outcome) else { return Err("it never ended") };
    if ended > call.began + call.timeout + SLACK {
        return Err("it ended after its deadline");
    }
    if !call.idempotent && runs.len() > 1 {
        return Err("it ran twice");
    }
    match outcome {
        Outcome::Answered(text) => {
            if *text != answer(call.job.id) {
                return Err("the answer is another call's");
            }
            if !runs.iter().any(|run| run.ended) {
                return Err("no handler has answered that");
            }
            if matches!(call.job.order, Order::Hang | Order::Panic | Order::FailAfter(_)) {
                return Err("the handler can't have answered that");
            }
        }
        Outcome::Failed { not_processed: true, .. } if !runs.is_empty() => {
            return Err("it was processed, and the caller told that it was not");
        }
        Outcome::Failed { code: Code::Unimplemented, .. } => return Err("the method is implemented"),
        Outcome::Failed { code, .. } if *code == FAILURE => {
            let failed = matches!(call.job.order, Order::FailAfter(_)) && runs.iter().any(|run| run.ended);
            if !failed {
                return Err("no handler has failed so");
            }
        }
        Outcome::Failed { code: Code::Unknown, origin: Origin::Remote, .. } => {
            if call.job.order != Order::Panic || runs.is_empty() {
                return Err("no handler has panicked");
            }
        }
        Outcome::Failed { code: Code::DeadlineExceeded, origin: Origin::Local, .. } => {
            if ended + SLACK < call.began + call.timeout {
                return Err("the deadline had not passed");
            }
        }
        Outcome::Failed { code, .. } => {
            // The second service's errors come through the first one.
            let relayed = matches!(call.job.order, Order::Relay(_));
            let usual = matches!(code, Code::Unavailable | Code::DeadlineExceeded);
            if !(usual || relayed && *code == Code::Cancelled) {
                return Err("nothing that happened explains this error");
            }
        }
        Outcome::Dropped => {}
    }
    Ok(())
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            writeln!(f, "{event}")?;
        }
        for call in &self.calls {
            let Call { job, client, idempotent, timeout, began, ended, outcome } = call;
            writeln!(
                f,
                "{began:?} client {client} calls {job:?}, idempotent {idempotent}, within {timeout:?}: {outcome:?} at {ended:?}"
            )?;
        }
        for run in self.book.runs.lock().unwrap().iter() {
            writeln!(
                f,
                "{:?} handler of {} at depth {}: ended {}, gone {:?}",
                run.began, run.id, run.depth, run.ended, run.gone
            )?;
        }
        Ok(())
    }
}
