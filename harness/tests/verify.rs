//! A published report can be checked by anybody: against its trace, and against a signature.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::{fs, path::Path};

use common::{Outcome, kit};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A small run: its report and its trace are in its folder.
fn run() -> Outcome {
    let ran = kit(&["run", "--select", "DISC-01", "--seed", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    ran
}

fn verify(report: &Path, trace: &Path) -> i32 {
    kit(&["verify", text(report), text(trace)]).code
}

/// Positions all over a file of this length, the first and the last among them.
fn positions(length: usize) -> impl Iterator<Item = usize> {
    const PLACES: usize = 8;
    (0..PLACES).map(move |n| n * (length - 1) / (PLACES - 1))
}

#[test]
fn a_report_follows_from_its_trace_and_a_flipped_byte_anywhere_is_found() {
    let ran = run();
    let (report, trace) = (ran.path("report.json"), ran.path("trace.jsonl"));
    assert_eq!(verify(&report, &trace), 0);
    for file in [&report, &trace] {
        let whole = fs::read(file).unwrap();
        for at in positions(whole.len()) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(file, flipped).unwrap();
            let found = verify(&report, &trace);
            // Wrong, or not even a report or a trace any more.
            assert!(matches!(found, 1 | 2), "byte {at} of {}: {found}", file.display());
        }
        fs::write(file, &whole).unwrap();
    }
    assert_eq!(verify(&report, &trace), 0);
}

#[test]
fn what_was_made_with_other_data_cannot_be_told() {
    let ran = run();
    let data = tempfile::tempdir().unwrap();
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for folder in ["spec", "schemas"] {
        std::os::unix::fs::symlink(top.join(folder), data.path().join(folder)).unwrap();
    }
    let vectors = data.path().join("vectors");
    fs::create_dir(&vectors).unwrap();
    for entry in fs::read_dir(top.join("vectors")).unwrap().flatten() {
        std::os::unix::fs::symlink(entry.path(), vectors.join(entry.file_name())).unwrap();
    }
    let (report, trace) = (ran.path("report.json"), ran.path("trace.jsonl"));
    let with = |data: &Path| kit(&["verify", text(&report), text(&trace), "--data", text(data)]);
    assert_eq!(with(data.path()).code, 0, "links to the same data are the same data");
    fs::write(vectors.join("more.txt"), "one more file").unwrap();
    let outcome = with(data.path());
    assert_eq!(outcome.code, 4, "{}", outcome.said);
    assert!(outcome.said.contains("another edition of vectors/"), "{}", outcome.said);
}

// The example keys of RFC 8410, section 10.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

#[test]
fn a_signature_holds_for_these_bytes_and_this_key_alone() {
    let ran = run();
    let file = |name: &str| ran.path(name);
    let report = file("report.json");
    fs::write(file("key.pem"), PRIVATE).unwrap();
    fs::write(file("pub.pem"), PUBLIC).unwrap();
    let holds = || kit(&["verify", text(&report), "--pubkey", text(&file("pub.pem"))]).code;
    assert_eq!(holds(), 2, "there is no signature yet");
    let signed = kit(&["report", "sign", text(&report), "--key", text(&file("key.pem"))]);
    assert_eq!(signed.code, 0, "{}", signed.said);
    assert_eq!(fs::read(file("report.json.sig")).unwrap().len(), 64);
    assert_eq!(holds(), 0);

    let whole = fs::read_to_string(&report).unwrap();
    fs::write(&report, whole.replacen("\"seed\": 1", "\"seed\": 2", 1)).unwrap();
    assert_eq!(holds(), 1);
    fs::write(&report, &whole).unwrap();
    fs::write(file("pub.pem"), PRIVATE).unwrap();
    assert_eq!(holds(), 2, "a private key is no public key");
    let signed = kit(&["report", "sign", text(&report), "--key", text(&report)]);
    assert_eq!(signed.code, 2);
}

#[test]
fn a_badge_states_version_profile_figures_and_date() {
    let ran = run();
    let report = ran.path("report.json");
    let made = kit(&["report", "badge", text(&report)]);
    assert_eq!(made.code, 0, "{}", made.said);
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    let date = value["started"].as_str().unwrap().split('T').next().unwrap();
    let figures = format!(
        "{}/{} MUST (selection) · {date} · kit {}",
        value["coverage"]["passed"],
        value["coverage"]["musts"],
        env!("CARGO_PKG_VERSION")
    );
    let shield: serde_json::Value = serde_json::from_str(&fs::read_to_string(ran.path("badge.json")).unwrap()).unwrap();
    assert_eq!(shield["schemaVersion"], 1);
    assert_eq!(shield["label"], "Stigmem core");
    assert_eq!(shield["message"], figures);
    let svg = fs::read_to_string(ran.path("badge.svg")).unwrap();
    assert!(svg.contains(&figures), "{svg}");

    // A claim of another time says nothing about today.
    let old = fs::read_to_string(&report).unwrap().replacen(date, "2025-01-01", 1);
    fs::write(&report, old).unwrap();
    assert!(kit(&["report", "badge", text(&report)]).code == 0);
    let svg = fs::read_to_string(ran.path("badge.svg")).unwrap();
    assert!(svg.contains("expired") && svg.contains("6b6b6b"), "{svg}");
}
