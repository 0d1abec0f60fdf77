//! `spec lint` and `spec coverage`.

use std::fmt::Write as _;

use clap::Subcommand;

use super::{DataArgs, Edition, say};
use crate::{coverage, error::RunError, exit::Exit, vectors::lint};

#[derive(Debug, Subcommand)]
pub(super) enum SpecCommand {
    /// Check the specification and the vectors against each other
    Lint {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Print the coverage table of the README
    Coverage {
        #[command(flatten)]
        data: DataArgs,
    },
}

pub(super) fn spec(command: &SpecCommand) -> Result<Exit, RunError> {
    match command {
        SpecCommand::Lint { data } => {
            let edition = Edition::read(data.data.as_deref())?;
            let problems = lint::lint(
                &edition.vectors,
                &edition.registry,
                &edition.schemas,
                &edition.registry.features(),
            );
            let mut out = String::new();
            for problem in &problems {
                let _ = writeln!(out, "{problem}");
            }
            let (requirements, cases) = (edition.registry.requirements.len(), edition.vectors.cases.len());
            let _ = writeln!(
                out,
                "{requirements} requirements, {cases} cases, {} problems",
                problems.len()
            );
            say(&out);
            Ok(if problems.is_empty() { Exit::Ok } else { Exit::Usage })
        }
        SpecCommand::Coverage { data } => {
            let edition = Edition::read(data.data.as_deref())?;
            say(&coverage::table(&edition.registry, &edition.vectors));
            Ok(Exit::Ok)
        }
    }
}
