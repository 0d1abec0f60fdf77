//! What the page shows, in the order in which it shows it.

use super::trouble::{self, Trouble};
use crate::{
    judge::Verdict,
    report::{Area, CaseResult, Conclusion, Report, RequirementResult, figures},
};

pub(super) struct Page<'a> {
    pub(super) report: &'a Report,
    pub(super) conclusion: &'static str,
    /// `good`, `bad` or `open`: a mood, not a verdict.
    pub(super) mood: &'static str,
    pub(super) denominator: String,
    pub(super) tally: String,
    pub(super) coverage: Vec<Slice>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) verdicts: Vec<(&'static str, usize)>,
    pub(super) troubles: Vec<Trouble<'a>>,
    /// Cases in them.
    pub(super) troubled: usize,
    pub(super) stale: Vec<&'a CaseResult>,
    pub(super) unseen: Vec<&'a CaseResult>,
    pub(super) areas: Vec<AreaPart<'a>>,
    /// Cases that were left out, by reason.
    pub(super) left_out: Vec<(String, Vec<&'a str>)>,
    pub(super) not_judged: Vec<&'a RequirementResult>,
    /// Repeats the whole run.
    pub(super) repeat: Option<String>,
}

/// A part of a bar, in units of a hundredth.
pub(super) struct Slice {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) count: usize,
    pub(super) start: f64,
    pub(super) length: f64,
}

pub(super) struct AreaPart<'a> {
    pub(super) area: &'a Area,
    pub(super) passed: usize,
    pub(super) slices: Vec<Slice>,
    pub(super) requirements: Vec<RequirementPart<'a>>,
}

pub(super) struct RequirementPart<'a> {
    pub(super) requirement: &'a RequirementResult,
    pub(super) word: &'static str,
    pub(super) families: Vec<Family<'a>>,
}

/// The rows of one case.
pub(super) struct Family<'a> {
    pub(super) base: &'a str,
    pub(super) why: &'a str,
    pub(super) rows: Vec<&'a CaseResult>,
}

impl<'a> Page<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        Self {
            report,
            conclusion: report.conclusion.sentence(),
            mood: mood(report.conclusion),
            denominator: figures::denominator(report),
            tally: figures::tally(report),
            coverage: coverage(report),
            facts: facts(report),
            verdicts: verdicts(report),
            troubles: trouble::troubles(report),
            troubled: report.troubles().count(),
            stale: report.stale().collect(),
            unseen: report.unseen().collect(),
            areas: report.areas.iter().map(|area| area_part(report, area)).collect(),
            left_out: left_out(report),
            not_judged: report
                .requirements
                .iter()
                .filter(|requirement| requirement.not_judged.is_some())
                .collect(),
            repeat: report
                .selection
                .is_empty()
                .then(|| format!("{} --seed {}", report.target.repeat, report.seed)),
        }
    }

    pub(super) fn title(&self) -> String {
        let target = &self.report.target;
        format!("{} {}: {}", target.name, target.version, self.conclusion)
    }
}

fn mood(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Conformant => "good",
        Conclusion::SelectionPassed | Conclusion::AsExpected => "neutral",
        Conclusion::Undetermined => "open",
        Conclusion::NotConformant
        | Conclusion::SelectionFailed
        | Conclusion::Unreachable
        | Conclusion::HarnessError => "bad",
    }
}

fn coverage(report: &Report) -> Vec<Slice> {
    let coverage = report.coverage;
    slices(&[
        ("pass", "passed", coverage.passed),
        ("fail", "failed", coverage.judged.saturating_sub(coverage.passed)),
        ("inconclusive", "not judged in this run", figures::open(report)),
        ("excluded", "excluded with reasons", coverage.excluded),
    ])
}

fn slices(parts: &[(&'static str, &'static str, usize)]) -> Vec<Slice> {
    let all: usize = parts.iter().map(|part| part.2).sum();
    let share = |count: usize| {
        if all == 0 {
            0.0
        } else {
            (count as f64 / all as f64 * 10_000.0).round() / 100.0
        }
    };
    let mut before = 0;
    let slice = parts.iter().map(|(class, name, count)| {
        let start = share(before);
        before += count;
        Slice {
            class,
            name,
            count: *count,
            start,
            length: share(*count),
        }
    });
    slice.filter(|slice| slice.count > 0).collect()
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let target = &report.target;
    let mut facts = vec![("Profile", report.profile.clone())];
    facts.extend(figures::profiles(report).map(|part| ("Of these", part)));
    if !report.selection.is_empty() {
        facts.push(("Selected", report.selection.join(", ")));
    }
    facts.extend([
        ("Target", format!("{} {}, {}", target.name, target.version, target.how)),
        (
            "Optional features",
            if target.features.is_empty() {
                "none declared".to_owned()
            } else {
                target.features.join(", ")
            },
        ),
        ("Kit", report.kit.clone()),
        ("Started", report.started.clone()),
        (
            "Took",
            format!(
                "{}.{} s, {}",
                report.duration_ms / 1000,
                report.duration_ms % 1000 / 100,
                figures::counted(report.requests, "request")
            ),
        ),
        ("Seed", report.seed.to_string()),
    ]);
    facts
        .into_iter()
        .map(|(name, value)| (name, figures::flat(&value)))
        .collect()
}

/// For the filter: requirements by verdict.
fn verdicts(report: &Report) -> Vec<(&'static str, usize)> {
    let words = Verdict::ALL.into_iter().map(Verdict::word).chain(["not judged"]);
    let count = |word: &str| {
        report
            .requirements
            .iter()
            .filter(|requirement| figures::verdict_word(requirement) == word)
            .count()
    };
    words
        .map(|word| (word, count(word)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn area_part<'a>(report: &'a Report, area: &'a Area) -> AreaPart<'a> {
    let own = report
        .requirements
        .iter()
        .filter(|requirement| figures::letters(&requirement.id) == area.id);
    let parts = Verdict::ALL.map(|verdict| {
        (
            verdict.word(),
            verdict.word(),
            area.counts.get(&verdict).copied().unwrap_or(0),
        )
    });
    let parts: Vec<_> = parts
        .into_iter()
        .chain([("excluded", "not judged", figures::not_judged(area))])
        .collect();
    AreaPart {
        area,
        passed: area.counts.get(&Verdict::Pass).copied().unwrap_or(0),
        slices: slices(&parts),
        requirements: own.map(|requirement| requirement_part(report, requirement)).collect(),
    }
}

fn requirement_part<'a>(report: &'a Report, requirement: &'a RequirementResult) -> RequirementPart<'a> {
    let mut families: Vec<Family<'a>> = Vec::new();
    for case in report.cases.iter().filter(|case| case.covers.contains(&requirement.id)) {
        let base = figures::base(&case.id);
        match families.iter_mut().find(|family| family.base == base) {
            Some(family) => family.rows.push(case),
            None => families.push(Family {
                base,
                why: &case.why,
                rows: vec![case],
            }),
        }
    }
    RequirementPart {
        requirement,
        word: figures::verdict_word(requirement),
        families,
    }
}

fn left_out(report: &Report) -> Vec<(String, Vec<&str>)> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for case in report
        .cases
        .iter()
        .filter(|case| case.verdict == Verdict::NotApplicable)
    {
        match groups.iter_mut().find(|(reason, _)| *reason == case.message) {
            Some((_, ids)) => ids.push(&case.id),
            None => groups.push((case.message.clone(), vec![&case.id])),
        }
    }
    groups
}

/// The name of a row within its case, or of the case itself.
pub(super) fn row_name(case: &CaseResult) -> &str {
    case.id.split_once('/').map_or(case.id.as_str(), |(_, row)| row)
}

/// Where a case can be linked to.
pub(super) fn anchor(case: &CaseResult) -> String {
    let id = case.id.chars().map(|char| {
        if char.is_ascii_alphanumeric() || "-_.".contains(char) {
            char
        } else {
            '.'
        }
    });
    format!("case.{}", id.collect::<String>())
}

/// `not judged` as a class.
pub(super) fn class(word: &str) -> String {
    word.replace(' ', "-")
}

pub(super) fn observations(case: &CaseResult) -> String {
    figures::counted(case.subjects, "observation")
}

pub(super) fn is_trouble(case: &CaseResult) -> bool {
    !matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn the_filter_offers_what_occurs() {
        let mut report = sample::report();
        report.requirements.retain(|found| found.id.starts_with("SEM"));
        assert_eq!(
            verdicts(&report),
            [("pass", 1), ("fail", 1), ("not-applicable", 1), ("not judged", 1)]
        );
    }

    #[test]
    fn what_was_left_out_stands_with_its_reason() {
        let mut report = sample::report();
        let left = [("a", "no push"), ("b", "no etags"), ("c", "no push")];
        report.cases = left
            .map(|(id, reason)| sample::case(id, "SEM-18", Verdict::NotApplicable, reason))
            .into();
        report.cases.push(sample::case("d", "SEM-18", Verdict::Pass, ""));
        assert_eq!(
            left_out(&report),
            [
                ("no push".to_owned(), vec!["a", "c"]),
                ("no etags".to_owned(), vec!["b"])
            ]
        );
    }
}
