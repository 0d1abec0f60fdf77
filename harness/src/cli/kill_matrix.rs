//! `kill-matrix`: the proof that the cases can fail.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::Args;
use sha2::{Digest, Sha256};

use super::{DataArgs, Edition, run, say, say_error, targets::Targets, until_interrupted};
use crate::{
    deviations::{self, Deviation},
    drive::Setting,
    error::{InputError, RunError},
    exit::Exit,
    judge::Verdict,
    matrix::{self, Matrix, Outcome, Row, Summary, Trial},
    plan, profiles,
    protocol::instant,
    report, seed,
    target::Share,
    vectors::Case,
    world::clock,
};

#[derive(Debug, Clone, Args)]
pub(super) struct KillMatrixArgs {
    /// Only these: deviations, requirements or their letters; may be repeated
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    select: Vec<String>,
    /// Only these profiles, or `full` for all; may be repeated
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Play every case on each deviation, not those alone that have to catch it and a sample of the others
    #[arg(long)]
    full: bool,
    /// How many cases of other requirements are played on each deviation
    #[arg(long, value_name = "N", default_value_t = 12, conflicts_with = "full")]
    sample: u16,
    /// How many deviations are played at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
    /// Target file of another node than the bundled one, behind a mask: the deviations that show on the wire alone
    #[arg(long, value_name = "FILE")]
    target: Option<String>,
    /// Only the deviations that show on the wire alone
    #[arg(long)]
    wire: bool,
    /// Folder with deviation files instead of the ones inside this program
    #[arg(long, value_name = "DIR")]
    deviations: Option<PathBuf>,
    /// Seed of everything random; printed by every run
    #[arg(long)]
    seed: Option<u64>,
    /// Where kill-matrix.html and kill-matrix.json go
    #[arg(long, value_name = "DIR", default_value = "reports")]
    report_dir: PathBuf,
    /// Seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn kill_matrix(args: &KillMatrixArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let all = deviations::load(
        args.deviations.as_deref(),
        &edition.data,
        &edition.schemas,
        &edition.registry,
    )?;
    let played = choose(args, &all, &edition)?;
    if played.is_empty() {
        say_error("the selection is empty: no deviation matches");
        return Ok(Exit::TooLittle);
    }
    let outcome = until_interrupted(played_all(args, &edition, &all, &played))?;
    let Some(matrix) = outcome.transpose()? else {
        say_error("interrupted; nothing was written");
        return Ok(Exit::Interrupted);
    };
    let written = write(&args.report_dir, &matrix)?;
    say(&report::matrix::terminal(&matrix, &written));
    Ok(if matrix.is_proof() || clean_part(&matrix) {
        Exit::Ok
    } else {
        Exit::NotConformant
    })
}

/// A selection that held, which says nothing of the whole.
fn clean_part(matrix: &Matrix) -> bool {
    let Summary {
        deviations,
        killed,
        straying,
        ..
    } = matrix.summary;
    !matrix.selection.is_empty() && killed == deviations && straying == 0 && matrix.not_green.is_empty()
}

/// The profile that a deviation is played in.
fn profile<'a>(deviation: &Deviation, edition: &'a Edition) -> &'a str {
    let first = deviation.breaks.first().and_then(|id| edition.registry.get(id));
    first.map_or("", |requirement| requirement.profile.as_str())
}

fn choose<'a>(args: &KillMatrixArgs, all: &'a [Deviation], edition: &Edition) -> Result<Vec<&'a Deviation>, RunError> {
    let selects = |what: &String, deviation: &Deviation| {
        let mut broken = deviation.breaks.iter();
        *what == deviation.id || broken.any(|id| id == what || id.split('-').next() == Some(what))
    };
    let chosen = all.iter().filter(|deviation| {
        let selected = args.select.is_empty() || args.select.iter().any(|what| selects(what, deviation));
        let profile = profile(deviation, edition);
        let wants = |wanted: &String| wanted == profile || wanted == profiles::FULL;
        let of_profile = args.profile.is_empty() || args.profile.iter().any(wants);
        selected && of_profile && (!deviation.needs_the_node() || !wire_only(args))
    });
    let chosen: Vec<&Deviation> = chosen.collect();
    if chosen.iter().any(|deviation| deviation.needs_the_node()) {
        check_the_node(&chosen)?;
    }
    Ok(chosen)
}

fn wire_only(args: &KillMatrixArgs) -> bool {
    args.wire || args.target.is_some()
}

/// Whether the bundled node can do what is wanted of it.
#[cfg(feature = "deviations")]
fn check_the_node(chosen: &[&Deviation]) -> Result<(), RunError> {
    let known: BTreeMap<&str, &[&str]> = stigmem_node::deviations().collect();
    for deviation in chosen {
        for (policy, value) in &deviation.node {
            if !known
                .get(policy.as_str())
                .is_some_and(|values| values.contains(&value.as_str()))
            {
                let what = format!(
                    "{}: the bundled node has no wrong value {value} of {policy}",
                    deviation.id
                );
                return Err(InputError::at(&deviation.file, "", what).into());
            }
        }
    }
    Ok(())
}

#[cfg(not(feature = "deviations"))]
fn check_the_node(_chosen: &[&Deviation]) -> Result<(), RunError> {
    let what = "the node in this program cannot deviate, as it must be; build one that can with \
                `cargo run --release --features deviations -- kill-matrix`, or add --wire for what a proxy can do";
    Err(InputError::at("kill-matrix", "", what).into())
}

async fn played_all(
    args: &KillMatrixArgs,
    edition: &Edition,
    all: &[Deviation],
    played: &[&Deviation],
) -> Result<Matrix, RunError> {
    let started = Instant::now();
    let began = instant::format(clock::now_ms()).unwrap_or_default();
    let seed = args.seed.unwrap_or_else(seed::fresh);
    let given: Vec<String> = args.target.iter().cloned().collect();
    let mut target = Targets::of_files(&given, edition)?.main;
    if args.target.is_none()
        && let Some(federation) = &mut target.federation
    {
        // A case that fails waits until its time is over, and the bundled node pulls five times a second.
        federation.share_of_time = Share(0.4);
    }
    let name = format!("{} {}", target.name, target.version);
    let scratch = run::scratch()?;
    let marks = scratch.path().join("marks");
    fs::create_dir_all(&marks).map_err(|error| RunError::Harness(format!("no folder for marks: {error}")))?;
    let profiles: BTreeSet<&str> = played.iter().map(|deviation| profile(deviation, edition)).collect();
    let (mut rows, mut not_green, mut unbroken, mut cases) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
    for name in &profiles {
        let trial = Trial {
            vectors: &edition.vectors,
            registry: &edition.registry,
            schemas: &edition.schemas,
            setting: Setting {
                ground: run::ground(scratch.path(), args.timeout)?,
                target: target.clone(),
                named: BTreeMap::new(),
                schemas: Arc::clone(&edition.schemas),
                jobs: 8,
                worlds: 4,
            },
            profile: (*name).to_owned(),
            seed,
            at_once: usize::from(args.at_once),
            sample: (!args.full).then_some(usize::from(args.sample)),
            marks: marks.clone(),
        };
        say_error(&format!("profile {name}: first without a deviation"));
        let own: Vec<&Deviation> = played
            .iter()
            .copied()
            .filter(|one| profile(one, edition) == *name)
            .collect();
        let baseline = matrix::baseline(&trial, &own).await?;
        let not_passed = baseline.iter().filter(|(_, verdict)| **verdict != Verdict::Pass);
        not_green.extend(not_passed.map(|(case, verdict)| format!("{case}: {}", verdict.word())));
        cases.extend(
            edition
                .vectors
                .cases
                .iter()
                .filter(|case| plan::belongs(case, &edition.registry, name))
                .map(|case| case.id.clone()),
        );
        let progress = |done: usize, row: &Row| tell(done, own.len(), row);
        rows.extend(matrix::play(&trial, &own, &progress).await?);
        unbroken.extend(
            matrix::unbroken(&edition.registry, &edition.vectors, name, all)
                .into_iter()
                .map(str::to_owned),
        );
    }
    let complete = args.select.is_empty() && !wire_only(args);
    let requirements = judged(edition, &profiles);
    let matrix = Matrix {
        format: 1,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        digests: digests(edition, args.deviations.as_deref()),
        target: name,
        profiles: profiles.into_iter().map(str::to_owned).collect(),
        selection: if complete { Vec::new() } else { selection(args) },
        seed,
        started: began,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        summary: Summary::default(),
        not_green,
        rows,
        toothless: Vec::new(),
        unbroken: if complete { unbroken } else { Vec::new() },
        teeth: BTreeMap::new(),
    };
    Ok(matrix.counted(&cases, requirements))
}

fn selection(args: &KillMatrixArgs) -> Vec<String> {
    let wire = wire_only(args).then(|| "wire".to_owned());
    args.select.iter().cloned().chain(wire).collect()
}

/// How many requirements of the profiles some case judges.
fn judged(edition: &Edition, profiles: &BTreeSet<&str>) -> usize {
    let covers = |id: &str| {
        edition
            .vectors
            .cases
            .iter()
            .any(|case: &Case| case.covers.iter().any(|covered| covered == id))
    };
    let requirements = edition.registry.requirements.iter();
    requirements
        .filter(|requirement| profiles.contains(requirement.profile.as_str()) && requirement.not_judged.is_none())
        .filter(|requirement| covers(&requirement.id))
        .count()
}

fn digests(edition: &Edition, folder: Option<&Path>) -> BTreeMap<String, String> {
    let folders = ["spec", "schemas", "vectors", "deviations"];
    let mut digests: BTreeMap<String, String> = folders
        .map(|folder| (folder.to_owned(), edition.data.digest(&format!("{folder}/"))))
        .into();
    if let Some(folder) = folder {
        // Files that are not the program's own.
        let name = Sha256::digest(folder.display().to_string());
        digests.insert(
            "deviations".to_owned(),
            format!("elsewhere:{}", data_encoding::HEXLOWER.encode(&name)),
        );
    }
    digests
}

fn tell(done: usize, all: usize, row: &Row) {
    let live = std::io::stderr().is_terminal();
    let trouble = row.outcome != Outcome::Killed || !row.strays.is_empty();
    if live {
        let _ = write!(anstream::stderr(), "\r\x1b[K{done}/{all} deviations  {}", row.id);
    }
    if trouble {
        let strays: Vec<&str> = row.strays.iter().map(|stray| stray.case.as_str()).collect();
        let strays = if strays.is_empty() {
            String::new()
        } else {
            format!(" (unrelated: {})", strays.join(", "))
        };
        let why = row.why.as_deref().unwrap_or_default();
        let line = format!("{:<8} {} {why}{strays}", row.outcome.word(), row.id);
        let _ = writeln!(
            anstream::stderr(),
            "{}{}",
            if live { "\r\x1b[K" } else { "" },
            report::curl::visible(&line, 600)
        );
    } else if !live && (done.is_multiple_of(50) || done == all) {
        let _ = writeln!(anstream::stderr(), "{done}/{all} deviations");
    }
}

fn write(dir: &Path, matrix: &Matrix) -> Result<Vec<String>, RunError> {
    fs::create_dir_all(dir).map_err(|error| InputError::new(dir, "", format!("cannot be made: {error}")))?;
    let files = [
        ("kill-matrix.json", report::matrix::json(matrix)?),
        ("kill-matrix.html", report::matrix::html(matrix)?),
    ];
    let mut written = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|error| InputError::new(&path, "", format!("cannot be written: {error}")))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}
