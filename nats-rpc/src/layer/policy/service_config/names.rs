use serde_json::Value;

use super::fields::{Fields, Node};
use super::notes::Notes;
use crate::layer::policy::scopes::{Scope, is_service};

const KNOWN: &[&str] = &["service", "method"];

/// One `name`: what an entry holds for. In proto JSON an empty string and null are the same as no field.
pub(super) fn read(node: &Node<'_>, notes: &mut Notes) -> Option<Scope> {
    let fields = Fields::of(node, KNOWN, &[], notes)?;
    let service = word(&fields, "service", "shop.v1.Orders", notes)?;
    let method = word(&fields, "method", "Put", notes)?;
    match (service, method) {
        ("", "") => Some(Scope::All),
        ("", _) => {
            notes.problem(format!("{} has a `method` without a `service`: name both", node.path()));
            None
        }
        (service, "") => Some(Scope::Service(service.to_owned())),
        (service, method) => Some(Scope::Method(format!("/{service}/{method}"))),
    }
}

/// A part of a name, empty if it is not there; `None` if it can't be one.
fn word<'a>(fields: &Fields<'a>, name: &str, such_as: &str, notes: &mut Notes) -> Option<&'a str> {
    let Some(node) = fields.get(name) else { return Some("") };
    match node.value {
        Value::String(text) if text.is_empty() || is_service(text) => Some(text),
        _ => {
            notes
                .refuse(&node, format_args!("give a name without slashes and spaces, such as \"{such_as}\""));
            None
        }
    }
}
