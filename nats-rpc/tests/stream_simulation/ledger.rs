//! Everything that is known of a run.

use std::fmt;

use nats_rpc::{Code, Kind, Reason};

use crate::book::{Ended, Requests, Run};
use crate::caller::{Call, Outcome};
use crate::script::{End, HANDLERS_FAIL, Handling, REQUESTS_FAIL};
use crate::simulation_support::log::{Entry, Trouble};
use crate::simulation_support::seeds;
use crate::simulation_support::totals::Totals;
use crate::truth::{self, Facts};
use crate::world::Terms;

const LARGE: usize = 32 * 1024;
const IDLE_SECONDS: u64 = 60;

pub(crate) struct Ledger {
    pub(crate) calls: Vec<Call>,
    pub(crate) runs: Vec<Run>,
    pub(crate) troubles: Vec<Entry>,
    pub(crate) terms: Terms,
    /// What was left when it was all over; empty if nothing was.
    pub(crate) left: Vec<String>,
}

impl Ledger {
    fn runs_of(&self, call: &Call) -> Vec<&Run> {
        self.runs.iter().filter(|run| run.id == call.script.id).collect()
    }
}

impl seeds::Ledger for Ledger {
    fn check(&self) -> Result<(), String> {
        let facts = Facts { calls: &self.calls, troubles: &self.troubles, terms: &self.terms };
        for call in &self.calls {
            let runs = self.runs_of(call);
            truth::check(call, &runs, &facts)
                .map_err(|wrong| format!("{wrong}: {call:?}\nits handlers: {runs:?}"))?;
        }
        if self.left.is_empty() { Ok(()) } else { Err(format!("in the end: {}", self.left.join(", "))) }
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        let quiet = self.troubles.is_empty();
        totals.add("quiet runs", usize::from(quiet));
        totals.add("runs with imports", usize::from(self.terms.imports));
        for call in &self.calls {
            count_call(&mut totals, call, quiet);
            totals.add("run twice because they may", usize::from(self.runs_of(call).len() > 1));
        }
        for run in &self.runs {
            count_run(&mut totals, run);
        }
        let drains = self.troubles.iter().filter(|entry| matches!(entry.trouble, Trouble::ServerStopped(_)));
        totals.add("drains", drains.count());
        totals
    }
}

fn count_call(totals: &mut Totals, call: &Call, quiet: bool) {
    let script = &call.script;
    for (kind, name) in [
        (Kind::Unary, "unary calls"),
        (Kind::ClientStreaming, "client streams"),
        (Kind::ServerStreaming, "server streams"),
        (Kind::BidiStreaming, "bidi streams"),
    ] {
        totals.add(name, usize::from(script.kind == kind));
    }
    totals.add("responses read", call.read);
    let read = &script.responses.sizes[..call.read];
    totals.add("large ones of them", read.iter().filter(|size| **size > LARGE).count());
    totals.add("empty ones of them", read.iter().filter(|size| **size == 0).count());
    let clean = call.outcome == Outcome::Clean;
    totals.add("clean", usize::from(clean));
    totals.add("clean and empty", usize::from(clean && script.streams_responses() && call.read == 0));
    totals.add(
        "clean after a minute",
        usize::from(clean && (call.ended - call.began).as_secs() >= IDLE_SECONDS),
    );
    totals.add("dropped", usize::from(call.outcome == Outcome::Dropped));
    let with = |own: Code| usize::from(matches!(&call.outcome, Outcome::Failed { code, .. } if *code == own));
    let because = |own: Reason| {
        usize::from(matches!(&call.outcome, Outcome::Failed { reason, .. } if *reason == Some(own)))
    };
    let says =
        |own: &str| usize::from(matches!(&call.outcome, Outcome::Failed { text, .. } if text.contains(own)));
    totals.add("failed by handlers", with(HANDLERS_FAIL));
    totals.add("failed by requests", with(REQUESTS_FAIL));
    totals.add("panicked", with(Code::Unknown));
    totals.add("expired", with(Code::DeadlineExceeded));
    totals.add("expired in quiet runs", if quiet { with(Code::DeadlineExceeded) } else { 0 });
    totals.add("with lost frames", because(Reason::FrameLost));
    totals.add("shut down", because(Reason::Shutdown));
    totals.add("too large", says("over the limit"));
    totals.add("too many streams", says("streams are open"));
    totals.add("disconnected", says("the connection ended"));
    totals.add("not accepted", says("no instance has answered"));
    totals.add("lost with their instance", says("has gone") + says("no longer"));
    let not_processed = matches!(call.outcome, Outcome::Failed { not_processed: true, .. });
    totals.add("not processed", usize::from(not_processed));
    totals.add("ended before their requests", usize::from(clean && call.sent.end != Some(End::Well)));
    totals.add("half-duplex", usize::from(clean && script.half_duplex && script.streams_requests()));
    totals.add("read in a task", usize::from(clean && script.handling == Handling::InTask));
}

fn count_run(totals: &mut Totals, run: &Run) {
    totals.add("handlers run", 1);
    totals.add("requests read", run.read);
    totals.add("half-closes seen", usize::from(run.requests == Requests::HalfClosed));
    totals.add("broken requests seen", usize::from(matches!(run.requests, Requests::Broken(..))));
    totals.add("handlers expired", usize::from(run.end == Some(Ended::Expired)));
    totals.add("handlers stopped", usize::from(run.end.is_none()));
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.terms)?;
        for trouble in &self.troubles {
            writeln!(f, "{trouble}")?;
        }
        for call in &self.calls {
            writeln!(f, "{call:?}")?;
            for run in self.runs_of(call) {
                writeln!(f, "    at {}: {run:?}", run.server)?;
            }
        }
        Ok(())
    }
}
