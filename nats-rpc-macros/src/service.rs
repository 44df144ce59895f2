use nats_rpc_codegen::check::{self, Owner, Place};
use nats_rpc_codegen::ir::{self, Body, Parts, Paths, Service};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{ItemTrait, LitStr, Path, TraitItem, parse_quote};

use crate::Errors;
use crate::attributes::Attributes;
use crate::method::{self, MethodSpans};
use crate::options::ServiceOptions;

/// The model of a trait.
pub(crate) fn parse(tokens: TokenStream, item: &ItemTrait) -> syn::Result<Service> {
    let mut errors = Errors::default();
    let options = ServiceOptions::parse(tokens, &mut errors);
    let attributes = Attributes::parse(&item.attrs, &mut errors);
    if let Some(rpc) = attributes.rpc {
        errors.at(
            rpc,
            "`#[rpc(..)]` belongs to a method; options of the service stand in `#[nats_rpc::service(..)]`",
        );
    }
    check_trait(item, &mut errors);
    let stub = if options.default_stubs.is_some() { Body::Unimplemented } else { Body::Required };
    let mut methods = Vec::new();
    let mut spans = Vec::new();
    for item in &item.items {
        if let TraitItem::Fn(item) = item {
            if let Some((method, place)) = method::parse(item, &stub, &mut errors) {
                methods.push(method);
                spans.push(place);
            }
        } else {
            errors.at(item, "a service has RPCs only: `async fn`s");
        }
    }
    let runtime = options.runtime.clone().unwrap_or_else(|| parse_quote!(::nats_rpc));
    let service = Service {
        ident: item.ident.clone(),
        proto_name: full_name(&options, item, &mut errors),
        docs: attributes.docs,
        deprecated: attributes.deprecated,
        supertraits: item.supertraits.iter().cloned().collect(),
        visibility: item.vis.clone(),
        methods,
        subject: options.subject.as_ref().map(LitStr::value),
        queue_group: options.queue_group.as_ref().map(LitStr::value),
        policy: options.policy.clone(),
        descriptor_set: None,
        paths: Paths { codec: codec(options.codec.as_ref(), &runtime, &mut errors), runtime },
        parts: Parts::default(),
        features: ir::Features::default(),
        attributes: ir::Attributes { trait_: attributes.lints, ..ir::Attributes::default() },
    };
    for problem in check::service(&service) {
        let span = span(problem.place, item, &options, &spans);
        errors.push(syn::Error::new(span, format!("{}: {}", problem.message, problem.help)));
    }
    errors.finish()?;
    Ok(service)
}

fn check_trait(item: &ItemTrait, errors: &mut Errors) {
    if let Some(unsafety) = item.unsafety {
        errors.at(unsafety, "a service is a safe trait");
    }
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "a service has no generic parameters: its types are known to both sides");
    }
    if let Some(clause) = &item.generics.where_clause {
        errors.at(clause, "a service has no conditions: what implementations are besides stands behind its name, as `: Clone`");
    }
}

fn full_name(options: &ServiceOptions, item: &ItemTrait, errors: &mut Errors) -> String {
    let name = match &options.name {
        Some(name) => wire_name(&name.value(), name, errors),
        None => wire_name(item.ident.unraw().to_string().as_str(), &item.ident, errors),
    };
    let Some(package) = &options.package else { return name };
    if package.value().split('.').all(is_identifier) {
        format!("{}.{name}", package.value())
    } else {
        errors
            .at(package, "packages are names joined by dots, and names are letters, digits and underscores");
        name
    }
}

/// The name of a service or a method, as it goes over the wire.
pub(crate) fn wire_name(name: &str, place: impl ToTokens, errors: &mut Errors) -> String {
    if !is_identifier(name) {
        errors.at(
            place,
            format!("`{name}` can't be a name on the wire: names are letters, digits and underscores"),
        );
    }
    name.to_owned()
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn codec(name: Option<&LitStr>, runtime: &Path, errors: &mut Errors) -> Path {
    match name.map(LitStr::value).as_deref() {
        None | Some("prost") => parse_quote!(#runtime::codec::Prost),
        Some("json") => parse_quote!(#runtime::codec::Json),
        Some(_) => {
            errors.at(name, "the codecs are \"prost\" and \"json\"");
            parse_quote!(#runtime::codec::Prost)
        }
    }
}

fn span(place: Place, item: &ItemTrait, options: &ServiceOptions, methods: &[MethodSpans]) -> Span {
    let literal = |literal: &Option<LitStr>| literal.as_ref().map_or(item.ident.span(), LitStr::span);
    match place {
        Place::Name => literal(&options.name),
        Place::Package => literal(&options.package),
        Place::Method(index) => methods[index].name,
        Place::Option(Owner::Service, option) => {
            options.spans.of(option).unwrap_or_else(|| item.ident.span())
        }
        Place::Option(Owner::Method(index), option) => {
            let MethodSpans { name, options } = &methods[index];
            options.of(option).unwrap_or(*name)
        }
    }
}
