//! `explore` against nodes that keep the rules, and against some that do not.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::path::Path;

use common::kit;
use serde_json::Value;

/// The bundled node's target file with other words in it.
fn target(folder: &Path, from: &str, to: &str) -> String {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets/bundled.toml");
    let text = std::fs::read_to_string(bundled).unwrap();
    assert!(text.contains(from), "{from} is not in the bundled target file");
    let file = folder.join("target.toml");
    std::fs::write(&file, text.replace(from, to)).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn nodes_that_keep_the_rules_end_as_the_model_says() {
    let outcome = kit(&[
        "explore", "--nodes", "3", "--steps", "30", "--seed", "1", "--rounds", "2",
    ]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    assert!(outcome.said.starts_with("seed 1\n3 nodes in a "), "{}", outcome.said);
    assert_eq!(outcome.said.matches("\npass: ").count(), 2, "{}", outcome.said);
}

#[test]
fn nodes_that_hardly_ever_pull_are_caught_by_a_script_of_a_few_steps() {
    let folder = tempfile::tempdir().unwrap();
    let pulls = |seconds: &str| format!("STIGMEM_FEDERATION_PULL_INTERVAL_S = \"{seconds}\"");
    let lazy = target(folder.path(), &pulls("0.2"), &pulls("3600"));
    let out = folder.path().join("out");
    let outcome = kit(&[
        "explore",
        "--nodes",
        "3",
        "--steps",
        "16",
        "--seed",
        "3",
        "--patience",
        "2",
        "--target",
        &lazy,
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(outcome.code, 1, "{}", outcome.said);
    let script = out.join("explored-seed-3.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(&script).unwrap()).unwrap();
    let steps = file["cases"][0]["steps"].as_array().unwrap();
    assert!(steps.len() <= 5, "{file:#}");
    assert!(steps[0].get("federate").is_some(), "{file:#}");
    assert!(out.join("explored-seed-3.trace.jsonl").exists());

    let script = script.to_str().unwrap();
    let again = kit(&["explore", "--replay", script, "--target", &lazy]);
    assert_eq!(again.code, 1, "{}", again.said);
    let well = kit(&["explore", "--replay", script]);
    assert_eq!(well.code, 0, "{}", well.said);
    assert!(well.said.contains("pass explored-seed-3"), "{}", well.said);
}

#[test]
fn wrong_input_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let lonely = target(folder.path(), "[launch.variants.federation]", "[launch.variants.alone]");
    let attached = file(
        "attached.toml",
        "name = \"far\"\n[attach]\nurl = \"http://127.0.0.1:1\"\n",
    );
    let broken = file("broken.json", "{\"area\": \"relay\"}");
    let unknown = file(
        "unknown.json",
        r#"{"area": "relay", "title": "One", "cases": [{"id": "x", "covers": ["RLY-01"], "why": "one two three four",
            "world": {"nodes": ["a"]}, "steps": [{"fact": "{nobody.id}", "expect": {"status": 200}}]}]}"#,
    );
    for (arguments, words) in [
        (vec!["--nodes", "9"], "--nodes"),
        (vec!["--nodes", "1"], "--nodes"),
        (vec!["--steps", "0"], "--steps"),
        (vec!["--target", "/nowhere.toml"], "/nowhere.toml: cannot be read"),
        (
            vec!["--target", "z=bundled"],
            "z: there is no such node; the nodes are a, b, c, d",
        ),
        (vec!["--target", &attached], "far: explore starts"),
        (vec!["--target", &lonely], "no [launch.variants.federation]"),
        (vec!["--replay", "/nowhere.json"], "/nowhere.json: cannot be read"),
        (vec!["--replay", &broken], "broken.json"),
        (vec!["--replay", &unknown], "unknown.json at /cases/0"),
        (vec!["--replay", &unknown, "--nodes", "3"], "cannot be used with"),
    ] {
        let outcome = kit(&[&["explore"], arguments.as_slice()].concat());
        assert_eq!(outcome.code, 2, "{arguments:?}: {}", outcome.said);
        assert!(outcome.said.contains(words), "{arguments:?}: {}", outcome.said);
    }
}
