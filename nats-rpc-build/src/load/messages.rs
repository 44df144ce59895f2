//! What protoc says.

use std::fs;
use std::path::Path;

use miette::NamedSource;

use super::protoc::locate;
use crate::error::{Error, Report};
use crate::source::{Columns, Span};

/// How many messages are shown. What is no `.proto` file at all gives one for every few characters.
const MOST: usize = 20;

/// protoc's messages as an error of ours.
pub(super) fn explained(output: &str, includes: &[&Path]) -> Error {
    let lines = output.lines().filter(|line| !line.trim().is_empty() && !line.contains("warning: "));
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return Error::plain("protoc failed, and did not say why", "run it by hand to see more");
    }
    let mut reports: Vec<_> = lines.iter().take(MOST).map(|line| report(line, includes)).collect();
    if let Some(more) = lines.len().checked_sub(MOST).filter(|more| *more > 0) {
        let message = format!("protoc has {more} more to say");
        reports.push(Report { message, help: None, source: None, labels: Vec::new() });
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
    use super::{MOST, explained};

    #[test]
    fn lines_without_a_place_are_kept_and_warnings_left_out() {
        let error = explained("protos: warning: directory does not exist.\na.proto: File not found.\n", &[]);
        let text = error.to_string();
        assert!(text.trim_start().starts_with("× a.proto: File not found.\n  help: files are"), "{text}");
        assert!(!text.contains("warning"), "{text}");
    }

    #[test]
    fn most_of_many_messages_are_left_out() {
        let shown = |lines: usize| {
            let text = explained(&"a.proto:1:1: Bad.\n".repeat(lines), &[]).to_string();
            (text.matches("Bad.").count(), text.contains(" more to say"))
        };
        assert_eq!(shown(MOST), (MOST, false));
        assert_eq!(shown(MOST + 2), (MOST, true));
    }
}
