use std::collections::HashSet;

use ::prost::Message;
use prost_reflect::{DynamicMessage, FileDescriptor, ReflectMessage, Value};
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// The serialized `FileDescriptorSet` of some files and all that they import, each after its imports. Custom options
/// are in it; comments and positions are not.
pub(crate) fn set(files: &[FileDescriptor]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    for file in files {
        add(file, &mut seen, &mut all);
    }
    let mut set = FileDescriptorSet::default().transcode_to_dynamic();
    set.set_field_by_name("file", Value::List(all));
    set.encode_to_vec()
}

fn add(file: &FileDescriptor, seen: &mut HashSet<String>, all: &mut Vec<Value>) {
    if !seen.insert(file.name().to_owned()) {
        return;
    }
    for import in file.dependencies() {
        add(&import, seen, all);
    }
    let descriptor = FileDescriptorProto::default().descriptor();
    // prost's own type would lose the custom options.
    if let Ok(mut message) = DynamicMessage::decode(descriptor, file.encode_to_vec().as_slice()) {
        message.clear_field_by_name("source_code_info");
        all.push(Value::Message(message));
    }
}
