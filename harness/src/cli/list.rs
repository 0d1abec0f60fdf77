//! `list`: what there is to judge.

use std::fmt::Write as _;

use clap::Args;

use super::{DataArgs, Edition, say};
use crate::{error::RunError, exit::Exit, plan};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only these: case ids, areas, requirement ids or their letters
    #[arg(value_name = "WHAT")]
    only: Vec<String>,
    /// One case id a line, nothing else
    #[arg(long)]
    cases: bool,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn list(args: &ListArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let mut out = String::new();
    let wanted =
        |case: &crate::vectors::Case| args.only.is_empty() || args.only.iter().any(|only| plan::selects(only, case));
    let mut shown = 0;
    if args.cases {
        for case in edition.vectors.cases.iter().filter(|case| wanted(case)) {
            shown += 1;
            let _ = writeln!(out, "{}", case.id);
        }
    } else {
        for requirement in &edition.registry.requirements {
            let cases: Vec<_> = edition
                .vectors
                .cases
                .iter()
                .filter(|case| case.covers.contains(&requirement.id) && wanted(case))
                .collect();
            let named = args
                .only
                .iter()
                .any(|only| *only == requirement.id || only == requirement.area());
            if cases.is_empty() && !named && !args.only.is_empty() {
                continue;
            }
            shown += 1;
            let _ = writeln!(
                out,
                "{} {} · {}",
                requirement.id,
                requirement.level.word(),
                requirement.text
            );
            for case in cases {
                let _ = writeln!(out, "    {} ({})", case.id, case.area);
            }
            if let Some(reason) = &requirement.not_judged {
                let _ = writeln!(out, "    not judged: {reason}");
            }
            if let Some(missing) = &requirement.pending {
                let _ = writeln!(out, "    no case yet: {missing}");
            }
        }
    }
    say(&out);
    if shown == 0 {
        super::say_error("nothing matches; without arguments `list` prints everything");
        return Ok(Exit::TooLittle);
    }
    Ok(Exit::Ok)
}
