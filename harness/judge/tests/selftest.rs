//! The judge, held to rows of its own: for each kind of step some that hold and some that must not. `selftest/README.md` says how they are written.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "selftest/coverage.rs"]
mod coverage;
#[path = "selftest/rules.rs"]
mod rules;
#[path = "selftest/runs.rs"]
mod runs;
#[path = "selftest/shorthand.rs"]
mod shorthand;
#[path = "selftest/steps.rs"]
mod steps;

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use shorthand::Records;
use stigmem_judge::{
    data::Data,
    schemas::Schemas,
    vectors::{self, Vectors},
};

fn main() -> ExitCode {
    let schemas = Arc::new(Schemas::load(&Data::embedded()).expect("the schemas are right"));
    let rows = Arc::new(rows());
    let mut trials = Vec::new();
    for row in rows.iter().cloned() {
        let schemas = Arc::clone(&schemas);
        trials.push(Trial::test(text(&row["id"]).to_owned(), move || {
            judge(&row, &schemas).map_err(|wrong| Failed::from(format!("{}: {wrong}", row["why"])))
        }));
    }
    for (name, look) in coverage::ALL {
        let rows = Arc::clone(&rows);
        trials.push(Trial::test(*name, move || look(&rows).map_err(Failed::from)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn judge(row: &Value, schemas: &Schemas) -> Result<(), String> {
    if row.get("rule").is_some() {
        rules::judge(row, schemas)
    } else if row.get("verdicts").is_some() {
        runs::judge(row, schemas)
    } else {
        steps::judge(row, schemas)
    }
}

/// All rows of all files, with records and ids written out.
fn rows() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/selftest");
    let records = Records::of(&read(&folder.join("records.json")));
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| {
        path.extension().is_some_and(|extension| extension == "json") && !path.ends_with("records.json")
    });
    paths.sort();
    let files = paths.iter().map(|path| read(path));
    let rows = files.flat_map(|file| file["rows"].as_array().expect("a file has rows").clone());
    rows.map(|row| records.written_out(&row)).collect()
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads cases as any vector file is read.
fn load(cases: &[Value], schemas: &Schemas) -> Result<Vectors, String> {
    let file = json!({"area": "selftest", "title": "Rows of the self-tests", "cases": cases});
    let data = Data::of([("vectors/selftest/rows.json".to_owned(), file.to_string())]);
    vectors::load(&data, schemas).map_err(|error| error.to_string())
}

/// A case with these members, and what every case must have.
fn case(id: &Value, members: &Value) -> Value {
    let mut case = json!({"id": id, "covers": ["SELF-01"], "why": "a row of the self-tests"});
    for (name, value) in members.as_object().expect("an object") {
        case[name] = value.clone();
    }
    case
}

/// The members that a row may have: a slip in one would make it say less.
fn only(members: &Value, known: &[&str]) -> Result<(), String> {
    let names = members.as_object().into_iter().flat_map(|members| members.keys());
    let unknown: Vec<&String> = names.filter(|name| !known.contains(&name.as_str())).collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(format!("the row has members that mean nothing: {unknown:?}"))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}
