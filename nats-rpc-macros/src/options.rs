use nats_rpc_codegen::ir::{Durable, Idempotency, Policy};
use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{Attribute, LitStr, Path};

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
    pub(crate) policy: Policy,
    pub(crate) spans: Spans,
}

impl ServiceOptions {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| options.option(&meta));
        errors.take(parser.parse2(tokens));
        options
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if policy::policy(&mut self.policy, meta, &mut self.spans)? {
            return Ok(());
        }
        if meta.path.is_ident("crate") {
            let path = meta.value()?.call(Path::parse_mod_style)?;
            return set(&mut self.runtime, path, meta);
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
                     `hedge`, `breaker`, `codec` and `crate`",
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
        errors.take(attribute.parse_nested_meta(|meta| options.option(&meta)));
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
