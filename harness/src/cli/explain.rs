//! `explain`: what a requirement or a case is about.

use std::fmt::Write as _;

use clap::Args;

use super::{DataArgs, Edition, run::DEFAULT_PROFILE, say};
use crate::{
    error::{InputError, RunError},
    exit::Exit,
    registry::{ADAPTER, Requirement},
    vectors::{Case, CaseBody},
};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A requirement id (SEM-07) or a case id
    id: String,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let cases = &edition.vectors.cases;
    let mut out = String::new();
    if let Some(requirement) = edition.registry.get(&args.id) {
        about_requirement(requirement, cases, &mut out);
    } else {
        let of_id =
            |case: &&Case| case.id == args.id || case.id.split_once('/').is_some_and(|(table, _)| table == args.id);
        let found: Vec<&Case> = cases.iter().filter(of_id).collect();
        if found.is_empty() {
            let message = format!(
                "{:?} is neither a requirement nor a case; `stigmem-conformance list` prints both",
                args.id
            );
            return Err(InputError::at("", "", message).into());
        }
        for case in found {
            about_case(case, &edition, &mut out);
        }
    }
    say(&out);
    Ok(Exit::Ok)
}

fn about_requirement(requirement: &Requirement, cases: &[Case], out: &mut String) {
    let _ = writeln!(
        out,
        "{} · {} · {} · {}",
        requirement.id,
        requirement.level.word(),
        requirement.actor,
        requirement.profile
    );
    let _ = writeln!(out, "\n  {}\n", requirement.text);
    let _ = writeln!(out, "Where: {} — {}", requirement.file, requirement.section);
    if let Some(feature) = &requirement.feature {
        let _ = writeln!(out, "Holds when the target declares the feature {feature:?}.");
    }
    if let Some(feature) = &requirement.unless {
        let _ = writeln!(out, "Holds when the target does not declare the feature {feature:?}.");
    }
    if let Some(open) = &requirement.open {
        let _ = writeln!(out, "Left open: {open}");
    }
    if let Some(reason) = &requirement.not_judged {
        let _ = writeln!(out, "Not judged: {reason}");
    }
    if let Some(missing) = &requirement.pending {
        let _ = writeln!(out, "No case yet: {missing}");
    }
    let own: Vec<&Case> = cases
        .iter()
        .filter(|case| case.covers.contains(&requirement.id))
        .collect();
    if own.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nCases:");
    for case in &own {
        let _ = writeln!(out, "  {}\n    when it fails: {}", case.id, case.why);
    }
    let command = command(Some(requirement));
    let _ = writeln!(out, "\nRun them: {command} --select {}", requirement.id);
}

fn about_case(case: &Case, edition: &Edition, out: &mut String) {
    let _ = writeln!(out, "{} ({}, {} at {})", case.id, case.area, case.file, case.pointer);
    let _ = writeln!(out, "\n  Why it exists: {}\n", case.why);
    for id in &case.covers {
        if let Some(requirement) = edition.registry.get(id) {
            let _ = writeln!(out, "  {} · {} · {}", id, requirement.level.word(), requirement.text);
        }
    }
    match &case.body {
        CaseBody::Adapter(adapter) => {
            let _ = writeln!(out, "\n  Steps:");
            for (n, step) in adapter.steps.iter().enumerate() {
                let role = if step.expect.is_some() { "judges" } else { "prepares" };
                let _ = writeln!(out, "    {} {} ({role})", n + 1, step.name());
            }
        }
        CaseBody::Every(every) => {
            let _ = writeln!(
                out,
                "\n  A rule about every {} of the whole run.",
                format!("{:?}", every.subject).to_lowercase()
            );
        }
        CaseBody::Steps(steps) => {
            let _ = writeln!(out, "\n  Steps:");
            for (n, step) in steps.iter().enumerate() {
                let role = if step.prepares() { "prepares" } else { "judges" };
                let _ = writeln!(out, "    {} {} ({role})", n + 1, step.verb.name());
            }
        }
    }
    if !case.needs.is_empty() {
        let _ = writeln!(out, "  Needs the features {:?}.", case.needs);
    }
    let command = command(case.covers.iter().find_map(|id| edition.registry.get(id)));
    let _ = writeln!(out, "\n  Run it: {command} --select {}\n", case.id);
}

/// What plays the cases of a requirement: a command of its own for adapters, and the profile where it is not the one that is run unasked.
fn command(requirement: Option<&Requirement>) -> String {
    match requirement {
        Some(requirement) if requirement.actor == ADAPTER => "stigmem-conformance adapter --kind …".to_owned(),
        Some(requirement) if requirement.profile != DEFAULT_PROFILE => {
            format!("stigmem-conformance run --profile {}", requirement.profile)
        }
        _ => "stigmem-conformance run".to_owned(),
    }
}
