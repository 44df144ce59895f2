use nats_rpc_codegen::ir::{Body, Method};
use nats_rpc_codegen::names;
use proc_macro2::Span;
use syn::TraitItemFn;

use crate::Errors;
use crate::attributes::Attributes;
use crate::options::MethodOptions;
use crate::service::wire_name;
use crate::signature::{self, Types};
use crate::spans::Spans;

/// Where the parts of a method are.
pub(crate) struct MethodSpans {
    pub(crate) name: Span,
    pub(crate) options: Spans,
}

/// A method of the model, and where it stands. `stub` says what one without a body does.
pub(crate) fn parse(item: &TraitItemFn, stub: &Body, errors: &mut Errors) -> Option<(Method, MethodSpans)> {
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
        attributes: attributes.lints,
        kind,
        idempotency: options.idempotency.unwrap_or_default(),
        policy: options.policy,
        durable: options.durable,
        request,
        response,
        argument,
        output,
        body: item
            .default
            .clone()
            .map_or_else(|| stub.clone(), |block| Body::Provided { inputs: item.sig.inputs.clone(), block }),
    };
    Some((method, spans))
}
