//! The binary as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::{KIT, kit};

#[test]
fn a_wrong_flag_is_a_usage_error_that_names_it() {
    let outcome = kit(&["run", "--sede", "5"]);
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.said.contains("--sede") && outcome.said.contains("--seed"),
        "{}",
        outcome.said
    );
}

#[test]
fn a_bad_url_a_missing_file_and_a_bad_file_say_where_and_what() {
    for (arguments, words) in [
        (vec!["run", "--url", "localhost:80"], "is not an http or https URL"),
        (vec!["run", "--url", "http://127.0.0.1:1/?x=1"], "without query"),
        (
            vec!["run", "--target", "/nowhere/at-all.toml"],
            "/nowhere/at-all.toml: cannot be read",
        ),
        (vec!["run", "--profile", "federatoin"], "is not a profile"),
        (vec!["run", "--data", "/nowhere"], "--data wants a folder"),
        (vec!["explain", "SEM-999"], "neither a requirement nor a case"),
        (vec!["judge", "/nowhere.jsonl"], "/nowhere.jsonl: cannot be read"),
    ] {
        let outcome = kit(&arguments);
        assert_eq!(outcome.code, 2, "{arguments:?}: {}", outcome.said);
        assert!(outcome.said.contains(words), "{arguments:?}: {}", outcome.said);
    }
}

#[test]
fn a_target_file_is_refused_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    for (text, words) in [
        ("name = 5", "at /name"),
        ("name = \"x\"\n[launch]\ncommand = []", "at /launch/command"),
        ("name = \"x\"\n[launch]\ncomand = [\"x\"]", "at /launch"),
        ("name = \"x\"", "target"),
        ("name = \"x", "line 1"),
    ] {
        let file = folder.path().join("target.toml");
        std::fs::write(&file, text).unwrap();
        let outcome = kit(&["run", "--target", file.to_str().unwrap()]);
        assert_eq!(outcome.code, 2, "{text}: {}", outcome.said);
        assert!(
            outcome.said.contains(words) && outcome.said.contains("target.toml"),
            "{text}: {}",
            outcome.said
        );
    }
}

#[test]
fn explain_tells_a_requirement_and_a_case() {
    let outcome = kit(&["explain", "SEM-07"]);
    assert_eq!(outcome.code, 0);
    let sentence = "After a retraction, a default query returns none of the facts it withdraws.";
    assert!(
        outcome.said.contains(sentence) && outcome.said.contains("when it fails:"),
        "{}",
        outcome.said
    );
    let case = kit(&["list", "--cases", "SEM-07"])
        .said
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert!(kit(&["explain", &case]).said.contains("Why it exists:"));
}

#[test]
fn a_selected_run_passes_but_never_says_conformant() {
    let outcome = kit(&["run", "--select", "SEM-07", "--seed", "7"]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    for text in [
        &outcome.said,
        &outcome.file("report.html"),
        &outcome.file("report.md"),
        &outcome.file("report.xml"),
    ] {
        let words = text.replace("stigmem-conformance", "").to_lowercase();
        assert!(!words.contains("conformant"), "{text}");
    }
    assert_eq!(outcome.report.as_ref().unwrap()["seed"], 7);
}

#[test]
fn a_run_of_all_profiles_says_the_result_in_each() {
    let outcome = kit(&["run", "--profile", "full", "--select", "SEM-07", "--select", "SYN-09"]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let report = outcome.report.as_ref().unwrap();
    let parts = report["profiles"].as_array().unwrap();
    let names: Vec<&str> = parts.iter().map(|part| part["profile"].as_str().unwrap()).collect();
    assert_eq!(names, ["core", "synthesis"]);
    assert!(
        parts.iter().all(|part| part["conclusion"] == "selection-passed"),
        "{parts:?}"
    );
    assert!(
        outcome.said.contains("synthesis: the selected cases passed"),
        "{}",
        outcome.said
    );
    let again = kit(&["judge", outcome.path("trace.jsonl").to_str().unwrap()]);
    assert_eq!(again.report, outcome.report);
}

#[test]
fn judging_the_trace_again_gives_the_same_report() {
    let first = kit(&["run", "--select", "retraction", "--select", "HLC-01"]);
    let again = kit(&["judge", first.path("trace.jsonl").to_str().unwrap()]);
    assert_eq!(again.code, first.code, "{}", again.said);
    assert_eq!(again.report, first.report);
}

#[test]
fn a_trace_that_was_cut_or_changed_is_refused() {
    let first = kit(&["run", "--select", "SEM-07"]);
    let trace = first.file("trace.jsonl");
    let lines: Vec<&str> = trace.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    let short = [&lines[..1], &lines[lines.len() - 1..]].concat().join("\n");
    for (text, words) in [
        (cut.as_str(), "does not end"),
        (&short, "announced"),
        ("{}\n", "trace"),
        ("<html>", "is not JSON"),
    ] {
        let file = first.path("cut.jsonl");
        std::fs::write(&file, text).unwrap();
        let outcome = kit(&["judge", file.to_str().unwrap()]);
        assert_eq!(outcome.code, 2, "{words}: {}", outcome.said);
        assert!(
            outcome.said.contains(words) && outcome.said.contains("cut.jsonl"),
            "{words}: {}",
            outcome.said
        );
    }
}

#[test]
fn no_raw_key_is_written_down() {
    let outcome = kit(&["run", "--select", "KEY-01", "--select", "KEY-03", "--keep"]);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let trace = outcome.file("trace.jsonl");
    assert!(trace.contains("Bearer {key:"), "credentials are shown by their names");
    assert!(trace.contains("{secret:"), "a created key is replaced");
}

/// Children of the kit, by the folder that only they have in their environment, with their command lines.
fn processes_with(mark: &str) -> Vec<(String, String)> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let read = |what: &str| std::fs::read(entry.path().join(what)).ok();
        let environment = String::from_utf8_lossy(&read("environ")?).into_owned();
        let command = String::from_utf8_lossy(&read("cmdline")?).replace('\0', " ");
        let id = entry.file_name().to_string_lossy().into_owned();
        environment.contains(mark).then_some((id, command))
    });
    processes.collect()
}

/// Ends a run of nodes alone, or of worlds, in the middle with a signal; afterwards no process of it is left.
fn nothing_is_left_after(signal: &str, selection: &[&str], also_shepherds: bool) {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().to_str().unwrap().to_owned();
    let mut run = Command::new(KIT)
        .arg("run")
        .args(selection)
        .arg("--report-dir")
        .arg(folder.path())
        .env("STIGMEM_TEST_MARK", &mark)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let until = |done: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !done() {
            assert!(
                Instant::now() < deadline,
                "it took too long; left are {:?}",
                processes_with(&mark)
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    };
    // The kit, a shepherd and a node.
    until(&|| processes_with(&mark).len() >= 3);
    let shepherds = processes_with(&mark)
        .into_iter()
        .filter(|(_, command)| also_shepherds && command.contains(" shepherd "));
    let all = shepherds.map(|(id, _)| id).chain([run.id().to_string()]);
    Command::new("kill").arg(signal).args(all).status().unwrap();
    run.wait().unwrap();
    until(&|| processes_with(&mark).is_empty());
    let mut said = String::new();
    BufReader::new(run.stderr.take().unwrap())
        .read_to_string(&mut said)
        .unwrap();
    assert!(
        signal != "-INT" || said.lines().any(|line| line.contains("interrupted")),
        "{said}"
    );
}

const NODES: [&str; 4] = ["--select", "durability", "--select", "facts"];
const WORLDS: [&str; 4] = ["--profile", "federation", "--select", "relay"];

#[test]
fn nothing_is_left_after_an_interrupt() {
    nothing_is_left_after("-INT", &NODES, false);
}

#[test]
fn nothing_is_left_when_the_kit_itself_is_killed() {
    nothing_is_left_after("-KILL", &NODES, false);
}

#[test]
fn no_world_is_left_after_an_interrupt() {
    nothing_is_left_after("-INT", &WORLDS, false);
}

#[test]
fn no_world_is_left_when_the_kit_itself_is_killed() {
    nothing_is_left_after("-KILL", &WORLDS, false);
}

/// As `killall` does: shepherds have the kit's name.
#[test]
fn no_world_is_left_when_its_shepherds_are_asked_to_end_too() {
    nothing_is_left_after("-TERM", &WORLDS, true);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut list = Command::new(KIT).arg("list").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(list.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(list.wait().unwrap().code(), Some(0));
}
