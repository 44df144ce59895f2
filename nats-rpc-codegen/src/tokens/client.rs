use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{above, at_request, method_attributes, spec_of};
use crate::ir::{Kind, Method, Service};
use crate::names;

/// The client: a struct, how to make one, a function per method.
pub(super) fn client(service: &Service) -> TokenStream {
    let visibility = &service.visibility;
    let runtime = &service.paths.runtime;
    let name = names::client(&service.ident);
    let docs = format!(" Client of `{}`.", service.proto_name);
    let deprecated = &service.deprecated;
    let above = above(service.features.client.as_deref());
    let attributes = &service.attributes.client;
    let methods = service.methods.iter().enumerate().map(|(index, method)| function(service, index, method));
    quote! {
        #[doc = #docs]
        ///
        /// It is cheap to clone: clones share what carries their calls.
        #deprecated
        #above
        #(#attributes)*
        #[derive(Debug, Clone)]
        #visibility struct #name<__S = #runtime::Channel> {
            service: __S,
        }

        #above
        impl #name<#runtime::Channel> {
            /// Connects to a NATS server, such as `nats://localhost:4222`.
            ///
            /// # Errors
            /// `UNAVAILABLE` when no server can be reached, `INVALID_ARGUMENT` when `url` is not an address,
            /// `UNAUTHENTICATED` when the server refuses the credentials.
            pub async fn connect(
                url: impl ::core::convert::AsRef<str>,
            ) -> ::core::result::Result<Self, #runtime::Status> {
                #runtime::codegen::connect(url.as_ref()).await.map(Self::new)
            }
        }

        #above
        impl<__S: #runtime::CallService> #name<__S> {
            /// A client whose calls go through `service`: a channel, layers around one, or a server in this process.
            pub const fn new(service: __S) -> Self {
                Self { service }
            }

            /// A client whose calls go to one instance of the service, by its id.
            pub fn on_instance(
                &self,
                instance: impl ::core::convert::Into<::std::sync::Arc<str>>,
            ) -> #name<#runtime::client::OnInstance<__S>> {
                #name { service: #runtime::codegen::on_instance(&self.service, instance) }
            }

            #(#methods)*
        }
    }
}

fn function(service: &Service, index: usize, method: &Method) -> TokenStream {
    let Method { ident, kind, request, response, .. } = method;
    let (runtime, codec) = (&service.paths.runtime, &service.paths.codec);
    let spec = spec_of(service, index);
    let attributes = method_attributes(method);
    let make = format_ident!("{}", kind.function());
    let make = at_request(method, quote! { #runtime::codegen::#make::<#codec, _, _, _> });
    let (argument, given) = match kind {
        Kind::Unary | Kind::ServerStreaming => {
            (quote! { request: impl #runtime::IntoRequest<#request> }, quote! { request })
        }
        Kind::ClientStreaming => {
            (quote! { requests: impl #runtime::IntoStreamingRequest<#request> }, quote! { requests })
        }
        Kind::BidiStreaming => Default::default(),
    };
    let call = match kind {
        Kind::BidiStreaming => quote! { Bidi<__S, #request, #response> },
        one_sided => {
            let call = format_ident!("{}", one_sided.variant());
            quote! { #call<__S, #response> }
        }
    };
    quote! {
        #attributes
        pub fn #ident(&self, #argument) -> #runtime::client::#call {
            #make(&self.service, #spec, #given)
        }
    }
}
