//! Reports side by side, for a comment on a pull request. Lists are cut, so that a few reports fit into one.

use super::{
    escape::{cell, code, cut, plain},
    push,
};
use crate::{
    compare::{self, Change, Changed, Finding, Group, Pair},
    report::{comparison, figures},
};

pub fn render(groups: &[Group<'_>]) -> String {
    let mut page = String::new();
    push(&mut page, "# Stigmem: reports compared");
    push(&mut page, &format!("**{}**", plain(&comparison::conclusion(groups))));
    let notes = compare::notes(groups);
    let notes = notes
        .iter()
        .map(|note| format!("- {}", plain(&cut(note, LONGEST_NOTE))));
    let notes: Vec<String> = notes.collect();
    if !notes.is_empty() {
        push(&mut page, &notes.join("\n"));
    }
    for group in groups {
        push(&mut page, &format!("## Profile {}", plain(group.profile)));
        push(&mut page, &reports(group));
        for pair in &group.pairs {
            one_pair(&mut page, group, pair);
        }
        if group.pairs.len() > 1 {
            matrix(&mut page, group);
        }
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn reports(group: &Group<'_>) -> String {
    let mut table =
        "| | node | MUSTs | cases | conclusion | kit | begun |\n|---:|---|---|---|---|---|---|\n".to_owned();
    for (n, column) in group.columns.iter().enumerate() {
        let report = &column.source.report;
        let base = if n == 0 && !group.pairs.is_empty() {
            " (base)"
        } else {
            ""
        };
        table.push_str(&format!(
            "| {} | {}{base} | {} | {} | {} | {} | {} |\n",
            column.number,
            plain(&comparison::name(column)),
            plain(&figures::denominator(report)),
            plain(&figures::tally(report)),
            plain(report.conclusion.sentence()),
            plain(&report.kit),
            plain(&report.started)
        ));
    }
    table
}

fn one_pair(page: &mut String, group: &Group<'_>, pair: &Pair) {
    let (base, other) = (&group.columns[0], &group.columns[pair.other]);
    push(
        page,
        &format!(
            "### {} {} against {} {}",
            other.number,
            plain(&comparison::name(other)),
            base.number,
            plain(&comparison::name(base))
        ),
    );
    push(page, &counts(pair));
    for change in Change::ALL.into_iter().filter(|change| *change != Change::Unchanged) {
        one_change(page, group, pair, change);
    }
}

fn counts(pair: &Pair) -> String {
    let (requirements, cases) = (Pair::counts(&pair.requirements), Pair::counts(&pair.cases));
    let mut table = "| | requirements | cases | |\n|---|---:|---:|---|\n".to_owned();
    for change in Change::ALL {
        let counts = (requirements.get(&change), cases.get(&change));
        if counts != (None, None) {
            let [requirements, cases] =
                [counts.0, counts.1].map(|count| count.map(usize::to_string).unwrap_or_default());
            table.push_str(&format!(
                "| {} | {requirements} | {cases} | {} |\n",
                change.word(),
                change.meaning()
            ));
        }
    }
    table
}

fn one_change(page: &mut String, group: &Group<'_>, pair: &Pair, change: Change) {
    let of = |changed: &&Changed| changed.change == change;
    let requirements = pair.requirements.iter().filter(of).map(|changed| {
        let requirement = group.requirements[changed.row].requirement;
        let (level, text) = (requirement.level.word(), cell(&requirement.text));
        format!(
            "- {} **{}** {level} {text}",
            comparison::way(changed),
            plain(&requirement.id)
        )
    });
    let cases = pair.cases.iter().filter(of).map(|changed| {
        let case = &group.cases[changed.row];
        let said = case.said(if changed.to.is_some() { pair.other } else { 0 });
        let said = match said.is_empty() {
            true => String::new(),
            false => format!(": {}", code(&cut(said, LONGEST_SAID))),
        };
        format!("- {} {}{said}", comparison::way(changed), code(case.id))
    });
    let lines: Vec<String> = requirements.chain(cases).collect();
    if lines.is_empty() {
        return;
    }
    let title = format!("<details><summary>{}: {}</summary>\n", change.word(), lines.len());
    push(page, &title);
    list(page, &lines, CHANGES_END);
    push(page, "</details>");
}

/// Requirements about which the reports do not agree; the others are counted.
fn matrix(page: &mut String, group: &Group<'_>) {
    push(page, "### Requirements that are not alike in all reports");
    let numbers: Vec<String> = group.columns.iter().map(|column| column.number.to_string()).collect();
    let head = format!(
        "| | {} | what it asks |\n|---|{}---|",
        numbers.join(" | "),
        "---|".repeat(numbers.len())
    );
    let differing: Vec<_> = group.requirements.iter().filter(|row| !row.is_alike()).collect();
    let rows = differing.iter().map(|row| {
        let words = (0..group.columns.len()).map(|column| row.finding(column).map_or("–", Finding::word));
        let words: Vec<&str> = words.collect();
        let text = cell(&cut(&row.requirement.text, LONGEST_SAID));
        format!("| {} | {} | {text} |", plain(&row.requirement.id), words.join(" | "))
    });
    let rows: Vec<String> = rows.collect();
    if !rows.is_empty() {
        page.push_str(&head);
        page.push('\n');
        list(page, &rows, MATRIX_END);
    }
    let alike = group.requirements.len() - differing.len();
    push(
        page,
        &format!("{} alike in all.", figures::counted(alike, "requirement")),
    );
}

/// As many lines as end before `end`; the rest is counted.
fn list(page: &mut String, lines: &[String], end: usize) {
    let mut room = end.saturating_sub(page.len());
    let shown = lines.iter().take_while(|line| {
        let fits = line.len() < room;
        room = room.saturating_sub(line.len() + 1);
        fits
    });
    let shown: Vec<&str> = shown.map(String::as_str).collect();
    let rest = lines.len() - shown.len();
    page.push_str(&shown.join("\n"));
    page.push_str("\n\n");
    if rest > 0 {
        push(page, &format!("{rest} more: `compare --html FILE` shows them."));
    }
}

/// GitHub takes 65,536 characters for a comment.
const CHANGES_END: usize = 45_000;
const MATRIX_END: usize = 60_000;
const LONGEST_NOTE: usize = 600;
const LONGEST_SAID: usize = 240;

#[cfg(test)]
mod tests;
