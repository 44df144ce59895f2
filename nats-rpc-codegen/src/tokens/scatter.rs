use proc_macro2::TokenStream;
use quote::quote;

use super::{above, method_attributes};
use crate::ir::{Kind, Method, Service};
use crate::names;

/// What calls all instances: a struct, and a function for each unary method. Nothing where there is none.
pub(super) fn scatter(service: &Service) -> TokenStream {
    let unary = |method: &&Method| method.kind == Kind::Unary;
    if !service.methods.iter().any(|method| unary(&method)) {
        return TokenStream::new();
    }
    let visibility = &service.visibility;
    let runtime = &service.paths.runtime;
    let (name, client) = (names::scatter(&service.ident), names::client(&service.ident));
    let docs = format!(" Calls all instances of `{}` at once.", service.proto_name);
    let deprecated = &service.deprecated;
    let above = above(service.features.client.as_deref());
    let methods = service.methods.iter().filter(unary).map(|method| function(service, method));
    quote! {
        #above
        impl #client<#runtime::Channel> {
            /// Calls all instances of the service at once, each of which answers.
            pub fn scatter(&self) -> #name {
                #name { client: ::core::clone::Clone::clone(self) }
            }
        }

        #[doc = #docs]
        #deprecated
        #above
        #[derive(Debug, Clone)]
        #visibility struct #name {
            client: #client<#runtime::Channel>,
        }

        #above
        impl #name {
            #(#methods)*
        }
    }
}

fn function(service: &Service, method: &Method) -> TokenStream {
    let Method { ident, request, response, .. } = method;
    let runtime = &service.paths.runtime;
    let attributes = method_attributes(method);
    quote! {
        #attributes
        pub fn #ident(&self, request: impl #runtime::IntoRequest<#request>) -> #runtime::client::Scatter<#response> {
            #runtime::codegen::scatter(self.client.#ident(request))
        }
    }
}
