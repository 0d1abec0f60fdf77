//! What is written: nothing in it is alive, nothing is left out in silence, and nothing outgrows its place.

use serde_json::Value;
use stigmem_conformance::{judge::Verdict::Pass, report::Report};

use super::{
    BASE, OTHER, Shelf,
    common::kit,
    reports::{large, report, write},
};

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
