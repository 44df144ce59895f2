use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

use crate::ir::{Breaker, Code, Durable, Hedge, Method, Policy, Retry, Service};

/// What is added to the `Spec` of a method: a `with_..` for each policy that holds for it.
pub(super) fn policies(service: &Service, method: &Method) -> TokenStream {
    let runtime = &service.paths.runtime;
    let Policy { timeout, retry, hedge, breaker } = service.policy_of(method);
    let timeout = with("timeout", timeout.map(duration));
    let retry = with("retry", retry.map(|retry| self::retry(runtime, &retry)));
    let hedge = with("hedge", hedge.map(|hedge| self::hedge(runtime, &hedge)));
    let breaker = with("breaker", breaker.map(|breaker| self::breaker(runtime, &breaker)));
    let durable = with("durable", method.durable.as_ref().map(|durable| self::durable(runtime, durable)));
    quote! { #timeout #retry #hedge #breaker #durable }
}

fn retry(runtime: &Path, retry: &Retry) -> TokenStream {
    if retry.off {
        return quote! { #runtime::spec::RetrySpec::off() };
    }
    let max_attempts = with("max_attempts", retry.max_attempts.map(number));
    let initial_backoff = with("initial_backoff", retry.initial_backoff.map(duration));
    let max_backoff = with("max_backoff", retry.max_backoff.map(duration));
    let multiplier = with("backoff_multiplier", retry.backoff_multiplier.map(float));
    let codes = with("retryable_codes", codes(runtime, &retry.retryable_codes));
    quote! { #runtime::spec::RetrySpec::new() #max_attempts #initial_backoff #max_backoff #multiplier #codes }
}

fn hedge(runtime: &Path, hedge: &Hedge) -> TokenStream {
    if hedge.off {
        return quote! { #runtime::spec::HedgeSpec::off() };
    }
    let max_attempts = with("max_attempts", hedge.max_attempts.map(number));
    let delay = with("delay", hedge.delay.map(duration));
    let codes = with("non_fatal_codes", codes(runtime, &hedge.non_fatal_codes));
    quote! { #runtime::spec::HedgeSpec::new() #max_attempts #delay #codes }
}

fn breaker(runtime: &Path, breaker: &Breaker) -> TokenStream {
    if breaker.off {
        return quote! { #runtime::spec::BreakerSpec::off() };
    }
    let failure_ratio = with("failure_ratio", breaker.failure_ratio.map(float));
    let min_calls = with("min_calls", breaker.min_calls.map(number));
    let open = with("open", breaker.open.map(duration));
    let max_open = with("max_open", breaker.max_open.map(duration));
    quote! { #runtime::spec::BreakerSpec::new() #failure_ratio #min_calls #open #max_open }
}

fn durable(runtime: &Path, durable: &Durable) -> TokenStream {
    let stream = with("stream", durable.stream.as_ref().map(|stream| quote! { #stream }));
    let max_deliveries = with("max_deliveries", durable.max_deliveries.map(number));
    let subject = durable.dead_letter_subject.as_ref().map(|subject| quote! { #subject });
    let subject = with("dead_letter_subject", subject);
    quote! { #runtime::spec::DurableSpec::new() #stream #max_deliveries #subject }
}

/// `.with_<what>(<value>)`, if there is a value.
fn with(what: &str, value: Option<TokenStream>) -> Option<TokenStream> {
    let function = format_ident!("with_{what}");
    value.map(|value| quote! { .#function(#value) })
}

fn number(number: u32) -> TokenStream {
    let number = Literal::u32_unsuffixed(number);
    quote! { #number }
}

fn float(number: f64) -> TokenStream {
    let number = Literal::f64_unsuffixed(number);
    quote! { #number }
}

fn duration(duration: Duration) -> TokenStream {
    let millis = Literal::u64_unsuffixed(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
    quote! { ::core::time::Duration::from_millis(#millis) }
}

fn codes(runtime: &Path, codes: &[Code]) -> Option<TokenStream> {
    let variants = codes.iter().filter_map(|code| code.variant()).map(|name| format_ident!("{name}"));
    (!codes.is_empty()).then(|| quote! { #runtime::CodeSet::of(&[#(#runtime::Code::#variants),*]) })
}
