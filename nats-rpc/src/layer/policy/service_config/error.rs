use std::error::Error;
use std::fmt;

/// Why a service config was refused: all that is wrong with it, each with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidServiceConfig {
    pub(super) problems: Vec<String>,
}

impl InvalidServiceConfig {
    /// What is wrong, in the order of the text: where, what, and what to do.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for InvalidServiceConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.problems {
            [problem] => write!(f, "invalid service config: {problem}"),
            problems => {
                f.write_str("invalid service config:")?;
                problems.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
            }
        }
    }
}

impl Error for InvalidServiceConfig {}
