//! What can't be generated, found before prost and rustc stumble over it.

mod members;
mod modules;
mod package;
mod service;

use std::collections::HashMap;

use crate::error::Report;
use crate::load::Loaded;
use crate::source::{self, Declared};

pub(crate) use members::{members, values};
pub(crate) use modules::modules;
pub(crate) use package::package;
pub(crate) use service::service;

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
    let mut reports = Vec::new();
    for named in all {
        if let Some(first) = first.get(&named.rust) {
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
    source::report(message, help, here.spot(), first.map(Declared::spot), &loaded.files)
}
