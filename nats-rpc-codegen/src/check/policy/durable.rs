use super::{Found, IDEMPOTENCY, is_declared};
use crate::check::subject;
use crate::ir::{Durable, Kind, Method};

/// The longest name of a stream, in bytes.
const LONGEST: usize = 255;

pub(super) fn check(method: &Method, found: &mut Found<'_>) {
    let Some(durable) = &method.durable else { return };
    values(durable, found);
    if method.kind != Kind::Unary {
        let message = format!("`{}` is `durable`, but it is not unary", found.name);
        found.add("durable", message, "only calls of one request and one response can be kept");
    }
    let policy = &method.policy;
    let retries = policy.retry.as_ref().is_some_and(|retry| !retry.off).then_some("retry");
    let hedges = policy.hedge.as_ref().is_some_and(|hedge| !hedge.off).then_some("hedge");
    for option in retries.into_iter().chain(hedges) {
        let message = format!("`{}` has both `durable` and `{option}`", found.name);
        let help =
            format!("the stream delivers a call again, `max_deliveries` times at most: leave `{option}` out");
        found.add("durable", message, &help);
        found.beside(option);
    }
    if !is_declared(method) && durable.max_deliveries != Some(1) {
        let message =
            format!("a call of `{}` may be delivered twice, but it is not declared idempotent", found.name);
        found.add(
            "durable",
            message,
            &format!("let it be delivered once with `max_deliveries` 1, or {IDEMPOTENCY}"),
        );
    }
}

fn values(durable: &Durable, found: &mut Found<'_>) {
    if let Some(deliveries) = durable.max_deliveries.filter(|deliveries| !(1..=100).contains(deliveries)) {
        found.value("durable.max_deliveries", deliveries, "a call is delivered 1 to 100 times");
    }
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let is_good = |name: &String| !name.is_empty() && name.len() <= LONGEST && name.chars().all(is_plain);
    if let Some(stream) = durable.stream.as_ref().filter(|stream| !is_good(stream)) {
        let help = "the name of a stream is 1 to 255 letters, digits, `-` and `_`";
        found.value("durable.stream", format!("\"{}\"", stream.escape_debug()), help);
    }
    if let Some(why) = durable.dead_letter_subject.as_deref().and_then(subject::not_plain) {
        let message = format!("`durable.dead_letter_subject` of `{}`: {why}", found.name);
        found.add("durable.dead_letter_subject", message, subject::PLAIN);
    }
}
