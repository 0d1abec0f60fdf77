//! `demo`: federation on this machine, step by step.

use std::{path::PathBuf, time::Instant};

use clap::Args;

use super::{DataArgs, Edition, run, say, until_interrupted};
use crate::{demo, error::RunError, exit::Exit, target::Target};

#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// Target file of the nodes; without it the bundled node
    #[arg(long, value_name = "FILE")]
    target: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn demo(args: &DemoArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let target = match &args.target {
        Some(file) => Target::read(file, &edition.schemas)?,
        None => Target::bundled(&edition.data, &edition.schemas)?,
    };
    let scratch = run::scratch()?;
    let ground = run::ground(scratch.path(), 10)?;
    let started = Instant::now();
    let tell = |line: &str| say(&format!("{line}\n"));
    match until_interrupted(demo::demo(&ground, &target, &tell))? {
        None => Ok(Exit::Interrupted),
        Some(outcome) => {
            outcome?;
            say(&format!(
                "All of it took {:.1} s; the nodes and their files are gone.\n",
                started.elapsed().as_secs_f64()
            ));
            Ok(Exit::Ok)
        }
    }
}
