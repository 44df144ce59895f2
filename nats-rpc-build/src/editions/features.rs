use prost_reflect::DynamicMessage;

use super::node::{child, number};

/// Whether a field that is not set can be told from one that has its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Explicit,
    Implicit,
    Required,
}

/// What decides how messages are encoded and what a message remembers. Other features are about names, other languages
/// or checks that prost makes anyway.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    pub(super) presence: Presence,
    /// Of enums: whether a number that it has no name for is kept apart, as in proto2.
    pub(super) closed: bool,
    pub(super) packed: bool,
    /// Of fields of messages: whether marks stand around it, as with groups in proto2.
    pub(super) delimited: bool,
    /// Whether two fields may have the same name in JSON, as in proto2.
    pub(super) loose_json: bool,
}

impl Features {
    /// The defaults of editions 2023, 2024 and 2026, which are the same.
    pub(super) fn of_edition(edition: i32) -> Option<Self> {
        (1000..=1002).contains(&edition).then_some(Self {
            presence: Presence::Explicit,
            closed: false,
            packed: true,
            delimited: false,
            loose_json: false,
        })
    }

    /// With what the options of something in it say.
    pub(super) fn of(mut self, node: &DynamicMessage) -> Self {
        let Some(features) = child(node, "options").and_then(|options| child(options, "features")) else {
            return self;
        };
        match number(features, "field_presence") {
            Some(1) => self.presence = Presence::Explicit,
            Some(2) => self.presence = Presence::Implicit,
            Some(3) => self.presence = Presence::Required,
            _ => {}
        }
        let switch = |of: &mut bool, name, on| match number(features, name) {
            None | Some(0) => {}
            Some(value) => *of = value == on,
        };
        switch(&mut self.closed, "enum_type", 2);
        switch(&mut self.packed, "repeated_field_encoding", 1);
        switch(&mut self.delimited, "message_encoding", 2);
        switch(&mut self.loose_json, "json_format", 2);
        self
    }
}
