use std::time::Duration;

use super::fields::{Fields, Node};
use super::notes::Notes;
use super::{codes, duration, number};
use crate::spec::RetrySpec;

const KNOWN: &[&str] = &[
    "maxAttempts",
    "initialBackoff",
    "maxBackoff",
    "backoffMultiplier",
    "retryableStatusCodes",
    "perAttemptRecvTimeout",
];

/// A `retryPolicy`.
pub(super) struct RetryPolicy {
    pub(super) retry: RetrySpec,
    pub(super) attempt_timeout: Option<Duration>,
}

/// Reads a `retryPolicy` by the rules under "Validation of retryPolicy" in gRFC A6.
pub(super) fn read(node: &Node<'_>, notes: &mut Notes) -> Option<RetryPolicy> {
    let fields = Fields::of(node, KNOWN, &[], notes)?;
    let attempts = fields.required("maxAttempts", number::ATTEMPTS, notes);
    let attempts = attempts.and_then(|node| number::attempts(&node, notes));
    let initial = fields.required("initialBackoff", duration::ABOVE_ZERO, notes);
    let initial = initial.and_then(|node| duration::above_zero(&node, notes));
    let max_node = fields.required("maxBackoff", duration::ABOVE_ZERO, notes);
    let max = max_node.as_ref().and_then(|node| duration::above_zero(node, notes));
    let multiplier = fields.required("backoffMultiplier", number::ABOVE_ZERO, notes);
    let multiplier = multiplier.and_then(|node| number::above_zero(&node, notes));
    let codes_node = fields.required("retryableStatusCodes", codes::FAILURES, notes);
    let codes = codes_node.as_ref().and_then(|node| codes::read(node, notes));
    let attempt = fields.get("perAttemptRecvTimeout");
    let attempt_timeout = attempt.and_then(|node| duration::above_zero(&node, notes));

    if let Some((node, (initial, max))) = max_node.zip(initial.zip(max))
        && max < initial
    {
        notes.refuse(&node, "it is at least `initialBackoff`");
    }
    if let Some((node, _)) = codes_node.zip(codes).filter(|(_, codes)| codes.is_empty()) {
        notes.problem(format!("{} is empty: {}", node.path(), codes::FAILURES));
        return None;
    }
    let retry = RetrySpec::new()
        .with_max_attempts(attempts?)
        .with_initial_backoff(initial?)
        .with_max_backoff(max?)
        .with_backoff_multiplier(multiplier?)
        .with_retryable_codes(codes?);
    Some(RetryPolicy { retry, attempt_timeout })
}
