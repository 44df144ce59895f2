use std::time::Duration;

use super::{Found, IDEMPOTENCY, is_declared};
use crate::ir::{Hedge, Kind, Method};

pub(super) fn values(hedge: &Hedge, found: &mut Found<'_>) {
    found.only("hedge.off", hedge.off, *hedge != Hedge { off: true, ..Hedge::default() });
    found.attempts("hedge.max_attempts", hedge.max_attempts);
    found.not_zero("hedge.delay_ms", hedge.delay);
    found.codes("hedge.non_fatal_codes", &hedge.non_fatal_codes);
}

/// Calls that can't be sent twice, or never would be; `timeout` is what holds for the method.
pub(super) fn of_method(method: &Method, timeout: Option<Duration>, found: &mut Found<'_>) {
    let Some(hedge) = method.policy.hedge.as_ref().filter(|hedge| !hedge.off) else { return };
    if method.kind != Kind::Unary {
        let message = format!("`{}` has `hedge`, but it is not unary", found.name);
        found.add("hedge", message, "streams are not sent twice: leave `hedge` out");
    } else if !is_declared(method) {
        let message = format!("`{}` has `hedge`, but is not declared idempotent", found.name);
        found.add("hedge", message, IDEMPOTENCY);
    }
    if let Some((delay, timeout)) = hedge.delay.zip(timeout).filter(|(delay, timeout)| delay >= timeout) {
        let message = format!(
            "`hedge.delay_ms` of `{}` is {}, and its timeout is {} ms: there is no time for a second attempt",
            found.name,
            delay.as_millis(),
            timeout.as_millis()
        );
        found.add("hedge.delay_ms", message, "take a shorter delay, or a longer timeout");
    }
}
