//! Cases that did not pass, with the evidence.

use std::collections::BTreeSet;

use crate::{
    judge::Verdict,
    report::{CaseResult, FailureResult, Report, RequirementResult, Shown, figures},
};

pub(super) struct Trouble<'a> {
    pub(super) case: &'a CaseResult,
    /// Cases that the same thing held up.
    pub(super) others: Vec<&'a CaseResult>,
    /// What is seen while it is folded.
    pub(super) gist: String,
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
    let mut groups: Vec<Vec<&CaseResult>> = Vec::new();
    for case in report.troubles() {
        match groups.iter_mut().find(|group| figures::held_up_alike(group[0], case)) {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    let mut room = ROOM;
    let parts = groups
        .into_iter()
        .enumerate()
        .map(|(n, group)| trouble(report, &group, n < OPEN, &mut room));
    parts.collect()
}

fn trouble<'a>(report: &'a Report, group: &[&'a CaseResult], open: bool, room: &mut usize) -> Trouble<'a> {
    let case = group[0];
    let mut seen = BTreeSet::new();
    let areas: BTreeSet<&str> = group
        .iter()
        .flat_map(|case| &case.covers)
        .map(|id| figures::letters(id))
        .collect();
    let failures = case
        .failures
        .iter()
        .map(|failure| failure_part(failure, &mut seen, room))
        .collect();
    Trouble {
        case,
        others: group[1..].to_vec(),
        gist: gist(case),
        open,
        areas: areas.into_iter().collect::<Vec<_>>().join(" "),
        requirements: case.covers.iter().filter_map(|id| report.requirement(id)).collect(),
        message: figures::message(case),
        failures,
    }
}

/// What went wrong, in a line.
pub(super) fn gist(case: &CaseResult) -> String {
    let text = match case.failures.first() {
        Some(failure) if case.verdict != Verdict::Inconclusive && failure.step > 0 => {
            format!("expected {}, got {}", failure.wrong.expected, failure.wrong.got)
        }
        _ => case.message.clone(),
    };
    match text.char_indices().nth(GIST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
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
/// Characters of a folded one.
const GIST: usize = 140;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    /// An exchange that takes so much of the room.
    fn shown(n: usize, size: usize) -> Shown {
        Shown {
            case: "a".to_owned(),
            n,
            curl: "x".repeat(5),
            answer: "200".to_owned(),
            headers: vec!["abc".to_owned(), "de".to_owned()],
            body: "y".repeat(size - MARKUP - 10),
        }
    }

    /// The exchanges that are shown, what is said of the others, and the room that is left.
    fn part(exchanges: &[usize], mut room: usize) -> (Vec<usize>, Option<String>, usize) {
        let failure = FailureResult {
            exchanges: exchanges.iter().map(|n| shown(*n, 1_000)).collect(),
            ..sample::failure(1, "", "201")
        };
        let part = failure_part(&failure, &mut BTreeSet::new(), &mut room);
        (
            part.exchanges.iter().map(|shown| shown.n).collect(),
            part.elsewhere,
            room,
        )
    }

    fn missing(n: &str) -> Option<String> {
        Some(format!("{n} not shown here; report.json has all of them."))
    }

    #[test]
    fn an_exchange_is_shown_where_there_is_room_for_it() {
        assert_eq!(part(&[7], 1_000), (vec![7], None, 0));
        assert_eq!(part(&[7], 999), (Vec::new(), missing("1 more exchange"), 999));
        assert_eq!(part(&[], 999), (Vec::new(), None, 999));
    }

    #[test]
    fn what_led_there_is_shown_while_half_of_the_room_is_left() {
        let half = 200_000;
        assert_eq!(part(&[6, 7], half + 1), (vec![6, 7], None, half - 1_999));
        assert_eq!(part(&[6, 7], half), (vec![7], missing("1 more exchange"), half - 1_000));
        assert_eq!(
            part(&[5, 6, 7], half),
            (vec![7], missing("2 more exchanges"), half - 1_000)
        );
    }

    #[test]
    fn an_exchange_is_shown_once() {
        assert_eq!(part(&[7, 7], ROOM), (vec![7], missing("1 more exchange"), ROOM - 1_000));
    }
}
