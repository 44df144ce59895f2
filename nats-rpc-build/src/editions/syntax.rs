use prost_reflect::DynamicMessage;
use prost_types::field_descriptor_proto::{Label, Type};

use super::Problem;
use super::features::Presence;
use super::node::{children, number, text};
use super::visit::{Kind, Part};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Proto2,
    Proto3,
}

/// Something that only one syntax can say.
struct Demand {
    /// "the field `name` is required".
    what: String,
    path: Vec<i32>,
}

/// What a file needs of a syntax.
#[derive(Default)]
pub(super) struct Demands {
    proto2: Option<Demand>,
    proto3: Option<Demand>,
    /// It is better kept in proto2, but would do in proto3.
    rather_proto2: bool,
}

impl Demands {
    pub(super) fn add(&mut self, part: &mut Part<'_>) {
        let name = text(part.node, "name");
        let path = [part.path, &[1]].concat();
        let named = |what: &str| Demand { what: format!("`{name}` {what}"), path };
        if let Some(what) = of_proto2(part) {
            self.proto2.get_or_insert_with(|| named(what));
        } else if is_implicit(part) {
            self.proto3.get_or_insert_with(|| named("has implicit presence"));
        }
        self.rather_proto2 |= match part.kind {
            Kind::Enum => part.features.closed,
            Kind::Message => part.features.loose_json,
            _ => false,
        };
    }

    /// proto3 as far as it goes: its enums can be used from all other files.
    pub(super) fn syntax(self) -> Result<Syntax, Problem> {
        match (self.proto2, self.proto3) {
            (Some(two), Some(three)) => Err(Problem {
                message: format!("{}, and {} in the same file", two.what, three.what),
                help: "code is generated as for proto2 or proto3, and either can say only one of these: move one \
                       of them into a file of its own, or change its features"
                    .to_owned(),
                path: two.path,
                other: Some(three.path),
            }),
            (None, None) if self.rather_proto2 => Ok(Syntax::Proto2),
            (None, _) => Ok(Syntax::Proto3),
            (Some(_), None) => Ok(Syntax::Proto2),
        }
    }
}

fn of_proto2(part: &mut Part<'_>) -> Option<&'static str> {
    match part.kind {
        Kind::Message => children(part.node, "extension_range").next().is_some().then_some("can be extended"),
        Kind::Enum => {
            let first = children(part.node, "value").next().and_then(|value| number(value, "number"));
            (first.unwrap_or(0) != 0).then_some("begins with a value that is not 0")
        }
        Kind::Extension if !text(part.node, "extendee").starts_with(".google.protobuf.") => {
            Some("is an extension")
        }
        Kind::Extension | Kind::Field | Kind::Choice | Kind::Map => {
            if is_required(part) {
                Some("is required")
            } else if is_group(part) {
                Some("is delimited")
            } else {
                part.node.has_field_by_name("default_value").then_some("has a default value")
            }
        }
    }
}

/// Whether a field or an extension is encoded as a group.
pub(super) fn is_group(part: &Part<'_>) -> bool {
    part.kind != Kind::Map && part.features.delimited && is(part.node, Type::Message)
}

pub(super) fn is_required(part: &Part<'_>) -> bool {
    part.kind == Kind::Field && part.features.presence == Presence::Required && !is_repeated(part.node)
}

/// Whether a field is one that proto3 has no `optional` before.
fn is_implicit(part: &Part<'_>) -> bool {
    is_plain(part) && part.features.presence == Presence::Implicit
}

/// Whether a field is one that proto3 has `optional` before.
pub(super) fn is_optional(part: &Part<'_>) -> bool {
    is_plain(part) && part.features.presence == Presence::Explicit
}

/// Whether a field is no message, which has presence anyway, and in no oneof.
fn is_plain(part: &Part<'_>) -> bool {
    part.kind == Kind::Field && !is_repeated(part.node) && !is(part.node, Type::Message)
}

pub(super) fn is_repeated(field: &DynamicMessage) -> bool {
    number(field, "label") == Some(Label::Repeated.into())
}

pub(super) fn is(field: &DynamicMessage, kind: Type) -> bool {
    number(field, "type") == Some(kind.into())
}
