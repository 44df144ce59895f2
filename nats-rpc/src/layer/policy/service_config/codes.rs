use serde_json::Value;

use super::fields::Node;
use super::notes::Notes;
use crate::status::{Code, CodeSet};

/// What codes look like.
pub(super) const FAILURES: &str = "name codes of failures, such as \"UNAVAILABLE\" or 14";

/// An array of codes: names in any case, or numbers.
pub(super) fn read(node: &Node<'_>, notes: &mut Notes) -> Option<CodeSet> {
    let elements = node.elements(notes)?;
    let mut codes = Vec::new();
    for element in &elements {
        match code(element.value) {
            Some(Code::Ok) => {
                notes.refuse(element, "a call is over with OK; name codes of failures");
            }
            Some(code) => codes.push(code),
            None => notes.refuse(element, FAILURES),
        }
    }
    (codes.len() == elements.len()).then(|| CodeSet::of(&codes))
}

fn code(value: &Value) -> Option<Code> {
    let mut all = (0..=Code::Unauthenticated.number()).map(Code::from_number);
    match value {
        Value::Number(number) => all.find(|code| number.as_u64() == Some(code.number().into())),
        Value::String(name) => all.find(|code| code.name().eq_ignore_ascii_case(name)),
        _ => None,
    }
}
