use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{above, at_request};
use crate::ir::{Method, Service};
use crate::names;

/// The server: a struct around an implementation of the trait, and the dispatch of its calls.
pub(super) fn server(service: &Service) -> TokenStream {
    let items = [handle(service), dispatch(service), rpc_service(service)];
    items.into_iter().collect()
}

fn handle(service: &Service) -> TokenStream {
    let Service { ident, visibility, .. } = service;
    let name = names::server(ident);
    // The static of a service `S` is called so too.
    let docs = format!(" Serves an implementation of [`{ident}`](trait@{ident}).");
    let deprecated = &service.deprecated;
    let above = above(service.features.server.as_deref());
    let attributes = &service.attributes.server;
    quote! {
        #[doc = #docs]
        #deprecated
        #above
        #(#attributes)*
        #[derive(Debug)]
        #visibility struct #name<__T> {
            handler: ::std::sync::Arc<__T>,
        }

        #above
        impl<__T: #ident> #name<__T> {
            /// Serves `handler`.
            pub fn new(handler: __T) -> Self {
                Self::from_arc(::std::sync::Arc::new(handler))
            }

            /// Serves a `handler` that others hold too.
            pub const fn from_arc(handler: ::std::sync::Arc<__T>) -> Self {
                Self { handler }
            }
        }

        #above
        impl<__T> ::core::clone::Clone for #name<__T> {
            fn clone(&self) -> Self {
                Self { handler: ::std::sync::Arc::clone(&self.handler) }
            }
        }
    }
}

fn dispatch(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let runtime = &service.paths.runtime;
    let (name, spec) = (names::server(ident), names::spec(ident));
    let above = above(service.features.server.as_deref());
    let arms = service.methods.iter().enumerate().map(|(index, method)| arm(service, index, method));
    quote! {
        #above
        impl<__T: #ident> #runtime::codegen::Service<#runtime::raw::Call> for #name<__T> {
            type Response = #runtime::raw::Reply;
            type Error = #runtime::Status;
            type Future = #runtime::codegen::HandlerFuture;

            fn poll_ready(
                &mut self,
                _: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<::core::result::Result<(), #runtime::Status>> {
                ::core::task::Poll::Ready(::core::result::Result::Ok(()))
            }

            fn call(&mut self, call: #runtime::raw::Call) -> Self::Future {
                match #spec.index_of(call.method()) {
                    #(#arms)*
                    _ => #runtime::codegen::unimplemented(&call),
                }
            }
        }
    }
}

fn arm(service: &Service, index: usize, method: &Method) -> TokenStream {
    let (runtime, codec) = (&service.paths.runtime, &service.paths.codec);
    let (trait_, function) = (&service.ident, &method.ident);
    let index = Literal::usize_unsuffixed(index);
    let handle = format_ident!("handle_{}", method.kind.function());
    let handle = at_request(method, quote! { #runtime::codegen::#handle::<#codec, _, _, _, _> });
    quote! {
        ::core::option::Option::Some(#index) => {
            let handler = ::std::sync::Arc::clone(&self.handler);
            #handle(call, move |request| async move {
                <__T as #trait_>::#function(&handler, request).await
            })
        }
    }
}

fn rpc_service(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let runtime = &service.paths.runtime;
    let (name, spec) = (names::server(ident), names::spec(ident));
    let above = above(service.features.server.as_deref());
    quote! {
        #above
        impl<__T: #ident> #runtime::server::RpcService for #name<__T> {
            const SPEC: &'static #runtime::ServiceSpec = &#spec;
        }
    }
}
