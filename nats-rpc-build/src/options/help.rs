use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};
use protox::Compiler;
use protox::file::{ChainFileResolver, GoogleFileResolver};

use crate::builtin::{self, Builtin};

/// What there is, for an error of protox about one of our options.
pub(crate) fn help(error: &str) -> Option<String> {
    if !error.contains("nats.rpc.v1.") {
        return None;
    }
    if error.ends_with("already been set") || error.ends_with("is already set") {
        return Some("leave one of the two out".to_owned());
    }
    let pool = pool()?;
    let named = |before: &str| Some(error.split_once(before)?.1.split_once('\'')?.0);
    let enumeration =
        named("for enum '").or_else(|| named("of type 'repeated ")).or_else(|| named("of type '"));
    if let Some(values) = enumeration.and_then(|name| pool.get_enum_by_name(name)) {
        let names: Vec<_> = values.values().map(|value| value.name().to_owned()).collect();
        return Some(format!("`{}` has {}", values.full_name(), names.join(", ")));
    }
    let message = named("for message '").and_then(|name| pool.get_message_by_name(name));
    let message =
        message.or_else(|| message_at(&pool, named("option '").or_else(|| named("option field '"))?))?;
    let fields = message.fields().map(|field| {
        let list = if field.is_list() { "repeated " } else { "" };
        format!("`{}` ({list}{:?})", field.name(), field.kind())
    });
    let fields: Vec<_> = fields.collect();
    Some(format!("`{}` has {}", message.full_name(), fields.join(", ")))
}

/// The options as this version has them.
fn pool() -> Option<DescriptorPool> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(GoogleFileResolver::new());
    resolver.add(Builtin);
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.open_file(builtin::OPTIONS).ok()?;
    Some(compiler.descriptor_pool())
}

/// The innermost message on the way to an option such as `(nats.rpc.v1.method).retry.max_attempts`.
fn message_at(pool: &DescriptorPool, option: &str) -> Option<MessageDescriptor> {
    let (extension, fields) = option.strip_prefix('(')?.split_once(')')?;
    let extension = pool.get_extension_by_name(extension.trim_start_matches('.'))?;
    let mut message = extension.kind().as_message()?.clone();
    for name in fields.split('.').filter(|name| !name.is_empty()) {
        match message.get_field_by_name(name).map(|field| field.kind()) {
            Some(Kind::Message(inner)) => message = inner,
            _ => break,
        }
    }
    Some(message)
}
