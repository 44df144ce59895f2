use std::collections::HashMap;

use super::{Place, Problem};
use crate::ir::Service;
use crate::names;

/// Names that would stand where the framework's own subjects are.
pub(super) fn on_the_wire(service: &Service) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (package, name) = service.proto_name.rsplit_once('.').unwrap_or(("", &service.proto_name));
    let mut refuse = |place, kind: &str, name: &str| {
        problems.push(Problem {
            place,
            other: None,
            message: format!("the {kind} `{name}` begins with an underscore"),
            help: "subjects with `_` are kept for the framework's own use: take a name without it".to_owned(),
        });
    };
    if package.split('.').any(|segment| segment.starts_with('_')) {
        refuse(Place::Package, "package", package);
    }
    if name.starts_with('_') {
        refuse(Place::Name, "service", name);
    }
    for (index, method) in service.methods.iter().enumerate() {
        if method.proto_name.starts_with('_') {
            refuse(Place::Method(index), "method", &method.proto_name);
        }
    }
    problems
}

/// Methods that would be the same function, or one that every client has.
pub(super) fn in_rust(service: &Service) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut functions = HashMap::new();
    let mut rpcs = HashMap::new();
    for (index, method) in service.methods.iter().enumerate() {
        let (function, rpc) = (method.ident.to_string(), method.proto_name.as_str());
        if names::TAKEN.contains(&function.as_str()) {
            problems.push(Problem {
                place: Place::Method(index),
                other: None,
                message: format!("`{function}` is a function that every generated client has"),
                help: format!("call it `{function}_` and name the RPC with `#[rpc(name = \"{rpc}\")]`"),
            });
        }
        let clash = match (functions.insert(function.clone(), index), rpcs.insert(rpc, index)) {
            (_, Some(first)) => Some((first, format!("two methods are called `{rpc}`"))),
            (Some(first), None) => {
                let first_rpc = &service.methods[first].proto_name;
                Some((
                    first,
                    format!(
                        "the methods `{first_rpc}` and `{rpc}` both become the Rust function `{function}`"
                    ),
                ))
            }
            (None, None) => None,
        };
        if let Some((first, message)) = clash {
            problems.push(Problem {
                place: Place::Method(index),
                other: Some(Place::Method(first)),
                message,
                help: "rename one of them".to_owned(),
            });
        }
    }
    problems
}
