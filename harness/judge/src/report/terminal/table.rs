//! Requirements by area and verdict.

use super::{
    screen::{DIM, Screen, cut},
    style,
};
use crate::{
    judge::Verdict,
    report::{Report, figures},
};

pub(super) fn table(screen: &mut Screen, report: &Report) {
    let columns = figures::columns(report);
    let names: Vec<&str> = columns
        .iter()
        .map(|verdict| short(*verdict))
        .chain(["not judged"])
        .collect();
    let numbers: usize = names.iter().map(|name| name.len() + 2).sum();
    let widest = report
        .areas
        .iter()
        .map(|area| area.title.chars().count())
        .max()
        .unwrap_or(0);
    let title = widest.min(screen.width.saturating_sub(numbers + LETTERS + 1)).max(10);
    let head: String = names.iter().map(|name| format!("  {name}")).collect();
    screen.styled(DIM, &format!("{:LETTERS$} {:title$}{head}", "area", "requirements"));
    let mut total = vec![0; names.len()];
    for area in &report.areas {
        let counts = columns
            .iter()
            .map(|verdict| area.counts.get(verdict).copied().unwrap_or(0))
            .chain([figures::not_judged(area)]);
        let counts: Vec<usize> = counts.collect();
        total.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
        let label = format!(
            "{:LETTERS$} {:title$}",
            cut(&figures::flat(&area.id), LETTERS),
            cut(&figures::flat(&area.title), title)
        );
        row(screen, &label, &columns, &names, &counts);
    }
    row(
        screen,
        &format!("{:LETTERS$} {:title$}", "", "all"),
        &columns,
        &names,
        &total,
    );
}

fn row(screen: &mut Screen, label: &str, columns: &[Verdict], names: &[&str], counts: &[usize]) {
    let mut line = label.to_owned();
    for (n, (name, count)) in names.iter().zip(counts).enumerate() {
        let width = name.len() + 2;
        let style = columns.get(n).map_or(DIM, |verdict| style(*verdict));
        match count {
            0 => line.push_str(&screen.paint(DIM, &format!("{:>width$}", "·"))),
            _ => line.push_str(&screen.paint(style, &format!("{count:>width$}"))),
        }
    }
    screen.line(&line);
}

fn short(verdict: Verdict) -> &'static str {
    if verdict == Verdict::NotApplicable {
        "n/a"
    } else {
        verdict.word()
    }
}

/// The column of area ids.
const LETTERS: usize = 6;
