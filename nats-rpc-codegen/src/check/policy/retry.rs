use super::{Found, IDEMPOTENCY, is_declared};
use crate::ir::{Code, Method, Retry};

pub(super) fn values(retry: &Retry, found: &mut Found<'_>) {
    found.only("retry.off", retry.off, *retry != Retry { off: true, ..Retry::default() });
    found.attempts("retry.max_attempts", retry.max_attempts);
    found.not_zero("retry.initial_backoff_ms", retry.initial_backoff);
    found.not_zero("retry.max_backoff_ms", retry.max_backoff);
    found.not_shorter([
        ("retry.initial_backoff_ms", retry.initial_backoff, Retry::INITIAL_BACKOFF),
        ("retry.max_backoff_ms", retry.max_backoff, Retry::MAX_BACKOFF),
    ]);
    let is_good = |multiplier: &f64| *multiplier > 0.0 && multiplier.is_finite();
    if let Some(multiplier) = retry.backoff_multiplier.filter(|multiplier| !is_good(multiplier)) {
        found.value("retry.backoff_multiplier", multiplier, "a multiplier is a number above 0");
    }
    found.codes("retry.retryable_codes", &retry.retryable_codes);
}

/// Retries that could never be made.
pub(super) fn of_method(method: &Method, found: &mut Found<'_>) {
    let Some(retry) = method.policy.retry.as_ref().filter(|retry| !retry.off) else { return };
    let refused = [Code::UNAVAILABLE, Code::RESOURCE_EXHAUSTED];
    let may_have_run = retry.retryable_codes.iter().filter(|code| !refused.contains(code));
    let mut named = may_have_run.filter_map(|code| code.name()).filter(|name| *name != "OK");
    if let Some(code) = named.next().filter(|_| !is_declared(method)) {
        let message = format!(
            "`{}` is not declared idempotent, so a call that ended with {code} is never made again",
            found.name
        );
        let refused = "without it, only calls that no handler has seen are made again, and they end with UNAVAILABLE \
                       or RESOURCE_EXHAUSTED";
        found.add("retry.retryable_codes", message, &format!("{IDEMPOTENCY}; {refused}"));
    }
}
