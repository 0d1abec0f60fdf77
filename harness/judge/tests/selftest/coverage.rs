//! That there are rows for everything: what comes new to the language of the vectors comes with rows that must fail.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use super::{list, read, text};

type Look = fn(&[Value]) -> Result<(), String>;

pub(crate) const ALL: &[(&str, Look)] = &[
    ("every-row-has-an-id-of-its-own", ids),
    ("every-verb-has-rows-that-hold-and-rows-that-must-not", verbs),
    (
        "every-member-of-an-expectation-has-rows-that-must-not-hold",
        expectations,
    ),
    ("every-subject-and-every-check-of-a-rule-has-rows", rules),
];

fn ids(rows: &[Value]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let twice = rows.iter().find(|row| !seen.insert(text(&row["id"])));
    twice.map_or(Ok(()), |row| Err(format!("{} comes twice", row["id"])))
}

/// What stands in a step beside its verb.
const BESIDE: [&str; 11] = [
    "as", "on", "save", "expect", "premise", "control", "secret", // Beside `command`:
    "at", "scopes", "with", "file",
];

fn verbs(rows: &[Value]) -> Result<(), String> {
    let schema = schema();
    let known = schema["$defs"]["step"]["properties"]
        .as_object()
        .expect("members of a step");
    for verb in known.keys().filter(|name| !BESIDE.contains(&name.as_str())) {
        let of_verb = |row: &&Value| row["step"].get(verb).is_some();
        enough(verb, rows.iter().filter(of_verb), 2)?;
    }
    Ok(())
}

fn expectations(rows: &[Value]) -> Result<(), String> {
    let schema = schema();
    let known = schema["$defs"]["expect"]["properties"]
        .as_object()
        .expect("members of an expectation");
    for member in known.keys() {
        let alone = |row: &&Value| {
            let expect = row["step"]["expect"].as_object();
            expect.is_some_and(|expect| expect.keys().eq([member]))
        };
        enough(member, rows.iter().filter(alone), 2)?;
    }
    Ok(())
}

fn rules(rows: &[Value]) -> Result<(), String> {
    let schema = schema();
    let rules: Vec<&Value> = rows.iter().filter(|row| row.get("rule").is_some()).collect();
    for subject in list(&schema["$defs"]["case"]["properties"]["every"]["enum"]) {
        let of_subject = rules.iter().filter(|row| row["rule"]["every"] == *subject);
        enough(text(subject), of_subject.copied(), 1)?;
    }
    for check in ["expect", "constant", "unique"] {
        let with_check = rules.iter().filter(|row| row["rule"].get(check).is_some());
        enough(check, with_check.copied(), 2)?;
    }
    let known = schema["$defs"]["filter"]["properties"]
        .as_object()
        .expect("members of a filter");
    for member in known.keys() {
        let narrowed = rules.iter().filter(|row| row["rule"]["where"].get(member).is_some());
        enough(&format!("where.{member}"), narrowed.copied(), 1)?;
    }
    Ok(())
}

/// One row that holds, and so many that must not.
fn enough<'a>(what: &str, rows: impl Iterator<Item = &'a Value>, fails: usize) -> Result<(), String> {
    let outcomes: Vec<&Value> = rows.map(|row| &row["outcome"]).collect();
    let count = |words: &[&str]| {
        let has = |outcome: &&&Value| words.iter().any(|word| outcome.get(*word).is_some());
        outcomes.iter().filter(has).count()
    };
    let (holding, failing) = (count(&["holds"]), count(&["fails", "unprepared"]));
    if holding >= 1 && failing >= fails {
        return Ok(());
    }
    Err(format!(
        "{what} has {holding} rows that hold and {failing} that must not; it takes 1 and {fails}"
    ))
}

fn schema() -> Value {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/vector.schema.json"))
}
