use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, Syntax};

use super::members::messages;
use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::source::Declared;

/// Finds fields of proto3 messages whose enum is of proto2: protoc refuses them, since proto3 has to keep values that
/// such an enum does not know. protox lets them pass.
pub(crate) fn enums(file: &FileDescriptor, loaded: &Loaded) -> Vec<Report> {
    if file.syntax() != Syntax::Proto3 {
        return Vec::new();
    }
    let fields = |message: MessageDescriptor| message.fields().collect::<Vec<_>>();
    let closed = |field: FieldDescriptor| {
        let Kind::Enum(item) = field.kind() else { return None };
        (item.parent_file().syntax() == Syntax::Proto2).then(|| {
            let message = format!(
                "the field `{}` of a proto3 message has the type `{}`, an enum of proto2",
                field.name(),
                item.full_name()
            );
            let help = "make the file of the enum proto3, or that of the message proto2";
            report(loaded, message, help, &Declared::new(file, &[field.path(), &[6]].concat()), None)
        })
    };
    messages(file.messages()).into_iter().flat_map(fields).filter_map(closed).collect()
}
