//! What explains that a call failed.

use std::time::Duration;

use nats_rpc::{Code, Reason};

use crate::caller::Call;
use crate::script::{End, HANDLERS_FAIL, REQUESTS_FAIL};
use crate::simulation_support::log::{Entry, Trouble};
use crate::truth::{Facts, SLACK};

/// So long after a trouble calls may still find nobody: connections come back after 4 s, servers a second later.
const AFTERMATH: Duration = Duration::from_secs(10);
/// What was sent during a trouble arrives within this.
const LATE: Duration = Duration::from_secs(1);

/// An error, as a caller or a handler learns it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) reason: Option<Reason>,
    pub(crate) at: Duration,
}

/// Finds what explains the failure of a call, whoever learns it.
///
/// # Errors
/// Nothing does.
pub(crate) fn explain(call: &Call, failure: Failure, facts: &Facts<'_>) -> Result<(), &'static str> {
    let script = &call.script;
    match failure.code {
        Code::Unavailable if failure.reason == Some(Reason::FrameLost) => {
            let loses = |trouble: &Trouble| match trouble {
                Trouble::Frozen(_) => false,
                Trouble::Faults { lossy, .. } => *lossy,
                _ => true,
            };
            during(call, failure, facts, LATE, loses).ok_or("nothing was lost")
        }
        Code::Unavailable if failure.reason == Some(Reason::Shutdown) => {
            let stops = |trouble: &Trouble| matches!(trouble, Trouble::ServerStopped(_));
            during(call, failure, facts, LATE, stops).ok_or("no server was shut down")
        }
        Code::Unavailable => during(call, failure, facts, AFTERMATH, |_| true).ok_or("nothing went wrong"),
        Code::DeadlineExceeded => {
            let Some(timeout) = script.timeout.or(facts.default_timeout(call)) else {
                return Err("there is no deadline");
            };
            let is_over = failure.at + SLACK >= call.began + timeout;
            (is_over || facts.terms.skewed).then_some(()).ok_or("the deadline had not passed")
        }
        Code::ResourceExhausted => {
            let request = script.requests.longest_message() > facts.terms.server_limit;
            let response = script.responses.longest_message() > facts.terms.client_limits[script.client];
            if request || response || facts.has_too_many_streams(call) {
                return Ok(());
            }
            Err("no message is too large, and there are not too many streams")
        }
        HANDLERS_FAIL => planned(script.responses.end == End::Fails),
        REQUESTS_FAIL => planned(script.requests.end == End::Fails),
        Code::Unknown => planned(script.responses.end == End::Panics || script.requests.end == End::Panics),
        _ => Err("this never happens"),
    }
}

fn planned(is_planned: bool) -> Result<(), &'static str> {
    is_planned.then_some(()).ok_or("it was not planned")
}

/// Whether something of the kind went wrong while the call lasted.
fn during(
    call: &Call,
    failure: Failure,
    facts: &Facts<'_>,
    aftermath: Duration,
    is: impl Fn(&Trouble) -> bool,
) -> Option<()> {
    let overlaps = |entry: &&Entry| {
        entry.from <= failure.at && entry.until.is_none_or(|until| until + aftermath >= call.began)
    };
    facts.troubles.iter().filter(overlaps).any(|entry| is(&entry.trouble)).then_some(())
}
