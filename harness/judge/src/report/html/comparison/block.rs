//! What became of every case in every report, small enough for many reports: a letter for a verdict, and each text once.

use std::collections::HashMap;

use serde::Serialize;

use crate::{
    compare::{CaseRow, Finding, Group},
    judge::Verdict,
    report::curl::visible,
};

pub(super) struct Block {
    /// Stands in a script element as it is.
    pub(super) json: String,
    /// Messages that were left out.
    pub(super) unsaid: usize,
}

#[derive(Serialize)]
struct Data<'a> {
    grids: Vec<Grid<'a>>,
    texts: Vec<String>,
}

/// The cases of one profile.
#[derive(Serialize)]
struct Grid<'a> {
    /// For each requirement its cases.
    requirements: Vec<&'a [usize]>,
    cases: Vec<String>,
    /// For each report a letter for each case.
    verdicts: Vec<String>,
    /// For each report: a case, the text that says what was found in it, the next case…
    said: Vec<Vec<usize>>,
    /// For each report its page.
    pages: Vec<Option<&'a str>>,
}

impl Block {
    pub(super) fn of(groups: &[Group<'_>]) -> serde_json::Result<Self> {
        let mut texts = Texts::default();
        let grids = groups.iter().map(|group| grid(group, &mut texts)).collect();
        let data = Data {
            grids,
            texts: texts.all,
        };
        Ok(Self {
            json: harmless(&serde_json::to_string(&data)?),
            unsaid: texts.unsaid,
        })
    }
}

fn grid<'a>(group: &'a Group<'_>, texts: &mut Texts) -> Grid<'a> {
    let columns = 0..group.columns.len();
    let letters = |column| -> String { group.cases.iter().map(|case| letter(case.finding(column))).collect() };
    Grid {
        requirements: group.requirements.iter().map(|row| row.cases.as_slice()).collect(),
        cases: group.cases.iter().map(|case| visible(case.id, LONGEST_ID)).collect(),
        verdicts: columns.clone().map(letters).collect(),
        said: columns.map(|column| said(&group.cases, column, texts)).collect(),
        pages: group
            .columns
            .iter()
            .map(|column| column.source.links.page.as_deref())
            .collect(),
    }
}

fn said(cases: &[CaseRow<'_>], column: usize, texts: &mut Texts) -> Vec<usize> {
    let mut said = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let text = case.said(column);
        if let Some(place) = (!text.is_empty()).then(|| texts.place(text)).flatten() {
            said.extend([n, place]);
        }
    }
    said
}

/// As classes and in the block.
pub(super) fn letter(finding: Option<Finding>) -> char {
    match finding {
        None => '-',
        Some(Finding::NotJudged) => 'x',
        Some(Finding::Verdict(verdict)) => match verdict {
            Verdict::Pass => 'p',
            Verdict::Fail => 'f',
            Verdict::Warn => 'w',
            Verdict::Unreachable => 'u',
            Verdict::Inconclusive => 'i',
            Verdict::NotApplicable => 'n',
            Verdict::Error => 'e',
        },
    }
}

/// Texts that are the same stand once, and together they do not outgrow the page.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    places: HashMap<String, usize>,
    bytes: usize,
    unsaid: usize,
}

impl Texts {
    fn place(&mut self, text: &str) -> Option<usize> {
        let text = visible(text, LONGEST_TEXT);
        if let Some(place) = self.places.get(&text) {
            return Some(*place);
        }
        let bytes = serde_json::to_string(&text).map_or(usize::MAX, |json| harmless(&json).len());
        if self.bytes.saturating_add(bytes) > ROOM {
            self.unsaid += 1;
            return None;
        }
        self.bytes += bytes;
        self.places.insert(text.clone(), self.all.len());
        self.all.push(text);
        Some(self.all.len() - 1)
    }
}

/// JSON that neither ends the element it stands in nor begins another: these characters come in its strings alone.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// Bytes of messages on one page, and characters of one.
const ROOM: usize = 700_000;
const LONGEST_TEXT: usize = 180;
const LONGEST_ID: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{groups, tests::old_and_new};

    #[test]
    fn a_text_stands_once_and_there_is_an_end_to_them() {
        let mut texts = Texts::default();
        assert_eq!(
            (texts.place("a"), texts.place("b"), texts.place("a")),
            (Some(0), Some(1), Some(0))
        );
        let placed = (0..10_000)
            .filter(|n| texts.place(&format!("{n} {}", "<".repeat(100))).is_some())
            .count();
        assert!(texts.bytes <= ROOM && placed > 0 && placed + texts.unsaid == 10_000);
    }

    #[test]
    fn a_text_that_just_fits_has_its_place() {
        let mut texts = Texts {
            bytes: ROOM - 3,
            ..Texts::default()
        };
        assert_eq!((texts.place("a"), texts.bytes), (Some(0), ROOM));
        assert_eq!((texts.place("b"), texts.unsaid), (None, 1));
        assert_eq!(texts.place("a"), Some(0), "what is there needs no room");
    }

    #[test]
    fn a_block_has_a_letter_for_each_case_and_each_text_once() {
        let sources = old_and_new();
        let block = Block::of(&groups(&sources)).unwrap();
        let found: serde_json::Value = serde_json::from_str(&block.json).unwrap();
        let texts = ["mends", "stays", "breaks", "blurs"].map(|id| format!("what was found in {id}"));
        let wanted = serde_json::json!({
            "grids": [{
                "requirements": [[0, 1], [2], [3, 4], [5]],
                "cases": ["keeps", "breaks", "mends", "stays", "blurs", "comes"],
                "verdicts": ["ppffp-", "pfpfip"],
                "said": [[2, 0, 3, 1], [1, 2, 3, 1, 4, 3]],
                "pages": [null, null],
            }],
            "texts": texts,
        });
        assert_eq!((found, block.unsaid), (wanted, 0));
    }

    #[test]
    fn a_finding_has_a_letter_of_its_own() {
        let findings = Verdict::ALL.map(|verdict| Some(Finding::Verdict(verdict)));
        let letters: String = findings
            .into_iter()
            .chain([None, Some(Finding::NotJudged)])
            .map(letter)
            .collect();
        assert_eq!(letters, "pfwuine-x");
    }

    #[test]
    fn a_block_does_not_end_its_element() {
        assert_eq!(harmless(r#"["</script>&"]"#), r#"["\u003c/script\u003e\u0026"]"#);
    }
}
