use std::fmt::Display;

use super::InvalidServiceConfig;
use super::fields::Node;

/// What is found on the way through a service config.
#[derive(Default)]
pub(super) struct Notes {
    problems: Vec<String>,
    ignored: Vec<String>,
}

impl Notes {
    /// Something is wrong.
    pub(super) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// A value is not allowed; `help` says what is.
    pub(super) fn refuse(&mut self, node: &Node<'_>, help: impl Display) {
        self.problem(format!("{} is {}: {help}", node.path(), node.shown()));
    }

    /// Something that has no effect, as is known.
    pub(super) fn without_use(&mut self, path: String) {
        tracing::debug!(path, "part of the service config has no use in this library");
        self.ignored.push(path);
    }

    /// Something that has no effect, which may be a mistake.
    pub(super) fn ignore(&mut self, path: String, why: impl Display) {
        tracing::warn!(path, %why, "part of the service config has no effect");
        self.ignored.push(path);
    }

    /// What was ignored, unless something is wrong.
    pub(super) fn finish(self) -> Result<Vec<String>, InvalidServiceConfig> {
        if self.problems.is_empty() {
            Ok(self.ignored)
        } else {
            Err(InvalidServiceConfig { problems: self.problems })
        }
    }
}
