use proc_macro2::TokenStream;
use quote::quote;

use super::{allow, method_attributes};
use crate::ir::{Method, Service};

/// The trait that an implementation of the service implements.
pub(super) fn trait_(service: &Service) -> TokenStream {
    let Service { ident, visibility, .. } = service;
    let docs = service.docs.or(&format!("The service `{}`.", service.proto_name));
    let deprecated = &service.deprecated;
    let allow = allow();
    let methods = service.methods.iter().map(function);
    quote! {
        #docs
        #deprecated
        #allow
        #visibility trait #ident: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

fn function(method: &Method) -> TokenStream {
    let Method { ident, argument, output, .. } = method;
    let attributes = method_attributes(method);
    quote! {
        #attributes
        fn #ident(
            &self,
            request: #argument,
        ) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
    }
}
