use std::collections::HashSet;

use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use prost_types::field_descriptor_proto::{Label, Type};

use super::node::{child, children, flag, text};
use super::syntax::{Syntax, is, is_group, is_optional, is_repeated, is_required};
use super::visit::{Kind, Part};

/// Says in the words of a syntax what the features of a part say.
pub(super) fn part(part: &mut Part<'_>, syntax: Syntax) {
    if part.kind == Kind::Message {
        add_oneofs(part.node);
        return;
    }
    if part.kind == Kind::Enum {
        return;
    }
    let packed = part.features.packed;
    if is_repeated(part.node) && can_be_packed(part.node) && packed != (syntax == Syntax::Proto3) {
        set_packed(part.node, packed);
    }
    if is_required(part) {
        part.node.set_field_by_name("label", Value::EnumNumber(Label::Required.into()));
    }
    if is_group(part) {
        part.node.set_field_by_name("type", Value::EnumNumber(Type::Group.into()));
    }
    if syntax == Syntax::Proto3 && is_optional(part) {
        part.node.set_field_by_name("proto3_optional", Value::Bool(true));
    }
}

fn can_be_packed(field: &DynamicMessage) -> bool {
    ![Type::String, Type::Bytes, Type::Message, Type::Group].into_iter().any(|kind| is(field, kind))
}

fn set_packed(field: &mut DynamicMessage, packed: bool) {
    if let Some(options) = field.get_field_by_name_mut("options").and_then(Value::as_message_mut) {
        options.set_field_by_name("packed", Value::Bool(packed));
    }
}

/// Adds the oneof that proto3 has around each optional field, behind all others.
fn add_oneofs(message: &mut DynamicMessage) {
    let mut names: HashSet<_> = ["field", "oneof_decl", "nested_type", "enum_type", "extension"]
        .into_iter()
        .flat_map(|list| children(message, list).map(|node| text(node, "name")).collect::<Vec<_>>())
        .collect();
    let free = (0..).skip(children(message, "oneof_decl").count());
    let mut added = Vec::new();
    for (index, field) in free.zip(children(message, "field").filter(|field| flag(field, "proto3_optional")))
    {
        field.set_field_by_name("oneof_index", Value::I32(index));
        let mut name = format!("_{}", text(field, "name"));
        while !names.insert(name.clone()) {
            name.insert(0, 'X');
        }
        added.push(name);
    }
    if added.is_empty() {
        return;
    }
    let Some(descriptor) = message.descriptor().get_field_by_name("oneof_decl") else { return };
    let kind = descriptor.kind();
    let (Some(kind), Some(oneofs)) = (kind.as_message(), message.get_field_mut(&descriptor).as_list_mut())
    else {
        return;
    };
    oneofs.extend(added.into_iter().map(|name| {
        let mut oneof = DynamicMessage::new(kind.clone());
        oneof.set_field_by_name("name", Value::String(name));
        Value::Message(oneof)
    }));
}

/// Takes away what only editions have: features, options that were nothing else, and who may see a type.
pub(super) fn strip(node: &mut DynamicMessage) {
    // Custom options are unknown fields too, but not of the declarations themselves.
    if node.descriptor().name().ends_with("DescriptorProto") {
        drop(node.take_unknown_fields());
    }
    for (field, value) in node.fields_mut() {
        match value {
            Value::Message(inner) => strip(inner),
            Value::List(list) if field.name() != "location" => {
                list.iter_mut().filter_map(Value::as_message_mut).for_each(strip);
            }
            _ => {}
        }
    }
    node.clear_field_by_name("features");
    if child(node, "options").is_some_and(is_empty) {
        node.clear_field_by_name("options");
    }
}

fn is_empty(message: &DynamicMessage) -> bool {
    message.fields().next().is_none()
        && message.extensions().next().is_none()
        && message.unknown_fields().next().is_none()
}
