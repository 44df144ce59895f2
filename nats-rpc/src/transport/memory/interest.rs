use tokio::sync::mpsc;

use crate::transport::Incoming;

/// A subscription, as the broker sees it.
pub(super) struct Interest {
    pub(super) client: u64,
    pub(super) pattern: String,
    pub(super) queue_group: Option<String>,
    pub(super) sender: mpsc::UnboundedSender<Incoming>,
    pub(super) delivered: u64,
    pub(super) limit: Option<u64>,
}

impl Interest {
    /// Whether it has had all that it asked for.
    pub(super) fn is_used_up(&self) -> bool {
        self.limit.is_some_and(|limit| self.delivered >= limit)
    }
}

/// Whether a subject matches what a subscription asks for: `*` stands for one token, `>` for the rest.
pub(super) fn matches(pattern: &str, subject: &str) -> bool {
    let mut subject = subject.split('.');
    for token in pattern.split('.') {
        match (token, subject.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (token, Some(own)) if token == own => {}
            _ => return false,
        }
    }
    subject.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn wildcards_match_as_nats_has_it() {
        for (pattern, subject, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a.c", false),
            ("a.b", "a", false),
            ("a", "a.b", false),
            ("a.*", "a.b", true),
            ("a.*", "a", false),
            ("a.*", "a.b.c", false),
            ("a.*.c", "a.b.c", true),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            (">", "a", true),
        ] {
            assert_eq!(matches(pattern, subject), expected, "{pattern} {subject}");
        }
    }
}
