use std::collections::{HashMap, HashSet};

use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};

use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::source::Declared;

/// What rustc looks through behind the last message, to see whether it may be sent between threads.
const LAST: usize = 6;

/// Finds the longest chain of messages in messages, if rustc would give up on it: it looks through types as deep as
/// the crate's `recursion_limit`.
pub(crate) fn depth<'a>(
    files: impl Iterator<Item = &'a FileDescriptor>,
    limit: usize,
    loaded: &Loaded,
) -> Option<Report> {
    let mut depths = HashMap::new();
    let mut deepest: Option<(usize, MessageDescriptor)> = None;
    for message in files.flat_map(FileDescriptor::messages) {
        let depth = of(&message, &mut depths);
        if deepest.as_ref().is_none_or(|(most, _)| depth > *most) {
            deepest = Some((depth, message));
        }
    }
    let (depth, start) = deepest.filter(|(depth, _)| *depth >= limit)?;
    let enough = (depth + 1).next_power_of_two();
    let message = format!(
        "the chain of messages in messages that starts at `{}` is too deep for rustc",
        start.full_name()
    );
    let help = format!(
        "write `#![recursion_limit = \"{enough}\"]` at the top of the crate, and `.recursion_limit({enough})` on the \
         `Config`; or break the chain"
    );
    let here = Declared::new(&start.parent_file(), &[start.path(), &[1]].concat());
    Some(report(loaded, message, &help, &here, None))
}

/// A message whose fields are being looked at.
struct Open {
    message: MessageDescriptor,
    /// How deep it is in the one before it.
    below: usize,
    fields: Vec<FieldDescriptor>,
    depth: usize,
}

impl Open {
    fn new(message: MessageDescriptor, below: usize) -> Self {
        let fields = message.fields().collect();
        Self { message, below, fields, depth: LAST }
    }
}

/// How many types are in one another, from this message on. A message that contains itself is looked through once.
fn of(root: &MessageDescriptor, depths: &mut HashMap<String, usize>) -> usize {
    if let Some(depth) = depths.get(root.full_name()) {
        return *depth;
    }
    let mut entered = HashSet::from([root.full_name().to_owned()]);
    // Not by recursion: there is no limit to the length of a chain.
    let mut open = vec![Open::new(root.clone(), 0)];
    let mut last = 0;
    while let Some(top) = open.last_mut() {
        let Some(field) = top.fields.pop() else {
            last = top.depth;
            let depth = top.below + top.depth;
            depths.insert(top.message.full_name().to_owned(), top.depth);
            open.pop();
            if let Some(around) = open.last_mut() {
                around.depth = around.depth.max(depth);
            }
            continue;
        };
        let Some((message, below)) = inner(&field) else { continue };
        if let Some(depth) = depths.get(message.full_name()) {
            top.depth = top.depth.max(below + depth);
        } else if entered.insert(message.full_name().to_owned()) {
            open.push(Open::new(message, below));
        }
    }
    last
}

/// The message in a field, and how many types are around it: `Option<M>`, an enum for a oneof, a vector, a map.
fn inner(field: &FieldDescriptor) -> Option<(MessageDescriptor, usize)> {
    let Kind::Message(message) = field.kind() else { return None };
    if message.is_map_entry() {
        return match message.map_entry_value_field().kind() {
            Kind::Message(value) => Some((value, 5)),
            _ => None,
        };
    }
    let in_oneof = field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic());
    let around = if field.is_list() {
        4
    } else if in_oneof {
        3
    } else {
        2
    };
    Some((message, around))
}
