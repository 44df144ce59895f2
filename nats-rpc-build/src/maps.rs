//! Fields that are maps of enums, and are called like keywords.
//!
//! prost's derive macro makes functions such as `get_type` for them, and panics over `r#type`. So they get an underscore
//! behind, as keywords do that Rust has no raw form of.

use nats_rpc_codegen::names;
use proc_macro2::Ident;
use prost_reflect::FieldDescriptor;
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{Attribute, Field, Lit};

/// The name of a field in Rust.
pub(crate) fn field_name(field: &FieldDescriptor) -> Ident {
    let name = names::field(field.name());
    let is_map_of_enum = field.is_map()
        && field
            .kind()
            .as_message()
            .is_some_and(|entry| entry.map_entry_value_field().kind().as_enum().is_some());
    if is_map_of_enum { not_raw(&name) } else { name }
}

/// Gives a field of prost's code the name that the derive macro can take.
pub(crate) fn rename(field: &mut Field) {
    if field.attrs.iter().any(is_map_of_enum) {
        field.ident = field.ident.as_ref().map(not_raw);
    }
}

fn not_raw(name: &Ident) -> Ident {
    let bare = name.unraw();
    if bare == *name { bare } else { format_ident!("{bare}_") }
}

/// Whether it is such as `#[prost(map = "string, enumeration(Kind)", tag = "1")]`.
fn is_map_of_enum(attribute: &Attribute) -> bool {
    let mut found = false;
    if attribute.path().is_ident("prost") {
        // What can't be parsed is for the derive macro to refuse.
        drop(attribute.parse_nested_meta(|meta| {
            let is_map = meta.path.is_ident("map") || meta.path.is_ident("btree_map");
            if let Ok(value) = meta.value()
                && let Lit::Str(kinds) = value.parse()?
            {
                found |= is_map && kinds.value().contains("enumeration(");
            }
            Ok(())
        }));
    }
    found
}
