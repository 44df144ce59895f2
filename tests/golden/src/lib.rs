//! Compiles what `nats-rpc-build` generates for the files in `cases/`, in a crate that allows nothing.

#![deny(warnings, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub)]
#![deny(
    elided_lifetimes_in_paths,
    let_underscore_drop,
    missing_copy_implementations,
    missing_debug_implementations,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![deny(rustdoc::all)]
#![allow(
    rustdoc::missing_crate_level_docs,
    rustdoc::private_doc_tests,
    reason = "there are no examples here"
)]

/// Attributes that the build script adds.
pub mod attributes {
    include!("../cases/attributes/out/mod.rs");
}

/// Client without server.
pub mod client_only {
    include!("../cases/client_only/out/mod.rs");
}

/// Comments that rustdoc would trip over.
pub mod comments {
    include!("../cases/comments/out/mod.rs");
}

/// Methods that an implementation may leave out.
pub mod default_stubs {
    include!("../cases/default_stubs/out/mod.rs");
}

/// What should no longer be used.
pub mod deprecated {
    include!("../cases/deprecated/out/mod.rs");
}

/// An edition, with the presence that fields have in proto3.
pub mod editions {
    include!("../cases/editions/out/mod.rs");
}

/// An edition, with what else only proto2 has.
pub mod editions_proto2 {
    include!("../cases/editions_proto2/out/mod.rs");
}

/// Files that are not plain UTF-8.
pub mod encodings {
    include!("../cases/encodings/out/mod.rs");
}

/// Client and server behind cargo features.
pub mod features {
    include!("../cases/features/out/mod.rs");
}

/// Fields of every sort.
pub mod fields {
    include!("../cases/fields/out/mod.rs");
}

/// Imports that are built in.
pub mod google_api {
    include!("../cases/google_api/out/mod.rs");
}

/// Copies of Google's own files beside the user's.
pub mod google_copies {
    include!("../cases/google_copies/out/mod.rs");
}

/// Packages in and below that of the well-known types.
pub mod google_packages {
    include!("../cases/google_packages/out/mod.rs");
}

/// Comments with links.
pub mod links {
    include!("../cases/links/out/mod.rs");
}

mod hidden {
    include!("../cases/links/out/mod.rs");
}
// What its documentation leads to is not to be seen.
pub use hidden::links::v1::LibraryClient;

/// Names that files not imported must not change.
pub mod name_scopes {
    include!("../cases/name_scopes/out/mod.rs");
}

/// Names that mean something in Rust.
pub mod names {
    include!("../cases/names/out/mod.rs");
}

/// Packages in packages, and a message in none.
pub mod nested_packages {
    include!("../cases/nested_packages/out/mod.rs");
}

/// A file without a package.
pub mod no_package {
    include!("../cases/no_package/out/mod.rs");
}

/// Packages that are called like crates, keywords and services.
pub mod odd_packages {
    include!("../cases/odd_packages/out/mod.rs");
}

/// What only proto2 has, and names that are not in the usual style.
pub mod old_syntax {
    include!("../cases/old_syntax/out/mod.rs");
}

/// Options of nats-rpc.
pub mod options {
    include!("../cases/options/out/mod.rs");
}

/// Packages that use each other's types, and well-known ones.
pub mod packages {
    include!("../cases/packages/out/mod.rs");
}

/// Policies of services and methods.
pub mod policies {
    include!("../cases/policies/out/mod.rs");
}

/// Names that Rust always has at hand.
pub mod prelude_names {
    include!("../cases/prelude_names/out/mod.rs");
}

/// The old syntax.
pub mod proto2 {
    include!("../cases/proto2/out/mod.rs");
}

/// The runtime, as a crate of another name might have it.
pub mod rpc {
    pub use nats_rpc::*;
}

/// A runtime at another place.
pub mod runtime_path {
    include!("../cases/runtime_path/out/mod.rs");
}

/// Server without client.
pub mod server_only {
    include!("../cases/server_only/out/mod.rs");
}

/// Types nested in messages, in the modules of packages.
pub mod shared_modules {
    include!("../cases/shared_modules/out/mod.rs");
}

/// A method of each kind.
pub mod streaming {
    include!("../cases/streaming/out/mod.rs");
}

/// Several services in a package.
pub mod two_services {
    include!("../cases/two_services/out/mod.rs");
}

/// The simplest service.
pub mod unary {
    include!("../cases/unary/out/mod.rs");
}

/// Messages that are plain types in Rust.
pub mod wrappers {
    include!("../cases/wrappers/out/mod.rs");
}
