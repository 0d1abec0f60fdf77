//! `bench`: figures, and `init`: a target file for a node that is running.

use std::io::Write as _;

use super::{DataArgs, Edition, run, runtime, say, until_interrupted};
use crate::{
    bench::{self, BenchArgs},
    drive,
    error::{InputError, RunError},
    exit::Exit,
    init::{self, InitArgs},
    world::node::Ground,
};

pub(super) fn bench(args: &BenchArgs, data: &DataArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(data.data.as_deref())?;
    let scratch = run::scratch()?;
    let ground = run::ground(scratch.path(), 30)?;
    let Some(outcome) = until_interrupted(measure(args, &edition, &ground))? else {
        return Ok(Exit::Interrupted);
    };
    let figures = outcome?;
    // Figures that cannot be written are shown all the same.
    say(&figures.text);
    figures.written?;
    Ok(figures.exit)
}

/// What there is to say of a measurement, whichever it was.
struct Figures {
    text: String,
    written: Result<(), InputError>,
    exit: Exit,
}

async fn measure(args: &BenchArgs, edition: &Edition, ground: &Ground) -> Result<Figures, RunError> {
    let progress = |what: &str| {
        let _ = writeln!(anstream::stderr(), "{what}");
    };
    let (data, schemas) = (&edition.data, &edition.schemas);
    if args.replication {
        let report = bench::replication(args, data, schemas, ground, &progress).await?;
        return Ok(Figures {
            text: report.to_string(),
            written: report.write_json(args),
            exit: report.exit(),
        });
    }
    if args.scopes {
        let report = bench::scopes(args, data, schemas, ground, &progress).await?;
        return Ok(Figures {
            text: report.to_string(),
            written: report.write_json(args),
            exit: report.exit(),
        });
    }
    let report = bench::bench(args, data, schemas, ground, &progress).await?;
    Ok(Figures {
        text: report.to_string(),
        written: report.write_json(args),
        exit: report.exit(),
    })
}

pub(super) fn init(args: &InitArgs, data: &DataArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(data.data.as_deref())?;
    let report = runtime()?.block_on(init::init(args, &edition.schemas, drive::limits(10)))?;
    say(&report.to_string());
    Ok(Exit::Ok)
}
