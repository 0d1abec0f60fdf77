//! One report, several renderers. The report is a function of the trace, the vectors and the specification.

mod assemble;
pub mod badge;
mod comparison;
pub mod curl;
mod figures;
pub mod file;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod matrix;
pub mod signature;
pub mod terminal;
pub mod verify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use assemble::assemble;

use crate::{
    exit::Exit,
    judge::{Verdict, wrong::Wrong},
    registry::Level,
    trace::TargetRecord,
};

/// What `report.json` holds; `schemas/report.schema.json` describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub format: u32,
    pub kit: String,
    /// SHA-256 of the folders `spec`, `schemas` and `vectors`.
    pub digests: BTreeMap<String, String>,
    /// SHA-256 of the trace that it was judged from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    pub target: TargetRecord,
    pub profile: String,
    /// Not empty when only a part was run; then nothing is said about conformance.
    pub selection: Vec<String>,
    pub seed: u64,
    pub started: String,
    pub duration_ms: u64,
    pub conclusion: Conclusion,
    /// Of the requirements of the profile.
    pub coverage: Coverage,
    /// The same for each profile, where the run was about all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<ProfileResult>,
    /// Cases by verdict.
    pub counts: BTreeMap<Verdict, usize>,
    pub requests: usize,
    pub areas: Vec<Area>,
    pub requirements: Vec<RequirementResult>,
    pub cases: Vec<CaseResult>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Every MUST of the profile was judged and passed.
    Conformant,
    NotConformant,
    /// Nothing failed, but not every MUST was judged.
    Undetermined,
    /// Only a part was run, and nothing in it failed.
    SelectionPassed,
    SelectionFailed,
    /// All failures are listed as known.
    AsExpected,
    Unreachable,
    /// Ours.
    HarnessError,
}

impl Conclusion {
    /// How it is said to people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Conformant => "conformant: every MUST of the profile was judged and passed",
            Self::NotConformant => "not conformant",
            Self::Undetermined => "undetermined: nothing failed, but not every MUST could be judged",
            Self::SelectionPassed => "the selected cases passed; a selection says nothing about the whole",
            Self::SelectionFailed => "selected cases did not pass",
            Self::AsExpected => "every failure is listed as expected",
            Self::Unreachable => "the target could not be reached, or died",
            Self::HarnessError => "the kit itself made a mistake; please report it",
        }
    }
}

/// The denominator, wherever a figure is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// MUST and MUST NOT of the profile, optional features that the target does not declare left out.
    pub musts: usize,
    /// Of these, judged in this run (pass or fail).
    pub judged: usize,
    pub passed: usize,
    /// Of these, those that the specification marks as not judged.
    pub excluded: usize,
}

/// What a run of all profiles says of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileResult {
    pub profile: String,
    pub conclusion: Conclusion,
    pub coverage: Coverage,
    /// Cases by verdict. One that judges requirements of two profiles counts in both.
    pub counts: BTreeMap<Verdict, usize>,
}

/// The requirements with the same letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    pub id: String,
    pub title: String,
    /// Requirements by verdict.
    pub counts: BTreeMap<Verdict, usize>,
    pub requirements: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementResult {
    pub id: String,
    pub level: Level,
    pub section: String,
    pub file: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
    /// Why no case judges it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    pub cases: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    pub id: String,
    pub area: String,
    pub covers: Vec<String>,
    pub why: String,
    pub verdict: Verdict,
    pub subjects: usize,
    pub duration_ms: u64,
    /// Empty for a pass.
    pub message: String,
    /// The list of known failures has it, and this is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailureResult>,
    /// The command that runs just this case with this seed.
    pub repeat: String,
}

/// One thing that was wrong, with the exchanges that show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailureResult {
    /// From 1; 0 for a rule about everything.
    pub step: usize,
    pub verb: String,
    #[serde(flatten)]
    pub wrong: Wrong,
    /// The exchange to blame is the last one.
    pub exchanges: Vec<Shown>,
}

/// An exchange as people read it: a curl line and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub case: String,
    pub n: usize,
    pub curl: String,
    /// `201 Created`, or what happened instead of an answer.
    pub answer: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Cut where it is long.
    pub body: String,
}

impl CaseResult {
    /// Listed as expected to fail, but passed.
    pub fn is_stale(&self) -> bool {
        self.expected.is_some() && self.verdict == Verdict::Pass
    }
}

impl Report {
    /// The same, bound to the trace that it was judged from.
    #[must_use]
    pub fn of_trace(self, digest: String) -> Self {
        Self {
            trace: Some(digest),
            ..self
        }
    }

    pub fn count(&self, verdict: Verdict) -> usize {
        self.counts.get(&verdict).copied().unwrap_or_default()
    }

    pub fn has(&self, verdict: Verdict) -> bool {
        self.count(verdict) > 0
    }

    pub fn requirement(&self, id: &str) -> Option<&RequirementResult> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }

    /// Cases that are neither passed nor put aside, worst first.
    pub fn troubles(&self) -> impl Iterator<Item = &CaseResult> {
        let order = [
            Verdict::Error,
            Verdict::Unreachable,
            Verdict::Fail,
            Verdict::Warn,
            Verdict::Inconclusive,
        ];
        order
            .into_iter()
            .flat_map(|verdict| self.cases.iter().filter(move |case| case.verdict == verdict))
    }

    /// Listed as expected to fail, but passed: the list is stale.
    pub fn stale(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.iter().filter(|case| case.is_stale())
    }

    /// Listed as expected to fail, but the run does not tell whether they do.
    pub fn unseen(&self) -> impl Iterator<Item = &CaseResult> {
        let judged = |verdict| matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Warn);
        self.cases
            .iter()
            .filter(move |case| case.expected.is_some() && !judged(case.verdict))
    }

    pub fn exit(&self) -> Exit {
        match self.conclusion {
            Conclusion::Conformant | Conclusion::SelectionPassed | Conclusion::AsExpected => Exit::Ok,
            Conclusion::NotConformant | Conclusion::SelectionFailed if self.failed() => Exit::NotConformant,
            Conclusion::NotConformant | Conclusion::SelectionFailed | Conclusion::Undetermined => Exit::TooLittle,
            Conclusion::Unreachable => Exit::TargetGone,
            Conclusion::HarnessError => Exit::Harness,
        }
    }

    fn failed(&self) -> bool {
        self.has(Verdict::Fail) || self.stale().next().is_some()
    }
}

#[cfg(test)]
mod tests;
