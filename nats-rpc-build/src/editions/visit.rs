use std::collections::HashSet;

use prost_reflect::DynamicMessage;

use super::features::Features;
use super::node::{child, children, flag, number, text};

/// Part of a file, with the features that hold there.
pub(super) struct Part<'a> {
    pub(super) node: &'a mut DynamicMessage,
    pub(super) kind: Kind,
    pub(super) features: Features,
    /// Its path in the descriptor of the file.
    pub(super) path: &'a [i32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Enum,
    Extension,
    Field,
    /// A field of a oneof.
    Choice,
    /// A field that is a map.
    Map,
}

/// Goes through the messages, fields, enums and extensions of a file, messages after what is in them. What is in the
/// entries of a map is left out: it is the same in every syntax.
pub(super) fn visit(file: &mut DynamicMessage, features: Features, each: &mut dyn FnMut(&mut Part<'_>)) {
    let features = features.of(file);
    let package = text(file, "package");
    let scope = if package.is_empty() { String::new() } else { format!(".{package}") };
    let mut visitor = Visitor { each, path: Vec::new() };
    visitor.messages(file, ("message_type", 4), &scope, features);
    visitor.all(file, ("enum_type", 5), Kind::Enum, features);
    visitor.all(file, ("extension", 7), Kind::Extension, features);
}

struct Visitor<'a> {
    each: &'a mut dyn FnMut(&mut Part<'_>),
    path: Vec<i32>,
}

/// Name and number of a repeated field.
type List = (&'static str, i32);

impl Visitor<'_> {
    fn messages(&mut self, of: &mut DynamicMessage, list: List, scope: &str, features: Features) {
        for (index, message) in (0..).zip(children(of, list.0)) {
            if is_map_entry(message) {
                continue;
            }
            self.path.extend([list.1, index]);
            let scope = format!("{scope}.{}", text(message, "name"));
            self.message(message, &scope, features.of(message));
            self.path.truncate(self.path.len() - 2);
        }
    }

    fn message(&mut self, message: &mut DynamicMessage, scope: &str, features: Features) {
        let oneofs: Vec<_> = children(message, "oneof_decl").map(|oneof| features.of(oneof)).collect();
        let entries = children(message, "nested_type").filter(|nested| is_map_entry(nested));
        let entries: HashSet<_> = entries.map(|entry| format!("{scope}.{}", text(entry, "name"))).collect();
        for (index, field) in (0..).zip(children(message, "field")) {
            let oneof = number(field, "oneof_index").and_then(|index| usize::try_from(index).ok());
            let (kind, features) = match oneof.and_then(|index| oneofs.get(index)) {
                Some(oneof) => (Kind::Choice, *oneof),
                None if entries.contains(&text(field, "type_name")) => (Kind::Map, features),
                None => (Kind::Field, features),
            };
            self.one(field, (2, index), kind, features);
        }
        self.messages(message, ("nested_type", 3), scope, features);
        self.all(message, ("enum_type", 4), Kind::Enum, features);
        self.all(message, ("extension", 6), Kind::Extension, features);
        (self.each)(&mut Part { node: message, kind: Kind::Message, features, path: &self.path });
    }

    fn all(&mut self, of: &mut DynamicMessage, list: List, kind: Kind, features: Features) {
        for (index, node) in (0..).zip(children(of, list.0)) {
            self.one(node, (list.1, index), kind, features);
        }
    }

    fn one(&mut self, node: &mut DynamicMessage, place: (i32, i32), kind: Kind, features: Features) {
        self.path.extend([place.0, place.1]);
        let features = features.of(node);
        (self.each)(&mut Part { node, kind, features, path: &self.path });
        self.path.truncate(self.path.len() - 2);
    }
}

fn is_map_entry(message: &DynamicMessage) -> bool {
    child(message, "options").is_some_and(|options| flag(options, "map_entry"))
}
