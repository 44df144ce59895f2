use serde_json::{Map, Value};

use super::notes::Notes;

/// A value, and where in the JSON it stands.
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    path: String,
}

impl<'a> Node<'a> {
    /// The whole.
    pub(super) fn top(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    /// Such as `methodConfig[2].retryPolicy.maxBackoff`.
    pub(super) fn path(&self) -> &str {
        if self.path.is_empty() { "the whole" } else { &self.path }
    }

    /// The value as messages show it.
    pub(super) fn shown(&self) -> String {
        match self.value {
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "an array".to_owned(),
            Value::String(text) if text.chars().nth(60).is_some() => "a long string".to_owned(),
            value => value.to_string(),
        }
    }

    fn child(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The elements of an array.
    pub(super) fn elements(&self, notes: &mut Notes) -> Option<Vec<Self>> {
        let Value::Array(elements) = self.value else {
            notes.refuse(self, "give an array");
            return None;
        };
        let elements = elements.iter().enumerate();
        Some(elements.map(|(index, value)| Node { value, path: format!("{}[{index}]", self.path) }).collect())
    }
}

/// The fields of an object.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    node: Node<'a>,
}

impl<'a> Fields<'a> {
    /// Takes an object that may have `known` fields, and may have some `without_use`.
    pub(super) fn of(
        node: &Node<'a>,
        known: &[&str],
        without_use: &[&str],
        notes: &mut Notes,
    ) -> Option<Self> {
        let Value::Object(map) = node.value else {
            notes.refuse(node, "give an object");
            return None;
        };
        for name in map.keys().map(String::as_str).filter(|name| !known.contains(name)) {
            if without_use.contains(&name) {
                notes.without_use(node.child(name));
            } else {
                notes.ignore(node.child(name), format_args!("unknown; known here: {}", known.join(", ")));
            }
        }
        Some(Self { map, node: Node { value: node.value, path: node.path.clone() } })
    }

    /// The field of that name. As everywhere in proto JSON, one that is null is not there.
    pub(super) fn get(&self, name: &str) -> Option<Node<'a>> {
        let value = self.map.get(name).filter(|value| !value.is_null())?;
        Some(Node { value, path: self.node.child(name) })
    }

    /// The field of that name, which has to be there; `help` says what it may be.
    pub(super) fn required(&self, name: &str, help: &str, notes: &mut Notes) -> Option<Node<'a>> {
        let field = self.get(name);
        if field.is_none() {
            notes.problem(format!("{} is missing: {help}", self.node.child(name)));
        }
        field
    }
}
