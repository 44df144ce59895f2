//! Why a command ends without success.

use std::fmt::Display;

#[derive(Debug)]
pub(crate) enum Error {
    /// The command line is wrong.
    Usage(String),
    /// Something failed.
    Failed(String),
    /// Something failed, and the output says so already.
    Told,
}

impl Error {
    pub(crate) fn unknown(word: &str) -> Self {
        Self::Usage(format!("unknown word `{word}`"))
    }
}

impl Error {
    /// The reason in words.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Usage(why) | Self::Failed(why) => why,
            Self::Told => "see above",
        }
    }
}

impl<E: Display> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}
