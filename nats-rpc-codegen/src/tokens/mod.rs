//! Rust code for a service: one function per generated item.

mod allow;
mod client;
mod policy;
mod scatter;
mod server;
mod spec;
mod trait_;

use proc_macro2::{Group, Literal, Span, TokenStream, TokenTree};
use quote::quote;
use syn::spanned::Spanned;

use crate::ir::{Method, Service};
use crate::names;

pub use allow::allow;

/// All items of a service: trait, facts, client, server.
#[must_use]
pub fn service(service: &Service) -> TokenStream {
    let mut items = TokenStream::new();
    if service.parts.server {
        items.extend(trait_::trait_(service));
    }
    items.extend(spec::spec(service));
    if service.parts.client {
        items.extend(client::client(service));
        items.extend(scatter::scatter(service));
    }
    if service.parts.server {
        items.extend(server::server(service));
    }
    items
}

/// What stands above every item of a part, which may need a cargo feature.
fn above(feature: Option<&str>) -> TokenStream {
    let (gate, allow) = (gate(feature), allow());
    quote! { #gate #allow }
}

fn gate(feature: Option<&str>) -> Option<TokenStream> {
    feature.map(|feature| quote! { #[cfg(feature = #feature)] })
}

/// The facts about the method of that number.
fn spec_of(service: &Service, index: usize) -> TokenStream {
    let spec = names::spec(&service.ident);
    let index = Literal::usize_unsuffixed(index);
    quote! { #spec.method(#index) }
}

/// What stands above a method, in the trait and in the client.
fn method_attributes(method: &Method) -> TokenStream {
    let docs = method.docs.or(&format!("The RPC `{}`.", method.proto_name));
    let deprecated = &method.deprecated;
    quote! { #docs #deprecated }
}

/// The tokens, as if they stood where the request of the method is named: that is where a message that the codec can't
/// take is reported.
fn at_request(method: &Method, tokens: TokenStream) -> TokenStream {
    fn respan(tokens: TokenStream, span: Span) -> TokenStream {
        let respan_one = |mut tree| {
            if let TokenTree::Group(group) = tree {
                tree = Group::new(group.delimiter(), respan(group.stream(), span)).into();
            }
            tree.set_span(span);
            tree
        };
        tokens.into_iter().map(respan_one).collect()
    }
    respan(tokens, method.request.span().resolved_at(Span::call_site()))
}
