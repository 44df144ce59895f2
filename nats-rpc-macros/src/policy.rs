use std::time::Duration;

use nats_rpc_codegen::ir::{Breaker, Code, Durable, Hedge, Policy, Retry};
use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Ident, Lit, LitInt, LitStr, Token, bracketed};

use crate::spans::Spans;

/// Reads the options that services and methods have in common; of another one it returns false.
pub(crate) fn policy(
    policy: &mut Policy,
    meta: &ParseNestedMeta<'_>,
    spans: &mut Spans,
) -> syn::Result<bool> {
    let mut option = Setting::new("", meta, spans)?;
    match option.name.as_str() {
        "timeout_ms" => policy.timeout = Some(option.millis()?),
        "retry" => policy.retry = Some(retry(&mut option)?),
        "hedge" => policy.hedge = Some(hedge(&mut option)?),
        "breaker" => policy.breaker = Some(breaker(&mut option)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Reads `durable(..)`.
pub(crate) fn durable(meta: &ParseNestedMeta<'_>, spans: &mut Spans) -> syn::Result<Durable> {
    let mut durable = Durable::default();
    Setting::new("", meta, spans)?.each(|mut option| {
        match option.name.as_str() {
            "durable.stream" => durable.stream = Some(option.text()?),
            "durable.max_deliveries" => durable.max_deliveries = Some(option.number()?),
            "durable.dead_letter_subject" => durable.dead_letter_subject = Some(option.text()?),
            _ => return Err(option.unknown("`stream`, `max_deliveries` and `dead_letter_subject`")),
        }
        Ok(())
    })?;
    Ok(durable)
}

fn retry(option: &mut Setting<'_, '_>) -> syn::Result<Retry> {
    let mut retry = Retry::default();
    option.each(|mut option| {
        match option.name.as_str() {
            "retry.off" => retry.off = option.flag(),
            "retry.max_attempts" => retry.max_attempts = Some(option.number()?),
            "retry.initial_backoff_ms" => retry.initial_backoff = Some(option.millis()?),
            "retry.max_backoff_ms" => retry.max_backoff = Some(option.millis()?),
            "retry.backoff_multiplier" => retry.backoff_multiplier = Some(option.float()?),
            "retry.retryable_codes" => retry.retryable_codes = option.codes()?,
            _ => {
                return Err(option.unknown(
                    "`off`, `max_attempts`, `initial_backoff_ms`, `max_backoff_ms`, `backoff_multiplier` and \
                     `retryable_codes`",
                ));
            }
        }
        Ok(())
    })?;
    Ok(retry)
}

fn hedge(option: &mut Setting<'_, '_>) -> syn::Result<Hedge> {
    let mut hedge = Hedge::default();
    option.each(|mut option| {
        match option.name.as_str() {
            "hedge.off" => hedge.off = option.flag(),
            "hedge.max_attempts" => hedge.max_attempts = Some(option.number()?),
            "hedge.delay_ms" => hedge.delay = Some(option.millis()?),
            "hedge.non_fatal_codes" => hedge.non_fatal_codes = option.codes()?,
            _ => return Err(option.unknown("`off`, `max_attempts`, `delay_ms` and `non_fatal_codes`")),
        }
        Ok(())
    })?;
    Ok(hedge)
}

fn breaker(option: &mut Setting<'_, '_>) -> syn::Result<Breaker> {
    let mut breaker = Breaker::default();
    option.each(|mut option| {
        match option.name.as_str() {
            "breaker.off" => breaker.off = option.flag(),
            "breaker.failure_ratio" => breaker.failure_ratio = Some(option.float()?),
            "breaker.min_calls" => breaker.min_calls = Some(option.number()?),
            "breaker.open_ms" => breaker.open = Some(option.millis()?),
            "breaker.max_open_ms" => breaker.max_open = Some(option.millis()?),
            _ => {
                return Err(
                    option.unknown("`off`, `failure_ratio`, `min_calls`, `open_ms` and `max_open_ms`")
                );
            }
        }
        Ok(())
    })?;
    Ok(breaker)
}

/// An option whose value is to be read.
struct Setting<'a, 'b> {
    meta: &'a ParseNestedMeta<'b>,
    spans: &'a mut Spans,
    /// With the names of what it is in: `retry.max_attempts`.
    name: String,
}

impl<'a, 'b> Setting<'a, 'b> {
    /// The option that begins here; what it is in has a name that ends with a dot.
    fn new(within: &str, meta: &'a ParseNestedMeta<'b>, spans: &'a mut Spans) -> syn::Result<Self> {
        let own = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let name = format!("{within}{own}");
        if spans.has(&name) {
            return Err(syn::Error::new_spanned(&meta.path, "the option stands here twice"));
        }
        Ok(Self { meta, spans, name })
    }

    /// Reads each option in the parentheses, if there are any.
    fn each(&mut self, mut read: impl FnMut(Setting<'_, '_>) -> syn::Result<()>) -> syn::Result<()> {
        self.spans.note(&self.name, self.meta.path.span());
        if !self.meta.input.peek(Paren) {
            return Ok(());
        }
        let within = format!("{}.", self.name);
        self.meta.parse_nested_meta(|meta| {
            let result = Setting::new(&within, &meta, self.spans).and_then(&mut read);
            if result.is_err() {
                // What is left unread in parentheses would be an error, too.
                let _: TokenStream = meta.input.parse()?;
            }
            result
        })
    }

    fn flag(&mut self) -> bool {
        self.spans.note(&self.name, self.meta.path.span());
        true
    }

    fn value<T: Parse + Spanned>(&mut self) -> syn::Result<T> {
        let value: T = self.meta.value()?.parse()?;
        self.spans.note(&self.name, value.span());
        Ok(value)
    }

    fn number(&mut self) -> syn::Result<u32> {
        let number: LitInt = self.value()?;
        number.base10_parse().map_err(|_| {
            syn::Error::new_spanned(&number, format!("expected a whole number, {} at most", u32::MAX))
        })
    }

    fn millis(&mut self) -> syn::Result<Duration> {
        self.number().map(|millis| Duration::from_millis(millis.into()))
    }

    fn float(&mut self) -> syn::Result<f64> {
        match self.value()? {
            Lit::Int(number) => number.base10_parse(),
            Lit::Float(number) => number.base10_parse(),
            other => Err(syn::Error::new_spanned(other, "expected a number")),
        }
    }

    fn text(&mut self) -> syn::Result<String> {
        self.value::<LitStr>().map(|text| text.value())
    }

    fn codes(&mut self) -> syn::Result<Vec<Code>> {
        let names;
        let value = self.meta.value()?;
        let brackets = bracketed!(names in value);
        self.spans.note(&self.name, brackets.span.join());
        Punctuated::<Ident, Token![,]>::parse_terminated(&names)?.iter().map(code).collect()
    }

    fn unknown(&self, all: &str) -> syn::Error {
        let within = self.name.split('.').next().unwrap_or_default();
        self.meta.error(format!("unknown option: `{within}` has {all}"))
    }
}

fn code(name: &Ident) -> syn::Result<Code> {
    let unknown = || syn::Error::new_spanned(name, format!("the codes are {}", Code::NAMES.join(", ")));
    Code::from_name(&name.to_string()).ok_or_else(unknown)
}
