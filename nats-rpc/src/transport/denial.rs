use std::fmt;

use crate::status::{Origin, Status};
use crate::subject::Subject;

/// What the user of a connection wanted to do, and may not by the NATS server's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Denial {
    /// What it was.
    pub operation: Operation,
    /// To which subject, or pattern of subjects.
    pub subject: String,
    /// In which queue group, for a subscription that was to join one.
    pub queue_group: Option<String>,
}

/// What a user can be allowed, or denied, for a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// To send messages to it.
    Publish,
    /// To receive what is sent to it.
    Subscribe,
}

impl Denial {
    pub(crate) fn of_publishing(subject: &Subject) -> Self {
        Self { operation: Operation::Publish, subject: subject.to_string(), queue_group: None }
    }

    pub(crate) fn status(&self) -> Status {
        Status::permission_denied(self.to_string()).with_origin(Origin::Transport)
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, subject, queue_group } = self;
        let operation = match operation {
            Operation::Publish => "publish",
            Operation::Subscribe => "subscribe",
        };
        write!(f, "the NATS server does not let this user {operation} to {subject:?}")?;
        if let Some(group) = queue_group {
            write!(f, " in the queue group {group:?}")?;
        }
        write!(f, ": check the user's {operation} permissions")
    }
}
