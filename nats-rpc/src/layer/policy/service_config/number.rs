use super::fields::Node;
use super::notes::Notes;

/// So many attempts a call has at most; more are taken as so many (gRFC A6, "Limits on Retries and Hedges").
const MOST_ATTEMPTS: u64 = 5;

/// What attempts look like.
pub(super) const ATTEMPTS: &str = "give an integer above 1; the first attempt counts, and more than 5 are 5";

/// How many attempts a call has.
pub(super) fn attempts(node: &Node<'_>, notes: &mut Notes) -> Option<u32> {
    let attempts = node.value.as_u64().filter(|attempts| *attempts > 1);
    let attempts = attempts.and_then(|attempts| u32::try_from(attempts.min(MOST_ATTEMPTS)).ok());
    if attempts.is_none() {
        notes.refuse(node, ATTEMPTS);
    }
    attempts
}

/// What a number above 0 looks like.
pub(super) const ABOVE_ZERO: &str = "give a number above 0";

/// A number above 0.
pub(super) fn above_zero(node: &Node<'_>, notes: &mut Notes) -> Option<f64> {
    let number = node.value.as_f64().filter(|number| *number > 0.0 && number.is_finite());
    if number.is_none() {
        notes.refuse(node, ABOVE_ZERO);
    }
    number
}
