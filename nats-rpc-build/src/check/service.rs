use nats_rpc_codegen::check::{self, Place};
use nats_rpc_codegen::ir::Service;
use prost_reflect::ServiceDescriptor;

use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::lower::method_path;
use crate::options::EXTENSION;
use crate::source::Declared;

/// Checks one service.
pub(crate) fn service(service: &Service, descriptor: &ServiceDescriptor, loaded: &Loaded) -> Vec<Report> {
    let declared = |place| Declared::new(&descriptor.parent_file(), &path(place, descriptor));
    check::service(service)
        .into_iter()
        .map(|problem| {
            let other = problem.other.map(declared);
            report(loaded, problem.message, &problem.help, &declared(problem.place), other.as_ref())
        })
        .collect()
}

/// The path in the descriptor of a file.
fn path(place: Place, service: &ServiceDescriptor) -> Vec<i32> {
    let option = |number| [service.path(), &[3, EXTENSION, number]].concat();
    match place {
        Place::Name => [service.path(), &[1]].concat(),
        Place::Package => vec![2],
        Place::Subject => option(1),
        Place::QueueGroup => option(2),
        Place::Method(index) => method_path(service, index),
        Place::Timeout(index) => {
            let mut path = method_path(service, index);
            path.pop();
            [&path[..], &[4, EXTENSION, 1]].concat()
        }
    }
}
