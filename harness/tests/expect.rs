//! Known failures, from the target file and from a list beside it.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::{path::Path, process::Command};

use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{KIT, Outcome, Served, kit};
use serde_json::{Value, json};

/// A node that knows nothing: what is asked of it fails, or cannot be judged.
fn ignorant() -> Served {
    let answer = || async {
        let body = json!({"error": "not_found", "detail": "no such thing"}).to_string();
        (
            StatusCode::NOT_FOUND,
            [(header::CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response()
    };
    Served::start(Router::new().fallback(answer))
}

/// Cases that the ignorant node fails, and some that nobody can judge on it.
const SELECTION: &str = "discovery";

fn judged(node: &Served, more: &[&str]) -> Outcome {
    let url = node.url();
    let mut arguments = vec!["run", "--url", &url, "--timeout", "2", "--select", SELECTION];
    arguments.extend(more);
    kit(&arguments)
}

fn ids(outcome: &Outcome, verdict: &str) -> Vec<String> {
    let cases = outcome.report.as_ref().unwrap()["cases"].as_array().unwrap();
    let found = cases.iter().filter(|case| case["verdict"] == verdict);
    found.map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

fn list(folder: &Path, cases: &[&str]) -> String {
    let entries = cases
        .iter()
        .map(|case| format!("[[expected]]\ncase = \"{case}\"\nreason = \"issue 12 of the node\"\n"));
    let file = folder.join("known.toml");
    std::fs::write(&file, entries.collect::<String>()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_list_that_was_just_written_is_what_the_same_node_does() {
    let (node, folder) = (ignorant(), tempfile::tempdir().unwrap());
    let file = folder.path().join("known.toml");
    let file = file.to_str().unwrap();
    let first = judged(&node, &["--write-expect", file]);
    assert_eq!(first.code, 1, "{}", first.said);
    let failed = ids(&first, "fail");
    let written = std::fs::read_to_string(file).unwrap();
    assert!(
        failed.len() > 1 && written.matches("[[expected]]").count() == failed.len(),
        "{written}"
    );

    let again = judged(&node, &["--expect", file]);
    assert_eq!(again.code, 0, "{}", again.said);
    let report = again.report.as_ref().unwrap();
    assert_eq!(report["conclusion"], "as-expected");
    assert!(
        again.said.contains("listed as expected") && !again.said.contains("target file expects"),
        "{}",
        again.said
    );
    assert!(
        report["target"]["repeat"]
            .as_str()
            .unwrap()
            .ends_with(&format!("--expect {file}"))
    );
    let judged_again = kit(&["judge", again.path("trace.jsonl").to_str().unwrap()]);
    assert_eq!(judged_again.code, 0, "{}", judged_again.said);

    // Reasons that people wrote are kept when the list is written anew.
    let edited = written.replacen("reason = ", "reason = \"issue 12 of the node\" # ", 1);
    std::fs::write(file, edited).unwrap();
    let kept = judged(&node, &["--expect", file, "--write-expect", file]);
    assert_eq!(kept.code, 0, "{}", kept.said);
    let kept = std::fs::read_to_string(file).unwrap();
    assert_eq!(kept.matches("reason = \"issue 12 of the node\"\n").count(), 1, "{kept}");
    assert_eq!(kept.matches("[[expected]]").count(), failed.len());
}

#[test]
fn a_failure_that_is_not_listed_fails_the_run() {
    let (node, folder) = (ignorant(), tempfile::tempdir().unwrap());
    let failed = ids(&judged(&node, &[]), "fail");
    let all_but_one: Vec<&str> = failed[1..].iter().map(String::as_str).collect();
    let outcome = judged(&node, &["--expect", &list(folder.path(), &all_but_one)]);
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    let cases = outcome.report.as_ref().unwrap()["cases"].as_array().unwrap().clone();
    let open = cases
        .iter()
        .filter(|case| case["verdict"] == "fail" && case["expected"].is_null());
    assert_eq!(
        open.map(|case| case["id"].as_str().unwrap()).collect::<Vec<_>>(),
        [&failed[0]]
    );
}

#[test]
fn a_listed_case_that_was_not_judged_is_told_and_one_that_was_not_selected_is_not() {
    let (node, folder) = (ignorant(), tempfile::tempdir().unwrap());
    let outcome = judged(&node, &[]);
    let (failed, open) = (ids(&outcome, "fail"), ids(&outcome, "inconclusive"));
    let elsewhere = kit(&["list", "--cases", "retraction"])
        .said
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let mut listed: Vec<&str> = failed.iter().map(String::as_str).collect();
    listed.extend([open[0].as_str(), elsewhere.as_str()]);
    let outcome = judged(&node, &["--expect", &list(folder.path(), &listed)]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    for text in [&outcome.said, &outcome.file("report.md"), &outcome.file("report.html")] {
        let (_, rest) = text
            .split_once("Listed as expected to fail, but not judged in this run")
            .unwrap();
        assert!(rest.contains(&open[0]), "{rest}");
        assert!(!text.contains(&elsewhere), "{elsewhere} was not selected");
    }
}

#[test]
fn a_listed_case_that_passes_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let case = kit(&["list", "--cases", "SEM-07"])
        .said
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let file = list(folder.path(), &[&case]);
    let outcome = kit(&["run", "--select", &case, "--expect", &file]);
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    assert!(outcome.said.contains("take them out of the list"), "{}", outcome.said);
    let mended = kit(&["run", "--select", &case, "--expect", &file, "--write-expect", &file]);
    assert_eq!(mended.code, 1, "{}", mended.said);
    let outcome = kit(&["run", "--select", &case, "--expect", &file]);
    assert_eq!(outcome.code, 0, "the stale case was taken out: {}", outcome.said);
}

#[test]
fn a_wrong_list_is_refused_with_file_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known.toml");
    let entry = |case: &str| format!("[[expected]]\ncase = \"{case}\"\nreason = \"issue 12 of the node\"\n");
    let case = kit(&["list", "--cases", "SEM-07"])
        .said
        .lines()
        .next()
        .unwrap()
        .to_owned();
    for (text, words) in [
        (
            entry("no-such-case"),
            "at /expected/0/case: there is no case \"no-such-case\"",
        ),
        (entry(&case) + &entry(&case), "at /expected/1/case"),
        ("[[expected]]\ncase = \"a\"".to_owned(), "at /expected/0"),
        (
            "[[expected]]\ncase = \"a\"\nreason = \"short\"".to_owned(),
            "at /expected/0/reason",
        ),
        (String::new(), "expected"),
        ("expected = []\nmore = 1".to_owned(), "more"),
        ("expected = [".to_owned(), "line 1"),
    ] {
        std::fs::write(&file, &text).unwrap();
        let outcome = kit(&["run", "--select", "SEM-07", "--expect", file.to_str().unwrap()]);
        assert_eq!(outcome.code, 2, "{text}: {}", outcome.said);
        assert!(
            outcome.said.contains(words) && outcome.said.contains("known.toml"),
            "{text}: {}",
            outcome.said
        );
    }
    let outcome = kit(&["run", "--expect", "/nowhere.toml"]);
    assert_eq!(outcome.code, 2, "{}", outcome.said);
    assert!(
        outcome.said.contains("/nowhere.toml: cannot be read"),
        "{}",
        outcome.said
    );
}

/// A target file that attaches to a node, and lists these cases itself.
fn target(folder: &Path, url: &str, cases: &[&str]) -> String {
    let entries = cases
        .iter()
        .map(|case| format!("\n[[expected]]\ncase = \"{case}\"\nreason = \"the file knows it\"\n"));
    let file = folder.join("target.toml");
    let text = format!(
        "name = \"x\"\n[attach]\nurl = \"{url}\"\n{}",
        entries.collect::<String>()
    );
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn the_list_adds_to_the_target_file_and_repeats_nothing_of_it() {
    let (node, folder) = (ignorant(), tempfile::tempdir().unwrap());
    let failed = ids(&judged(&node, &[]), "fail");
    let target = target(folder.path(), &node.url(), &[&failed[0]]);
    let run = |more: &[&str]| {
        let arguments = ["run", "--target", &target, "--timeout", "2", "--select", SELECTION];
        kit(&[&arguments[..], more].concat())
    };
    let written = folder.path().join("rest.toml");
    let written = written.to_str().unwrap();
    assert_eq!(run(&["--write-expect", written]).code, 1);
    assert!(
        !std::fs::read_to_string(written)
            .unwrap()
            .contains(&format!("\"{}\"", failed[0]))
    );
    let together = run(&["--expect", written]);
    assert_eq!(together.code, 0, "{}", together.said);
    let twice = run(&["--expect", &list(folder.path(), &[&failed[1], &failed[0]])]);
    assert_eq!(twice.code, 2, "{}", twice.said);
    assert!(
        twice.said.contains("at /expected/1/case") && twice.said.contains("in the target file as well"),
        "{}",
        twice.said
    );
}

#[test]
fn standard_output_holds_the_list_and_nothing_else() {
    let (node, folder) = (ignorant(), tempfile::tempdir().unwrap());
    let output = Command::new(KIT)
        .args([
            "run",
            "--url",
            &node.url(),
            "--timeout",
            "2",
            "--select",
            SELECTION,
            "--write-expect",
            "-",
            "--report-dir",
        ])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let list: Value = toml::from_str(std::str::from_utf8(&output.stdout).unwrap()).unwrap();
    assert!(list["expected"].as_array().unwrap().len() > 1, "{list}");
    let aside = String::from_utf8_lossy(&output.stderr);
    assert!(
        aside.contains("selected cases did not pass") && aside.contains("report.html"),
        "{aside}"
    );
}

#[test]
fn a_list_that_was_not_read_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = list(folder.path(), &[]);
    let outcome = kit(&["run", "--select", "SEM-07", "--write-expect", &file]);
    assert_eq!(outcome.code, 2, "{}", outcome.said);
    assert!(outcome.said.contains("known.toml: exists already"), "{}", outcome.said);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
}
