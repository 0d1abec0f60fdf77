//! The list of known failures beside a target file, for nodes that are judged again and again: read, held to the vectors, and written
//! from what fails today. `schemas/expected.schema.json` describes it.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use crate::{
    error::InputError,
    judge::Verdict,
    report::{CaseResult, Report, curl::visible},
    schemas::Schemas,
    trace::Deviation,
    vectors::Vectors,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    expected: Vec<Deviation>,
}

/// `own` is what the target file lists itself; nothing may be in both.
pub fn read(
    path: &Path,
    own: &[Deviation],
    vectors: &Vectors,
    schemas: &Schemas,
) -> Result<Vec<Deviation>, InputError> {
    let unreadable = |error: std::io::Error| InputError::new(path, "", format!("cannot be read: {error}"));
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE {
        let what = format!("is {size} bytes; a list of known failures may have {MAX_FILE}");
        return Err(InputError::new(path, "", what));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let list = parse(&text, path, schemas)?;
    check(&list, path, own, vectors)?;
    Ok(list)
}

/// The text of a list, not yet held to the vectors; `path` is what people are told.
pub fn parse(text: &str, path: &Path, schemas: &Schemas) -> Result<Vec<Deviation>, InputError> {
    let malformed = |error: toml::de::Error| InputError::new(path, "", error.to_string().trim_end());
    let value: serde_json::Value = toml::from_str(text).map_err(malformed)?;
    schemas.check_file("expected", &path.display().to_string(), &value)?;
    let list: List = toml::from_str(text).map_err(malformed)?;
    Ok(list.expected)
}

/// A list that names what is not there hides nothing, but somebody believes that it does.
fn check(list: &[Deviation], path: &Path, own: &[Deviation], vectors: &Vectors) -> Result<(), InputError> {
    let mut seen = BTreeMap::new();
    for (n, deviation) in list.iter().enumerate() {
        let case = deviation.case.as_str();
        let what = if let Some(first) = seen.insert(case, n) {
            format!("{case:?} is listed already, at /expected/{first}")
        } else if own.iter().any(|own| own.case == case) {
            format!("{case:?} is listed in the target file as well; one of the two has to go")
        } else if vectors.find(case).is_none() {
            nowhere(case, vectors)
        } else {
            continue;
        };
        return Err(InputError::new(path, &format!("/expected/{n}/case"), what));
    }
    Ok(())
}

fn nowhere(case: &str, vectors: &Vectors) -> String {
    let mut rows = vectors.cases.iter().map(|known| known.id.as_str());
    match rows.find(|id| id.split_once('/').is_some_and(|(table, _)| table == case)) {
        Some(row) => format!("{case:?} is a table; list its rows, such as {row:?}"),
        None => format!("there is no case {case:?}; `stigmem-conformance list --cases` prints all"),
    }
}

/// What a list would have to hold today. What the target file lists itself is left out, for nothing may be in both.
///
/// Of the list that the run was given everything stays that did not pass: reasons were written by people, and a case that was not
/// run says nothing about its failure.
pub fn today(report: &Report, own: &[Deviation], given: &[Deviation]) -> Vec<Deviation> {
    let verdicts: BTreeMap<&str, Verdict> = report
        .cases
        .iter()
        .map(|case| (case.id.as_str(), case.verdict))
        .collect();
    let stays = |known: &&Deviation| verdicts.get(known.case.as_str()) != Some(&Verdict::Pass);
    let is_listed = |case: &CaseResult| own.iter().chain(given).any(|known| known.case == case.id);
    let failures = report.cases.iter().filter(|case| case.verdict == Verdict::Fail);
    let new = failures.filter(|case| !is_listed(case)).map(|case| Deviation {
        case: case.id.clone(),
        reason: reason(case),
    });
    given.iter().filter(stays).cloned().chain(new).collect()
}

/// Something to start from: what was found, on one line.
fn reason(case: &CaseResult) -> String {
    let message = visible(&case.message, LONGEST_REASON).replace(['\n', '\t'], " ");
    match message.chars().count() < SHORTEST_REASON {
        true => format!("the run said: {message}"),
        false => message,
    }
}

/// The list as a file.
pub fn text(report: &Report, list: &[Deviation]) -> String {
    let target = &report.target;
    let node = one_line(&format!(
        "{} {}, profile {}",
        target.name, target.version, report.profile
    ));
    let mut text = format!(
        "# Cases that are known to fail. Edit the reasons: they start as what the run said.\n\
         # Written by `stigmem-conformance run --write-expect`: {node},\n\
         # kit {}, seed {}, begun {}.\n\
         # `run --expect THIS_FILE` fails for any other failure, and for a case of this list that passes.\n",
        one_line(&report.kit),
        report.seed,
        one_line(&report.started)
    );
    if !report.selection.is_empty() {
        let selection = one_line(&report.selection.join(", "));
        text.push_str(&format!("# Only a part was run: {selection}.\n"));
    }
    if list.is_empty() {
        text.push_str("\nexpected = []\n");
    }
    for known in list {
        let [case, reason] = [&known.case, &known.reason].map(|text| toml::Value::String(text.clone()).to_string());
        text.push_str(&format!("\n[[expected]]\ncase = {case}\nreason = {reason}\n"));
    }
    text
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    visible(text, LONGEST_REASON).replace(['\n', '\t'], " ")
}

const MAX_FILE: u64 = 4 << 20;
const LONGEST_REASON: usize = 200;
/// As the schema wants it.
const SHORTEST_REASON: usize = 10;

#[cfg(test)]
mod tests;
