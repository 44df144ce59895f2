use prost_reflect::{Cardinality, FieldDescriptor, FileDescriptor, Kind};

use super::members::{is_own, messages};
use super::{Named, clashes};
use crate::error::Report;
use crate::load::Loaded;
use crate::maps;
use crate::source::Declared;

/// Finds fields for which prost would make functions of the same name: an enum `x` has a `set_x`, which a field `set_x`
/// may have too.
pub(crate) fn accessors(file: &FileDescriptor, loaded: &Loaded) -> Vec<Report> {
    let mut reports = Vec::new();
    for message in messages(file.messages()) {
        let all = message.fields().filter(is_own).flat_map(|field| {
            let what = format!("the field `{}`", field.name());
            let declared = Declared::new(file, &[field.path(), &[1]].concat());
            functions(&field).into_iter().map(move |rust| Named {
                rust,
                what: what.clone(),
                declared: declared.clone(),
            })
        });
        reports.extend(clashes(all.collect(), "function", loaded));
    }
    reports
}

fn functions(field: &FieldDescriptor) -> Vec<String> {
    let name = maps::field_name(field).to_string();
    let name = name.trim_start_matches("r#");
    let with = |prefix| format!("{prefix}_{name}");
    match field.kind() {
        Kind::Message(entry) if field.is_map() => match entry.map_entry_value_field().kind() {
            Kind::Enum(_) => vec![with("get"), with("insert")],
            _ => Vec::new(),
        },
        Kind::Message(_) => Vec::new(),
        Kind::Enum(_) if field.is_list() => vec![name.to_owned(), with("push")],
        Kind::Enum(_) => vec![name.to_owned(), with("set")],
        _ if field.supports_presence() && field.cardinality() == Cardinality::Optional => {
            vec![name.to_owned()]
        }
        _ => Vec::new(),
    }
}
