//! What protoc says.

use std::fs;
use std::path::Path;

use miette::NamedSource;

use super::protoc::locate;
use crate::error::{Error, Report};
use crate::source::{Columns, Span};

/// protoc's messages as an error of ours.
pub(super) fn explained(output: &str, includes: &[&Path]) -> Error {
    let lines = output.lines().filter(|line| !line.trim().is_empty() && !line.contains("warning: "));
    let reports: Vec<_> = lines.map(|line| report(line, includes)).collect();
    if reports.is_empty() {
        return Error::plain("protoc failed, and did not say why", "run it by hand to see more");
    }
    Error::of(&reports)
}

/// One line, such as `greeter.proto:12:5: "Bad" is not defined.`
fn report(line: &str, includes: &[&Path]) -> Report {
    let located = place(line).and_then(|(named, span, message)| {
        // Some are named by their path, as they were given.
        let name = includes.iter().find_map(|include| Path::new(named).strip_prefix(include).ok()?.to_str());
        let name = name.unwrap_or(named);
        let text = NamedSource::new(name, fs::read_to_string(locate(name, includes)?).ok()?);
        let label = span.label(text.inner(), Columns::Tabs, "here");
        text.inner().get(label.offset()..label.offset() + label.len())?;
        Some((message, text, label))
    });
    match located {
        Some((message, text, label)) => Report {
            message: message.to_owned(),
            help: help(message),
            source: Some(text),
            labels: vec![label],
        },
        None => Report { message: line.to_owned(), help: help(line), source: None, labels: Vec::new() },
    }
}

fn place(line: &str) -> Option<(&str, Span, &str)> {
    let (place, message) = line.split_once(": ")?;
    let (place, column) = place.rsplit_once(':')?;
    let (name, line) = place.rsplit_once(':')?;
    let index = |text: &str| text.parse::<usize>().ok()?.checked_sub(1);
    Some((name, Span { line: index(line)?, column: index(column)?, length: 1 }, message))
}

fn help(message: &str) -> Option<String> {
    let help = if message.contains("was not found or had errors") || message.ends_with("File not found.") {
        "files are looked for below the include directories; google/protobuf, google/api, google/rpc and nats/rpc/v1 \
         are built in"
    } else if message.contains("No such file or directory")
        || message.contains("does not reside within any path")
    {
        "paths are relative to the directory of the package, where its Cargo.toml is, and lie below an include directory"
    } else {
        return None;
    };
    Some(help.to_owned())
}

#[cfg(test)]
mod tests {
    use super::explained;

    #[test]
    fn lines_without_a_place_are_kept_and_warnings_left_out() {
        let error = explained("protos: warning: directory does not exist.\na.proto: File not found.\n", &[]);
        let text = error.to_string();
        assert!(text.trim_start().starts_with("× a.proto: File not found.\n  help: files are"), "{text}");
        assert!(!text.contains("warning"), "{text}");
    }
}
