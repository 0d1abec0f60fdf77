//! The kill matrix for people and programs.

use std::{collections::BTreeMap, fmt::Write as _};

use askama::Template;

use super::{curl::visible, figures, html::hash};
use crate::{
    error::RunError,
    matrix::{Matrix, Outcome, Row},
};

pub fn json(matrix: &Matrix) -> Result<String, RunError> {
    let text = serde_json::to_string_pretty(matrix).map_err(|error| figures::unwritable("JSON", error))?;
    Ok(text + "\n")
}

/// One page that needs nothing but a browser.
pub fn html(matrix: &Matrix) -> Result<String, RunError> {
    let document = Document {
        matrix,
        mood: if matrix.is_proof() { "good" } else { "bad" },
        conclusion: conclusion(matrix),
        requirements: requirements(matrix),
        style: STYLE,
        script: SCRIPT,
        style_hash: hash(STYLE),
        script_hash: hash(SCRIPT),
    };
    let html = document.render().map_err(|error| figures::unwritable("HTML", error))?;
    Ok(visible(&html, usize::MAX))
}

/// What a person reads at the end.
pub fn terminal(matrix: &Matrix, written: &[String]) -> String {
    let mut text = String::new();
    let summary = &matrix.summary;
    let _ = writeln!(
        text,
        "\nKill matrix of {} · profiles {} · kit {} · seed {}",
        matrix.target,
        matrix.profiles.join(", "),
        matrix.kit,
        matrix.seed
    );
    let _ = writeln!(
        text,
        "{} deviations: {} killed, {} survived, {} void; {} made unrelated cases fail",
        summary.deviations, summary.killed, summary.survived, summary.void, summary.straying
    );
    let _ = writeln!(
        text,
        "{} judged requirements, {} without a deviation; {} cases, {} toothless",
        summary.requirements, summary.unbroken, summary.cases, summary.toothless
    );
    let lists = [
        ("Not green without a deviation", &matrix.not_green),
        ("Requirements without a deviation", &matrix.unbroken),
        ("Toothless cases", &matrix.toothless),
    ];
    for (title, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let _ = writeln!(text, "\n{title}");
        for line in list {
            let _ = writeln!(text, "  {}", visible(line, 200));
        }
    }
    let _ = writeln!(text, "\n{} in {:.1} s", conclusion(matrix), seconds(matrix.duration_ms));
    for file in written {
        let _ = writeln!(text, "  {file}");
    }
    text
}

fn seconds(milliseconds: u64) -> f64 {
    std::time::Duration::from_millis(milliseconds).as_secs_f64()
}

fn conclusion(matrix: &Matrix) -> &'static str {
    if !matrix.selection.is_empty() {
        return "only some deviations were played, which says nothing about the whole";
    }
    if matrix.is_proof() {
        "every deviation was caught by a case of what it breaks, and every case caught one"
    } else {
        "the suite has holes"
    }
}

/// A requirement with what was tried against it.
struct Tried<'a> {
    id: &'a str,
    rows: Vec<&'a Row>,
    killed: usize,
}

fn requirements(matrix: &Matrix) -> Vec<Tried<'_>> {
    let mut by_id: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &matrix.rows {
        for id in &row.breaks {
            by_id.entry(id).or_default().push(row);
        }
    }
    let killed = |rows: &[&Row]| rows.iter().filter(|row| row.outcome == Outcome::Killed).count();
    let tried = by_id.into_iter().map(|(id, rows)| Tried {
        id,
        killed: killed(&rows),
        rows,
    });
    tried.collect()
}

#[derive(Template)]
#[template(path = "matrix.html")]
struct Document<'a> {
    matrix: &'a Matrix,
    mood: &'static str,
    conclusion: &'static str,
    requirements: Vec<Tried<'a>>,
    style: &'static str,
    script: &'static str,
    style_hash: String,
    script_hash: String,
}

const STYLE: &str = concat!(
    include_str!("../../templates/report.css"),
    include_str!("../../templates/matrix.css")
);
const SCRIPT: &str = include_str!("../../templates/matrix.js");
