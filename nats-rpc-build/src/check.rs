use std::collections::HashMap;

use nats_rpc_codegen::check::{self, Place};
use nats_rpc_codegen::ir::{Parts, Service};
use nats_rpc_codegen::names;
use prost_reflect::{FileDescriptor, ServiceDescriptor};

use crate::error::Report;
use crate::load::Loaded;
use crate::lower::method_path;
use crate::options::EXTENSION;
use crate::source::Declared;

/// A Rust type of a package's module.
struct Named {
    rust: String,
    /// What it is made from: "the message `greeter.v1.Hello`".
    what: String,
    declared: Declared,
}

/// Finds types that would have the same name in the module of a package.
pub(crate) fn package<'a>(
    files: impl Iterator<Item = &'a FileDescriptor>,
    parts: Parts,
    loaded: &Loaded,
) -> Vec<Report> {
    let mut first: HashMap<String, Named> = HashMap::new();
    let mut reports = Vec::new();
    for named in files.flat_map(|file| types(file).into_iter().chain(services(file, parts))) {
        if let Some(first) = first.get(&named.rust) {
            let message =
                format!("{} and {} both become the Rust type `{}`", first.what, named.what, named.rust);
            let help = "rename one of them; its name in Rust follows from the name in the `.proto`";
            reports.push(report(loaded, message, help, &named.declared, Some(&first.declared)));
        } else {
            first.insert(named.rust.clone(), named);
        }
    }
    reports
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
        }
        if parts.server {
            add(trait_.to_string(), "service");
            add(names::server(&trait_).to_string(), "server of the service");
        }
    }
    all
}

fn last(full_name: &str) -> &str {
    full_name.rsplit_once('.').map_or(full_name, |(_, name)| name)
}

/// Checks one service. `numbers` has the number in the `.proto` of each of its methods.
pub(crate) fn service(
    service: &Service,
    numbers: &[usize],
    descriptor: &ServiceDescriptor,
    loaded: &Loaded,
) -> Vec<Report> {
    let declared = |place| Declared::new(&descriptor.parent_file(), &path(place, numbers, descriptor));
    check::service(service)
        .into_iter()
        .map(|problem| {
            let other = problem.other.map(declared);
            report(loaded, problem.message, &problem.help, &declared(problem.place), other.as_ref())
        })
        .collect()
}

/// The path in the descriptor of a file.
fn path(place: Place, numbers: &[usize], service: &ServiceDescriptor) -> Vec<i32> {
    let option = |number| [service.path(), &[3, EXTENSION, number]].concat();
    match place {
        Place::Name => [service.path(), &[1]].concat(),
        Place::Package => vec![2],
        Place::Subject => option(1),
        Place::QueueGroup => option(2),
        Place::Method(index) => method_path(service, numbers[index]),
        Place::Timeout(index) => {
            let mut path = method_path(service, numbers[index]);
            path.pop();
            [&path[..], &[4, EXTENSION, 1]].concat()
        }
    }
}

fn report(loaded: &Loaded, message: String, help: &str, here: &Declared, first: Option<&Declared>) -> Report {
    let source = here.text(loaded);
    let mut labels = Vec::new();
    let mut help = help.to_owned();
    if let Some(text) = &source {
        labels.extend(here.label(text, if first.is_some() { "this one" } else { "here" }));
        match first {
            Some(first) if first.file == here.file => labels.extend(first.label(text, "the first one")),
            Some(first) => help = format!("the first one is at {}; {help}", first.line()),
            None => {}
        }
    }
    Report { message, help: Some(help), source, labels }
}
