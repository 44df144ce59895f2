use std::collections::HashMap;

use nats_rpc_codegen::ir::Parts;
use prost_build::Module;
use prost_reflect::{FileDescriptor, MessageDescriptor};

use super::clashes;
use super::members::{messages, nested};
use super::package::named;
use crate::error::Report;
use crate::load::Loaded;

/// Finds types nested in a message that have the name of a type of a package, where both would be in one module.
pub(crate) fn modules(files: &[FileDescriptor], parts: Parts, loaded: &Loaded) -> Vec<Report> {
    let mut packages: HashMap<_, Vec<_>> = HashMap::new();
    for file in files {
        packages.entry(Module::from_protobuf_package_name(file.package_name())).or_default().push(file);
    }
    let clash = |file: &FileDescriptor, message: &MessageDescriptor| {
        let package = packages.get(&Module::from_protobuf_package_name(message.full_name()))?;
        let types = package.iter().flat_map(|file| named(file, parts));
        Some(clashes(types.chain(nested(file, message)).collect(), "Rust type", loaded))
    };
    let mut reports = Vec::new();
    for file in files {
        reports.extend(messages(file.messages()).iter().filter_map(|message| clash(file, message)).flatten());
    }
    reports
}
