//! Parts of a descriptor, which are messages as any other here: so nothing of them gets lost, custom options included.

use prost_reflect::{DynamicMessage, Value};

/// The message in a field, if it is set.
pub(super) fn child<'a>(node: &'a DynamicMessage, field: &str) -> Option<&'a DynamicMessage> {
    node.fields().find(|(descriptor, _)| descriptor.name() == field).and_then(|(_, value)| value.as_message())
}

/// The messages in a repeated field.
pub(super) fn children<'a>(
    node: &'a mut DynamicMessage,
    field: &str,
) -> impl Iterator<Item = &'a mut DynamicMessage> {
    let list = node.fields_mut().find(|(descriptor, _)| descriptor.name() == field);
    let list = list.and_then(|(_, value)| value.as_list_mut());
    list.into_iter().flatten().filter_map(Value::as_message_mut)
}

/// The whole number or the number of an enum in a field, if it is set.
pub(super) fn number(node: &DynamicMessage, field: &str) -> Option<i32> {
    let value = node.has_field_by_name(field).then(|| node.get_field_by_name(field))??;
    value.as_i32().or_else(|| value.as_enum_number())
}

/// Whether a flag is set.
pub(super) fn flag(node: &DynamicMessage, field: &str) -> bool {
    node.get_field_by_name(field).and_then(|value| value.as_bool()).unwrap_or_default()
}

/// The string in a field.
pub(super) fn text(node: &DynamicMessage, field: &str) -> String {
    node.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
