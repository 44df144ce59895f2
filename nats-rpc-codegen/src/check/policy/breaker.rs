use super::Found;
use crate::ir::Breaker;

pub(super) fn values(breaker: &Breaker, found: &mut Found<'_>) {
    found.only("breaker.off", breaker.off, *breaker != Breaker { off: true, ..Breaker::default() });
    let is_good = |ratio: &f64| *ratio > 0.0 && *ratio <= 1.0;
    if let Some(ratio) = breaker.failure_ratio.filter(|ratio| !is_good(ratio)) {
        found.value("breaker.failure_ratio", ratio, "a ratio is above 0 and at most 1, such as 0.8 for 80 %");
    }
    if breaker.min_calls == Some(0) {
        found.value("breaker.min_calls", 0, "give at least 1, or leave the option out");
    }
    found.not_zero("breaker.open_ms", breaker.open);
    found.not_zero("breaker.max_open_ms", breaker.max_open);
    found.not_shorter([
        ("breaker.open_ms", breaker.open, Breaker::OPEN),
        ("breaker.max_open_ms", breaker.max_open, Breaker::MAX_OPEN),
    ]);
}
