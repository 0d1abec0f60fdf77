//! `judge TRACE`: the same report from the recorded trace.

use std::path::PathBuf;

use clap::Args;

use super::{DataArgs, Edition, run, say};
use crate::{error::RunError, exit::Exit, report, trace};

#[derive(Debug, Args)]
pub(super) struct JudgeArgs {
    /// A trace.jsonl that `run` wrote
    trace: PathBuf,
    /// Where the reports go
    #[arg(long, value_name = "DIR", default_value = "target/conformance-judged")]
    report_dir: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn judge(args: &JudgeArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let trace = trace::file::read(&args.trace, &edition.schemas)?;
    for (folder, digest) in &trace.run.digests {
        if edition.data.digest(folder) != *digest {
            super::say_error(&format!(
                "note: the trace was made with another edition of {folder}/; verdicts may differ"
            ));
        }
    }
    let report = report::assemble(
        &trace.run,
        &trace.cases,
        &trace.end,
        &edition.vectors,
        &edition.registry,
        &edition.schemas,
    );
    let report = report.of_trace(trace.digest);
    let written = run::write_reports(&args.report_dir, &report)?;
    say(&run::summary(&report, &written));
    Ok(report.exit())
}
