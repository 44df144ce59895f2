use std::borrow::Cow;
use std::time::Duration;

use nats_rpc_codegen::ir::Code;
use prost_reflect::{DynamicMessage, Value};

/// A field, if it is set.
fn field<'a>(message: &'a DynamicMessage, name: &str) -> Option<Cow<'a, Value>> {
    message.has_field_by_name(name).then(|| message.get_field_by_name(name)).flatten()
}

pub(super) fn string(message: &DynamicMessage, name: &str) -> Option<String> {
    field(message, name).and_then(|value| value.as_str().map(str::to_owned))
}

pub(super) fn flag(message: &DynamicMessage, name: &str) -> bool {
    field(message, name).and_then(|value| value.as_bool()).unwrap_or_default()
}

pub(super) fn number(message: &DynamicMessage, name: &str) -> Option<u32> {
    field(message, name).and_then(|value| value.as_u32())
}

pub(super) fn millis(message: &DynamicMessage, name: &str) -> Option<Duration> {
    number(message, name).map(|millis| Duration::from_millis(millis.into()))
}

pub(super) fn float(message: &DynamicMessage, name: &str) -> Option<f64> {
    field(message, name).and_then(|value| value.as_f64())
}

pub(super) fn message(message: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    field(message, name).and_then(|value| value.as_message().cloned())
}

pub(super) fn codes(message: &DynamicMessage, name: &str) -> Vec<Code> {
    let list = field(message, name);
    let values = list.iter().filter_map(|value| value.as_list()).flatten();
    values.filter_map(Value::as_enum_number).map(Code).collect()
}
