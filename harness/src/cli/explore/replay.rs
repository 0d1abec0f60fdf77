//! `explore --replay`: the cases of one vector file.

use std::{fs, path::Path};

use super::{exit, line, speed};
use crate::{
    error::{InputError, RunError},
    exit::Exit,
    explore::{hunt, trial::Desk},
};

/// Plays the cases of a vector file.
pub(super) async fn replay(file: &Path, desk: &Desk<'_>, seed: u64) -> Result<Exit, RunError> {
    let fail = |error: std::io::Error| InputError::new(file, "", format!("cannot be read: {error}"));
    if fs::metadata(file).map_err(fail)?.len() > MAX_FILE {
        return Err(InputError::new(
            file,
            "",
            format!("is larger than the {MAX_FILE} bytes of a vector file"),
        )
        .into());
    }
    let text = fs::read_to_string(file).map_err(fail)?;
    let vectors = desk.read(&file.display().to_string(), &text)?;
    line(&format!("seed {seed}"));
    let mut worst = Exit::Ok;
    for case in &vectors.cases {
        let trial = desk.play(case, seed).await?;
        let verdict = &trial.verdict;
        let message = hunt::visible(&trial.told);
        line(&format!("{} {}  {message}", verdict.verdict.word(), case.id));
        line(&speed(&trial));
        let exit = exit(verdict.verdict);
        if rank(exit) > rank(worst) {
            worst = exit;
        }
    }
    Ok(worst)
}

/// Of several verdicts, which one the exit code tells.
fn rank(exit: Exit) -> u8 {
    match exit {
        Exit::Ok => 0,
        Exit::TooLittle => 1,
        Exit::TargetGone => 2,
        Exit::NotConformant => 3,
        _ => 4,
    }
}

const MAX_FILE: u64 = 4 << 20;
