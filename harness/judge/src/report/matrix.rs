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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matrix() -> Matrix {
        let row = |id: &str, breaks: &[&str], outcome: &str| {
            json!({
                "id": id, "breaks": breaks, "says": "It `lies`.", "by": "wire", "outcome": outcome, "caught_by": [],
                "played": 2, "inconclusive": 0,
            })
        };
        let matrix = json!({
            "format": 1,
            "kit": "0.1.0",
            "digests": {"spec": "sha256:00"},
            "target": "node 1.0",
            "profiles": ["core", "federation"],
            "selection": [],
            "seed": 1,
            "started": "2026-01-02T03:04:05Z",
            "duration_ms": 1500,
            "summary": {
                "deviations": 2, "killed": 1, "void": 0, "survived": 1, "toothless": 1, "straying": 0, "cases": 2,
                "requirements": 3, "unbroken": 1,
            },
            "not_green": ["shaky\u{1b}"],
            "rows": [row("sem-01-lies", &["SEM-01"], "killed"), row("sem-01-hides", &["SEM-01", "SEM-02"], "survived")],
            "toothless": ["gums"],
            "unbroken": ["SEM-03"],
            "teeth": {"bites": 1, "gums": 0},
        });
        serde_json::from_value(matrix).unwrap()
    }

    /// The same without a hole.
    fn proof() -> Matrix {
        let mut matrix = matrix();
        for row in &mut matrix.rows {
            row.outcome = Outcome::Killed;
        }
        matrix.summary.killed = 2;
        (
            matrix.summary.survived,
            matrix.summary.toothless,
            matrix.summary.unbroken,
        ) = (0, 0, 0);
        for list in [&mut matrix.not_green, &mut matrix.toothless, &mut matrix.unbroken] {
            list.clear();
        }
        matrix
    }

    const HOLES: &str = "the suite has holes";
    const PROVEN: &str = "every deviation was caught by a case of what it breaks, and every case caught one";

    #[test]
    fn a_terminal_shows_the_figures_and_what_is_missing() {
        assert_eq!(
            terminal(&matrix(), &["out/kill-matrix.html".to_owned()]),
            [
                "",
                "Kill matrix of node 1.0 · profiles core, federation · kit 0.1.0 · seed 1",
                "2 deviations: 1 killed, 1 survived, 0 void; 0 made unrelated cases fail",
                "3 judged requirements, 1 without a deviation; 2 cases, 1 toothless",
                "",
                "Not green without a deviation",
                "  shaky\\u{1b}",
                "",
                "Requirements without a deviation",
                "  SEM-03",
                "",
                "Toothless cases",
                "  gums",
                "",
                "the suite has holes in 1.5 s",
                "  out/kill-matrix.html",
                "",
            ]
            .join("\n")
        );
        let text = terminal(&proof(), &[]);
        assert_eq!(text.lines().count(), 6, "{text}");
        assert!(text.ends_with(&format!("\n\n{PROVEN} in 1.5 s\n")), "{text}");
    }

    #[test]
    fn some_deviations_say_nothing_about_the_whole() {
        assert_eq!((conclusion(&matrix()), conclusion(&proof())), (HOLES, PROVEN));
        let mut some = proof();
        some.selection = vec!["sem-01-lies".to_owned()];
        assert_eq!(
            conclusion(&some),
            "only some deviations were played, which says nothing about the whole"
        );
    }

    #[test]
    fn a_requirement_stands_with_all_that_was_tried_against_it() {
        let matrix = matrix();
        let tried = requirements(&matrix);
        let tried: Vec<_> = tried
            .iter()
            .map(|tried| (tried.id, tried.killed, tried.rows.len()))
            .collect();
        assert_eq!(tried, [("SEM-01", 1, 2), ("SEM-02", 0, 1)]);
    }

    #[test]
    fn a_page_shows_the_same() {
        let page = html(&matrix()).unwrap();
        for part in [
            "<header class=\"head bad\">",
            "<h1>1 of 2 <span class=\"version\">deviations killed</span></h1>",
            "<tr id=\"r-SEM-01\"><td>SEM-01</td><td class=\"n\">1 of 2</td>",
            "It <code>lies</code>.",
            "<li>shaky\\u{1b}</li>",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let page = html(&proof()).unwrap();
        assert!(page.contains("<header class=\"head good\">") && page.contains(PROVEN));
    }

    #[test]
    fn programs_read_the_matrix_itself() {
        let text = json(&matrix()).unwrap();
        assert!(text.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Matrix>(&text).unwrap(), matrix());
    }
}
