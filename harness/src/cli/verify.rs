//! `verify`: whether a report is what its trace says, and who signed it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{DataArgs, Edition, say, say_error};
use crate::{
    error::RunError,
    exit::Exit,
    report::{
        self, Report, signature,
        verify::{self, Verified},
    },
    trace,
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
    let with = verify::Edition {
        data: &edition.data,
        vectors: &edition.vectors,
        registry: &edition.registry,
        schemas: &edition.schemas,
    };
    match verify::verify(text, report, &trace, with)? {
        Verified::Follows => {
            say(&format!(
                "Verified: {} follows from {}, byte for byte.\n",
                args.report.display(),
                path.display()
            ));
            Ok(Exit::Ok)
        }
        Verified::Broken(what) => {
            say_error(&format!("{}: {what}", args.report.display()));
            Ok(Exit::NotConformant)
        }
        Verified::Untold(why) => {
            say_error(&why);
            Ok(Exit::TooLittle)
        }
    }
}

pub(super) const EXIT_CODES: &str = "Exit codes:
  0   the report follows from the trace, and the signature holds where a key was given
  1   it does not
  2   wrong invocation, or a file that is no report, trace, key or signature
  4   cannot be told: the report was made with another version of the kit or of its data";
