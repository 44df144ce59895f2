use proc_macro2::TokenStream;
use quote::quote;

/// The attribute that every generated item bears, so that the lints of the crate around it hold for what people wrote.
///
/// ```
/// let attribute = nats_rpc_codegen::tokens::allow().to_string();
/// assert!(attribute.contains("missing_docs"));
/// ```
#[must_use]
pub fn allow() -> TokenStream {
    quote! {
        #[allow(
            deprecated,
            missing_copy_implementations,
            missing_docs,
            unnameable_types,
            unreachable_pub,
            unused,
            unused_qualifications,
            variant_size_differences,
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            clippy::restriction,
            rustdoc::private_intra_doc_links,
            reason = "generated code"
        )]
    }
}

/// As [`allow`], but only what signatures are about: for a trait with bodies that people wrote.
pub(super) fn allow_signatures() -> TokenStream {
    quote! {
        #[allow(
            missing_docs,
            unnameable_types,
            unreachable_pub,
            unused_qualifications,
            clippy::missing_errors_doc,
            clippy::missing_panics_doc,
            clippy::trait_duplication_in_bounds,
            reason = "generated code"
        )]
    }
}
