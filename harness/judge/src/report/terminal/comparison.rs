//! Reports side by side, for a person at a terminal.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::{
    View,
    screen::{BOLD, DIM, Screen, cut},
    style,
};
use crate::{
    compare::{self, Change, Changed, Finding, Group, Pair, RequirementRow},
    judge::Verdict,
    report::{comparison, figures},
};

pub fn render(groups: &[Group<'_>], view: &View<'_>) -> String {
    let mut screen = Screen::new(view.colour, view.width);
    let notes = compare::notes(groups);
    if !notes.is_empty() {
        screen.heading("Before comparing");
        for note in notes {
            screen.text(2, &format!("- {}", figures::flat(&note)));
        }
    }
    for group in groups {
        reports(&mut screen, group);
        for pair in &group.pairs {
            one_pair(&mut screen, group, pair, view);
        }
        if group.pairs.len() > 1 {
            matrix(&mut screen, group, view);
        }
    }
    closing(&mut screen, groups, view);
    screen.into_text()
}

fn reports(screen: &mut Screen, group: &Group<'_>) {
    screen.heading(&format!("Profile {}", group.profile));
    for (n, column) in group.columns.iter().enumerate() {
        let report = &column.source.report;
        let base = if n == 0 && !group.pairs.is_empty() {
            ", the base"
        } else {
            ""
        };
        let name = figures::flat(&comparison::name(column));
        let number = screen.paint(BOLD, &format!("{:>3}", column.number));
        screen.line(&format!("{number}  {name}{base}"));
        screen.text(5, &figures::flat(&column.source.place));
        screen.text(5, report.conclusion.sentence());
        screen.text(5, &figures::denominator(report));
        screen.text(5, &figures::tally(report));
        let begun = format!("kit {}, seed {}, begun {}", report.kit, report.seed, report.started);
        screen.text(5, &figures::flat(&begun));
    }
}

fn one_pair(screen: &mut Screen, group: &Group<'_>, pair: &Pair, view: &View<'_>) {
    let (base, other) = (&group.columns[0], &group.columns[pair.other]);
    screen.heading(&format!(
        "{} {} against {} {}",
        other.number,
        comparison::name(other),
        base.number,
        comparison::name(base)
    ));
    counts(screen, pair);
    for change in Change::ALL.into_iter().filter(|change| *change != Change::Unchanged) {
        one_change(screen, group, pair, change, view);
    }
}

/// Every change that came, so that the columns add up to all there is.
fn counts(screen: &mut Screen, pair: &Pair) {
    let (requirements, cases) = (Pair::counts(&pair.requirements), Pair::counts(&pair.cases));
    screen.styled(DIM, &format!("{:22}{:>12}{:>8}", "", "requirements", "cases"));
    for change in Change::ALL {
        let of = |counts: &BTreeMap<Change, usize>| counts.get(&change).copied().unwrap_or(0);
        let (in_requirements, in_cases) = (of(&requirements), of(&cases));
        if in_requirements + in_cases == 0 {
            continue;
        }
        let shown = |count: usize| if count == 0 { "·".to_owned() } else { count.to_string() };
        let word = screen.paint(colour(change), &format!("{:22}", change.word()));
        screen.line(&format!("{word}{:>12}{:>8}", shown(in_requirements), shown(in_cases)));
    }
}

fn one_change(screen: &mut Screen, group: &Group<'_>, pair: &Pair, change: Change, view: &View<'_>) {
    let of = |changed: &&Changed| changed.change == change;
    let requirements: Vec<&Changed> = pair.requirements.iter().filter(of).collect();
    let cases: Vec<&Changed> = pair.cases.iter().filter(of).collect();
    if requirements.is_empty() && cases.is_empty() {
        return;
    }
    screen.line("");
    let title = screen.paint(colour(change).bold(), change.word());
    screen.line(&format!("{title}: {}", change.meaning()));
    for changed in requirements.iter().take(PER_CHANGE) {
        let requirement = group.requirements[changed.row].requirement;
        let text = format!("{} {}", requirement.level.word(), figures::flat(&requirement.text));
        line(screen, changed, &requirement.id, &text);
    }
    more(screen, requirements.len(), "requirement", view);
    for changed in cases.iter().take(PER_CHANGE) {
        let case = &group.cases[changed.row];
        let column = if changed.to.is_some() { pair.other } else { 0 };
        line(screen, changed, case.id, &figures::flat(case.said(column)));
    }
    more(screen, cases.len(), "case", view);
}

/// What is worse in full, and everything else on its line.
fn line(screen: &mut Screen, changed: &Changed, id: &str, text: &str) {
    let (id, way) = (figures::flat(id), comparison::way(changed));
    let room = screen.width.saturating_sub(way.chars().count() + 4);
    let style = changed.to.or(changed.from).map_or(DIM, tint);
    if changed.change.worsens() {
        let way = screen.paint(style, &way);
        screen.line(&format!("  {way}  {}", screen.paint(BOLD, &id)));
        if !text.is_empty() {
            screen.text(6, &cut(text, LONGEST));
        }
        return;
    }
    let told = if text.is_empty() { id } else { format!("{id}: {text}") };
    let way = screen.paint(style, &way);
    screen.line(&format!("  {way}  {}", cut(&told, room)));
}

fn more(screen: &mut Screen, all: usize, noun: &str, view: &View<'_>) {
    if all > PER_CHANGE {
        let rest = figures::counted(all - PER_CHANGE, &format!("more {noun}"));
        screen.text(2, &figures::flat(&format!("{rest}: {}", page(view))));
    }
}

/// Where all of them are.
fn page<'a>(view: &View<'a>) -> &'a str {
    let page = view.written.iter().find(|file| file.ends_with(".html"));
    page.map_or("--html FILE shows them", String::as_str)
}

/// Requirements about which the reports do not agree; the others are counted.
fn matrix(screen: &mut Screen, group: &Group<'_>, view: &View<'_>) {
    screen.heading("Requirements that are not alike in all reports");
    let differing: Vec<&RequirementRow<'_>> = group.requirements.iter().filter(|row| !row.is_alike()).collect();
    let numbers: String = group
        .columns
        .iter()
        .map(|column| format!("{:>6}", column.number))
        .collect();
    screen.styled(DIM, &format!("{:10}{numbers}", ""));
    for row in differing.iter().take(IN_MATRIX) {
        let cells: String = (0..group.columns.len())
            .map(|column| match row.finding(column) {
                Some(finding) => screen.paint(tint(finding), &format!("{:>6}", comparison::short(finding))),
                None => screen.paint(DIM, &format!("{:>6}", "·")),
            })
            .collect();
        let room = screen.width.saturating_sub(12 + 6 * group.columns.len());
        let text = cut(&figures::flat(&row.requirement.text), room);
        let text = if room < NARROW { "" } else { text.as_str() };
        screen.line(&format!("{:10}{cells}  {text}", figures::flat(&row.requirement.id)));
    }
    if differing.len() > IN_MATRIX {
        let rest = differing.len() - IN_MATRIX;
        screen.text(2, &figures::flat(&format!("{rest} more: {}", page(view))));
    }
    let alike = group.requirements.len() - differing.len();
    screen.text(2, &format!("{} alike in all", figures::counted(alike, "requirement")));
}

fn closing(screen: &mut Screen, groups: &[Group<'_>], view: &View<'_>) {
    let style = match compare::is_worse(groups) {
        true => style(Verdict::Fail).bold(),
        false => BOLD,
    };
    screen.line("");
    screen.styled(style, &comparison::conclusion(groups));
    for file in view.written {
        screen.text(2, &figures::flat(file));
    }
}

fn tint(finding: Finding) -> Style {
    match finding {
        Finding::Verdict(verdict) => style(verdict),
        Finding::NotJudged => DIM,
    }
}

fn colour(change: Change) -> Style {
    match change {
        Change::Fixed | Change::NewlyPassing => style(Verdict::Pass),
        Change::Broken | Change::NewlyFailing | Change::NewlyUnreachable => style(Verdict::Fail),
        Change::NewlyInError => style(Verdict::Error),
        Change::NewlyInconclusive => style(Verdict::Inconclusive),
        Change::New | Change::Gone | Change::Eased => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
        Change::NewlyNotApplicable | Change::NoLongerJudged | Change::Unchanged => DIM,
    }
}

/// How much is shown of what.
const PER_CHANGE: usize = 25;
const IN_MATRIX: usize = 60;
const NARROW: usize = 20;
const LONGEST: usize = 260;

#[cfg(test)]
mod tests;
