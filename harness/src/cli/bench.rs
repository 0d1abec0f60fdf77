//! `bench`: figures, and `init`: a target file for a node that is running.

use std::io::Write as _;

use super::{DataArgs, Edition, interrupted, run, runtime, say};
use crate::{
    bench::{self, BenchArgs},
    drive,
    error::RunError,
    exit::Exit,
    init::{self, InitArgs},
};

pub(super) fn bench(args: &BenchArgs, data: &DataArgs) -> Result<Exit, RunError> {
    if args.replication {
        return replication(args, data);
    }
    let edition = Edition::read(data.data.as_deref())?;
    let scratch = run::scratch()?;
    let ground = run::ground(scratch.path(), 30)?;
    let progress = |what: &str| {
        let _ = writeln!(anstream::stderr(), "{what}");
    };
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = bench::bench(args, &edition.data, &edition.schemas, &ground, &progress) => Some(outcome),
            () = interrupted() => None,
        }
    });
    runtime.shutdown_background();
    let Some(outcome) = outcome else {
        return Ok(Exit::Interrupted);
    };
    let report = outcome?;
    say(&report.to_string());
    report.write_json(args)?;
    Ok(report.exit())
}

fn replication(args: &BenchArgs, data: &DataArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(data.data.as_deref())?;
    let scratch = run::scratch()?;
    let ground = run::ground(scratch.path(), 30)?;
    let progress = |what: &str| {
        let _ = writeln!(anstream::stderr(), "{what}");
    };
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = bench::replication(args, &edition.data, &edition.schemas, &ground, &progress) => Some(outcome),
            () = interrupted() => None,
        }
    });
    runtime.shutdown_background();
    let Some(outcome) = outcome else {
        return Ok(Exit::Interrupted);
    };
    let report = outcome?;
    say(&report.to_string());
    report.write_json(args)?;
    Ok(report.exit())
}

pub(super) fn init(args: &InitArgs, data: &DataArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(data.data.as_deref())?;
    let report = runtime()?.block_on(init::init(args, &edition.schemas, drive::limits(10)))?;
    say(&report.to_string());
    Ok(Exit::Ok)
}
