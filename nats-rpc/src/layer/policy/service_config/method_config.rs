use std::collections::HashMap;

use serde_json::Value;

use super::fields::{Fields, Node};
use super::notes::Notes;
use super::{duration, hedging, names, retry};
use crate::layer::policy::Overrides;
use crate::layer::policy::scopes::{Scope, Scopes};

const KNOWN: &[&str] = &["name", "timeout", "waitForReady", "retryPolicy", "hedgingPolicy"];
const WITHOUT_USE: &[&str] = &["maxRequestMessageBytes", "maxResponseMessageBytes"];

/// Reads all entries of `methodConfig`.
pub(super) fn read_all(entries: &[Node<'_>], notes: &mut Notes) -> Scopes<Overrides> {
    let mut scopes = Scopes::default();
    let mut places: HashMap<Scope, String> = HashMap::new();
    for entry in entries {
        let Some(fields) = Fields::of(entry, KNOWN, WITHOUT_USE, notes) else { continue };
        let overrides = read(&fields, notes);
        let names = fields.get("name").map_or(Some(Vec::new()), |names| names.elements(notes));
        if names.as_ref().is_some_and(Vec::is_empty) {
            notes.ignore(entry.path().to_owned(), "it has no `name`, so it holds for no method");
        }
        for node in names.unwrap_or_default() {
            let Some(scope) = names::read(&node, notes) else { continue };
            if let Some(first) = places.get(&scope) {
                notes.problem(format!("{} has the same name as {first}: leave one of them out", node.path()));
                continue;
            }
            places.insert(scope.clone(), node.path().to_owned());
            scopes.set(scope, overrides.clone());
        }
    }
    scopes
}

/// What one entry says.
fn read(fields: &Fields<'_>, notes: &mut Notes) -> Overrides {
    let mut overrides = Overrides::new();
    let timeout = fields.get("timeout");
    overrides.timeout = timeout.and_then(|node| duration::above_zero(&node, notes));
    if let Some(node) = fields.get("waitForReady") {
        match node.value {
            Value::Bool(wait) => overrides.wait_for_ready = Some(*wait),
            _ => notes.refuse(&node, "give true or false"),
        }
    }
    let retries = fields.get("retryPolicy");
    if let Some(policy) = retries.as_ref().and_then(|node| retry::read(node, notes)) {
        (overrides.retry, overrides.attempt_timeout) = (Some(policy.retry), policy.attempt_timeout);
    }
    let Some(hedging) = fields.get("hedgingPolicy") else { return overrides };
    if let Some(retries) = retries {
        notes.problem(format!(
            "{} stands beside {}: a call is either made again or sent several times, leave one of them out",
            hedging.path(),
            retries.path()
        ));
    }
    overrides.hedge = hedging::read(&hedging, notes);
    let delay = overrides.hedge.and_then(|hedge| hedge.delay());
    if let Some((delay, timeout)) = delay.zip(overrides.timeout).filter(|(delay, timeout)| delay >= timeout) {
        notes.problem(format!(
            "{} has a `hedgingDelay` of {delay:?} and the timeout is {timeout:?}: there is no time for a second \
             attempt, take a shorter delay or a longer timeout",
            hedging.path()
        ));
    }
    overrides
}
