use nats_rpc_codegen::docs::Docs;
use nats_rpc_codegen::ir::{Body, Documentation, Idempotency, Kind, Method, Paths, Service};
use nats_rpc_codegen::names;
use prost_reflect::ServiceDescriptor;
use prost_types::method_options::IdempotencyLevel;
use syn::{Attribute, Type, Visibility, parse_quote};

use crate::comments::Comments;
use crate::error::Error;
use crate::links::{Links, Place};
use crate::options::{MethodOptions, ServiceOptions};
use crate::switches::Switches;

/// A service that prost has read, and its descriptor.
pub(crate) struct Source<'a> {
    pub(crate) prost: &'a prost_build::Service,
    pub(crate) descriptor: &'a ServiceDescriptor,
}

/// What is the same for all services of a package.
pub(crate) struct Settings<'a> {
    pub(crate) runtime: syn::Path,
    pub(crate) switches: &'a Switches,
    pub(crate) descriptor_set: String,
    pub(crate) comments: &'a Comments,
    pub(crate) links: &'a Links<'a>,
    /// Where links start.
    pub(crate) place: Place<'a>,
}

pub(crate) fn lower(source: &Source<'_>, settings: &Settings<'_>) -> Result<Service, Error> {
    let numbers = 0..source.prost.methods.len();
    let methods = numbers.map(|number| method(source, number, settings)).collect();
    let options = ServiceOptions::of(source.descriptor);
    let Settings { runtime, switches, .. } = settings;
    Ok(Service {
        ident: names::type_name(&source.prost.proto_name),
        proto_name: source.descriptor.full_name().to_owned(),
        docs: docs(&source.prost.comments, settings),
        deprecated: deprecated(source.prost.options.deprecated()),
        supertraits: Vec::new(),
        visibility: Visibility::Public(syn::token::Pub::default()),
        methods,
        subject: options.subject,
        queue_group: options.queue_group,
        policy: options.policy,
        descriptor_set: Some(settings.descriptor_set.clone()),
        paths: Paths { runtime: runtime.clone(), codec: parse_quote!(#runtime::codec::Prost) },
        parts: switches.parts,
        features: switches.features.clone(),
        attributes: switches.attributes.of(source.descriptor.full_name())?,
    })
}

fn method(source: &Source<'_>, number: usize, settings: &Settings<'_>) -> Method {
    let prost = &source.prost.methods[number];
    let options =
        source.descriptor.methods().nth(number).map(|method| MethodOptions::of(&method)).unwrap_or_default();
    let (request, response) = (rust_type(&prost.input_type), rust_type(&prost.output_type));
    let runtime = &settings.runtime;
    let kind = Kind::of(prost.client_streaming, prost.server_streaming);
    let maybe_stream = |streams, message: &Type| -> Type {
        if streams { parse_quote!(#runtime::Streaming<#message>) } else { message.clone() }
    };
    let argument = maybe_stream(kind.client_streams(), &request);
    let output = maybe_stream(kind.server_streams(), &response);
    Method {
        ident: names::method(&prost.proto_name),
        proto_name: prost.proto_name.clone(),
        docs: docs(&prost.comments, settings),
        deprecated: deprecated(prost.options.deprecated()),
        attributes: Vec::new(),
        kind,
        idempotency: match prost.options.idempotency_level() {
            IdempotencyLevel::IdempotencyUnknown => Idempotency::Unknown,
            IdempotencyLevel::NoSideEffects => Idempotency::NoSideEffects,
            IdempotencyLevel::Idempotent => Idempotency::Idempotent,
        },
        policy: options.policy,
        durable: options.durable,
        argument: parse_quote!(#runtime::Request<#argument>),
        output: parse_quote!(::core::result::Result<#runtime::Response<#output>, #runtime::Status>),
        request,
        response,
        body: if settings.switches.default_stubs { Body::Unimplemented } else { Body::Required },
    }
}

fn deprecated(yes: bool) -> Option<Attribute> {
    yes.then(|| parse_quote!(#[deprecated]))
}

/// What a mark stands for, or the comment itself if prost has got it.
fn docs(prost: &prost_build::Comments, settings: &Settings<'_>) -> Documentation {
    let Settings { comments, links, place, .. } = settings;
    let marked = prost.leading.iter().find_map(|line| comments.docs(line, links, *place));
    Documentation::Comment(marked.unwrap_or_else(|| Docs::from_comment(&prost.leading.join("\n"))))
}

/// A type as prost writes it, which is always one that parses.
fn rust_type(prost: &str) -> Type {
    syn::parse_str(prost).unwrap_or_else(|error| unreachable!("prost named a type `{prost}`: {error}"))
}

/// The path of a method's name in the descriptor of its file.
pub(crate) fn method_path(service: &ServiceDescriptor, number: usize) -> Vec<i32> {
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    [service.path(), &[2, number, 1]].concat()
}
