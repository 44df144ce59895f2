use std::collections::HashMap;

use nats_rpc_codegen::names;
use prost_reflect::{FileDescriptor, ServiceDescriptor};

use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::options::{EXTENSION, ServiceOptions};
use crate::source::Declared;

/// Finds services with the same prefix of subjects: calls of the one would reach the other.
pub(crate) fn subjects<'a>(files: impl Iterator<Item = &'a FileDescriptor>, loaded: &Loaded) -> Vec<Report> {
    let mut taken: HashMap<String, ServiceDescriptor> = HashMap::new();
    let mut reports = Vec::new();
    for service in files.flat_map(FileDescriptor::services) {
        let set = ServiceOptions::of(&service).subject;
        let subject = set.unwrap_or_else(|| names::default_subject(service.full_name()));
        if let Some(first) = taken.get(&subject) {
            let message = format!(
                "the services `{}` and `{}` have the same subject \"{subject}\"",
                first.full_name(),
                service.full_name()
            );
            let help = "calls of one would reach the other: give each service a `subject` of its own";
            reports.push(report(loaded, message, help, &declared(&service), Some(&declared(first))));
        } else {
            taken.insert(subject, service);
        }
    }
    reports
}

/// Where the subject is set, or else the service.
fn declared(service: &ServiceDescriptor) -> Declared {
    let path: &[i32] = if ServiceOptions::of(service).subject.is_some() { &[3, EXTENSION, 1] } else { &[1] };
    Declared::new(&service.parent_file(), &[service.path(), path].concat())
}
