use nats_rpc_codegen::docs::Docs;
use nats_rpc_codegen::ir::Method;
use nats_rpc_codegen::names;
use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, TraitItemFn};

use crate::Errors;
use crate::options::MethodOptions;
use crate::service::wire_name;
use crate::signature::{self, Types};
use crate::spans::Spans;

/// Where the parts of a method are.
pub(crate) struct MethodSpans {
    pub(crate) name: Span,
    pub(crate) options: Spans,
}

/// A method of the model, and where it stands.
pub(crate) fn parse(item: &TraitItemFn, errors: &mut Errors) -> Option<(Method, MethodSpans)> {
    if let Some(body) = &item.default {
        errors.at(body, "an RPC has no body here: whoever implements the trait writes it");
    }
    let attributes = Attributes::parse(&item.attrs, errors);
    let options = attributes.rpc.map(|rpc| MethodOptions::parse(rpc, errors)).unwrap_or_default();
    let Types { kind, request, response, argument, output } = signature::parse(&item.sig, errors)?;
    let ident = item.sig.ident.clone();
    let spans = MethodSpans {
        name: options.name.as_ref().map_or(ident.span(), syn::LitStr::span),
        options: options.spans,
    };
    let proto_name = match &options.name {
        Some(name) => wire_name(&name.value(), name, errors),
        None => wire_name(&names::rpc(&ident), &ident, errors),
    };
    let method = Method {
        ident,
        proto_name,
        docs: attributes.docs,
        deprecated: attributes.deprecated,
        kind,
        idempotency: options.idempotency.unwrap_or_default(),
        policy: options.policy,
        durable: options.durable,
        request,
        response,
        argument,
        output,
    };
    Some((method, spans))
}

/// What stands above a trait or a method.
pub(crate) struct Attributes<'a> {
    pub(crate) docs: Docs,
    pub(crate) deprecated: Option<Attribute>,
    pub(crate) rpc: Option<&'a Attribute>,
}

impl<'a> Attributes<'a> {
    pub(crate) fn parse(attributes: &'a [Attribute], errors: &mut Errors) -> Self {
        let (mut docs, mut deprecated, mut rpc) = (Vec::new(), None, None);
        for attribute in attributes {
            if let Some(line) = doc(attribute) {
                docs.push(line);
            } else if attribute.path().is_ident("deprecated") {
                deprecated = Some(attribute.clone());
            } else if attribute.path().is_ident("rpc") {
                if rpc.replace(attribute).is_some() {
                    errors.at(attribute, "options of a method stand in one `#[rpc(..)]`");
                }
            } else {
                errors.at(
                    attribute,
                    "only documentation, `#[deprecated]` and, on methods, `#[rpc(..)]` work here",
                );
            }
        }
        Self { docs: Docs::from_rust(docs), deprecated, rpc }
    }
}

fn doc(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    }
}
