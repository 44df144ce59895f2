use super::scopes::{Scopes, Width};
use super::{MethodPolicy, Overrides, ServiceConfig};
use crate::spec::{HedgeSpec, Idempotency, Kind, Method};
use crate::status::{Code, CodeSet};

/// What holds for a method, of all that is said before it is called.
pub(super) fn resolve(
    method: &Method,
    overrides: &Scopes<Overrides>,
    config: &ServiceConfig,
) -> MethodPolicy {
    let mut said = Overrides::new();
    for (level, width) in overrides.narrowest_first(method) {
        let mut level = fitting(level, method, width);
        // As in options: a time that was meant for one answer must not cut streams off.
        level.timeout = level.timeout.filter(|_| width == Width::One || method.kind() == Kind::Unary);
        said = said.or(&level);
    }
    if let Some((entry, width)) = config.of(method) {
        said = said.or(&fitting(entry, method, width));
    }
    said.or(&Overrides::of_options(method)).into()
}

/// Leaves out hedging that the method can't have. What is said of the method itself and has no effect is a warning.
fn fitting(said: &Overrides, method: &Method, width: Width) -> Overrides {
    let mut said = said.clone();
    let why_not = said.hedge.and_then(|hedge| why_not(method, &hedge, width));
    if let Some(why) = why_not {
        said.hedge = None;
        if width == Width::One {
            tracing::warn!(%method, why, "a policy asks for hedging, which is left out");
        }
    }
    if let Some(codes) = said.retry.map(|retry| never_repeated(method, retry.retryable_codes()))
        && width == Width::One
        && !codes.is_empty()
    {
        tracing::warn!(
            %method,
            ?codes,
            "a policy asks for retries after codes that have no effect: the method is not declared idempotent, so only \
             calls that no handler has seen are made again"
        );
    }
    said
}

/// Why calls of a method are not sent several times.
fn why_not(method: &Method, hedge: &HedgeSpec, width: Width) -> Option<&'static str> {
    if hedge.is_off() {
        None
    } else if method.kind() != Kind::Unary {
        Some("streams are not sent twice")
    } else {
        match (method.idempotency(), width) {
            (Idempotency::NoSideEffects, _) | (Idempotency::Idempotent, Width::One) => None,
            (Idempotency::Idempotent, Width::Several) => {
                Some("the method is IDEMPOTENT, and not named itself")
            }
            (Idempotency::Unknown, _) => Some("the method is not declared NO_SIDE_EFFECTS or IDEMPOTENT"),
        }
    }
}

/// Why a call of a method can't ask to be sent several times.
pub(crate) fn why_not_hedged(method: &Method, hedge: &HedgeSpec) -> Option<&'static str> {
    why_not(method, hedge, Width::One)
}

/// The codes after which a call of the method is never made again, whatever a policy says: with them, a handler has run.
fn never_repeated(method: &Method, codes: CodeSet) -> CodeSet {
    if method.idempotency() != Idempotency::Unknown {
        return CodeSet::default();
    }
    let refused = [Code::Unavailable, Code::ResourceExhausted];
    CodeSet::of(&codes.iter().filter(|code| !refused.contains(code)).collect::<Vec<_>>())
}
