//! Targets that must not earn a single pass, and the outcomes that are not verdicts.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use axum::{
    Router,
    body::Bytes,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{Outcome, Served, kit, run_against};
use serde_json::json;
use stigmem_conformance::{
    data::Data,
    judge::{Verdict, judge_case},
    schemas::Schemas,
    trace::{Answer, CaseRecord, Exchange, Gone, Request, Silence, StepRecord},
    vectors,
};

/// Nothing was right, so nothing passed; and the exit code is not 0.
#[track_caller]
fn earns_nothing(outcome: &Outcome, code: i32) {
    assert_eq!(outcome.code, code, "{}", outcome.said);
    let report = outcome.report.as_ref().expect("a report was written");
    let passed: Vec<&str> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["verdict"] == "pass")
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert!(passed.is_empty(), "{} passes: {passed:?}", passed.len());
    assert!(report["cases"].as_array().unwrap().len() > 200);
    let conclusion = report["conclusion"].as_str().unwrap();
    assert!(
        conclusion != "conformant" && conclusion != "as-expected",
        "{conclusion}"
    );
    assert!(!outcome.said.contains(" conformant:"), "{}", outcome.said);
}

fn json_answer(status: StatusCode, body: &impl ToString) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

#[test]
fn a_node_that_answers_404_to_all_earns_nothing() {
    let answer = || async {
        json_answer(
            StatusCode::NOT_FOUND,
            &json!({"error": "not_found", "detail": "no such thing"}),
        )
    };
    let node = Served::start(Router::new().fallback(answer));
    earns_nothing(&run_against(&node.url(), &[]), 1);
}

#[test]
fn a_node_that_answers_an_empty_object_to_all_earns_nothing() {
    let node = Served::start(Router::new().fallback(|| async { json_answer(StatusCode::OK, &"{}") }));
    earns_nothing(&run_against(&node.url(), &[]), 1);
}

#[test]
fn a_web_page_earns_nothing_and_cannot_write_into_the_report() {
    let page = "<!doctype html><title>x</title><script>alert('pwned')</script>\u{1b}[2J";
    let answer = move || async move { ([(header::CONTENT_TYPE, "text/html")], page) };
    let node = Served::start(Router::new().fallback(answer));
    let outcome = run_against(&node.url(), &[]);
    earns_nothing(&outcome, 1);
    assert!(!outcome.said.contains('\u{1b}'), "an escape reached the terminal");
    for file in ["report.html", "report.xml"] {
        let text = outcome.file(file);
        assert!(!text.contains("<script>alert("), "{file}");
        assert!(!text.contains('\u{1b}'), "{file}");
    }
    // In Markdown the page stands in code, as text; the tests of `report` look at that.
    assert!(!outcome.file("report.md").contains('\u{1b}'), "report.md");
}

#[test]
fn a_node_that_refuses_every_write_earns_nothing() {
    let answer = |method: Method| async move {
        if method == Method::GET {
            return json_answer(StatusCode::OK, &json!({"facts": [], "total": 0, "cursor": null})).into_response();
        }
        json_answer(
            StatusCode::FORBIDDEN,
            &json!({"error": "forbidden", "detail": "this node is read-only"}),
        )
        .into_response()
    };
    let node = Served::start(Router::new().fallback(answer));
    earns_nothing(&run_against(&node.url(), &[]), 1);
}

#[test]
fn a_node_that_echoes_earns_nothing() {
    let answer = |body: Bytes| async move { (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], body) };
    let node = Served::start(Router::new().fallback(answer));
    earns_nothing(&run_against(&node.url(), &[]), 1);
}

#[test]
fn a_node_that_answers_500_to_all_earns_nothing() {
    let answer = || async {
        json_answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({"error": "oops", "detail": "oops"}),
        )
    };
    let node = Served::start(Router::new().fallback(answer));
    earns_nothing(&run_against(&node.url(), &[]), 1);
}

#[test]
fn nobody_listening_is_told_at_once_as_unreachable() {
    let outcome = run_against(&common::nowhere(), &[]);
    assert_eq!(outcome.code, 3, "{}", outcome.said);
    assert!(
        outcome.said.contains("nothing answers at http://127.0.0.1:"),
        "{}",
        outcome.said
    );
    assert!(outcome.report.is_none());
}

#[test]
fn a_command_that_does_not_start_a_node_is_unreachable_and_shows_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("target.toml");
    std::fs::write(
        &file,
        "name = \"broken\"\n[launch]\ncommand = [\"sh\", \"-c\", \"echo no database here >&2; exit 7\"]\n",
    )
    .unwrap();
    let outcome = kit(&["run", "--target", file.to_str().unwrap(), "--select", "FACT-05"]);
    assert_eq!(outcome.code, 3, "{}", outcome.said);
    assert!(
        outcome.said.contains("no database here") && outcome.said.contains("ended before it was ready"),
        "{}",
        outcome.said
    );
}

#[test]
fn an_empty_selection_exits_4() {
    let outcome = kit(&["run", "--select", "NOPE-99"]);
    assert_eq!(outcome.code, 4, "{}", outcome.said);
    assert!(outcome.said.contains("the selection is empty"), "{}", outcome.said);
}

/// The step before the rule's own only prepares. Had it been refused, the situation never arose; but the node is dead.
#[test]
fn a_node_that_dies_while_a_step_prepares_is_gone_and_not_inconclusive() {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    let vectors = vectors::load(&data, &schemas).unwrap();
    let prepares = |case: &&vectors::Case| case.steps().first().is_some_and(vectors::Step::prepares);
    let case = vectors.cases.iter().find(prepares).unwrap();
    let silent = Exchange {
        n: 1,
        on: None,
        request: Request::default(),
        answer: Answer::None {
            kind: Silence::Closed,
            message: "the connection ended".to_owned(),
        },
        took_us: 1,
    };
    let died = CaseRecord {
        case: case.id.clone(),
        steps: vec![StepRecord {
            exchanges: vec![silent],
            events: Vec::new(),
        }],
        gone: Some(Gone {
            what: "the node's process ended".to_owned(),
            log: vec!["out of memory".to_owned()],
        }),
        ..CaseRecord::default()
    };
    let verdict = judge_case(case, &died, &schemas);
    assert_eq!(verdict.verdict, Verdict::Unreachable, "{}", verdict.message);
    assert!(verdict.message.contains("out of memory"), "{}", verdict.message);
    assert_eq!(
        verdict.failures[0].exchange.as_ref().unwrap().1,
        1,
        "what was asked last is shown"
    );
    let lives = CaseRecord { gone: None, ..died };
    assert_eq!(judge_case(case, &lives, &schemas).verdict, Verdict::Inconclusive);
}
