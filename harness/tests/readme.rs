//! What the README shows is what the program prints.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::path::Path;

use common::kit;

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    std::fs::read_to_string(path).unwrap()
}

/// The text between the markers of a generated part.
#[track_caller]
fn part(name: &str) -> String {
    let text = readme();
    let (_, rest) = text.split_once(&format!("<!-- {name}: ")).expect("the opening marker");
    let (_, rest) = rest.split_once("-->\n").expect("the end of the opening marker");
    let (part, _) = rest
        .split_once(&format!("<!-- /{name} -->"))
        .expect("the closing marker");
    part.trim().to_owned()
}

#[test]
fn the_coverage_table_is_current() {
    assert_eq!(
        part("coverage"),
        kit(&["spec", "coverage"]).said.trim(),
        "run `stigmem-conformance spec coverage`"
    );
}

#[test]
fn the_options_are_current() {
    let shown = part("options");
    let shown = shown.trim_start_matches("```\n").trim_end_matches("\n```");
    let help = std::process::Command::new(common::KIT)
        .args(["run", "--help"])
        .output()
        .unwrap();
    assert_eq!(
        shown,
        String::from_utf8_lossy(&help.stdout).trim(),
        "run `stigmem-conformance run --help`"
    );
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_help() {
    let (text, help) = (readme(), kit(&["--help"]).said);
    let codes = help.lines().filter_map(|line| {
        let (code, meaning) = line.trim().split_once(' ')?;
        code.parse::<u8>().ok().map(|code| (code, meaning.trim().to_owned()))
    });
    let codes: Vec<(u8, String)> = codes.collect();
    assert_eq!(codes.len(), 7);
    for (code, meaning) in codes {
        assert!(text.contains(&format!("| {code} | {meaning} |")), "{code} {meaning}");
    }
}
