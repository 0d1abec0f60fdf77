use serde_json::json;

use super::*;
use crate::{schemas::tests::SCHEMAS, vectors::tests::VECTORS};

fn known(case: &str) -> Deviation {
    Deviation {
        case: case.to_owned(),
        reason: format!("somebody knows why {case} fails"),
    }
}

fn report(verdicts: &[(&str, Verdict, &str)]) -> Report {
    let case = |(id, verdict, message): &(&str, Verdict, &str)| {
        json!({
            "id": id, "area": "facts", "covers": [], "why": "", "verdict": verdict, "subjects": 1, "duration_ms": 1,
            "message": message, "repeat": "",
        })
    };
    let report = json!({
        "format": 1,
        "kit": "0.1.0",
        "digests": {},
        "target": { "name": "node\nexpected = 1", "version": "1", "how": "launched", "repeat": "" },
        "profile": "core",
        "selection": ["facts\n[[expected]]"],
        "seed": 1,
        "started": "2026-01-02T03:04:05Z",
        "duration_ms": 1,
        "conclusion": "selection-failed",
        "coverage": { "musts": 1, "judged": 1, "passed": 0, "excluded": 0 },
        "counts": {},
        "requests": 1,
        "areas": [],
        "requirements": [],
        "cases": verdicts.iter().map(case).collect::<Vec<_>>(),
    });
    serde_json::from_value(report).unwrap()
}

fn ids(list: &[Deviation]) -> Vec<&str> {
    list.iter().map(|known| known.case.as_str()).collect()
}

#[test]
fn what_fails_is_listed_and_what_passes_is_taken_out() {
    let report = report(&[
        ("new", Verdict::Fail, "step 1 (fact): expected 201, got 500"),
        ("given", Verdict::Fail, "step 1 (fact): expected 201, got 500"),
        ("own", Verdict::Fail, "step 1 (fact): expected 201, got 500"),
        ("mended", Verdict::Pass, ""),
        ("unseen", Verdict::Inconclusive, "no keys"),
        ("warned", Verdict::Warn, "no etag"),
    ]);
    let given = ["given", "mended", "unseen", "elsewhere"].map(known);
    let list = today(&report, &[known("own")], &given);
    assert_eq!(ids(&list), ["given", "unseen", "elsewhere", "new"]);
    assert_eq!(list[0].reason, "somebody knows why given fails", "people wrote it");
    assert_eq!(list[3].reason, "step 1 (fact): expected 201, got 500");
}

#[test]
fn what_is_written_can_be_read_whatever_a_node_said() {
    let hostile = "''' \"\"\" \\ \u{1b}[2J\n[[expected]]\ncase = \"x\"\u{202e} # 한국어";
    let long = "x".repeat(5_000);
    for said in ["", "short", hostile, &long] {
        let report = report(&[("a", Verdict::Fail, said), ("b/'\"\n", Verdict::Fail, said)]);
        let list = today(&report, &[], &[]);
        let text = text(&report, &list);
        assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{text}");
        let read = parse(&text, Path::new("known.toml"), &SCHEMAS).unwrap();
        assert_eq!(read, list, "{text}");
    }
    let nothing = report(&[("a", Verdict::Pass, "")]);
    let text = text(&nothing, &today(&nothing, &[], &[]));
    assert_eq!(parse(&text, Path::new("known.toml"), &SCHEMAS).unwrap(), []);
}

#[test]
fn a_list_is_held_to_the_vectors() {
    let vectors = &*VECTORS;
    let is_row = |id: &&str| id.contains('/');
    let mut all = vectors.cases.iter().map(|case| case.id.as_str());
    let row = all.find(is_row).unwrap();
    let table = row.split('/').next().unwrap();
    let check = |list: &[Deviation], own: &[Deviation]| check(list, Path::new("known.toml"), own, vectors);
    assert_eq!(check(&[known(row)], &[]), Ok(()));
    for (list, own, pointer, words) in [
        (
            vec![known(row), known("nope\u{1b}")],
            vec![],
            "/expected/1/case",
            "no case \"nope\\u{1b}\"",
        ),
        (vec![known(table)], vec![], "/expected/0/case", "is a table"),
        (
            vec![known(row), known(row)],
            vec![],
            "/expected/1/case",
            "already, at /expected/0",
        ),
        (
            vec![known(row)],
            vec![known(row)],
            "/expected/0/case",
            "in the target file as well",
        ),
    ] {
        let error = check(&list, &own).unwrap_err();
        assert_eq!((error.place.as_str(), error.pointer.as_str()), ("known.toml", pointer));
        assert!(error.message.contains(words), "{error}");
    }
}

#[test]
fn a_reason_that_is_long_enough_is_what_the_run_said() {
    let listed = |said: &str| {
        let report = report(&[("a", Verdict::Fail, said)]);
        today(&report, &[], &[]).remove(0).reason
    };
    assert_eq!(listed("ten chars!"), "ten chars!");
    assert_eq!(listed("nine char"), "the run said: nine char");
    assert_eq!(listed("in\ntwo\tlines"), "in two lines");
}

#[test]
fn a_list_says_where_it_comes_from() {
    let mut report = report(&[]);
    let head = "# Cases that are known to fail. Edit the reasons: they start as what the run said.\n\
                # Written by `stigmem-conformance run --write-expect`: node expected = 1 1, profile core,\n\
                # kit 0.1.0, seed 1, begun 2026-01-02T03:04:05Z.\n\
                # `run --expect THIS_FILE` fails for any other failure, and for a case of this list that passes.\n";
    assert_eq!(
        text(&report, &[]),
        format!("{head}# Only a part was run: facts [[expected]].\n\nexpected = []\n")
    );
    report.selection.clear();
    assert_eq!(
        text(&report, &[known("a")]),
        format!("{head}\n[[expected]]\ncase = \"a\"\nreason = \"somebody knows why a fails\"\n")
    );
}

#[test]
fn a_list_is_read_from_its_file() {
    let vectors = &*VECTORS;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known.toml");
    let read_as = |bytes: &str| {
        fs::write(&path, bytes).unwrap();
        read(&path, &[], vectors, &SCHEMAS)
    };
    let case = vectors.cases[0].id.as_str();
    let listed = vec![known(case)];
    assert_eq!(read_as(&text(&report(&[]), &listed)), Ok(listed));
    assert!(read_as("expected = [").unwrap_err().pointer.is_empty());
    let long = format!("expected = []\n{}", "#".repeat(4_194_304 - 14));
    assert_eq!(read_as(&long), Ok(Vec::new()));
    assert_eq!(
        read_as(&format!("{long}#")).unwrap_err().message,
        "is 4194305 bytes; a list of known failures may have 4194304"
    );
    let nowhere = read(&folder.path().join("nowhere"), &[], vectors, &SCHEMAS).unwrap_err();
    assert!(nowhere.message.starts_with("cannot be read: "), "{nowhere}");
}
