//! What can't be generated, found before prost and rustc stumble over it.

mod accessors;
mod blank;
mod depth;
mod enums;
mod members;
mod modules;
mod package;
mod service;
mod subjects;
mod types;

use std::collections::{HashMap, HashSet};

use crate::error::Report;
use crate::load::Loaded;
use crate::source::{self, Declared};

pub(crate) use accessors::accessors;
pub(crate) use blank::blank;
pub(crate) use depth::depth;
pub(crate) use enums::enums;
pub(crate) use members::{members, values};
pub(crate) use modules::modules;
pub(crate) use package::package;
pub(crate) use service::service;
pub(crate) use subjects::subjects;
pub(crate) use types::types;

/// Something that gets a name in Rust.
struct Named {
    rust: String,
    /// What it is made from: "the message `greeter.v1.Hello`".
    what: String,
    declared: Declared,
}

/// Finds those that would have the same name; `kind` says what it would be the name of.
fn clashes(all: Vec<Named>, kind: &str, loaded: &Loaded) -> Vec<Report> {
    let mut first: HashMap<String, Named> = HashMap::new();
    // Two services have several names in common; one is enough to tell.
    let mut told = HashSet::new();
    let mut reports = Vec::new();
    for named in all {
        if let Some(first) = first.get(&named.rust) {
            if !told.insert([first.declared.spot().place(), named.declared.spot().place()]) {
                continue;
            }
            let message =
                format!("{} and {} both become the {kind} `{}`", first.what, named.what, named.rust);
            let help = "rename one of them; its name in Rust follows from the name in the `.proto`";
            reports.push(report(loaded, message, help, &named.declared, Some(&first.declared)));
        } else {
            first.insert(named.rust.clone(), named);
        }
    }
    reports
}

fn report(loaded: &Loaded, message: String, help: &str, here: &Declared, first: Option<&Declared>) -> Report {
    source::report(message, help, here.spot(), first.map(Declared::spot), &loaded.sources)
}
