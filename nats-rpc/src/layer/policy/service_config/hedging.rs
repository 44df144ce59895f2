use std::time::Duration;

use super::fields::{Fields, Node};
use super::notes::Notes;
use super::{codes, duration, number};
use crate::spec::HedgeSpec;
use crate::status::CodeSet;

const KNOWN: &[&str] = &["maxAttempts", "hedgingDelay", "nonFatalStatusCodes"];

/// Reads a `hedgingPolicy` by the rules under "Validation of hedgingPolicy" in gRFC A6: without a delay all attempts are
/// made at once, and without codes any failure ends the call.
pub(super) fn read(node: &Node<'_>, notes: &mut Notes) -> Option<HedgeSpec> {
    let fields = Fields::of(node, KNOWN, &[], notes)?;
    let attempts = fields.required("maxAttempts", number::ATTEMPTS, notes);
    let attempts = attempts.and_then(|node| number::attempts(&node, notes));
    let delay = fields.get("hedgingDelay");
    let delay = delay.map_or(Some(Duration::ZERO), |node| duration::any(&node, notes));
    let codes = fields.get("nonFatalStatusCodes");
    let codes = codes.map_or(Some(CodeSet::default()), |node| codes::read(&node, notes));
    Some(HedgeSpec::new().with_max_attempts(attempts?).with_delay(delay?).with_non_fatal_codes(codes?))
}
