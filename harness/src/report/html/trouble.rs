//! Cases that did not pass, with the evidence.

use std::collections::BTreeSet;

use crate::report::{CaseResult, FailureResult, Report, RequirementResult, Shown, figures};

pub(super) struct Trouble<'a> {
    pub(super) case: &'a CaseResult,
    pub(super) open: bool,
    pub(super) areas: String,
    pub(super) requirements: Vec<&'a RequirementResult>,
    pub(super) message: Option<String>,
    pub(super) failures: Vec<FailurePart<'a>>,
}

pub(super) struct FailurePart<'a> {
    pub(super) failure: &'a FailureResult,
    pub(super) place: String,
    pub(super) exchanges: Vec<&'a Shown>,
    /// Says that exchanges were shown before, or would make the page too large.
    pub(super) elsewhere: Option<String>,
}

pub(super) fn troubles(report: &Report) -> Vec<Trouble<'_>> {
    let mut room = ROOM;
    report
        .troubles()
        .enumerate()
        .map(|(n, case)| trouble(report, case, n < OPEN, &mut room))
        .collect()
}

fn trouble<'a>(report: &'a Report, case: &'a CaseResult, open: bool, room: &mut usize) -> Trouble<'a> {
    let mut seen = BTreeSet::new();
    let areas: BTreeSet<&str> = case.covers.iter().map(|id| figures::letters(id)).collect();
    Trouble {
        case,
        open,
        areas: areas.into_iter().collect::<Vec<_>>().join(" "),
        requirements: case.covers.iter().filter_map(|id| report.requirement(id)).collect(),
        message: figures::message(case),
        failures: case
            .failures
            .iter()
            .map(|failure| failure_part(failure, &mut seen, room))
            .collect(),
    }
}

/// An exchange is shown once in a case. When the page grows large, only the one to blame is shown, and then none.
fn failure_part<'a>(
    failure: &'a FailureResult,
    seen: &mut BTreeSet<(&'a str, usize)>,
    room: &mut usize,
) -> FailurePart<'a> {
    let last = failure.exchanges.len().saturating_sub(1);
    let mut exchanges = Vec::new();
    for (n, shown) in failure.exchanges.iter().enumerate() {
        let size = shown.curl.len() + shown.body.len() + shown.headers.iter().map(String::len).sum::<usize>() + MARKUP;
        let fits = size <= *room && (n == last || *room > ROOM / 2);
        if fits && seen.insert((shown.case.as_str(), shown.n)) {
            *room -= size;
            exchanges.push(shown);
        }
    }
    let missing = failure.exchanges.len() - exchanges.len();
    let elsewhere = format!(
        "{} not shown here; report.json has all of them.",
        figures::counted(missing, "more exchange")
    );
    FailurePart {
        failure,
        place: figures::place(failure),
        elsewhere: (missing > 0).then_some(elsewhere),
        exchanges,
    }
}

/// Characters of exchanges on one page, and what the markup around one takes.
const ROOM: usize = 400_000;
const MARKUP: usize = 400;
/// So many troubles are unfolded from the start.
const OPEN: usize = 3;
