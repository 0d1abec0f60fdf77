//! `verify`: whether a report is what its trace says, and who signed it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{DataArgs, Edition, say, say_error};
use crate::{
    error::RunError,
    exit::Exit,
    report::{self, Report, signature},
    trace::{self, RunRecord},
};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The report.json to check
    report: PathBuf,
    /// The trace.jsonl that it was judged from; may be left out when only the signature is to be checked
    #[arg(required_unless_present = "pubkey")]
    trace: Option<PathBuf>,
    /// PEM file with the Ed25519 public key of whoever signed the report
    #[arg(long, value_name = "FILE")]
    pubkey: Option<PathBuf>,
    /// The signature; without it, the file beside the report that is named like it, with `.sig` at the end
    #[arg(long, value_name = "FILE", requires = "pubkey")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn verify(args: &VerifyArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let (text, report) = report::file::read_with_text(&args.report, &edition.schemas)?;
    if let Some(key) = &args.pubkey {
        let key = signature::public_key(key)?;
        let file = args
            .signature
            .clone()
            .unwrap_or_else(|| signature::beside(&args.report));
        if !signature::holds(&key, text.as_bytes(), &file)? {
            say_error(&format!(
                "{}: the signature in {} was not made with this key over these bytes",
                args.report.display(),
                file.display()
            ));
            return Ok(Exit::NotConformant);
        }
        say("The signature holds: nobody changed the report since it was signed with this key.\n");
    }
    match &args.trace {
        Some(trace) => against_trace(args, &edition, trace, &text, &report),
        None => {
            say("The trace was not looked at: nothing is said about how the verdicts came about.\n");
            Ok(Exit::Ok)
        }
    }
}

fn against_trace(
    args: &VerifyArgs,
    edition: &Edition,
    path: &Path,
    text: &str,
    report: &Report,
) -> Result<Exit, RunError> {
    let trace = trace::file::read(path, &edition.schemas)?;
    let wrong = |what: &str| {
        say_error(&format!("{}: {what}", args.report.display()));
        Ok(Exit::NotConformant)
    };
    match &report.trace {
        None => return wrong("it does not name its trace, as reports of this kit do"),
        Some(named) if *named != trace.digest => {
            return wrong("it was judged from another trace: the SHA-256 of this one is not the one in the report");
        }
        Some(_) => {}
    }
    if let Some(difference) = other_edition(edition, &trace.run) {
        say_error(&difference);
        return Ok(Exit::TooLittle);
    }
    let again = report::assemble(
        &trace.run,
        &trace.cases,
        &trace.end,
        &edition.vectors,
        &edition.registry,
        &edition.schemas,
    );
    let again = report::json::render(&again.of_trace(trace.digest))?;
    if again != text {
        return wrong(&what_differs(text, &again));
    }
    say(&format!(
        "Verified: {} follows from {}, byte for byte.\n",
        args.report.display(),
        path.display()
    ));
    Ok(Exit::Ok)
}

/// Verdicts are a function of the trace and of these; with others nothing can be said.
fn other_edition(edition: &Edition, run: &RunRecord) -> Option<String> {
    let ours = env!("CARGO_PKG_VERSION");
    if run.kit != ours {
        let theirs = report::curl::visible(&run.kit, 40);
        return Some(format!(
            "the trace was made with kit {theirs}, and this is {ours}: verify it with that version"
        ));
    }
    let differs = |(folder, digest): &(&String, &String)| edition.data.digest(&format!("{folder}/")) != **digest;
    let (folder, _) = run.digests.iter().find(differs)?;
    Some(format!(
        "the trace was made with another edition of {}/: verify it with the kit that made it, or give its data with --data",
        report::curl::visible(folder, 40)
    ))
}

fn what_differs(text: &str, again: &str) -> String {
    let line = text.lines().zip(again.lines()).position(|(one, other)| one != other);
    let line = line.unwrap_or_else(|| text.lines().count().min(again.lines().count()));
    let at = |text: &str| {
        let found = text.lines().nth(line).unwrap_or("the end of the file");
        report::curl::visible(found.trim(), 120)
    };
    format!(
        "line {} is not what the trace says: expected `{}`, got `{}`",
        line + 1,
        at(again),
        at(text)
    )
}

pub(super) const EXIT_CODES: &str = "Exit codes:
  0   the report follows from the trace, and the signature holds where a key was given
  1   it does not
  2   wrong invocation, or a file that is no report, trace, key or signature
  4   cannot be told: the report was made with another version of the kit or of its data";
