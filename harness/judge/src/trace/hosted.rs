//! What the host of an adapter saw in one step.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The adapter's side of a step; its requests to the node are the exchanges.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hosted {
    /// The command or the call.
    pub did: String,
    pub ended: Ended,
    /// Absent after a signal, and while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What was written in this step; long texts are cut.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// What came back to the host: `failed`, `how`, `text`, and what has structure.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub answer: Value,
    /// Lines of a protocol stream that are no messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stray: Vec<String>,
    pub took_ms: u64,
    /// When each of the exchanges began, since the step did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrivals_ms: Vec<u64>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    Exited,
    /// By a signal that was not ours.
    Signalled,
    /// It took longer than it may, and was killed.
    RanOut,
    /// It still runs, as it should.
    #[default]
    Stays,
}

impl Ended {
    pub fn word(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Signalled => "signalled",
            Self::RanOut => "ran-out",
            Self::Stays => "stays",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_called_as_in_traces() {
        for (ended, word) in [
            (Ended::Exited, "exited"),
            (Ended::Signalled, "signalled"),
            (Ended::RanOut, "ran-out"),
            (Ended::Stays, "stays"),
        ] {
            assert_eq!(
                (ended.word(), serde_json::to_value(ended).unwrap()),
                (word, Value::from(word))
            );
        }
    }
}
