use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Attribute;

use crate::docs::Docs;

/// What is written above a service or a method.
#[derive(Debug, Clone)]
pub enum Documentation {
    /// A comment in a `.proto`, made safe.
    Comment(Docs),
    /// `#[doc]` attributes in Rust, kept as they are: what rustdoc says about them is to point there.
    Rust(Vec<Attribute>),
}

impl Documentation {
    /// What is written, or `fallback` if nothing is.
    pub(crate) fn or(&self, fallback: &str) -> TokenStream {
        match self {
            Self::Rust(attributes) if !attributes.is_empty() => quote! { #(#attributes)* },
            Self::Rust(_) => Docs::default().or(fallback).into_token_stream(),
            Self::Comment(docs) => docs.or(fallback).into_token_stream(),
        }
    }
}
