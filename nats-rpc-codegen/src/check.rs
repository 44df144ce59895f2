//! What can't be generated, found before anything is.

use std::collections::HashMap;

use crate::ir::Service;
use crate::names;

/// A reason why no code can be generated, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is about.
    pub place: Place,
    /// What else is involved, such as the first of two names that clash.
    pub other: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Part of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Its name.
    Name,
    /// The package it is in.
    Package,
    /// The subject that its options set.
    Subject,
    /// The queue group that its options set.
    QueueGroup,
    /// The method of that number.
    Method(usize),
    /// The timeout of the method of that number.
    Timeout(usize),
}

/// Checks names, subject, queue group and timeouts of one service.
#[must_use]
pub fn service(service: &Service) -> Vec<Problem> {
    let mut problems = Vec::new();
    wire_names(service, &mut problems);
    method_names(service, &mut problems);
    if let Some(problem) = service.subject.as_deref().and_then(subject) {
        problems.push(problem);
    }
    if let Some(problem) = service.queue_group.as_deref().and_then(queue_group) {
        problems.push(problem);
    }
    for (index, method) in service.methods.iter().enumerate() {
        if method.timeout.is_some_and(|timeout| timeout.is_zero()) {
            problems.push(Problem {
                place: Place::Timeout(index),
                other: None,
                message: format!(
                    "the timeout of `{}` is zero, so no call could ever succeed",
                    method.proto_name
                ),
                help: "give at least 1 millisecond, or leave the option out".to_owned(),
            });
        }
    }
    problems
}

fn wire_names(service: &Service, problems: &mut Vec<Problem>) {
    let (package, name) = service.proto_name.rsplit_once('.').unwrap_or(("", &service.proto_name));
    let mut refuse = |place, kind: &str, name: &str| {
        problems.push(Problem {
            place,
            other: None,
            message: format!("the {kind} `{name}` begins with an underscore"),
            help: "subjects with `_` are kept for the framework's own use: take a name without it".to_owned(),
        });
    };
    if package.split('.').any(|segment| segment.starts_with('_')) {
        refuse(Place::Package, "package", package);
    }
    if name.starts_with('_') {
        refuse(Place::Name, "service", name);
    }
    for (index, method) in service.methods.iter().enumerate() {
        if method.proto_name.starts_with('_') {
            refuse(Place::Method(index), "method", &method.proto_name);
        }
    }
}

fn method_names(service: &Service, problems: &mut Vec<Problem>) {
    let mut functions = HashMap::new();
    let mut rpcs = HashMap::new();
    for (index, method) in service.methods.iter().enumerate() {
        let (function, rpc) = (method.ident.to_string(), method.proto_name.as_str());
        if names::TAKEN.contains(&function.as_str()) {
            problems.push(Problem {
                place: Place::Method(index),
                other: None,
                message: format!("`{function}` is a function that every generated client has"),
                help: format!("call it `{function}_` and name the RPC with `#[rpc(name = \"{rpc}\")]`"),
            });
        }
        let clash = match (functions.insert(function.clone(), index), rpcs.insert(rpc, index)) {
            (_, Some(first)) => Some((first, format!("two methods are called `{rpc}`"))),
            (Some(first), None) => {
                let first_rpc = &service.methods[first].proto_name;
                Some((
                    first,
                    format!(
                        "the methods `{first_rpc}` and `{rpc}` both become the Rust function `{function}`"
                    ),
                ))
            }
            (None, None) => None,
        };
        if let Some((first, message)) = clash {
            problems.push(Problem {
                place: Place::Method(index),
                other: Some(Place::Method(first)),
                message,
                help: "rename one of them".to_owned(),
            });
        }
    }
}

fn subject(subject: &str) -> Option<Problem> {
    let token = subject
        .split('.')
        .find(|token| token.is_empty() || token.starts_with(['$', '_']) || token.contains(illegal))?;
    let message = if token.is_empty() {
        format!("the subject \"{subject}\" has an empty token")
    } else {
        format!(
            "`{}` in the subject \"{}\" is not a plain token",
            token.escape_debug(),
            subject.escape_debug()
        )
    };
    Some(Problem {
        place: Place::Subject,
        other: None,
        message,
        help: "a subject is words joined by dots, such as \"svc.greet.v1\": no spaces, no `*` or `>`, and no word \
               that begins with `$` or `_`"
            .to_owned(),
    })
}

fn queue_group(group: &str) -> Option<Problem> {
    (group.is_empty() || group.contains(illegal)).then(|| Problem {
        place: Place::QueueGroup,
        other: None,
        message: format!("\"{}\" can't be a queue group", group.escape_debug()),
        help: "a queue group is one word, such as \"workers\": no spaces, no `*` or `>`".to_owned(),
    })
}

fn illegal(character: char) -> bool {
    matches!(character, '*' | '>') || character.is_whitespace() || character.is_control()
}

#[cfg(test)]
mod tests {
    use super::{Place, queue_group, subject};

    #[test]
    fn subjects_are_plain_words_joined_by_dots() {
        for good in ["svc", "svc.greet.v1", "a-b.c_d", "größe.ä"] {
            assert_eq!(subject(good), None, "{good}");
        }
        for bad in
            ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "a\t", "a\r\n", "$SYS.a", "a._b", "a.x>"]
        {
            assert_eq!(subject(bad).map(|problem| problem.place), Some(Place::Subject), "{bad}");
        }
    }

    #[test]
    fn queue_groups_are_one_word() {
        for good in ["q", "workers", "eu.workers"] {
            assert_eq!(queue_group(good), None, "{good}");
        }
        for bad in ["", "a b", "*", ">", "a\n"] {
            assert_eq!(queue_group(bad).map(|problem| problem.place), Some(Place::QueueGroup), "{bad:?}");
        }
    }
}
