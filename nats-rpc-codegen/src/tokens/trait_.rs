use proc_macro2::TokenStream;
use quote::quote;

use super::allow::allow_signatures;
use super::{allow, gate, method_attributes, spec_of};
use crate::ir::{Body, Method, Service};

/// The trait that an implementation of the service implements.
pub(super) fn trait_(service: &Service) -> TokenStream {
    let Service { ident, visibility, supertraits, .. } = service;
    let docs = service.docs.or(&format!("The service `{}`.", service.proto_name));
    let deprecated = &service.deprecated;
    // What people write in the trait is for the lints of their crate.
    let has_bodies = service.methods.iter().any(|method| matches!(method.body, Body::Provided { .. }));
    let gate = gate(service.features.server.as_deref());
    let allow = if has_bodies { allow_signatures() } else { allow() };
    let attributes = &service.attributes.trait_;
    let methods = service.methods.iter().enumerate().map(|(index, method)| function(service, index, method));
    quote! {
        #docs
        #deprecated
        #gate
        #allow
        #(#attributes)*
        #visibility trait #ident: ::core::marker::Send + ::core::marker::Sync + 'static #(+ #supertraits)* {
            #(#methods)*
        }
    }
}

fn function(service: &Service, index: usize, method: &Method) -> TokenStream {
    let Method { ident, argument, output, attributes, .. } = method;
    let runtime = &service.paths.runtime;
    let docs = method_attributes(method);
    let written = |body| (quote! { &self, request: #argument }, body);
    let (inputs, body) = match &method.body {
        Body::Required => written(quote! { ; }),
        Body::Unimplemented => {
            let spec = spec_of(service, index);
            written(quote! { { #runtime::codegen::not_implemented(&#spec) } })
        }
        Body::Provided { inputs, block } => (quote! { #inputs }, quote! { { async move #block } }),
    };
    quote! {
        #docs
        #(#attributes)*
        fn #ident(#inputs) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send #body
    }
}
