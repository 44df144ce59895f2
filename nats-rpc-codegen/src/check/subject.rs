use super::{Owner, Place, Problem};
use crate::ir::Service;

/// The longest subject, in bytes.
const MOST: usize = 512;

const SUBJECT: Place = Place::Option(Owner::Service, "subject");
const QUEUE_GROUP: Place = Place::Option(Owner::Service, "queue_group");

/// Checks the subject prefix and the queue group that options set, and the length of every subject.
pub(super) fn check(service: &Service) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(service.subject.as_deref().and_then(prefix));
    problems.extend(service.queue_group.as_deref().and_then(queue_group));
    problems.extend(too_long(service));
    problems
}

/// One problem for the longest subject.
fn too_long(service: &Service) -> Option<Problem> {
    let lengths = service.methods.iter().map(|method| service.subject_of(method).len());
    let (index, length) = lengths.enumerate().max_by_key(|(_, length)| *length)?;
    (length > MOST).then(|| Problem {
        place: if service.subject.is_some() { SUBJECT } else { Place::Method(index) },
        other: None,
        message: format!("a subject would be {length} bytes long, and {MOST} is the most"),
        help: "the option `subject` of the service sets what stands before a method's name".to_owned(),
    })
}

fn prefix(subject: &str) -> Option<Problem> {
    let message = not_plain(subject)?;
    Some(Problem { place: SUBJECT, other: None, message, help: PLAIN.to_owned() })
}

/// What a subject without wildcards is.
pub(super) const PLAIN: &str = "a subject is words joined by dots, such as \"svc.greet.v1\": no spaces, no `*` or `>`, and \
                                no word that begins with `$` or `_`";

/// Why it is no such subject, if it is not.
pub(super) fn not_plain(subject: &str) -> Option<String> {
    let token = subject
        .split('.')
        .find(|token| token.is_empty() || token.starts_with(['$', '_']) || token.contains(illegal))?;
    Some(if token.is_empty() {
        format!("the subject \"{subject}\" has an empty token")
    } else {
        format!(
            "`{}` in the subject \"{}\" is not a plain token",
            token.escape_debug(),
            subject.escape_debug()
        )
    })
}

fn queue_group(group: &str) -> Option<Problem> {
    (group.is_empty() || group.contains(illegal)).then(|| Problem {
        place: QUEUE_GROUP,
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
    use super::{QUEUE_GROUP, SUBJECT, prefix, queue_group};

    #[test]
    fn subjects_are_plain_words_joined_by_dots() {
        for good in ["svc", "svc.greet.v1", "a-b.c_d", "größe.ä"] {
            assert_eq!(prefix(good), None, "{good}");
        }
        for bad in
            ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "a\t", "a\r\n", "$SYS.a", "a._b", "a.x>"]
        {
            assert_eq!(prefix(bad).map(|problem| problem.place), Some(SUBJECT), "{bad}");
        }
    }

    #[test]
    fn queue_groups_are_one_word() {
        for good in ["q", "workers", "eu.workers"] {
            assert_eq!(queue_group(good), None, "{good}");
        }
        for bad in ["", "a b", "*", ">", "a\n"] {
            assert_eq!(queue_group(bad).map(|problem| problem.place), Some(QUEUE_GROUP), "{bad:?}");
        }
    }
}
