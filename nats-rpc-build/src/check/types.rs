use nats_rpc_codegen::names;
use prost_reflect::{FileDescriptor, MessageDescriptor};

use super::members::messages;
use super::report;
use crate::error::Report;
use crate::load::Loaded;
use crate::source::Declared;

/// Finds messages whose type would be called like the module of what is nested in it: there are no capitals to tell
/// `_1a` from `_1a`.
pub(crate) fn types(file: &FileDescriptor, loaded: &Loaded) -> Vec<Report> {
    let clash =
        |message: &MessageDescriptor| names::type_name(message.name()) == names::module(message.name());
    let refuse = |message: MessageDescriptor| {
        let text = format!(
            "the message `{}` and the module of what is nested in it both become `{}`",
            message.full_name(),
            names::type_name(message.name())
        );
        let declared = Declared::new(file, &[message.path(), &[1]].concat());
        report(loaded, text, "take a name that begins with a letter", &declared, None)
    };
    let outer = messages(file.messages()).into_iter().filter(has_module);
    outer.filter(clash).map(refuse).collect()
}

fn has_module(message: &MessageDescriptor) -> bool {
    message.child_enums().next().is_some()
        || message.child_messages().any(|child| !child.is_map_entry())
        || message.oneofs().any(|oneof| !oneof.is_synthetic())
}
