use nats_rpc_codegen::check::{self, Owner, Place};
use nats_rpc_codegen::ir::Service;
use prost_reflect::{Kind, ServiceDescriptor};

use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::lower::method_path;
use crate::options::EXTENSION;
use crate::source::Declared;

/// Checks one service.
pub(crate) fn service(service: &Service, descriptor: &ServiceDescriptor, loaded: &Loaded) -> Vec<Report> {
    check::service(service)
        .into_iter()
        .map(|problem| {
            let other = problem.other.map(|place| declared(place, descriptor));
            report(
                loaded,
                problem.message,
                &problem.help,
                &declared(problem.place, descriptor),
                other.as_ref(),
            )
        })
        .collect()
}

fn declared(place: Place, service: &ServiceDescriptor) -> Declared {
    let file = service.parent_file();
    match place {
        Place::Name => Declared::new(&file, &[service.path(), &[1]].concat()),
        Place::Package => Declared::new(&file, &[2]),
        Place::Method(index) => Declared::new(&file, &method_path(service, index)),
        Place::Option(Owner::Service, option) => {
            let fields = fields(service, "nats.rpc.v1.service", option);
            Declared::option(&file, &[service.path(), &[3, EXTENSION]].concat(), fields)
        }
        Place::Option(Owner::Method(index), option) => {
            let mut method = method_path(service, index);
            method.pop();
            let fields = fields(service, "nats.rpc.v1.method", option);
            Declared::option(&file, &[&method[..], &[4, EXTENSION]].concat(), fields)
        }
    }
}

/// Numbers and names of the fields that lead to an option such as `retry.max_attempts`.
fn fields(service: &ServiceDescriptor, extension: &str, option: &str) -> Vec<(i32, String)> {
    let extension = service.parent_pool().get_extension_by_name(extension);
    let mut kind = extension.map(|extension| extension.kind());
    let number = |name: &str| {
        let Some(Kind::Message(message)) = &kind else { return None };
        let field = message.get_field_by_name(name)?;
        kind = Some(field.kind());
        Some((i32::try_from(field.number()).ok()?, name.to_owned()))
    };
    option.split('.').map_while(number).collect()
}
