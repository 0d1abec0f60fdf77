//! What every renderer says in the same words about reports side by side.

use super::{curl::visible, figures};
use crate::{
    compare::{self, Change, Changed, Column, Finding, Group},
    judge::Verdict,
};

/// The implementation and its version.
pub(super) fn name(column: &Column<'_>) -> String {
    let target = &column.source.report.target;
    visible(format!("{} {}", target.name, target.version).trim(), LONGEST_NAME)
}

/// `pass → fail`.
pub(super) fn way(changed: &Changed) -> String {
    let word = |finding: Option<Finding>| finding.map_or("–", Finding::word);
    match changed.from == changed.to {
        true => word(changed.to).to_owned(),
        false => format!("{} → {}", word(changed.from), word(changed.to)),
    }
}

/// For a column of its own.
pub(super) fn in_a_cell(finding: Finding) -> &'static str {
    match finding {
        Finding::Verdict(Verdict::NotApplicable) => "n/a",
        finding => finding.word(),
    }
}

/// For a narrow column.
pub(super) fn short(finding: Finding) -> &'static str {
    match finding {
        Finding::Verdict(Verdict::Inconclusive) => "incon",
        Finding::Verdict(Verdict::Unreachable) => "gone",
        Finding::Verdict(Verdict::NotApplicable) => "n/a",
        Finding::NotJudged => "n/j",
        Finding::Verdict(verdict) => verdict.word(),
    }
}

/// `broken: 1 requirement, 3 cases; newly inconclusive: 2 cases; fixed: 1 case`.
pub(super) fn conclusion(groups: &[Group<'_>]) -> String {
    let worse: Vec<String> = Change::ALL
        .into_iter()
        .filter(|change| change.worsens())
        .filter_map(|change| told(groups, change))
        .collect();
    let worse = match worse.is_empty() {
        true => "nothing broken, and nothing newly inconclusive".to_owned(),
        false => worse.join("; "),
    };
    match told(groups, Change::Fixed) {
        Some(fixed) => format!("{worse}; {fixed}"),
        None => worse,
    }
}

fn told(groups: &[Group<'_>], change: Change) -> Option<String> {
    let (requirements, cases) = compare::total(groups, change);
    let counts = [(requirements, "requirement"), (cases, "case")].into_iter();
    let counts: Vec<String> = counts
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| figures::counted(count, noun))
        .collect();
    (!counts.is_empty()).then(|| format!("{}: {}", change.word(), counts.join(", ")))
}

const LONGEST_NAME: usize = 200;
