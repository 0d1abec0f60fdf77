//! Every case of the vectors as a test of its own, run against the bundled node.
//!
//! Each profile runs once, for the tests that were asked for; each test then looks up its verdict.

use std::{
    collections::BTreeMap,
    process::{Command, ExitCode},
    sync::{Arc, LazyLock},
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;
use stigmem_conformance::{
    data::Data,
    registry::Registry,
    schemas::Schemas,
    vectors::{self, Case},
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let data = Data::embedded();
    let schemas = Schemas::load(&data).expect("the schemas are right");
    let vectors = vectors::load(&data, &schemas).expect("the vectors are right");
    let registry = Registry::load(&data).expect("the specification is right");
    let profile = |case: &Case| {
        let requirement = case.covers.iter().find_map(|id| registry.get(id));
        requirement
            .map(|requirement| requirement.profile.clone())
            .unwrap_or_default()
    };
    let mut profiles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in &vectors.cases {
        profiles.entry(profile(case)).or_default().push(case.id.clone());
    }
    let (mut trials, mut last) = (Vec::new(), Vec::new());
    for (profile, ids) in profiles {
        let waits = profile == WAITS;
        let asked: Vec<String> = ids.iter().filter(|id| is_asked_for(&arguments, id)).cloned().collect();
        // Whole or nothing: more selectors than a command line holds are not needed when everything is asked for.
        let select = if asked.len() == ids.len() { Vec::new() } else { asked };
        let verdicts = Arc::new(LazyLock::new(move || run(&profile, &select)));
        let mut of_profile = ids.into_iter().map(|id| {
            let verdicts = Arc::clone(&verdicts);
            // Of features that the bundled node declares; the kill matrix plays them where it does not.
            let other = vectors.find(&id).is_some_and(|case| !case.lacks.is_empty());
            Trial::ignorable_test(id.clone(), move || judge((**verdicts).as_ref(), &id)).with_ignored_flag(other)
        });
        if waits {
            // One thread waits for its run from the beginning, while the others go on.
            trials.splice(0..0, of_profile.next());
            last.extend(of_profile);
        } else {
            trials.extend(of_profile);
        }
    }
    trials.extend(last);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The profile whose cases spend their time waiting for what nodes tell each other.
const WAITS: &str = "federation";

fn is_asked_for(arguments: &Arguments, id: &str) -> bool {
    let fits = |filter: &String| {
        if arguments.exact {
            id == filter
        } else {
            id.contains(filter.as_str())
        }
    };
    arguments.filter.as_ref().is_none_or(fits) && !arguments.skip.iter().any(fits)
}

/// A case for adapters with an operation that neither of the bundled ones has, such as middleware that asserts, says nothing of them.
fn judge(verdicts: Result<&Verdicts, &String>, id: &str) -> Result<Completion, Failed> {
    let verdicts = verdicts.map_err(|message| Failed::from(message.clone()))?;
    let (verdict, message) = verdicts
        .of
        .get(id)
        .ok_or_else(|| Failed::from("the report does not hold this case"))?;
    match verdict.as_str() {
        "pass" => Ok(Completion::Completed),
        "not-applicable" if verdicts.of_adapters => Ok(Completion::ignored_with(format!("not run: {message}"))),
        _ => Err(Failed::from(format!("{verdict}: {message}"))),
    }
}

struct Verdicts {
    of: BTreeMap<String, (String, String)>,
    of_adapters: bool,
}

/// Verdict and message of each case that was run.
fn run(profile: &str, select: &[String]) -> Result<Verdicts, String> {
    if profile != "adapter" {
        let of = one(&["run", "--profile", profile], select)?;
        return Ok(Verdicts { of, of_adapters: false });
    }
    // The bundled adapters are two; a case about the other kind says nothing.
    let mut verdicts = one(&["adapter", "--kind", "process"], select)?;
    let others = one(&["adapter", "--kind", "middleware"], select)?;
    for (id, (verdict, message)) in others {
        let known = verdicts.get(&id);
        if verdict != "not-applicable" && known.is_none_or(|(known, _)| known == "pass" || known == "not-applicable") {
            verdicts.insert(id, (verdict, message));
        }
    }
    Ok(Verdicts {
        of: verdicts,
        of_adapters: true,
    })
}

fn one(arguments: &[&str], select: &[String]) -> Result<BTreeMap<String, (String, String)>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_stigmem-conformance"));
    command.args(arguments).arg("--report-dir").arg(folder.path());
    for id in select {
        command.args(["--select", id]);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let report = std::fs::read_to_string(folder.path().join("report.json"))
        .map_err(|_| format!("the run wrote no report: {}", String::from_utf8_lossy(&output.stderr)))?;
    let report: Value = serde_json::from_str(&report).map_err(|error| error.to_string())?;
    let cases = report["cases"].as_array().into_iter().flatten();
    let text = |case: &Value, member: &str| case[member].as_str().unwrap_or_default().to_owned();
    Ok(cases
        .map(|case| (text(case, "id"), (text(case, "verdict"), text(case, "message"))))
        .collect())
}
