use std::fs;

use super::*;
use crate::{
    schemas::tests::SCHEMAS,
    trace::{LeftOut, LeftOutAs, TargetRecord},
};

fn run() -> RunRecord {
    RunRecord {
        format: 1,
        kit: "0.1.0".to_owned(),
        seed: u64::MAX,
        started: "2026-01-02T03:04:05Z".to_owned(),
        profile: "core".to_owned(),
        selection: Vec::new(),
        target: TargetRecord {
            name: "node".to_owned(),
            version: "1".to_owned(),
            how: "attached".to_owned(),
            features: Vec::new(),
            repeat: "run".to_owned(),
            expected: Vec::new(),
        },
        digests: [("spec".to_owned(), format!("sha256:{}", "0a".repeat(32)))].into(),
        left_out: vec![LeftOut {
            case: "c".to_owned(),
            verdict: LeftOutAs::Inconclusive,
            reason: "no keys".to_owned(),
        }],
    }
}

fn cases() -> Vec<CaseRecord> {
    let case = |id: &str| CaseRecord {
        case: id.to_owned(),
        ..CaseRecord::default()
    };
    vec![case("a"), case("b")]
}

fn end(cases: usize) -> EndRecord {
    EndRecord {
        cases,
        exchanges: 3,
        duration_ms: 1,
    }
}

/// The lines of a trace.
fn lines() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    write(&path, &run(), &cases(), &end(2)).unwrap();
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn refused(lines: &[&str]) -> String {
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    read_from("t.jsonl", text.as_bytes(), &SCHEMAS).unwrap_err().to_string()
}

#[test]
fn a_trace_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let digest = write(&path, &run(), &cases(), &end(2)).unwrap();
    let read = read(&path, &SCHEMAS).unwrap();
    assert_eq!((read.run, read.cases, read.end), (run(), cases(), end(2)));
    assert_eq!(read.digest, digest);
    let bytes = Sha256::digest(fs::read(&path).unwrap());
    assert_eq!(digest, format!("sha256:{}", data_encoding::HEXLOWER.encode(&bytes)));
}

#[test]
fn what_is_no_trace_is_refused_with_its_line() {
    let lines = lines();
    let [run, one, other, end] = [0, 1, 2, 3].map(|n| lines[n].as_str());
    assert_eq!(lines.len(), 4);
    let cut = ": the trace was cut short, or is none";
    assert_eq!(refused(&[]), format!("t.jsonl: it does not start with a run line{cut}"));
    assert_eq!(
        refused(&[one, other, end]),
        format!("t.jsonl: it does not start with a run line{cut}")
    );
    assert_eq!(
        refused(&[run, one, other]),
        format!("t.jsonl: it does not end with an end line{cut}")
    );
    assert_eq!(
        refused(&[run, one, end]),
        format!("t.jsonl: 2 cases are announced and 1 are there{cut}")
    );
    assert_eq!(refused(&[run, run, one, other, end]), "t.jsonl:2: a second first line");
    assert!(refused(&[run, "{"]).starts_with("t.jsonl:2: is not JSON: "));
    assert!(refused(&[run, one, "{\"case\":{}}"]).starts_with("t.jsonl:3"));
}

/// What is written goes through a buffer, and the last of it may find no room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let error = write(Path::new("/dev/full"), &run(), &cases(), &end(2)).unwrap_err();
    assert!(
        error.to_string().starts_with("/dev/full: cannot be written: "),
        "{error}"
    );
}
