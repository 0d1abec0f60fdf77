//! Who is at fault when something other than a verdict goes wrong.

use std::{fmt, path::Path};

/// A file or an argument of the user's is wrong: where, and what to do. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// The file, or the option.
    pub place: String,
    /// JSON Pointer inside the file, when it is JSON and the place is known.
    pub pointer: String,
    pub message: String,
}

impl InputError {
    pub fn new(path: &Path, pointer: &str, message: impl Into<String>) -> Self {
        Self::at(path.display().to_string(), pointer, message)
    }

    pub fn at(place: impl Into<String>, pointer: &str, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            pointer: pointer.to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.place.is_empty(), self.pointer.is_empty()) {
            (true, _) => write!(out, "{}", self.message),
            (false, true) => write!(out, "{}: {}", self.place, self.message),
            (false, false) => write!(out, "{} at {}: {}", self.place, self.pointer, self.message),
        }
    }
}

impl std::error::Error for InputError {}

/// Why a run could not go on, apart from what the target did wrong.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Input(#[from] InputError),
    /// The target cannot be reached, does not start, or died. Exit code 3.
    #[error("{0}")]
    TargetGone(String),
    /// Ours. Exit code 70.
    #[error("internal error: {0}")]
    Harness(String),
}
