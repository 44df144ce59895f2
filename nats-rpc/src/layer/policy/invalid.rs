use std::error::Error;
use std::fmt;

/// Why policies were refused: all that is wrong, each with the name that it was said of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPolicies {
    pub(super) problems: Vec<String>,
}

impl InvalidPolicies {
    /// What is wrong: where, what, and what to do.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for InvalidPolicies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid policies: {}", self.problems.join("; "))
    }
}

impl Error for InvalidPolicies {}
