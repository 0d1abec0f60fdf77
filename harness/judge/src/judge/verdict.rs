//! What became of a case.

use serde::{Deserialize, Serialize};

use super::wrong::Wrong;

/// Only `pass` is a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Pass,
    /// A MUST was broken.
    Fail,
    /// A SHOULD was not followed.
    Warn,
    /// The target could not be reached any more.
    Unreachable,
    /// The situation that the rule is about never arose.
    Inconclusive,
    /// An optional feature that the target does not declare.
    NotApplicable,
    /// Our own mistake.
    Error,
}

impl Verdict {
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Unreachable,
        Self::Inconclusive,
        Self::NotApplicable,
        Self::Error,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Unreachable => "unreachable",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not-applicable",
            Self::Error => "error",
        }
    }
}

/// The verdict on a case, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseVerdict {
    pub verdict: Verdict,
    /// How many observations were judged.
    pub subjects: usize,
    /// Empty for a pass.
    pub message: String,
    pub failures: Vec<Failure>,
}

impl CaseVerdict {
    pub fn of(verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            verdict,
            subjects: 0,
            message: message.into(),
            failures: Vec::new(),
        }
    }
}

/// A step that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// From 0.
    pub step: usize,
    pub verb: String,
    pub wrong: Wrong,
    /// The number of the exchange, when one is to blame.
    pub exchange: Option<(String, usize)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_verdict_is_the_one_in_reports() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
        }
    }
}
