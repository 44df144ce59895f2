//! Reads a file of an edition as one of proto2 or proto3.
//!
//! prost and prost-reflect know those two only. An edition is little else than another way to say the same: what was a
//! property of the syntax is a feature that every message and field can set. What is encoded is the same, byte by byte.

mod features;
mod node;
mod rewrite;
mod syntax;
mod visit;

use ::prost::{DecodeError, Message};
use prost_reflect::{DescriptorPool, DynamicMessage, Value};

use features::Features;
use node::number;
use syntax::{Demands, Syntax};
use visit::visit;

/// Why a file can't be read so.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) help: String,
    /// The path of what it is about.
    pub(crate) path: Vec<i32>,
    /// What else is involved.
    pub(crate) other: Option<Vec<i32>>,
}

/// A serialized `FileDescriptorProto` of an edition as one of proto3, or proto2 if it has what only that can say.
pub(crate) fn lower(serialized: &[u8]) -> Result<Vec<u8>, Problem> {
    let undecodable = |error| problem(format!("it can't be decoded: {error}"));
    let mut file = decode(serialized).map_err(undecodable)?;
    let edition = number(&file, "edition").unwrap_or_default();
    let features = Features::of_edition(edition)
        .ok_or_else(|| problem(format!("its edition (number {edition}) is not known")))?;
    let mut demands = Demands::default();
    visit(&mut file, features, &mut |part| demands.add(part));
    let syntax = demands.syntax()?;
    visit(&mut file, features, &mut |part| rewrite::part(part, syntax));
    rewrite::strip(&mut file);
    add_imports(&mut file, OptionImports::decode(serialized).map_err(undecodable)?);
    file.clear_field_by_name("edition");
    match syntax {
        Syntax::Proto2 => file.clear_field_by_name("syntax"),
        Syntax::Proto3 => file.set_field_by_name("syntax", Value::String("proto3".to_owned())),
    }
    Ok(file.encode_to_vec())
}

/// What a file imports for its options only. Other syntaxes have ordinary imports for that.
#[derive(Clone, PartialEq, Message)]
struct OptionImports {
    #[prost(string, repeated, tag = "15")]
    option_dependency: Vec<String>,
}

fn add_imports(file: &mut DynamicMessage, imports: OptionImports) {
    if let Some(all) = file.get_field_by_name_mut("dependency").and_then(Value::as_list_mut) {
        all.extend(imports.option_dependency.into_iter().map(Value::String));
    }
}

fn problem(message: String) -> Problem {
    let help = "editions 2023, 2024 and 2026 are supported, as protoc writes them".to_owned();
    Problem { message, help, path: vec![EDITION], other: None }
}

/// Number of `FileDescriptorProto.edition`.
const EDITION: i32 = 14;

fn decode(file: &[u8]) -> Result<DynamicMessage, DecodeError> {
    let pool = DescriptorPool::global();
    let Some(descriptor) = pool.get_message_by_name("google.protobuf.FileDescriptorProto") else {
        unreachable!("prost-reflect has descriptor.proto built in");
    };
    DynamicMessage::decode(descriptor, file)
}
