use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{allow, policy};
use crate::ir::{Idempotency, Method, Service};
use crate::names;

/// The static with the facts of the service.
pub(super) fn spec(service: &Service) -> TokenStream {
    let Service { proto_name, visibility, .. } = service;
    let runtime = &service.paths.runtime;
    let name = names::spec(&service.ident);
    let docs = format!(" Facts about `{proto_name}` and its methods, fixed at build time.");
    let allow = allow();
    let methods =
        service.methods.iter().enumerate().map(|(index, method)| method_spec(service, index, method));
    let subject = service.subject.iter().map(|subject| quote! { .with_subject(#subject) });
    let queue_group = service.queue_group.iter().map(|group| quote! { .with_queue_group(#group) });
    let descriptor_set = service
        .descriptor_set
        .iter()
        .map(|file| quote! { .with_descriptor_set(::core::include_bytes!(#file)) });
    quote! {
        #[doc = #docs]
        #allow
        #visibility static #name: #runtime::ServiceSpec = #runtime::ServiceSpec::new(#proto_name, &[#(#methods),*])
            #(#subject)* #(#queue_group)* #(#descriptor_set)*;
    }
}

fn method_spec(service: &Service, index: usize, method: &Method) -> TokenStream {
    let runtime = &service.paths.runtime;
    let (service_name, name) = (&service.proto_name, &method.proto_name);
    let index = Literal::usize_unsuffixed(index);
    let kind = format_ident!("{}", method.kind.variant());
    let subject = service.subject_of(method);
    let idempotency = match method.idempotency {
        Idempotency::Unknown => None,
        Idempotency::NoSideEffects => Some(quote! { NoSideEffects }),
        Idempotency::Idempotent => Some(quote! { Idempotent }),
    };
    let idempotency =
        idempotency.iter().map(|level| quote! { .with_idempotency(#runtime::Idempotency::#level) });
    let policies = policy::policies(service, method);
    quote! {
        #runtime::Spec::new(#service_name, #name, #index, #runtime::Kind::#kind).with_subject(#subject)
            #(#idempotency)* #policies
    }
}
