use serde_json::{Value, json};

use super::*;
use crate::{data::Data, schemas::tests::SCHEMAS, vectors};

fn row(outcome: Outcome, caught_by: &[&str], strays: &[&str]) -> Row {
    let stray = |case: &&str| Stray {
        case: (*case).to_owned(),
        message: String::new(),
    };
    Row {
        outcome,
        caught_by: caught_by.iter().map(ToString::to_string).collect(),
        strays: strays.iter().map(stray).collect(),
        id: "sem-01-x".to_owned(),
        breaks: vec!["SEM-01".to_owned()],
        says: "It lies.".to_owned(),
        by: "wire".to_owned(),
        also: Vec::new(),
        also_because: None,
        played: 0,
        inconclusive: 0,
        why: None,
    }
}

fn matrix(rows: Vec<Row>) -> Matrix {
    Matrix {
        format: 1,
        kit: "0.1.0".to_owned(),
        digests: BTreeMap::new(),
        target: "node".to_owned(),
        profiles: vec!["core".to_owned()],
        selection: Vec::new(),
        seed: 1,
        started: String::new(),
        duration_ms: 1,
        summary: Summary::default(),
        not_green: Vec::new(),
        rows,
        toothless: Vec::new(),
        unbroken: vec!["SEM-09".to_owned()],
        teeth: BTreeMap::new(),
    }
}

fn cases() -> BTreeSet<String> {
    ["bites", "nibbles", "gums"].map(str::to_owned).into()
}

fn rows() -> Vec<Row> {
    vec![
        row(Outcome::Killed, &["bites", "nibbles"], &[]),
        row(Outcome::Killed, &["bites"], &["another"]),
        row(Outcome::Void, &[], &[]),
        row(Outcome::Survived, &[], &[]),
        row(Outcome::Survived, &[], &[]),
        row(Outcome::Survived, &[], &[]),
    ]
}

#[test]
fn a_matrix_counts_what_it_lists() {
    let counted = matrix(rows()).counted(&cases(), 5);
    let teeth = [("bites", 2), ("gums", 0), ("nibbles", 1)];
    assert_eq!(
        counted.teeth,
        BTreeMap::from(teeth.map(|(case, bites)| (case.to_owned(), bites)))
    );
    assert_eq!(counted.toothless, ["gums"]);
    assert_eq!(
        counted.summary,
        Summary {
            deviations: 6,
            killed: 2,
            void: 1,
            survived: 3,
            toothless: 1,
            straying: 1,
            cases: 3,
            requirements: 5,
            unbroken: 1,
        }
    );
}

#[test]
fn some_deviations_say_nothing_about_toothless_cases() {
    let mut some = matrix(rows());
    some.selection = vec!["sem-01-x".to_owned()];
    let counted = some.counted(&cases(), 5);
    assert_eq!((counted.toothless, counted.summary.toothless), (Vec::new(), 0));
}

#[test]
fn a_proof_has_no_hole() {
    let proof = || {
        let mut proof = matrix(Vec::new());
        (proof.summary.deviations, proof.summary.killed) = (2, 2);
        proof
    };
    assert!(proof().is_proof());
    let holes: [fn(&mut Matrix); 6] = [
        |matrix| matrix.summary.killed = 1,
        |matrix| matrix.summary.toothless = 1,
        |matrix| matrix.summary.straying = 1,
        |matrix| matrix.summary.unbroken = 1,
        |matrix| matrix.not_green = vec!["shaky".to_owned()],
        |matrix| matrix.summary = Summary::default(),
    ];
    for hole in holes {
        let mut matrix = proof();
        hole(&mut matrix);
        assert!(!matrix.is_proof(), "{:?}", matrix.summary);
    }
}

#[test]
fn an_outcome_is_called_as_in_files() {
    for (outcome, word) in [
        (Outcome::Killed, "killed"),
        (Outcome::Void, "void"),
        (Outcome::Survived, "survived"),
    ] {
        assert_eq!(
            (outcome.word(), serde_json::to_value(outcome).unwrap()),
            (word, Value::from(word))
        );
    }
}

#[test]
fn a_judged_requirement_that_nothing_breaks_is_unbroken() {
    let spec = "> **SEM-01** · MUST · node · core\n> Text.\n\n> **SEM-02** · MUST · node · core\n> Text.\n\n\
                > **SEM-03** · MUST · node · core\n> Text.\n\n> **SEM-04** · MUST · node · core\n> Text.\n> not judged: no\n\n\
                > **FED-01** · MUST · node · federation\n> Text.\n";
    let case = |id: &str, covers: &str| json!({"id": id, "covers": [covers], "why": "people would act on it", "steps": [{"get": "/x"}]});
    let cases: Vec<Value> = vec![
        case("a", "SEM-01"),
        case("b", "SEM-02"),
        case("c", "SEM-04"),
        case("d", "FED-01"),
    ];
    let file = json!({"area": "facts", "title": "Some cases", "cases": cases});
    let data = Data::of([
        ("spec/x.md".to_owned(), spec.to_owned()),
        ("vectors/facts/some.json".to_owned(), file.to_string()),
    ]);
    let vectors = vectors::load(&data, &SCHEMAS).unwrap();
    let registry = Registry::load(&data).unwrap();
    let broken = BTreeSet::from(["SEM-01"]);
    assert_eq!(unbroken(&registry, &vectors, "core", &broken), ["SEM-02"]);
    assert_eq!(unbroken(&registry, &vectors, "federation", &broken), ["FED-01"]);
}
