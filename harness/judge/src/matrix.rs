//! What the kill matrix says: deviation by deviation, and in sum.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{judge::CaseVerdict, registry::Registry, report::curl::visible, vectors::Vectors};

/// What `kill-matrix.json` holds; `schemas/kill-matrix.schema.json` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    pub format: u32,
    pub kit: String,
    /// SHA-256 of the folders `spec`, `schemas`, `vectors` and `deviations`.
    pub digests: BTreeMap<String, String>,
    pub target: String,
    pub profiles: Vec<String>,
    /// Not empty when only some deviations were played; then nothing is said about toothless cases.
    pub selection: Vec<String>,
    pub seed: u64,
    pub started: String,
    pub duration_ms: u64,
    pub summary: Summary,
    /// Cases that did not pass without any deviation, in which nothing can be seen.
    pub not_green: Vec<String>,
    pub rows: Vec<Row>,
    /// Cases that no deviation made fail.
    pub toothless: Vec<String>,
    /// Judged requirements that no deviation breaks.
    pub unbroken: Vec<String>,
    /// How many deviations made each case fail that covers what they break.
    pub teeth: BTreeMap<String, usize>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub deviations: usize,
    pub killed: usize,
    #[serde(rename = "void")]
    pub void: usize,
    pub survived: usize,
    pub toothless: usize,
    /// Deviations that made cases fail which have nothing to do with what they break.
    pub straying: usize,
    pub cases: usize,
    pub requirements: usize,
    pub unbroken: usize,
}

/// A deviation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub id: String,
    pub breaks: Vec<String>,
    pub says: String,
    /// `wire`, `node` or `declaration`.
    pub by: String,
    pub outcome: Outcome,
    /// Cases of what it breaks that failed.
    pub caught_by: Vec<String>,
    /// Cases that failed of what falls with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_because: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strays: Vec<Stray>,
    pub played: usize,
    /// Cases that could not be judged on it.
    pub inconclusive: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Killed,
    /// It did not start, or it never showed.
    Void,
    Survived,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Void => "void",
            Self::Survived => "survived",
        }
    }
}

/// A case that failed though it has nothing to do with what is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stray {
    pub case: String,
    pub message: String,
}

impl Stray {
    pub fn of(case: &str, verdict: &CaseVerdict) -> Self {
        Self {
            case: case.to_owned(),
            message: visible(&verdict.message, 300),
        }
    }
}

impl Matrix {
    /// Counts what the rows and lists say.
    #[must_use]
    pub fn counted(mut self, cases: &BTreeSet<String>, requirements: usize) -> Self {
        self.teeth = cases.iter().map(|case| (case.clone(), 0)).collect();
        for case in self.rows.iter().flat_map(|row| &row.caught_by) {
            *self.teeth.entry(case.clone()).or_default() += 1;
        }
        if self.selection.is_empty() {
            let toothless = self.teeth.iter().filter(|(_, bites)| **bites == 0);
            self.toothless = toothless.map(|(case, _)| case.clone()).collect();
        }
        let of = |outcome: Outcome| self.rows.iter().filter(|row| row.outcome == outcome).count();
        self.summary = Summary {
            deviations: self.rows.len(),
            killed: of(Outcome::Killed),
            void: of(Outcome::Void),
            survived: of(Outcome::Survived),
            toothless: self.toothless.len(),
            straying: self.rows.iter().filter(|row| !row.strays.is_empty()).count(),
            cases: cases.len(),
            requirements,
            unbroken: self.unbroken.len(),
        };
        self
    }

    /// Whether the suite showed all that it has to.
    pub fn is_proof(&self) -> bool {
        let Summary {
            deviations,
            killed,
            toothless,
            straying,
            unbroken,
            ..
        } = self.summary;
        deviations > 0
            && killed == deviations
            && [toothless, straying, unbroken] == [0, 0, 0]
            && self.not_green.is_empty()
    }
}

/// Judged requirements of a profile that are not among those that deviations break.
pub fn unbroken<'a>(registry: &'a Registry, vectors: &Vectors, profile: &str, broken: &BTreeSet<&str>) -> Vec<&'a str> {
    let covered: BTreeSet<&str> = vectors
        .cases
        .iter()
        .flat_map(|case| &case.covers)
        .map(String::as_str)
        .collect();
    registry
        .requirements
        .iter()
        .filter(|requirement| requirement.profile == profile && requirement.not_judged.is_none())
        .map(|requirement| requirement.id.as_str())
        .filter(|id| covered.contains(id) && !broken.contains(id))
        .collect()
}

#[cfg(test)]
mod tests;
