//! Whether what a caller and its handlers saw is true, and in time.

use std::time::Duration;

use nats_rpc::{Code, Kind, Origin};

use crate::book::{Ended, Requests, Run};
use crate::caller::{Call, Outcome};
use crate::causes::{Failure, explain};
use crate::script::{End, HANDLERS_FAIL, Handling, REQUESTS_FAIL};
use crate::simulation_support::log::Entry;
use crate::world::Terms;

/// The timers of tokio and the sweep have a millisecond each.
pub(crate) const SLACK: Duration = Duration::from_millis(5);
/// What a channel gives unary calls that name no timeout.
const UNARY_TIMEOUT: Duration = Duration::from_secs(10);
/// A call that is dropped before it is accepted is cancelled when that is known: after 25 ms and a tick of 5.
const ACCEPTED: Duration = Duration::from_millis(30);
/// Calls with a shorter timeout are never cancelled.
const SHORT: Duration = Duration::from_millis(50);
/// An idempotent call that nobody answers is made again, at most so often in all.
const ATTEMPTS: usize = 5;
/// What a call may take beside its pauses and round trips: less than what an audit would need to mend something.
const DELAY: Duration = Duration::from_millis(20);
/// How long what is lost may go unnoticed: calls are asked after every 5 s, connections come back within 4 s, servers
/// a second later, and then there are silences to be waited for.
const UNNOTICED: Duration = Duration::from_secs(15);
/// Callers that have gone are missed after 15 s, looked for every second.
const ORPHANED: Duration = Duration::from_secs(17);

/// What is known of a run beside its calls.
pub(crate) struct Facts<'a> {
    pub(crate) calls: &'a [Call],
    pub(crate) troubles: &'a [Entry],
    pub(crate) terms: &'a Terms,
}

type Checked = Result<(), &'static str>;

pub(crate) fn check(call: &Call, runs: &[&Run], facts: &Facts<'_>) -> Result<(), String> {
    let noted = runs.iter().find_map(|run| run.wrong.clone());
    if let Some(wrong) = call.wrong.clone().or(noted) {
        return Err(wrong);
    }
    let checks = [check_end, check_outcome, check_requests, check_runs, check_time, check_rest, check_flow];
    checks.iter().try_for_each(|check| check(call, runs, facts)).map_err(str::to_owned)
}

/// The end is what one of the handlers ended with, or there is an explanation.
fn check_end(call: &Call, runs: &[&Run], facts: &Facts<'_>) -> Checked {
    let script = &call.script;
    if !script.idempotent && runs.len() > 1 {
        return Err("it ran twice");
    }
    if call.read > runs.iter().map(|run| run.wrote).max().unwrap_or_default() {
        return Err("nobody has written what was read");
    }
    match &call.outcome {
        Outcome::Dropped => Ok(()),
        Outcome::Hung => Err("it never ended"),
        Outcome::Clean => {
            if call.read != script.responses.sizes.len() {
                return Err("it ended well before all had come");
            }
            if script.responses.longest_message() > facts.terms.client_limits[script.client] {
                return Err("a response was longer than the limit");
            }
            let ended = |run: &&&Run| run.end == Some(Ended::Well) && run.wrote == call.read;
            runs.iter().find(ended).map(|_| ()).ok_or("no handler has ended so")
        }
        Outcome::Failed { code, reason, not_processed, .. } => {
            if *not_processed && !runs.is_empty() {
                return Err("it was processed, and the caller told that it was not");
            }
            explain(call, Failure { code: *code, reason: *reason, at: call.ended }, facts)
        }
    }
}

/// What a handler said itself comes after all that it had written.
fn check_outcome(call: &Call, runs: &[&Run], _: &Facts<'_>) -> Checked {
    let Outcome::Failed { code, origin: Origin::Remote, .. } = &call.outcome else { return Ok(()) };
    let said = match *code {
        HANDLERS_FAIL => Ended::Failed,
        Code::Unknown => Ended::Panicked,
        _ => return Ok(()),
    };
    let streams = call.script.streams_responses();
    let ended = |run: &&&Run| run.end == Some(said) && (!streams || run.wrote == call.read);
    runs.iter().find(ended).map(|_| ()).ok_or("no handler has ended so")
}

/// What handlers saw of the requests.
fn check_requests(call: &Call, runs: &[&Run], facts: &Facts<'_>) -> Checked {
    for run in runs {
        if run.read > call.sent.count {
            return Err("a handler read what was never sent");
        }
        let sizes = &call.script.requests.sizes[..run.read];
        if sizes.iter().any(|size| *size > facts.terms.server_limit) {
            return Err("a request was longer than the limit");
        }
        match run.requests {
            Requests::Open => {}
            Requests::HalfClosed => {
                let all = call.sent.end == Some(End::Well) && run.read == call.sent.count;
                if !all {
                    return Err("a handler saw the requests end well, and did not see them all");
                }
            }
            // It is told so when its call is over.
            Requests::Broken(Code::Cancelled, _) if call.script.handling == Handling::InTask => {}
            Requests::Broken(code, reason) => {
                let at = run.gone.max(run.task_gone).unwrap_or_default();
                explain(call, Failure { code, reason, at }, facts)
                    .map_err(|_| "a handler's requests broke, and nothing explains that")?;
                if code == REQUESTS_FAIL {
                    return Err("the caller's own error is not sent");
                }
            }
        }
    }
    Ok(())
}

/// Nothing is left of a handler when its call is over, or soon after.
fn check_runs(call: &Call, runs: &[&Run], facts: &Facts<'_>) -> Checked {
    for run in runs {
        let Some(gone) = run.gone else { return Err("a handler was never dropped") };
        let task_gone = if run.has_task { run.task_gone } else { Some(gone) };
        let Some(task_gone) = task_gone else { return Err("a handler's task has never ended") };
        let alone = runs.len() == 1;
        let said = matches!(call.outcome, Outcome::Clean)
            || matches!(call.outcome, Outcome::Failed { code: HANDLERS_FAIL, .. });
        if alone && said && gone > call.ended {
            return Err("the caller was told the end before its handler was dropped");
        }
        let over = call.ended.max(facts.healed()).max(run.began).max(uncancelled(call));
        let allowed = if facts.is_quiet() { facts.terms.round_trip + ACCEPTED + SLACK } else { ORPHANED };
        if gone > over + allowed {
            return Err("a handler outlived its call");
        }
        if task_gone > over + allowed {
            return Err("a handler's task did not learn that its call is over");
        }
    }
    Ok(())
}

/// Until when a call is not cancelled although it was given up: it ends soon by itself, so no ACCEPT is waited for.
fn uncancelled(call: &Call) -> Duration {
    let short = call.script.timeout.filter(|timeout| *timeout < SHORT);
    short.map_or(Duration::ZERO, |timeout| call.began + timeout)
}

fn check_time(call: &Call, _: &[&Run], facts: &Facts<'_>) -> Checked {
    let script = &call.script;
    if let Some(timeout) = script.timeout.or(facts.default_timeout(call)) {
        // Who does not ask is not told.
        if call.outcome != Outcome::Dropped && call.ended > (call.began + timeout).max(call.asked) + SLACK {
            return Err("it ended after its deadline");
        }
    }
    if !script.hangs() {
        let allowed = if facts.is_quiet() { DELAY } else { UNNOTICED };
        let longest = script.longest(facts.terms.round_trip, facts.terms.window);
        if call.ended > call.began.max(facts.healed()) + longest + allowed {
            return Err("it took too long");
        }
    }
    Ok(())
}

/// What the caller gave to its call is dropped with it.
fn check_rest(call: &Call, _: &[&Run], _: &Facts<'_>) -> Checked {
    match call.sent.gone {
        Some(gone) if gone <= call.ended + SLACK => Ok(()),
        _ => Err("the stream of requests outlived its call"),
    }
}

/// A caller whose requests nobody wants to read can send them all the same.
fn check_flow(call: &Call, _: &[&Run], facts: &Facts<'_>) -> Checked {
    let script = &call.script;
    let unread = matches!(script.handling, Handling::Drops(_)) && script.requests.end == End::Well;
    let enough = script.requests.longest_time(facts.terms.round_trip, facts.terms.window) + DELAY;
    let stands = call.sent.end.is_none() && call.sent.gone > Some(call.began + enough);
    if facts.is_quiet() && unread && stands {
        return Err("requests that nobody reads could not be sent");
    }
    Ok(())
}

impl Facts<'_> {
    /// Whether nothing went wrong.
    pub(crate) fn is_quiet(&self) -> bool {
        self.troubles.is_empty()
    }

    /// When the last trouble had passed.
    pub(crate) fn healed(&self) -> Duration {
        self.troubles.iter().filter_map(|entry| entry.until).max().unwrap_or_default()
    }

    #[expect(clippy::unused_self, reason = "it is a fact like the others")]
    pub(crate) fn default_timeout(&self, call: &Call) -> Option<Duration> {
        (call.script.kind == Kind::Unary).then_some(UNARY_TIMEOUT)
    }

    /// Whether more streams may have been open at once than the caller's connection may have, or those of its handlers.
    pub(crate) fn has_too_many_streams(&self, call: &Call) -> bool {
        let linger = if self.is_quiet() { self.terms.round_trip + SLACK } else { ORPHANED + self.healed() };
        let beside = |other: &&Call| {
            other.script.id != call.script.id
                && other.began <= call.ended
                && other.ended + linger >= call.began
                && !other.is_one_frame()
        };
        // Even when nothing is wrong: where one instance is near and another far, the far one seems to be silent.
        let streams = |other: &Call| if other.script.idempotent { ATTEMPTS } else { 1 };
        let own = streams(call) - 1;
        let all = own + self.calls.iter().filter(beside).map(streams).sum::<usize>();
        let same = self.calls.iter().filter(beside).filter(|other| other.script.client == call.script.client);
        let same = own + same.map(streams).sum::<usize>();
        let client = format!("client{}", call.script.client);
        let servers = self.terms.max_streams.iter().filter(|(name, _)| name.starts_with("server"));
        let fewest = servers.map(|(_, most)| *most).min().unwrap_or_default();
        same >= self.terms.max_streams_of(&client) || all >= fewest
    }
}

impl Call {
    /// Whether it is no stream, however small frames are.
    fn is_one_frame(&self) -> bool {
        let longest = self.script.requests.longest_message().max(self.script.responses.longest_message());
        self.script.kind == Kind::Unary && longest < 8 * 1024
    }
}
