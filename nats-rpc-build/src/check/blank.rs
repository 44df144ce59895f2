use prost_reflect::{EnumDescriptor, FileDescriptor};

use super::members::messages;
use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::source::Declared;

/// Finds names of underscores alone, of which nothing is left in Rust.
pub(crate) fn blank(file: &FileDescriptor, loaded: &Loaded) -> Vec<Report> {
    let mut named: Vec<(String, Vec<i32>)> = Vec::new();
    let mut add = |name: &str, path: &[i32]| named.push((name.to_owned(), [path, &[1]].concat()));
    let mut enums: Vec<EnumDescriptor> = file.enums().collect();
    for message in messages(file.messages()) {
        add(message.name(), message.path());
        message.fields().for_each(|field| add(field.name(), field.path()));
        message.oneofs().for_each(|oneof| add(oneof.name(), oneof.path()));
        enums.extend(message.child_enums());
    }
    for item in enums {
        add(item.name(), item.path());
        item.values().for_each(|value| add(value.name(), value.path()));
    }
    let blank = named.into_iter().filter(|(name, _)| name.chars().all(|character| character == '_'));
    blank
        .map(|(name, path)| {
            let message = format!("no name in Rust can be made of `{name}`");
            report(loaded, message, "take a name with letters in it", &Declared::new(file, &path), None)
        })
        .collect()
}
