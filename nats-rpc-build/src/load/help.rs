//! What to do about what protox says.

use std::path::Path;

use miette::Diagnostic as _;
use prost_reflect::DescriptorPool;

use crate::cause::Cause;
use crate::error::Error;
use crate::options;

pub(super) const CYCLE: &str =
    "files can't import each other in a circle: move what both need into a third one";

/// protox's error with our help.
pub(super) fn explained(error: &protox::Error) -> Error {
    // We have given the options their full names, which the user has not written so.
    let mut text = error.to_string().replace("'(.", "'(");
    let cause = Cause::of(error);
    if let Some(cause) = &cause {
        text = format!("{text}: {}", cause.text);
    }
    let help = missing_import(&text)
        .or_else(|| error.help().map(|help| help.to_string()))
        .or_else(|| options::help(&text))
        .or_else(|| about(&text).map(str::to_owned))
        .or_else(|| error.is_parse().then(|| PARSE.to_owned()));
    Error::protox(error, text, cause.and_then(|cause| cause.label), help)
}

const PARSE: &str = "look at the mark, and at what stands right before it; if protoc accepts the file, let it read it \
                     (`Config::use_protoc`, `Config::compile_descriptor_set`)";

const EDITIONS: &str = "editions are read with the help of protoc: say `Config::use_protoc()`, or give the descriptor set that \
                        protoc makes to `Config::compile_descriptor_set`";

/// Where files are looked for.
pub(super) fn not_found(includes: &[&Path]) -> String {
    let includes: Vec<_> = includes.iter().map(|path| path.display().to_string()).collect();
    format!(
        "files are looked for below the include directories ({}); google/protobuf, google/api, google/rpc and \
         nats/rpc/v1 are built in",
        if includes.is_empty() { "there are none".to_owned() } else { includes.join(", ") }
    )
}

/// What to do about a type whose file is not imported; protox's advice about scopes leads astray when the name was
/// found to be what it says.
fn missing_import(error: &str) -> Option<String> {
    let name = error.strip_prefix("name '").unwrap_or(error.strip_prefix('\'').unwrap_or_default());
    let (name, rest) = name.split_once('\'')?;
    if let Some(message) = DescriptorPool::global().get_message_by_name(name.trim_start_matches('.')) {
        return Some(format!("say `import \"{}\";`", message.parent_file().name()));
    }
    let itself =
        rest.strip_prefix(" resolves to '").is_some_and(|found| found.starts_with(&format!("{name}',")));
    itself.then(|| "import the file that declares it".to_owned())
}

/// What to do about an error that protox has no help for.
fn about(text: &str) -> Option<&'static str> {
    if text.contains("found 'edition'") {
        Some(EDITIONS)
    } else if text.starts_with("name 'nats.rpc.v1.") && text.ends_with("is not defined") {
        Some("say `import \"nats/rpc/v1/options.proto\";`, which needs no include directory")
    } else if text.starts_with("option field '") && text.ends_with("is not defined") {
        Some(
            "check the spelling; if protoc accepts the file, let it read it (`Config::use_protoc`, \
             `Config::compile_descriptor_set`)",
        )
    } else if text.ends_with("is defined twice") {
        Some("rename one of them")
    } else if text.starts_with("camel-case name of field") {
        Some("rename one of them: in JSON both would have the same name")
    } else if text.ends_with("is not defined") {
        Some("check the spelling, or import the file that declares it")
    } else {
        None
    }
}
