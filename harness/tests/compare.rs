//! Reports side by side, as the binary shows them.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;
#[path = "compare/reports.rs"]
mod reports;

use std::path::Path;

use common::{Outcome, kit};
use reports::{Row, large, report, write};
use serde_json::Value;
use stigmem_conformance::{
    compare::{self, Change, Links, Pair, Source},
    judge::Verdict::{self, Error, Fail, Inconclusive, NotApplicable, Pass, Unreachable, Warn},
    report::Report,
};
use tempfile::TempDir;

/// Every way from one verdict to another that has a name of its own.
const BASE: &[Row<'_>] = &[
    ("case-broken", "SEM-01", Pass),
    ("case-seen-to-fail", "SEM-02", Inconclusive),
    ("case-inconclusive", "SEM-03", Fail),
    ("case-unreachable", "SEM-04", Pass),
    ("case-in-error", "SEM-05", Pass),
    ("case-not-applicable", "SEM-06", Pass),
    ("case-fixed", "SEM-07", Fail),
    ("case-eased", "SEM-08", Fail),
    ("case-seen-to-pass", "SEM-09", Unreachable),
    ("case-gone", "SEM-10", Pass),
    ("case-unchanged", "SEM-11", Fail),
];
const OTHER: &[Row<'_>] = &[
    ("case-broken", "SEM-01", Fail),
    ("case-seen-to-fail", "SEM-02", Fail),
    ("case-inconclusive", "SEM-03", Inconclusive),
    ("case-unreachable", "SEM-04", Unreachable),
    ("case-in-error", "SEM-05", Error),
    ("case-not-applicable", "SEM-06", NotApplicable),
    ("case-fixed", "SEM-07", Pass),
    ("case-eased", "SEM-08", Warn),
    ("case-seen-to-pass", "SEM-09", Pass),
    ("case-new", "SEM-12", Fail),
    ("case-unchanged", "SEM-11", Fail),
];
const NAMED: [(&str, Change); 12] = [
    ("case-broken", Change::Broken),
    ("case-seen-to-fail", Change::NewlyFailing),
    ("case-inconclusive", Change::NewlyInconclusive),
    ("case-unreachable", Change::NewlyUnreachable),
    ("case-in-error", Change::NewlyInError),
    ("case-not-applicable", Change::NewlyNotApplicable),
    ("case-fixed", Change::Fixed),
    ("case-eased", Change::Eased),
    ("case-seen-to-pass", Change::NewlyPassing),
    ("case-gone", Change::Gone),
    ("case-new", Change::New),
    ("case-unchanged", Change::Unchanged),
];

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

fn sources(reports: Vec<Report>) -> Vec<Source> {
    let source = |report| Source {
        place: "report.json".to_owned(),
        links: Links::default(),
        report,
    };
    reports.into_iter().map(source).collect()
}

#[test]
fn every_case_has_exactly_one_class_and_none_is_left_out() {
    let sources = sources(vec![report("a", BASE), report("b", OTHER)]);
    let groups = compare::groups(&sources);
    let pair = &groups[0].pairs[0];
    let found = pair
        .cases
        .iter()
        .map(|changed| (groups[0].cases[changed.row].id, changed.change));
    let (mut found, mut named): (Vec<_>, Vec<_>) = (found.collect(), NAMED.to_vec());
    found.sort_unstable();
    named.sort_unstable();
    assert_eq!(found, named);
    assert_eq!(Pair::counts(&pair.cases).values().sum::<usize>(), groups[0].cases.len());
    assert_eq!(pair.requirements.len(), groups[0].requirements.len());
}

#[test]
fn each_further_report_is_held_against_the_first_of_its_profile() {
    let mut federation = report("c", OTHER);
    federation.profile = "federation".to_owned();
    let sources = sources(vec![
        report("a", BASE),
        federation.clone(),
        report("b", OTHER),
        report("a", BASE),
        federation,
    ]);
    let groups = compare::groups(&sources);
    let numbers: Vec<Vec<usize>> = groups
        .iter()
        .map(|group| group.columns.iter().map(|column| column.number).collect())
        .collect();
    assert_eq!(numbers, [vec![1, 3, 4], vec![2, 5]]);
    assert_eq!((groups[0].pairs.len(), groups[1].pairs.len()), (2, 1));
    let is_unchanged = |pair: &Pair| pair.cases.iter().all(|changed| changed.change == Change::Unchanged);
    assert!(is_unchanged(&groups[0].pairs[1]) && is_unchanged(&groups[1].pairs[0]));
    assert!(!is_unchanged(&groups[0].pairs[0]));
}

#[test]
fn what_only_a_later_report_has_stands_with_its_like() {
    let sources = sources(vec![
        report(
            "a",
            &[
                ("one", "SEM-01", Pass),
                ("three", "SEM-03", Pass),
                ("http", "HTTP-01", Pass),
            ],
        ),
        report("b", &[("two", "SEM-02", Pass), ("ten", "SEM-100", Pass)]),
    ]);
    let groups = compare::groups(&sources);
    let ids: Vec<&str> = groups[0]
        .requirements
        .iter()
        .map(|row| row.requirement.id.as_str())
        .collect();
    assert_eq!(ids, ["HTTP-01", "SEM-01", "SEM-02", "SEM-03", "SEM-100"]);
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

const SCRIPT: &str = "</script><script>alert(1)</script>";
const ESCAPES: &str = "\u{1b}[2J\u{202e}\nnothing broken: forged";

/// Everything in it that is text wants to be something else.
fn hostile() -> Report {
    let text = format!("{SCRIPT} {ESCAPES} | `{SCRIPT}` [a](javascript:alert(1)) @everyone #1");
    let mut report = report(&text, OTHER);
    report.kit.clone_from(&text);
    report.target.version.clone_from(&text);
    report.selection = vec![text.clone()];
    report.target.features = vec![text.clone()];
    report
        .requirements
        .iter_mut()
        .for_each(|requirement| requirement.text.clone_from(&text));
    for case in &mut report.cases {
        case.message.clone_from(&text);
        case.id = format!("{} {text}", case.id);
    }
    report
        .digests
        .insert(text.clone(), format!("sha256:{}", "5f".repeat(32)));
    report
}

#[test]
fn nothing_in_a_report_reaches_a_terminal_or_a_page_as_anything_but_text() {
    let mut base = hostile();
    base.target.name = "base".to_owned();
    let shelf = Shelf::of(&[base, hostile()]);
    let outcome = shelf.compare();
    let is_plain = |text: &str| {
        !text
            .chars()
            .any(|char| char.is_control() && char != '\n' || char == '\u{202e}')
    };
    assert!(is_plain(&outcome.said), "{}", outcome.said);
    assert!(
        !outcome
            .said
            .lines()
            .any(|line| line.starts_with("nothing broken: forged"))
    );
    let comment = shelf.read("all.md");
    assert!(is_plain(&comment));
    assert!(!comment.contains("@everyone") && !comment.lines().any(|line| line.starts_with("nothing broken: forged")));
    let index = kit(&["compare", "--index", shelf.folder.path().to_str().unwrap()]);
    assert_eq!(index.code, 0, "{}", index.said);
    for page in [shelf.read("all.html"), shelf.read("index.html")] {
        assert!(is_plain(&page) && !page.contains(SCRIPT) && page.contains("alert(1)"));
        assert_eq!(
            (page.matches("<script").count(), page.matches("</script").count()),
            (2, 2)
        );
        assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
        assert!(!page.contains("href=\"javascript"));
    }
}

#[test]
fn pages_load_nothing() {
    let shelf = Shelf::of(&[report("old", BASE), report("new", OTHER)]);
    shelf.compare();
    kit(&["compare", "--index", shelf.folder.path().to_str().unwrap()]);
    for page in [shelf.read("all.html"), shelf.read("index.html")] {
        assert!(page.contains("default-src 'none'; style-src 'sha256-"), "{page}");
        for way in [
            " src=",
            " srcset=",
            "href=\"http",
            "href=\"//",
            "url(",
            "@import",
            "<link",
            "<iframe",
            "<object",
            " style=",
            " onclick=",
            "innerHTML",
        ] {
            assert!(!page.contains(way), "{way}");
        }
    }
}

/// The block of data in a page.
fn block(page: &str) -> Value {
    let (_, rest) = page
        .split_once("<script type=\"application/json\" id=\"data\">")
        .unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn the_matrix_holds_every_case_of_every_report() {
    let shelf = Shelf::of(&[report("old", BASE), report("new", OTHER)]);
    shelf.compare();
    let block = block(&shelf.read("all.html"));
    let grid = &block["grids"][0];
    for (n, rows) in [BASE, OTHER].into_iter().enumerate() {
        let letters: Vec<char> = grid["verdicts"][n].as_str().unwrap().chars().collect();
        for (place, id) in grid["cases"].as_array().unwrap().iter().enumerate() {
            let verdict = rows.iter().find(|row| row.0 == id).map(|row| row.2);
            let letter = verdict.map_or('-', |verdict| verdict.word().chars().next().unwrap());
            assert_eq!(letters[place], letter, "{id} in {n}");
        }
        let said = grid["said"][n].as_array().unwrap();
        assert_eq!(said.len(), 2 * rows.iter().filter(|row| row.2 != Pass).count());
    }
    let listed: usize = grid["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cases| cases.as_array().unwrap().len())
        .sum();
    assert_eq!(listed, grid["cases"].as_array().unwrap().len());
    assert_eq!(
        grid["pages"],
        serde_json::json!([null, null]),
        "there are no pages beside these reports"
    );
}

#[test]
fn an_index_shows_all_reports_of_a_folder_and_links_to_them() {
    let mut federation = report("fed", OTHER);
    federation.profile = "federation".to_owned();
    let shelf = Shelf::of(&[report("old", BASE), report("new", OTHER), federation]);
    std::fs::write(shelf.path("0/report.html"), "x").unwrap();
    write(&shelf.folder.path().join("a b&c"), &report("odd", OTHER));
    let outcome = kit(&["compare", "--index", shelf.folder.path().to_str().unwrap()]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let page = shelf.read("index.html");
    for words in [
        "href=\"0/report.html\"",
        "href=\"0/report.json\"",
        "href=\"1/report.json\"",
        "href=\"a%20b%26c/report.json\"",
        "A node holds to SEM-07, <code>always</code>.",
        "Profile federation",
        "11 cases: 2 pass, 4 fail",
        "4 reports",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(
        !page.contains("href=\"1/report.html\""),
        "what is not there is not linked to"
    );
    assert!(
        !page.contains(&*shelf.folder.path().to_string_lossy()),
        "the page may be published"
    );
    assert!(!page.contains("id=\"changes\""));
    assert_eq!(
        block(&page)["grids"][0]["pages"],
        serde_json::json!(["0/report.html", null, null])
    );
}

#[test]
fn ten_large_reports_stay_small_whatever_is_in_them() {
    let reports: Vec<Report> = (0..10).map(|n| large(&format!("node {n}"), 2_200, 1)).collect();
    let shelf = Shelf::of(&reports);
    assert_eq!(
        kit(&["compare", "--index", shelf.folder.path().to_str().unwrap()]).code,
        0
    );
    let page = shelf.read("index.html");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("messages would make this page too large"));
    assert_eq!(block(&page)["grids"][0]["cases"].as_array().unwrap().len(), 2_200);
}

#[test]
fn a_large_comparison_stays_small_and_counts_what_it_leaves_out() {
    let shelf = Shelf::of(&[
        large("old", 2_200, 2_200),
        large("new", 2_200, 1),
        large("newest", 2_200, 2),
    ]);
    let outcome = shelf.compare();
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.said.lines().count() < 500,
        "{} lines",
        outcome.said.lines().count()
    );
    assert!(outcome.said.contains("2174 more cases"), "{}", outcome.said);
    let comment = shelf.read("all.md");
    assert!(
        comment.chars().count() < 65_536,
        "{} characters",
        comment.chars().count()
    );
    assert!(comment.contains(" more: `compare --html FILE` shows them."));
    let page = shelf.read("all.html");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("more would make this page too large"));
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
