//! Every renderer, from one fixed report. `INSTA_UPDATE=always` writes the snapshots anew; read them before they are committed.

mod large;
pub(super) mod outcome;
pub(super) mod sample;
mod trace;

use std::collections::BTreeMap;

use sample::{ESCAPES, SCRIPT};
use serde_json::{Value, json};

use super::{
    Conclusion, Report, html, json as as_json, junit, markdown,
    terminal::{self, View},
};
use crate::schemas::tests::SCHEMAS;

#[test]
fn the_terminal_shows_the_report() {
    insta::assert_snapshot!("terminal", on_terminal(&sample::report(), false));
}

#[test]
fn a_narrow_terminal_shows_the_report() {
    insta::assert_snapshot!(
        "terminal-narrow",
        terminal::render(
            &sample::report(),
            &View {
                colour: false,
                width: 60,
                written: &[]
            }
        )
    );
}

#[test]
fn json_shows_the_report() {
    insta::assert_snapshot!("json", as_json::render(&sample::report()).unwrap());
}

#[test]
fn junit_shows_the_report() {
    insta::assert_snapshot!("junit", junit::render(&sample::report()).unwrap());
}

#[test]
fn markdown_shows_the_report() {
    insta::assert_snapshot!("markdown", markdown::render(&sample::report()));
}

/// Without its style and script, which are files of their own.
#[test]
fn html_shows_the_report() {
    let filters = [
        (r"(?s)<style>.*?</style>", "<style>…</style>"),
        (r"(?s)<script>\s.*?</script>", "<script>…</script>"),
        (r"sha256-[A-Za-z0-9+/=&#;]+", "sha256-…"),
    ];
    insta::with_settings!({ filters => filters }, {
        insta::assert_snapshot!("html", html::render(&sample::report()).unwrap());
    });
}

#[test]
fn json_reads_back_as_the_same_report() {
    let text = as_json::render(&sample::report()).unwrap();
    assert!(text.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), sample::report());
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let schemas = &*SCHEMAS;
    let value: Value = serde_json::from_str(&as_json::render(&sample::report()).unwrap()).unwrap();
    assert_eq!(schemas.mismatch("report", &value), None);
    let broken = [
        ("/started", json!("yesterday")),
        ("/seed", json!(-1)),
        ("/conclusion", json!("fine")),
        ("/cases/0/verdict", json!("ok")),
        ("/counts", json!({ "ok": 1 })),
        ("/cases/0/failures/0/exchanges/0", json!({ "n": 1 })),
        (
            "/target",
            json!({ "name": "x", "version": "1", "how": "launched", "repeat": "x", "more": 1 }),
        ),
    ];
    for (pointer, wrong) in broken {
        let mut value = value.clone();
        *value.pointer_mut(pointer).unwrap() = wrong;
        assert!(
            schemas
                .mismatch("report", &value)
                .is_some_and(|mismatch| mismatch.pointer.starts_with(pointer)),
            "{pointer}"
        );
    }
}

#[test]
fn trace_lines_are_what_their_schema_says() {
    let schemas = &*SCHEMAS;
    for line in trace::lines() {
        let value = serde_json::to_value(&line).unwrap();
        assert_eq!(schemas.mismatch("trace", &value), None, "{value}");
        // Every member that it has is known to the schema, at every depth.
        for pointer in objects(&value, "") {
            let mut value = value.clone();
            value.pointer_mut(&pointer).unwrap()["stray"] = json!(1);
            assert!(
                schemas.mismatch("trace", &value).is_some(),
                "a stray member is let through at {pointer:?}"
            );
        }
    }
    assert!(schemas.mismatch("trace", &json!({})).is_some());
    assert!(
        schemas
            .mismatch("trace", &json!({ "end": { "cases": 1, "exchanges": 1 } }))
            .is_some()
    );
}

#[test]
fn junit_has_a_test_case_for_each_case_and_keeps_the_kinds_apart() {
    let report = sample::report();
    let junit = quick_junit::Report::deserialize_from_str(&junit::render(&report).unwrap()).unwrap();
    let suite = &junit.test_suites[0];
    assert_eq!(
        (suite.tests, suite.failures, suite.errors, suite.skipped),
        (12, 6, 2, 2)
    );
    let found: Vec<&str> = suite.test_cases.iter().map(|test| test.name.as_str()).collect();
    let wanted: Vec<&str> = report.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(found, wanted);
    assert!(suite.test_cases.iter().all(|test| {
        test.classname
            .as_ref()
            .is_some_and(|name| name.as_str() == "retraction")
    }));
    let properties: BTreeMap<&str, &str> = suite
        .properties
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str()))
        .collect();
    assert_eq!((properties["seed"], properties["kit"]), ("20260102", "0.1.0"));
}

#[test]
fn nothing_that_a_node_sent_becomes_markup_in_html() {
    let page = html::render(&sample::report()).unwrap();
    assert!(
        !page.contains(SCRIPT) && page.contains("&#60;script&#62;alert(1)"),
        "hostile text is escaped, and still there"
    );
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</details>").count(), page.matches("<details").count());
    assert!(
        !page.chars().any(|char| char.is_control() && char != '\n'),
        "no control characters"
    );
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn html_loads_nothing() {
    let page = html::render(&sample::report()).unwrap();
    assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
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
    ] {
        assert!(!page.contains(way), "{way}");
    }
}

#[test]
fn a_terminal_obeys_none_of_what_a_node_sent() {
    let plain = on_terminal(&sample::report(), false);
    assert!(
        !plain.chars().any(|char| char.is_control() && char != '\n'),
        "no escape sequence without colour"
    );
    assert!(
        plain.contains("\\u{1b}[2J") && plain.contains("\\u{202e}"),
        "what was there is still told"
    );
    assert!(
        !plain.lines().any(|line| line.starts_with("conformant")),
        "no line is forged"
    );
    let coloured = on_terminal(&sample::report(), true);
    assert!(!coloured.contains(ESCAPES) && !coloured.contains("\u{1b}[2J"));
    assert_eq!(
        anstream::adapter::strip_str(&coloured).to_string(),
        plain,
        "colours change no text"
    );
}

#[test]
fn markdown_holds_no_live_markup_from_outside() {
    let page = markdown::render(&sample::report());
    let outside: String = page.split("````").step_by(2).collect();
    assert!(!page.contains(ESCAPES));
    for line in outside.lines().filter(|line| line.contains(SCRIPT)) {
        assert!(line.contains('`'), "outside of code: {line}");
    }
    assert!(!page.contains("@everyone"), "nobody is called");
}

#[test]
fn a_selection_says_nothing_about_the_whole() {
    for conclusion in [Conclusion::SelectionPassed, Conclusion::SelectionFailed] {
        let mut report = sample::report();
        report.cases.retain(|case| !case.message.contains("forged"));
        report.selection = vec!["names*".to_owned()];
        report.conclusion = conclusion;
        let all = [
            on_terminal(&report, true),
            markdown::render(&report),
            html::render(&report).unwrap(),
            junit::render(&report).unwrap(),
            as_json::render(&report).unwrap(),
        ];
        for text in all {
            assert!(!text.to_lowercase().contains("conformant"), "{text}");
        }
    }
}

#[test]
fn large_reports_stay_small() {
    for (cases, broken) in [(300, 7), (300, 1), (900, 1)] {
        let report = large::report(cases, broken);
        let page = html::render(&report).unwrap();
        assert!(
            page.len() < 1_000_000 * cases / 300,
            "html: {} bytes for {cases} cases",
            page.len()
        );
        let comment = markdown::render(&report);
        assert!(
            comment.chars().count() < 65_536,
            "a comment on GitHub: {} characters",
            comment.chars().count()
        );
        let lines = on_terminal(&report, false).lines().count();
        assert!(lines < 700, "terminal: {lines} lines");
    }
}

fn on_terminal(report: &Report, colour: bool) -> String {
    terminal::render(
        report,
        &View {
            colour,
            width: 100,
            written: &["out/report.html".to_owned(), "out/report.json".to_owned()],
        },
    )
}

/// Objects that may have any members.
const FREE: [&str; 5] = ["/names", "/digests", "/made", "/query", "/hosted/answer"];

/// Where the objects are whose members the schema knows.
fn objects(value: &Value, pointer: &str) -> Vec<String> {
    let mut found = Vec::new();
    match value {
        Value::Object(members) => {
            if !FREE.iter().any(|end| pointer.ends_with(end)) {
                found.push(pointer.to_owned());
            }
            found.extend(
                members
                    .iter()
                    .flat_map(|(name, member)| objects(member, &format!("{pointer}/{name}"))),
            );
        }
        Value::Array(items) => found.extend(
            items
                .iter()
                .enumerate()
                .flat_map(|(n, item)| objects(item, &format!("{pointer}/{n}"))),
        ),
        _ => {}
    }
    found
}
