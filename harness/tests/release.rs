//! What is released cannot deviate.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::{collections::BTreeSet, fs, path::Path};

use common::{KIT, kit};
use serde_json::Value;

/// Everything that the deviation files tell a node that was built for it.
fn all_told() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deviations");
    let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut told = BTreeSet::new();
    for path in texts {
        let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for deviation in file["deviations"].as_array().unwrap() {
            let policies = deviation["node"].as_object().into_iter().flatten();
            told.extend(policies.map(|(policy, value)| format!("{policy}={}", value.as_str().unwrap())));
        }
    }
    told
}

#[test]
fn a_node_that_is_told_every_deviation_at_once_keeps_to_the_rules() {
    let told: Vec<String> = all_told().into_iter().collect();
    assert!(told.len() > 300, "{} policies and values", told.len());
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets/bundled.toml");
    let bundled = fs::read_to_string(bundled).unwrap();
    let with = format!("[launch.env]\nSTIGMEM_DEVIATION = \"{}\"\n", told.join(","));
    let target = tempfile::tempdir().unwrap();
    let file = target.path().join("told.toml");
    assert!(bundled.contains("[launch.env]\n"), "the settings of the bundled node");
    fs::write(&file, bundled.replacen("[launch.env]\n", &with, 1)).unwrap();
    let outcome = kit(&[
        "run",
        "--target",
        file.to_str().unwrap(),
        "--select",
        "SEM,CID,URI",
        "--seed",
        "1",
    ]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
}

#[test]
fn the_program_does_not_hold_what_reads_deviations() {
    let bytes = fs::read(KIT).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(
        holds("this setting is not known and has no effect"),
        "the node is in the program"
    );
    assert!(
        !holds("there is no policy "),
        "it was built with the feature `deviations`"
    );
}

#[test]
fn the_kill_matrix_says_that_this_node_cannot_deviate() {
    let outcome = kit(&["kill-matrix", "--select", "SEM-07"]);
    assert_eq!(outcome.code, 2, "{}", outcome.said);
    assert!(outcome.said.contains("--features deviations"), "{}", outcome.said);
}
