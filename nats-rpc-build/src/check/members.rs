use std::collections::HashSet;

use nats_rpc_codegen::names;
use prost_reflect::{EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor, OneofDescriptor};

use super::{Named, clashes};
use crate::error::Report;
use crate::load::Loaded;
use crate::maps;
use crate::source::Declared;

/// Finds fields, oneofs and nested types that would have the same name in the struct or the module of their message.
pub(crate) fn members(file: &FileDescriptor, loaded: &Loaded) -> Vec<Report> {
    let check = |message: MessageDescriptor| {
        let mut reports = clashes(fields(file, &message), "field", loaded);
        reports.extend(clashes(nested(file, &message), "Rust type", loaded));
        let variants =
            oneofs(&message).map(|oneof| oneof.fields().map(|field| variant(file, &field)).collect());
        reports.extend(variants.flat_map(|all: Vec<_>| clashes(all, "variant", loaded)));
        reports
    };
    messages(file.messages()).into_iter().flat_map(check).collect()
}

/// Finds values that would have the same name in their enum, unless prost was told to keep the enum's name before them.
pub(crate) fn values(file: &FileDescriptor, loaded: &Loaded) -> Vec<Report> {
    let nested =
        messages(file.messages()).into_iter().flat_map(|message| message.child_enums().collect::<Vec<_>>());
    let check = |item: EnumDescriptor| {
        let mut numbers = HashSet::new();
        // An alias of the same number is no variant of its own.
        let values = item.values().filter(|value| numbers.insert(value.number()));
        let named = values.map(|value| {
            named(file, &names::variant(item.name(), value.name()), "value", value.name(), value.path())
        });
        clashes(named.collect(), "variant", loaded)
    };
    file.enums().chain(nested).flat_map(check).collect()
}

/// The messages, and those nested in them.
pub(super) fn messages(of: impl Iterator<Item = MessageDescriptor>) -> Vec<MessageDescriptor> {
    let mut all: Vec<_> = of.filter(|message| !message.is_map_entry()).collect();
    let mut next = 0;
    while let Some(message) = all.get(next).cloned() {
        all.extend(message.child_messages().filter(|message| !message.is_map_entry()));
        next += 1;
    }
    all
}

fn oneofs(message: &MessageDescriptor) -> impl Iterator<Item = OneofDescriptor> {
    message.oneofs().filter(|oneof| !oneof.is_synthetic())
}

/// Whether a field is one of the struct itself, and of no oneof.
pub(super) fn is_own(field: &FieldDescriptor) -> bool {
    field.containing_oneof().is_none_or(|oneof| oneof.is_synthetic())
}

/// The fields of the struct: those that are in no oneof, and the oneofs.
fn fields(file: &FileDescriptor, message: &MessageDescriptor) -> Vec<Named> {
    let own = message.fields().filter(is_own);
    let own = own.map(|field| named(file, &maps::field_name(&field), "field", field.name(), field.path()));
    let oneofs = oneofs(message)
        .map(|oneof| named(file, &names::field(oneof.name()), "oneof", oneof.name(), oneof.path()));
    own.chain(oneofs).collect()
}

/// The types in the module of the message. A oneof that is called like another of them has `OneOf` behind its name.
pub(super) fn nested(file: &FileDescriptor, message: &MessageDescriptor) -> Vec<Named> {
    let messages = message.child_messages().filter(|child| !child.is_map_entry());
    let messages = messages.map(|child| {
        named(file, &names::type_name(child.name()), "message", child.full_name(), child.path())
    });
    let enums = message
        .child_enums()
        .map(|child| named(file, &names::type_name(child.name()), "enum", child.full_name(), child.path()));
    let mut all: Vec<_> = messages.chain(enums).collect();
    let taken: HashSet<_> = all.iter().map(|named| named.rust.clone()).collect();
    all.extend(oneofs(message).map(|oneof| {
        let mut named = named(file, &names::type_name(oneof.name()), "oneof", oneof.name(), oneof.path());
        if taken.contains(&named.rust) {
            named.rust.push_str("OneOf");
        }
        named
    }));
    all
}

fn variant(file: &FileDescriptor, field: &FieldDescriptor) -> Named {
    named(file, &names::type_name(field.name()), "field", field.name(), field.path())
}

fn named(file: &FileDescriptor, rust: &proc_macro2::Ident, kind: &str, name: &str, path: &[i32]) -> Named {
    let declared = Declared::new(file, &[path, &[1]].concat());
    Named { rust: rust.to_string(), what: format!("the {kind} `{name}`"), declared }
}
