use nats_rpc_codegen::ir::{Durable, Idempotency, Policy};
use proc_macro2::{TokenStream, TokenTree};
use syn::meta::ParseNestedMeta;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, LitStr, Path, Token};

use crate::spans::Spans;
use crate::{Errors, policy};

/// What stands in `#[nats_rpc::service(..)]`.
#[derive(Default)]
pub(crate) struct ServiceOptions {
    pub(crate) package: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) subject: Option<LitStr>,
    pub(crate) queue_group: Option<LitStr>,
    pub(crate) codec: Option<LitStr>,
    pub(crate) runtime: Option<Path>,
    pub(crate) default_stubs: Option<()>,
    pub(crate) policy: Policy,
    pub(crate) spans: Spans,
}

impl ServiceOptions {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| each(&meta, options.option(&meta), errors));
        let parsed = parser.parse2(tokens);
        errors.take(parsed);
        options
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if policy::policy(&mut self.policy, meta, &mut self.spans)? {
            return Ok(());
        }
        if meta.path.is_ident("crate") {
            let value = meta.value()?;
            if value.peek(LitStr) {
                return Err(value.error("a path without quotes, such as `crate = my_crate::nats_rpc`"));
            }
            let path = value.call(Path::parse_mod_style)?;
            return set(&mut self.runtime, path, meta);
        }
        if meta.path.is_ident("default_stubs") {
            if meta.input.peek(Token![=]) {
                return Err(meta.error("`default_stubs` has no value: it stands here or it doesn't"));
            }
            return set(&mut self.default_stubs, (), meta);
        }
        let slot = match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("package") => &mut self.package,
            Some("name") => &mut self.name,
            Some("subject") => &mut self.subject,
            Some("queue_group") => &mut self.queue_group,
            Some("codec") => &mut self.codec,
            _ => {
                return Err(meta.error(
                    "unknown option: a service has `package`, `name`, `subject`, `queue_group`, `timeout_ms`, `retry`, \
                     `hedge`, `breaker`, `codec`, `default_stubs` and `crate`",
                ));
            }
        };
        let value: LitStr = meta.value()?.parse()?;
        if let Some(name) = meta.path.get_ident() {
            self.spans.note(&name.to_string(), value.span());
        }
        set(slot, value, meta)
    }
}

/// What stands in `#[rpc(..)]`.
#[derive(Default)]
pub(crate) struct MethodOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) policy: Policy,
    pub(crate) durable: Option<Durable>,
    pub(crate) spans: Spans,
}

impl MethodOptions {
    pub(crate) fn parse(attribute: &Attribute, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parsed = attribute.parse_nested_meta(|meta| each(&meta, options.option(&meta), errors));
        errors.take(parsed);
        options
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if policy::policy(&mut self.policy, meta, &mut self.spans)? {
            return Ok(());
        }
        match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("name") => {
                let name = meta.value()?.parse()?;
                set(&mut self.name, name, meta)
            }
            Some("idempotency") => {
                let level = idempotency(&meta.value()?.parse()?)?;
                set(&mut self.idempotency, level, meta)
            }
            Some("durable") => {
                self.durable = Some(policy::durable(meta, &mut self.spans)?);
                Ok(())
            }
            _ => Err(meta.error(
                "unknown option: a method has `name`, `idempotency`, `timeout_ms`, `retry`, `hedge`, `breaker` and \
                 `durable`",
            )),
        }
    }
}

/// Keeps the error of one option, and goes on with the next.
fn each(meta: &ParseNestedMeta<'_>, result: syn::Result<()>, errors: &mut Errors) -> syn::Result<()> {
    if errors.take(result).is_none() {
        skip(meta.input)?;
    }
    Ok(())
}

/// Passes over what is left of an option.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _: TokenTree = input.parse()?;
    }
    Ok(())
}

/// Keeps the value of an option, unless it has one.
fn set<T>(slot: &mut Option<T>, value: T, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if slot.replace(value).is_some() {
        return Err(syn::Error::new_spanned(&meta.path, "the option stands here twice"));
    }
    Ok(())
}

fn idempotency(level: &LitStr) -> syn::Result<Idempotency> {
    match level.value().as_str() {
        "no_side_effects" => Ok(Idempotency::NoSideEffects),
        "idempotent" => Ok(Idempotency::Idempotent),
        _ => Err(syn::Error::new_spanned(level, "the levels are \"idempotent\" and \"no_side_effects\"")),
    }
}
