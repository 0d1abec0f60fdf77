//! Reports side by side, as the binary shows them.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;
#[path = "compare/pages.rs"]
mod pages;
#[path = "../judge/src/compare/tests/reports.rs"]
mod reports;

use std::path::Path;

use common::{Outcome, kit};
use reports::{BASE, NAMED, OTHER, report, write};
use serde_json::Value;
use stigmem_conformance::{
    compare::Change,
    judge::Verdict::{self, Error, Fail, Inconclusive, NotApplicable, Pass, Unreachable, Warn},
    report::Report,
};
use tempfile::TempDir;

/// Reports in folders `0`, `1`, … of one folder.
struct Shelf {
    folder: TempDir,
    files: Vec<String>,
}

impl Shelf {
    fn of(reports: &[Report]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = reports.iter().enumerate();
        let files = files
            .map(|(n, report)| write(&folder.path().join(n.to_string()), report))
            .collect();
        Self { folder, files }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Compares all of them, with a page and with Markdown beside.
    fn compare(&self) -> Outcome {
        let (page, comment) = (self.path("all.html"), self.path("all.md"));
        let mut arguments = vec!["compare", "--html", &page, "--markdown", &comment];
        arguments.extend(self.files.iter().map(String::as_str));
        kit(&arguments)
    }
}

#[test]
fn what_is_worse_is_told_with_its_case_and_exits_1() {
    let shelf = Shelf::of(&[report("old", BASE), report("new", OTHER)]);
    let outcome = shelf.compare();
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    for text in [&outcome.said, &shelf.read("all.md"), &shelf.read("all.html")] {
        for (case, change) in NAMED.iter().filter(|(_, change)| *change != Change::Unchanged) {
            assert!(text.contains(case) && text.contains(change.word()), "{case}: {text}");
        }
        assert!(text.contains("broken: 1 requirement, 1 case"), "{text}");
        assert!(
            text.contains("what was found in case-broken") && text.contains("pass → fail"),
            "{text}"
        );
        assert!(text.contains("SEM-01"), "{text}");
    }
}

#[test]
fn what_is_better_new_or_gone_exits_0() {
    let base = report(
        "old",
        &[("a", "SEM-01", Fail), ("b", "SEM-01", Fail), ("c", "SEM-02", Pass)],
    );
    let other = report(
        "new",
        &[("a", "SEM-01", Pass), ("b", "SEM-01", Fail), ("d", "SEM-03", Fail)],
    );
    let outcome = Shelf::of(&[base.clone(), other]).compare();
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    assert!(
        outcome.said.contains("nothing broken, and nothing newly inconclusive"),
        "{}",
        outcome.said
    );
    assert_eq!(Shelf::of(&[base.clone(), base]).compare().code, 0);
}

#[test]
fn a_new_case_that_breaks_a_requirement_exits_1() {
    let base = report("old", &[("a", "SEM-01", Pass)]);
    let other = report("new", &[("a", "SEM-01", Pass), ("b", "SEM-01", Fail)]);
    let outcome = Shelf::of(&[base, other]).compare();
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    assert!(outcome.said.contains("broken: 1 requirement"), "{}", outcome.said);
}

#[test]
fn each_change_that_is_worse_exits_1_by_itself() {
    for (from, to, code) in [
        (Pass, Fail, 1),
        (Pass, Warn, 1),
        (Warn, Fail, 1),
        (Inconclusive, Fail, 1),
        (Pass, Inconclusive, 1),
        (Fail, Unreachable, 1),
        (Pass, Error, 1),
        (Pass, NotApplicable, 0),
        (Fail, Warn, 0),
        (Inconclusive, Pass, 0),
    ] {
        let one = |verdict: Verdict| report("a", &[("a", "SEM-01", verdict)]);
        let outcome = Shelf::of(&[one(from), one(to)]).compare();
        assert_eq!(outcome.code, code, "{from:?} to {to:?}: {}", outcome.said);
    }
}

#[test]
fn what_makes_verdicts_incomparable_is_said_first() {
    let mut other = report("new", OTHER);
    other.kit = "0.2.0".to_owned();
    other
        .digests
        .insert("vectors".to_owned(), format!("sha256:{}", "ab".repeat(32)));
    other.selection = vec!["paging".to_owned()];
    other.target.features = vec!["push".to_owned()];
    other.requirements[0].text = "Something else.".to_owned();
    let mut alone = report("alone", OTHER);
    alone.profile = "federation".to_owned();
    let shelf = Shelf::of(&[report("old", BASE), other, alone]);
    let outcome = shelf.compare();
    for text in [&outcome.said, &shelf.read("all.md"), &shelf.read("all.html")] {
        let top = &text[..text.find("case-broken").unwrap()];
        for words in [
            "different profiles (core, federation)",
            "3 is the only report of profile federation",
            "different kits (0.1.0 in 1; 0.2.0 in 2)",
            "different selections (everything in 1; paging in 2)",
            "different declared features (none in 1; push in 2)",
            "different editions of vectors/ (5f5f5f5f5f5f in 1; abababababab in 2)",
            "different texts under the same id (SEM-01)",
        ] {
            let top = top.replace('\n', " ").replace("    ", " ").replace("  ", " ");
            assert!(top.contains(words), "{words}: {top}");
        }
        assert!(
            !top.contains("editions of spec/"),
            "what is the same is not spoken of: {top}"
        );
    }
}

#[test]
fn a_folder_stands_for_the_reports_at_any_depth() {
    let shelf = Shelf::of(&[report("old", BASE), report("new", OTHER)]);
    write(&shelf.folder.path().join("1/deeper/still"), &report("newest", OTHER));
    std::fs::write(shelf.path("0/other.json"), "{}").unwrap();
    let outcome = kit(&[
        "compare",
        &shelf.path("1/report.json"),
        shelf.folder.path().to_str().unwrap(),
    ]);
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    assert!(outcome.said.contains("given more than once"), "{}", outcome.said);
    for words in ["1  new 1.0, the base", "2  old 1.0", "3  newest 1.0"] {
        assert!(outcome.said.contains(words), "{words}: {}", outcome.said);
    }
    assert!(outcome.said.contains("not alike in all reports"), "{}", outcome.said);
}

#[test]
fn bad_input_is_refused_with_file_and_place() {
    let shelf = Shelf::of(&[report("old", BASE)]);
    let good = shelf.files[0].clone();
    let with = |pointer: &str, value: Value| {
        let mut report: Value = serde_json::from_str(&shelf.read("0/report.json")).unwrap();
        *report.pointer_mut(pointer).unwrap() = value;
        report.to_string().into_bytes()
    };
    for (bytes, words) in [
        (b"<html>".to_vec(), "is not JSON"),
        (vec![0xff, 0xfe], "is not JSON"),
        (b"{}".to_vec(), "is not a report"),
        (vec![b'['; 100_000], "is not JSON"),
        (with("/cases/3/verdict", "fine".into()), "at /cases/3/verdict"),
        (with("/format", 2.into()), "at /format"),
        (
            with("/cases/3/id", "case-broken".into()),
            "at /cases/3/id: \"case-broken\" comes twice",
        ),
        (with("/requirements/1/id", "SEM-01".into()), "at /requirements/1/id"),
        (with("/target", serde_json::json!({"\u{1b}[2J": 1})), "at /target"),
    ] {
        let bad = shelf.path("bad.json");
        std::fs::write(&bad, bytes).unwrap();
        let outcome = kit(&["compare", &good, &bad]);
        assert_eq!(outcome.code, 2, "{words}: {}", outcome.said);
        assert!(
            outcome.said.contains(words) && outcome.said.contains("bad.json"),
            "{words}: {}",
            outcome.said
        );
        assert!(!outcome.said.contains('\u{1b}'), "{}", outcome.said);
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_and_not_read_to_its_end() {
    let shelf = Shelf::of(&[report("old", BASE)]);
    let bad = shelf.path("bad.json");
    std::fs::File::create(&bad).unwrap().set_len(1 << 40).unwrap();
    let outcome = kit(&["compare", &shelf.files[0], &bad]);
    assert_eq!(outcome.code, 2, "{}", outcome.said);
    assert!(outcome.said.contains("larger than 64 MiB"), "{}", outcome.said);
}

#[test]
fn too_little_to_compare_is_a_usage_error() {
    let mut federation = report("new", OTHER);
    federation.profile = "federation".to_owned();
    let shelf = Shelf::of(&[report("old", BASE), federation]);
    let (one, other) = (shelf.files[0].as_str(), shelf.files[1].as_str());
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    for (arguments, words) in [
        (vec!["compare"], "REPORT"),
        (vec!["compare", one], "wants two reports of one profile"),
        (vec!["compare", one, one], "wants two reports of one profile"),
        (
            vec!["compare", one, other],
            "one of profile core and one of profile federation",
        ),
        (vec!["compare", one, "/nowhere.json"], "/nowhere.json: cannot be read"),
        (vec!["compare", empty], "there is no report.json in this folder"),
        (vec!["compare", "--index", one], "is not a folder"),
        (
            vec!["compare", "--index", empty],
            "there is no report.json in this folder",
        ),
        (vec!["compare", "--index", empty, one], "cannot be used with"),
        (
            vec!["compare", one, one, "--html", "/nowhere/x.html"],
            "wants two reports",
        ),
    ] {
        let outcome = kit(&arguments);
        assert_eq!(outcome.code, 2, "{arguments:?}: {}", outcome.said);
        assert!(outcome.said.contains(words), "{arguments:?}: {}", outcome.said);
    }
}

#[test]
fn files_that_cannot_be_written_are_named() {
    let shelf = Shelf::of(&[report("old", BASE), report("new", OTHER)]);
    for option in ["--html", "--markdown"] {
        let outcome = kit(&["compare", &shelf.files[0], &shelf.files[1], option, "/nowhere/at/all"]);
        assert_eq!(outcome.code, 2, "{}", outcome.said);
        assert!(
            outcome.said.contains("/nowhere/at/all: cannot be written"),
            "{}",
            outcome.said
        );
    }
    assert!(!Path::new("/nowhere").exists());
}
