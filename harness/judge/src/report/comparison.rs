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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{
        Source, groups,
        tests::{OLD, old_and_new, report, sources},
    };

    fn concluded(sources: &[Source]) -> String {
        conclusion(&groups(sources))
    }

    #[test]
    fn a_conclusion_says_what_is_worse_and_what_is_fixed() {
        assert_eq!(
            concluded(&old_and_new()),
            "broken: 1 requirement, 1 case; newly inconclusive: 1 case; fixed: 1 requirement, 1 case"
        );
        assert_eq!(
            concluded(&sources(vec![report("old", OLD), report("new", OLD)])),
            "nothing broken, and nothing newly inconclusive"
        );
        let one = |verdict| report("a", &[("a", "SEM-01", verdict)]);
        assert_eq!(
            concluded(&sources(vec![one(Verdict::Fail), one(Verdict::Pass)])),
            "nothing broken, and nothing newly inconclusive; fixed: 1 requirement, 1 case"
        );
        assert_eq!(
            concluded(&sources(vec![
                one(Verdict::Pass),
                one(Verdict::Fail),
                one(Verdict::Fail)
            ])),
            "broken: 2 requirements, 2 cases"
        );
    }

    #[test]
    fn a_way_leads_from_one_finding_to_another() {
        let pass = Some(Finding::Verdict(Verdict::Pass));
        for (from, to, told) in [
            (pass, Some(Finding::NotJudged), "pass → not judged"),
            (None, pass, "– → pass"),
            (pass, None, "pass → –"),
            (pass, pass, "pass"),
        ] {
            let changed = Changed {
                row: 0,
                change: Change::Unchanged,
                from,
                to,
            };
            assert_eq!(way(&changed), told);
        }
    }

    #[test]
    fn a_finding_has_a_word_for_its_column() {
        let words = |verdict| {
            let finding = Finding::Verdict(verdict);
            (in_a_cell(finding), short(finding))
        };
        for (verdict, told) in [
            (Verdict::Pass, ("pass", "pass")),
            (Verdict::Fail, ("fail", "fail")),
            (Verdict::Warn, ("warn", "warn")),
            (Verdict::Unreachable, ("unreachable", "gone")),
            (Verdict::Inconclusive, ("inconclusive", "incon")),
            (Verdict::NotApplicable, ("n/a", "n/a")),
            (Verdict::Error, ("error", "error")),
        ] {
            assert_eq!(words(verdict), told);
        }
        assert_eq!(
            (in_a_cell(Finding::NotJudged), short(Finding::NotJudged)),
            ("not judged", "n/j")
        );
    }

    #[test]
    fn a_report_is_called_by_its_node_and_version() {
        let sources = old_and_new();
        let names: Vec<String> = groups(&sources)[0].columns.iter().map(name).collect();
        assert_eq!(names, ["old 1.0", "new 1.0"]);
    }
}
