use std::collections::HashSet;

use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};

/// Has prost box the groups (delimited fields) through which a message holds itself. It sees to ordinary fields only.
pub(crate) fn box_recursive(prost: &mut prost_build::Config, pool: &DescriptorPool) {
    for message in pool.all_messages() {
        let groups = message.fields().filter(|field| field.is_group() && !field.is_list());
        for field in groups.filter(|field| leads_to(field, &message)) {
            prost.boxed(path(&message, &field));
        }
    }
}

/// Whether a message is in a field, at any depth without a list between.
fn leads_to(field: &FieldDescriptor, message: &MessageDescriptor) -> bool {
    let inner = |field: &FieldDescriptor| field.kind().as_message().filter(|_| !field.is_list()).cloned();
    let mut next: Vec<_> = inner(field).into_iter().collect();
    let mut seen = HashSet::new();
    while let Some(found) = next.pop() {
        if found == *message {
            return true;
        }
        if seen.insert(found.full_name().to_owned()) {
            next.extend(found.fields().filter_map(|field| inner(&field)));
        }
    }
    false
}

/// A field as prost names it: by its oneof, if it is in one.
fn path(message: &MessageDescriptor, field: &FieldDescriptor) -> String {
    match field.containing_oneof() {
        Some(oneof) if !oneof.is_synthetic() => {
            format!(".{}.{}.{}", message.full_name(), oneof.name(), field.name())
        }
        _ => format!(".{}.{}", message.full_name(), field.name()),
    }
}
