use crate::transport::{Denial, Operation};

/// Reads what a server says of a user who may not do something: `Permissions Violation for Publish to "a.b"`.
/// The text has been the same from 2.9 to 2.15; others write it in small letters, or without quotes.
pub(super) fn parse(text: &str) -> Option<Denial> {
    let rest = after(text, "permissions violation for ")?;
    let (operation, rest) = match (after(rest, "publish to "), after(rest, "subscription to ")) {
        (Some(rest), _) => (Operation::Publish, rest),
        (_, Some(rest)) => (Operation::Subscribe, rest),
        _ => return None,
    };
    let (subject, rest) = quoted(rest)?;
    let queue_group = after(rest, " using queue ").and_then(quoted).map(|(group, _)| group);
    Some(Denial { operation, subject, queue_group })
}

/// What follows `start`, whatever the case of its letters.
fn after<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// A word in quotes, as Go writes it, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut word = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((word, &inner[at + 1..])),
            '\\' => word.push(letters.next()?.1),
            _ => word.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::transport::Operation::{Publish, Subscribe};

    #[test]
    fn every_known_text_is_understood() {
        for (text, operation, subject, group) in [
            // As nats-server 2.9.10 and 2.15.1 say it.
            (r#"Permissions Violation for Publish to "a.b""#, Publish, "a.b", None),
            (r#"Permissions Violation for Subscription to "svc.X""#, Subscribe, "svc.X", None),
            (r#"Permissions Violation for Subscription to "x" using queue "w""#, Subscribe, "x", Some("w")),
            (r#"Permissions Violation for Subscription to "a\"b'c""#, Subscribe, "a\"b'c", None),
            // When the configuration was read again, and with too long a subject.
            (r#"Permissions Violation for Subscription to "a.>" (sid "3")"#, Subscribe, "a.>", None),
            (r#"Permissions Violation for Subscription to "a.b", too many tokens"#, Subscribe, "a.b", None),
            // As others say it.
            (r#"permissions violation for publish to "A.b""#, Publish, "A.b", None),
            ("Permissions Violation for Subscription to a.b", Subscribe, "a.b", None),
        ] {
            let denial = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((denial.operation, &*denial.subject), (operation, subject), "{text}");
            assert_eq!(denial.queue_group.as_deref(), group, "{text}");
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "",
            "Invalid Subject",
            "Permissions Violation",
            "Permissions Violation for Publish to ",
            r#"Permissions Violation for Publish to "a"#,
            r#"Permissions Violation for Publish to "a\"#,
            r#"Permissions Violation for Publish with Reply of "_R_.a""#,
            "Überlänge, die mitten in einem Zeichen endet",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
