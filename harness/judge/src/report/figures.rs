//! What every renderer says in the same words: figures with their denominator, and what was wrong with a case.

use super::{CaseResult, Coverage, FailureResult, Report, RequirementResult, curl::visible};
use crate::{error::RunError, judge::Verdict};

/// `191 of 241 MUSTs judged and passed, 9 excluded with reasons`.
pub(super) fn denominator(report: &Report) -> String {
    share(report.coverage, report.selection.is_empty())
}

/// `lint: conformant, 52 of 53 MUSTs judged and passed, 1 excluded with reasons`, for each profile of a run of all.
pub(super) fn profiles(report: &Report) -> impl Iterator<Item = String> {
    report.profiles.iter().map(|part| {
        let sentence = part.conclusion.sentence();
        let word = sentence.split([':', ';']).next().unwrap_or(sentence);
        let share = share(part.coverage, report.selection.is_empty());
        flat(&format!("{}: {word}, {share}", part.profile))
    })
}

fn share(coverage: Coverage, whole: bool) -> String {
    let among = if whole { "" } else { " that the selection touches" };
    let mut parts = vec![format!(
        "{} of {} MUSTs{among} judged and passed",
        coverage.passed, coverage.musts
    )];
    let failed = coverage.judged.saturating_sub(coverage.passed);
    if failed > 0 {
        parts.push(format!("{failed} judged and failed"));
    }
    if coverage.excluded > 0 {
        parts.push(format!("{} excluded with reasons", coverage.excluded));
    }
    let open = unjudged(coverage);
    if open > 0 {
        parts.push(format!("{open} not judged in this run"));
    }
    parts.join(", ")
}

/// MUSTs that this run should have judged, and did not.
pub(super) fn open(report: &Report) -> usize {
    unjudged(report.coverage)
}

fn unjudged(coverage: Coverage) -> usize {
    coverage
        .musts
        .saturating_sub(coverage.judged.saturating_add(coverage.excluded))
}

/// `355 cases: 340 pass, 12 fail, 3 inconclusive`.
pub(super) fn tally(report: &Report) -> String {
    let found = Verdict::ALL.into_iter().filter(|verdict| report.has(*verdict));
    let counts: Vec<String> = found
        .map(|verdict| format!("{} {}", report.count(verdict), verdict.word()))
        .collect();
    match counts.is_empty() {
        true => "no case was run".to_owned(),
        false => format!("{}: {}", counted(report.cases.len(), "case"), counts.join(", ")),
    }
}

/// Verdicts that get a column in a table by area. Two of them only when they occur.
pub(super) fn columns(report: &Report) -> Vec<Verdict> {
    let always = [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Warn,
        Verdict::Inconclusive,
        Verdict::NotApplicable,
    ];
    let occurs = |verdict: &Verdict| report.areas.iter().any(|area| area.counts.contains_key(verdict));
    always
        .into_iter()
        .chain([Verdict::Unreachable, Verdict::Error].into_iter().filter(occurs))
        .collect()
}

/// Requirements of the area that no case judges, and the specification says why.
pub(super) fn not_judged(area: &super::Area) -> usize {
    area.requirements.saturating_sub(area.counts.values().sum())
}

/// `SEM` of `SEM-07`.
pub(super) fn letters(id: &str) -> &str {
    id.split('-').next().unwrap_or_default()
}

/// `pass`, or what the specification says instead of a verdict.
pub(super) fn verdict_word(requirement: &RequirementResult) -> &'static str {
    requirement.verdict.map_or("not judged", Verdict::word)
}

/// Where it was: `step 3 (query) at /facts/0/id`.
pub(super) fn place(failure: &FailureResult) -> String {
    let mut place = match failure.step {
        0 => "the rule".to_owned(),
        step => format!("step {step} ({})", visible(&failure.verb, usize::MAX)),
    };
    if !failure.wrong.pointer.is_empty() {
        place.push_str(" at ");
        place.push_str(&flat(&failure.wrong.pointer));
    }
    place
}

/// The message, where the failures beside it do not say the same.
pub(super) fn message(case: &CaseResult) -> Option<String> {
    let said = matches!(case.verdict, Verdict::Fail | Verdict::Warn)
        && case.failures.first().is_some_and(|failure| failure.step > 0);
    (!said && !case.message.is_empty()).then(|| visible(&case.message, usize::MAX))
}

/// On one line: nobody can forge another one.
pub(super) fn flat(text: &str) -> String {
    visible(text, usize::MAX).replace('\n', "\\n").replace('\t', "\\t")
}

/// Troubles that belong together, in their order: the rows of one case, or cases held up by the same thing.
pub(super) fn families(report: &Report) -> Vec<Vec<&CaseResult>> {
    let mut families: Vec<Vec<&CaseResult>> = Vec::new();
    for case in report.troubles() {
        match families.iter_mut().find(|family| related(family[0], case)) {
            Some(family) => family.push(case),
            None => families.push(vec![case]),
        }
    }
    families
}

fn related(one: &CaseResult, other: &CaseResult) -> bool {
    let rows_of_one =
        one.verdict == other.verdict && one.expected == other.expected && base(&one.id) == base(&other.id);
    rows_of_one || held_up_alike(one, other)
}

/// Not judged, and for the same reason: one of them tells all there is to tell.
pub(super) fn held_up_alike(one: &CaseResult, other: &CaseResult) -> bool {
    let judged = matches!(one.verdict, Verdict::Fail | Verdict::Warn | Verdict::Pass);
    !judged && one.verdict == other.verdict && one.expected == other.expected && one.message == other.message
}

/// `names` of `names/empty`: a row's case.
pub(super) fn base(id: &str) -> &str {
    id.split('/').next().unwrap_or_default()
}

/// A piece of prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) code: bool,
    pub(super) text: &'a str,
}

/// Prose of the specification and of vectors, where backticks surround code.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    if text.matches('`').count() % 2 == 1 {
        return vec![Piece { code: false, text }];
    }
    let pieces = text
        .split('`')
        .enumerate()
        .map(|(n, text)| Piece { code: n % 2 == 1, text });
    pieces.filter(|piece| !piece.text.is_empty()).collect()
}

/// `1 case`, `2 cases`.
pub(super) fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// A report that cannot be written is our mistake.
pub(super) fn unwritable(format: &str, error: impl std::fmt::Display) -> RunError {
    RunError::Harness(format!("the {format} report cannot be written: {error}"))
}

#[cfg(test)]
mod tests;
