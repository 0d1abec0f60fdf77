//! `report`: what it takes to publish one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::{DataArgs, Edition, say};
use crate::{
    error::{InputError, RunError},
    exit::Exit,
    report::{self, badge, signature},
    world::clock,
};

#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// Sign a report; `verify --pubkey` checks it, and so does `openssl pkeyutl -verify -rawin`
    Sign(SignArgs),
    /// Make a badge of it: an SVG, and JSON for shields.io
    Badge(BadgeArgs),
}

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// The report.json to sign
    report: PathBuf,
    /// PEM file with an Ed25519 private key (`openssl genpkey -algorithm ed25519`)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Args)]
pub(super) struct BadgeArgs {
    /// The report.json that it is about
    report: PathBuf,
    /// Where badge.svg and badge.json go; without it, beside the report
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn report(command: &ReportCommand) -> Result<Exit, RunError> {
    match command {
        ReportCommand::Sign(args) => sign(args),
        ReportCommand::Badge(args) => make_badge(args),
    }
}

fn sign(args: &SignArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let (text, _) = report::file::read_with_text(&args.report, &edition.schemas)?;
    let file = signature::beside(&args.report);
    let signed = signature::sign(&signature::private_key(&args.key)?, text.as_bytes());
    write(&file, &signed)?;
    say(&format!("{}\n", file.display()));
    Ok(Exit::Ok)
}

fn make_badge(args: &BadgeArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let report = report::file::read(&args.report, &edition.schemas)?;
    let beside = args.report.parent().map(Path::to_owned).unwrap_or_default();
    let folder = args.out.clone().unwrap_or(beside);
    let badge = badge::of(&report, clock::now_ms());
    for (name, text) in [("badge.svg", badge.svg()?), ("badge.json", badge.json()?)] {
        let file = folder.join(name);
        write(&file, text.as_bytes())?;
        say(&format!("{}\n", file.display()));
    }
    Ok(Exit::Ok)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), InputError> {
    fs::write(file, bytes).map_err(|error| InputError::new(file, "", format!("cannot be written: {error}")))
}
