//! `run --expect` and `run --write-expect`: failures that are known.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Edition, run::RunArgs, say};
use crate::{error::InputError, expected, report::Report, target::Target, trace::Deviation};

/// What is known before a run, and where the list goes after it.
pub(super) struct Known {
    /// Of the target file.
    own: Vec<Deviation>,
    /// Of the list beside it.
    given: Vec<Deviation>,
    write: Option<PathBuf>,
}

impl Known {
    /// Reads the list, and adds it to what the target file lists.
    pub(super) fn read(args: &RunArgs, target: &mut Target, edition: &Edition) -> Result<Self, InputError> {
        let own = target.expected.clone();
        let given = match &args.expect {
            Some(path) => expected::read(path, &own, &edition.vectors, &edition.schemas)?,
            None => Vec::new(),
        };
        if let Some(path) = &args.write_expect {
            may_be_written(path, args.expect.as_deref())?;
        }
        target.expected.extend(given.iter().cloned());
        Ok(Self {
            own,
            given,
            write: args.write_expect.clone(),
        })
    }

    /// Whether the list is what goes to standard output, and everything else has to make way.
    pub(super) fn is_the_output(&self) -> bool {
        self.write.as_deref().is_some_and(is_output)
    }

    /// Writes the list where one is wanted; the name of the file.
    pub(super) fn write(&self, report: &Report) -> Result<Option<String>, InputError> {
        let Some(path) = &self.write else { return Ok(None) };
        let text = expected::text(report, &expected::today(report, &self.own, &self.given));
        if is_output(path) {
            say(&text);
            return Ok(None);
        }
        fs::write(path, text).map_err(|error| InputError::new(path, "", format!("cannot be written: {error}")))?;
        Ok(Some(path.display().to_string()))
    }
}

fn is_output(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reasons that people wrote are kept from a list that was read, and from no other.
fn may_be_written(path: &Path, given: Option<&Path>) -> Result<(), InputError> {
    let is_given = given.is_some_and(|given| match (fs::canonicalize(given), fs::canonicalize(path)) {
        (Ok(given), Ok(path)) => given == path,
        _ => false,
    });
    if is_output(path) || is_given || !path.exists() {
        return Ok(());
    }
    let what = "exists already, and may hold reasons that somebody wrote: give it with --expect too, or take it away";
    Err(InputError::new(path, "", what))
}
