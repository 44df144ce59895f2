use std::collections::HashMap;

use nats_rpc_codegen::names;
use prost_reflect::{FileDescriptor, MessageDescriptor};

use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::source::Declared;

/// Finds messages whose module, for the types nested in them, would stand where that of a package stands.
pub(crate) fn modules(files: &[FileDescriptor], loaded: &Loaded) -> Vec<Report> {
    let mut packages = HashMap::new();
    for file in files {
        let path = module(file.package_name());
        for depth in 1..=path.len() {
            packages.entry(path[..depth].to_vec()).or_insert(file);
        }
    }
    let clash = |file: &FileDescriptor, message: MessageDescriptor| {
        let first = packages.get(&module(message.full_name()))?;
        let message_text = format!(
            "the message `{}` and the package `{}` both become the module `{}`",
            message.full_name(),
            first.package_name(),
            names::module(message.name()),
        );
        let here = Declared::new(file, &[message.path(), &[1]].concat());
        let help = "rename one of them; a message has a module for the types that are nested in it";
        Some(report(loaded, message_text, help, &here, Some(&Declared::new(first, &[2]))))
    };
    let with_module = |file: &FileDescriptor| file.messages().filter(has_module).collect::<Vec<_>>();
    files
        .iter()
        .flat_map(|file| with_module(file).into_iter().filter_map(|message| clash(file, message)))
        .collect()
}

fn has_module(message: &MessageDescriptor) -> bool {
    message.child_enums().len() > 0
        || message.child_messages().any(|child| !child.is_map_entry())
        || message.oneofs().any(|oneof| !oneof.is_synthetic())
}

fn module(full_name: &str) -> Vec<String> {
    let segments = full_name.split('.').filter(|segment| !segment.is_empty());
    segments.map(|segment| names::module(segment).to_string()).collect()
}
