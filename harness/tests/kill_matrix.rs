//! `kill-matrix`: what is caught, what is not, and what never showed.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::{fs, path::Path};

use common::{Outcome, kit};
use serde_json::{Value, json};
use stigmem_conformance::{data::Data, schemas::Schemas};

/// Plays deviations in masks; the matrix that was written.
fn play(deviations: Option<&Path>, select: &str) -> (Outcome, Option<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["kill-matrix", "--wire", "--seed", "1", "--select", select];
    arguments.extend(["--report-dir", folder.path().to_str().unwrap()]);
    if let Some(deviations) = deviations {
        arguments.extend(["--deviations", deviations.to_str().unwrap()]);
    }
    let outcome = kit(&arguments);
    let text = fs::read_to_string(folder.path().join("kill-matrix.json")).ok();
    let matrix = text.map(|text| serde_json::from_str(&text).unwrap());
    (outcome, matrix)
}

/// A folder with one file of deviations.
fn folder(deviations: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = json!({"title": "Tried here", "deviations": deviations});
    fs::write(folder.path().join("tried.json"), file.to_string()).unwrap();
    folder
}

fn row<'a>(matrix: &'a Value, id: &str) -> &'a Value {
    let rows = matrix["rows"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap()
}

#[test]
fn what_the_cases_catch_is_killed() {
    let (outcome, matrix) = play(None, "AUTH-03");
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let matrix = matrix.unwrap();
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    assert_eq!(schemas.mismatch("kill-matrix", &matrix), None);
    assert!(matrix["summary"]["killed"].as_u64() > Some(0), "{matrix}");
    assert_eq!(matrix["summary"]["killed"], matrix["summary"]["deviations"]);
    assert_eq!(
        matrix["not_green"],
        json!([]),
        "a node in an empty mask passes everything"
    );
}

#[test]
fn a_survivor_a_void_and_a_stray_are_told_apart() {
    let everywhere = json!({"method": ".", "path": "^/"});
    let tried = folder(&json!([
        { "id": "auth-03-one-more-header", "breaks": ["AUTH-03"], "says": "Answers have a header more.",
          "wire": [{ "where": everywhere, "do": { "headers": { "x-more": "1" } } }] },
        { "id": "auth-03-where-nobody-goes", "breaks": ["AUTH-03"], "says": "What nobody asks is answered 500.",
          "wire": [{ "where": { "path": "^/nobody/goes/here$" }, "do": { "status": 500 } }] },
        { "id": "auth-03-no-challenge-and-no-facts", "breaks": ["AUTH-03"], "says": "A 401 challenges nobody, and lists are empty.",
          "wire": [
            { "where": { "status": [401] }, "do": { "headers": { "www-authenticate": null } } },
            { "where": { "method": "^GET$", "path": "^/v1/facts\\?", "status": [200] }, "do": { "edits": { "/facts": [] } } }
          ] }
    ]));
    let (outcome, matrix) = play(Some(tried.path()), "AUTH-03");
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    let matrix = matrix.unwrap();
    assert_eq!(row(&matrix, "auth-03-one-more-header")["outcome"], "survived");
    assert_eq!(row(&matrix, "auth-03-where-nobody-goes")["outcome"], "void");
    let stray = row(&matrix, "auth-03-no-challenge-and-no-facts");
    assert_eq!(stray["outcome"], "killed");
    assert!(!stray["strays"].as_array().unwrap().is_empty(), "{stray}");
    assert_eq!(matrix["summary"]["straying"], 1);
}

#[test]
fn a_wrong_file_is_refused_with_the_place() {
    let rule = |holds: Value, does: Value| json!([{ "where": holds, "do": does }]);
    for (deviation, words) in [
        (
            json!({ "id": "auth-03-x", "breaks": ["AUTH-03"], "says": "x", "wire": rule(json!({ "path": "(" }), json!({ "status": 500 })) }),
            "regex",
        ),
        (
            json!({ "id": "auth-99-x", "breaks": ["AUTH-99"], "says": "x", "wire": rule(json!({}), json!({ "status": 500 })) }),
            "AUTH-99 is no requirement",
        ),
        (
            json!({ "id": "cid-01-x", "breaks": ["AUTH-03"], "says": "x", "wire": rule(json!({}), json!({ "status": 500 })) }),
            "its id begins with",
        ),
        (
            json!({ "id": "auth-03-x", "breaks": ["AUTH-03"], "says": "x", "wire": rule(json!({ "status": [200] }), json!({ "instead": { "status": 500 } })) }),
            "before there is an answer",
        ),
        (
            json!({ "id": "auth-03-x", "breaks": ["AUTH-03"], "says": "x" }),
            "/deviations/0",
        ),
    ] {
        let tried = folder(&json!([deviation]));
        let (outcome, matrix) = play(Some(tried.path()), "AUTH-03");
        assert_eq!(outcome.code, 2, "{deviation}: {}", outcome.said);
        assert!(outcome.said.contains(words), "{deviation}: {}", outcome.said);
        assert_eq!(matrix, None);
    }
}
