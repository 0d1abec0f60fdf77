//! What a person reads after a run. Nothing in it can move the cursor or pass for a line of ours.

pub mod comparison;
mod screen;
mod table;

use anstyle::{AnsiColor, Style};
use screen::{BOLD, DIM, Screen, cut};

use super::{CaseResult, Conclusion, Report, figures};
use crate::judge::Verdict;

/// How and for whom it is shown.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub colour: bool,
    /// Columns; lines are broken there.
    pub width: usize,
    /// The files that hold the rest.
    pub written: &'a [String],
}

pub fn render(report: &Report, view: &View<'_>) -> String {
    let mut screen = Screen::new(view.colour, view.width);
    let target = &report.target;
    screen.heading(&format!(
        "{} {} · profile {} · kit {}",
        target.name, target.version, report.profile, report.kit
    ));
    table::table(&mut screen, report);
    troubles(&mut screen, report, view);
    stale(&mut screen, report);
    unseen(&mut screen, report);
    closing(&mut screen, report, view);
    screen.into_text()
}

/// The first in full, the others in a line each.
fn troubles(screen: &mut Screen, report: &Report, view: &View<'_>) {
    let (listed, open): (Vec<_>, Vec<_>) = figures::families(report)
        .into_iter()
        .partition(|family| family[0].expected.is_some());
    for (n, family) in open.iter().enumerate() {
        match n < IN_FULL {
            true => trouble(screen, report, family),
            false => in_a_line(screen, family),
        }
    }
    if open.len() > IN_FULL {
        let page = view
            .written
            .iter()
            .find(|file| file.ends_with(".html"))
            .map_or("report.html", String::as_str);
        screen.text(
            2,
            &format!("{page} shows all of them, with what was sent and what came back."),
        );
    }
    // Those that were not judged have a part of their own.
    let judged = |family: &Vec<&CaseResult>| matches!(family[0].verdict, Verdict::Fail | Verdict::Warn);
    let failed: Vec<_> = listed.into_iter().filter(judged).collect();
    if !failed.is_empty() {
        screen.heading("Failures that are listed as expected");
        for family in failed {
            in_a_line(screen, &family);
            screen.text(6, &figures::flat(family[0].expected.as_deref().unwrap_or_default()));
        }
    }
}

fn trouble(screen: &mut Screen, report: &Report, family: &[&CaseResult]) {
    let case = family[0];
    screen.line("");
    let word = screen.paint(style(case.verdict), case.verdict.word());
    let id = screen.paint(BOLD, &figures::flat(&case.id));
    screen.line(&format!("{word}  {id}"));
    for id in &case.covers {
        let sentence = report
            .requirement(id)
            .map(|found| format!("{} {}: {}", found.id, found.level.word(), found.text));
        screen.text(2, &figures::flat(&sentence.unwrap_or_else(|| id.clone())));
    }
    screen.field("why", &case.why);
    if let Some(message) = figures::message(case) {
        screen.field("found", &message);
    }
    for failure in case.failures.iter().take(FAILURES) {
        screen.field("where", &figures::place(failure));
        screen.field("expected", &failure.wrong.expected);
        screen.field("got", &failure.wrong.got);
    }
    if case.failures.len() > FAILURES {
        screen.field("and", &format!("{} more of the kind", case.failures.len() - FAILURES));
    }
    if let Some(blamed) = case.failures.first().and_then(|failure| failure.exchanges.last()) {
        // A line that is cut cannot be pasted.
        if blamed.curl.chars().count() <= LONGEST_LINE {
            screen.unbroken("asked", &blamed.curl);
        }
        screen.field("answered", &blamed.answer);
    }
    screen.unbroken("repeat", &case.repeat);
    others(screen, &family[1..]);
}

fn others(screen: &mut Screen, rest: &[&CaseResult]) {
    if rest.is_empty() {
        return;
    }
    let mut names: Vec<String> = rest.iter().take(OTHERS).map(|case| figures::flat(&case.id)).collect();
    if rest.len() > OTHERS {
        names.push(format!("and {} more", rest.len() - OTHERS));
    }
    screen.field("also", &names.join(", "));
}

fn in_a_line(screen: &mut Screen, family: &[&CaseResult]) {
    let case = family[0];
    let more = if family.len() > 1 {
        format!(" and {} more like it", family.len() - 1)
    } else {
        String::new()
    };
    let word = screen.paint(style(case.verdict), case.verdict.word());
    let left = screen.width.saturating_sub(case.verdict.word().len() + 2);
    screen.line(&format!(
        "{word}  {}",
        cut(
            &format!("{}{more}: {}", figures::flat(&case.id), figures::flat(&case.message)),
            left
        )
    ));
}

fn stale(screen: &mut Screen, report: &Report) {
    if report.stale().next().is_none() {
        return;
    }
    screen.heading("Listed as expected to fail, but passed: take them out of the list");
    for case in report.stale() {
        let line = format!(
            "{}: {}",
            figures::flat(&case.id),
            figures::flat(case.expected.as_deref().unwrap_or_default())
        );
        screen.text(2, &line);
    }
}

fn unseen(screen: &mut Screen, report: &Report) {
    if report.unseen().next().is_none() {
        return;
    }
    screen.heading("Listed as expected to fail, but not judged in this run");
    for case in report.unseen() {
        let line = format!(
            "{}: {}: {}",
            case.verdict.word(),
            figures::flat(&case.id),
            figures::flat(case.expected.as_deref().unwrap_or_default())
        );
        screen.text(2, &line);
    }
}

fn closing(screen: &mut Screen, report: &Report, view: &View<'_>) {
    let style = match report.conclusion {
        Conclusion::Conformant => style(Verdict::Pass).bold(),
        Conclusion::SelectionPassed | Conclusion::AsExpected => BOLD,
        Conclusion::Undetermined => style(Verdict::Warn).bold(),
        _ => style(Verdict::Fail).bold(),
    };
    screen.line("");
    screen.styled(style, report.conclusion.sentence());
    screen.text(2, &figures::denominator(report));
    screen.text(2, &figures::tally(report));
    for part in figures::profiles(report) {
        screen.text(2, &part);
    }
    if !report.selection.is_empty() {
        screen.text(2, &format!("selected: {}", figures::flat(&report.selection.join(", "))));
    }
    let seconds = report.duration_ms / 1000;
    let tenths = report.duration_ms % 1000 / 100;
    screen.text(
        2,
        &format!(
            "{} in {seconds}.{tenths} s, seed {}",
            figures::counted(report.requests, "request"),
            report.seed
        ),
    );
    for file in view.written {
        screen.text(2, &figures::flat(file));
    }
}

/// Only a pass is green.
fn style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Fail | Verdict::Unreachable => AnsiColor::Red,
        Verdict::Error => AnsiColor::Magenta,
        Verdict::Warn | Verdict::Inconclusive => AnsiColor::Yellow,
        Verdict::NotApplicable => return DIM,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// How much is shown of what.
const IN_FULL: usize = 20;
const FAILURES: usize = 3;
const OTHERS: usize = 12;
const LONGEST_LINE: usize = 400;

#[cfg(test)]
mod tests;
