use nats_rpc_codegen::ir::Parts;
use nats_rpc_codegen::names;
use prost_reflect::{FileDescriptor, MethodDescriptor};

use super::{Named, clashes};
use crate::error::Report;
use crate::load::Loaded;
use crate::source::Declared;

/// Finds types that would have the same name in the module of a package.
pub(crate) fn package<'a>(
    files: impl Iterator<Item = &'a FileDescriptor>,
    parts: Parts,
    loaded: &Loaded,
) -> Vec<Report> {
    clashes(files.flat_map(|file| named(file, parts)).collect(), "Rust type", loaded)
}

/// All types that a file adds to the module of its package.
pub(super) fn named(file: &FileDescriptor, parts: Parts) -> Vec<Named> {
    types(file).into_iter().chain(services(file, parts)).collect()
}

fn types(file: &FileDescriptor) -> Vec<Named> {
    let messages =
        file.messages().map(|message| (message.full_name().to_owned(), message.path().to_vec(), "message"));
    let enums = file.enums().map(|item| (item.full_name().to_owned(), item.path().to_vec(), "enum"));
    let named = |(full_name, path, kind): (String, Vec<i32>, _)| Named {
        rust: names::type_name(last(&full_name)).to_string(),
        what: format!("the {kind} `{full_name}`"),
        declared: Declared::new(file, &[&path[..], &[1]].concat()),
    };
    messages.chain(enums).map(named).collect()
}

fn services(file: &FileDescriptor, parts: Parts) -> Vec<Named> {
    let mut all = Vec::new();
    for service in file.services() {
        let trait_ = names::type_name(service.name());
        let declared = Declared::new(file, &[service.path(), &[1]].concat());
        let mut add = |rust: String, what: &str| {
            let what = format!("the {what} `{}`", service.full_name());
            all.push(Named { rust, what, declared: declared.clone() });
        };
        if parts.client {
            add(names::client(&trait_).to_string(), "client of the service");
            if service.methods().any(|method| is_unary(&method)) {
                add(names::scatter(&trait_).to_string(), "scatter of the service");
            }
        }
        if parts.server {
            add(trait_.to_string(), "service");
            add(names::server(&trait_).to_string(), "server of the service");
        }
    }
    all
}

fn is_unary(method: &MethodDescriptor) -> bool {
    !method.is_client_streaming() && !method.is_server_streaming()
}

fn last(full_name: &str) -> &str {
    full_name.rsplit_once('.').map_or(full_name, |(_, name)| name)
}
