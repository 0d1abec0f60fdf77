//! `explore`: random histories against nodes, and small scripts of those that fail.

mod players;
mod replay;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use serde_json::Value;

use super::{DataArgs, Edition, run, say, say_error, targets::Targets, until_interrupted};
use crate::{
    drive::Setting,
    error::{InputError, RunError},
    exit::Exit,
    explore::{
        file,
        hunt::{self, Audience, End, Found, Wish},
        script::Patience,
        trial::{Desk, Trial},
    },
    judge::Verdict,
    protocol::instant,
    seed::{self, Draw},
    trace::{self, EndRecord, RunRecord, TargetRecord},
    world::clock,
};

#[derive(Debug, Clone, Args)]
pub(super) struct ExploreArgs {
    /// How many nodes
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(2..=8))]
    nodes: u8,
    /// How many deeds: assertions, retractions, resolutions, restarts, cuts, …
    #[arg(long, value_name = "M", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=5000))]
    steps: u16,
    /// Seed of everything random; printed by every run
    #[arg(long)]
    seed: Option<u64>,
    /// How many histories, each with a seed of its own; the first failure is the last one played
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Target file of the nodes; without it the bundled node. `a=FILE` is for the node a: give several
    #[arg(long, value_name = "FILE")]
    target: Vec<String>,
    /// Where the script of a failure goes
    #[arg(long, value_name = "DIR", default_value = "target/explore")]
    out: PathBuf,
    /// Play the cases of this vector file instead, such as the script of an earlier failure
    #[arg(long, value_name = "FILE", conflicts_with_all = ["nodes", "steps", "rounds"])]
    replay: Option<PathBuf>,
    /// How often a smaller history may be tried
    #[arg(long, value_name = "N", default_value_t = 200)]
    shrink_runs: u16,
    /// How many minutes that may take
    #[arg(long, value_name = "MINUTES", default_value_t = 15)]
    shrink_minutes: u16,
    /// Seconds that replication may take to settle
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=60))]
    patience: u64,
    /// Seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn explore(args: &ExploreArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let targets = Targets::of_files(&args.target, &edition)?;
    let nodes = args.replay.is_none().then_some(usize::from(args.nodes));
    players::check(&targets, nodes)?;
    let Targets { main: target, named } = targets;
    let scratch = run::scratch()?;
    let desk = Desk {
        setting: Setting {
            ground: run::ground(scratch.path(), args.timeout)?,
            target,
            named,
            schemas: Arc::clone(&edition.schemas),
            jobs: 1,
            worlds: 1,
        },
        registry: &edition.registry,
        schemas: Arc::clone(&edition.schemas),
    };
    until_interrupted(explored(args, &desk))?.unwrap_or_else(|| {
        say_error("interrupted");
        Ok(Exit::Interrupted)
    })
}

async fn explored(args: &ExploreArgs, desk: &Desk<'_>) -> Result<Exit, RunError> {
    let seed = args.seed.unwrap_or_else(seed::fresh);
    if let Some(file) = &args.replay {
        return replay::replay(file, desk, seed).await;
    }
    let mut seeds = Draw::new(seed, "explore/rounds");
    let mut exit = Exit::Ok;
    for round in 0..args.rounds {
        // Small enough to be typed again.
        let seed = if round == 0 {
            seed
        } else {
            seeds.number() % 1_000_000_000
        };
        match one(args, desk, seed).await? {
            Exit::Ok => {}
            Exit::TooLittle => exit = Exit::TooLittle,
            other => return Ok(other),
        }
    }
    Ok(exit)
}

/// One history.
async fn one(args: &ExploreArgs, desk: &Desk<'_>, seed: u64) -> Result<Exit, RunError> {
    let wish = Wish {
        seed,
        nodes: usize::from(args.nodes),
        deeds: usize::from(args.steps),
        patience: Patience {
            arrive_ms: args.patience * 1000,
        },
        shrink_runs: usize::from(args.shrink_runs),
        shrink_time: Duration::from_secs(60 * u64::from(args.shrink_minutes)),
    };
    line(&format!("seed {seed}"));
    let path = args.out.join(format!("explored-seed-{seed}.json"));
    let keep = |script: &Value| keep(&path, script);
    let audience = Audience {
        say: &line,
        keep: &keep,
    };
    Ok(match hunt::hunt(desk, wish, audience).await? {
        End::Passed { trial, checked } => {
            line(&format!(
                "{}\npass: {} facts held and {} kept out, {} conflicts in {} lists, {} queries, {} answers compared\n{NOTE}",
                speed(&trial),
                checked.held,
                checked.kept_out,
                checked.conflicts,
                checked.lists,
                checked.queries,
                checked.compared,
            ));
            Exit::Ok
        }
        End::Nothing(why) => {
            line(&format!("inconclusive: {}", hunt::visible(&why)));
            Exit::TooLittle
        }
        End::Failed(found) => {
            keep(&found.file)?;
            write_trace(args, desk, seed, &path, &found)?;
            line(&failure(args, &path, &found));
            exit(found.trial.verdict.verdict)
        }
    })
}

fn speed(trial: &Trial) -> String {
    let (steps, seconds) = (trial.record.steps.len(), trial.duration().as_secs_f64());
    let exchanges = exchanges(trial);
    let rate = if seconds > 0.0 { steps as f64 / seconds } else { 0.0 };
    format!("{steps} steps with {exchanges} requests in {seconds:.1} s, {rate:.0} steps/s")
}

fn keep(path: &Path, script: &Value) -> Result<(), InputError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| InputError::new(folder, "", format!("cannot be made: {error}")))?;
    fs::write(path, file::text(script))
        .map_err(|error| InputError::new(path, "", format!("cannot be written: {error}")))
}

/// The trace of the last play of the script.
fn write_trace(args: &ExploreArgs, desk: &Desk<'_>, seed: u64, path: &Path, found: &Found) -> Result<(), InputError> {
    let target = &desk.setting.target;
    let record = RunRecord {
        format: 1,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        started: instant::format(clock::now_ms()).unwrap_or_default(),
        profile: "federation".to_owned(),
        selection: vec![found.trial.record.case.clone()],
        target: TargetRecord {
            name: target.name.clone(),
            version: target.version.clone(),
            how: "launched".to_owned(),
            features: target.features.clone(),
            repeat: repeat(args, path),
            expected: Vec::new(),
        },
        digests: BTreeMap::new(),
        left_out: Vec::new(),
    };
    let end = EndRecord {
        cases: 1,
        exchanges: exchanges(&found.trial),
        duration_ms: found.trial.record.duration_ms,
    };
    trace::file::write(
        &path.with_extension("trace.jsonl"),
        &record,
        std::slice::from_ref(&found.trial.record),
        &end,
    )
    .map(drop)
}

fn exchanges(trial: &Trial) -> usize {
    trial.record.steps.iter().map(|step| step.exchanges.len()).sum()
}

/// The command that plays the script again.
fn repeat(args: &ExploreArgs, path: &Path) -> String {
    let targets = args.target.iter().map(|target| format!(" --target {target}"));
    format!(
        "stigmem-conformance explore --replay {}{}",
        path.display(),
        targets.collect::<String>()
    )
}

fn failure(args: &ExploreArgs, path: &Path, found: &Found) -> String {
    let doubt = if found.reproduced { "" } else { " (once, and not again)" };
    format!(
        "{}{doubt}: {}\n{} deeds on {} nodes: {}\nplay it again: {}\n{NOTE}",
        found.trial.verdict.verdict.word(),
        hunt::visible(&found.trial.told),
        found.deeds,
        found.nodes,
        path.display(),
        repeat(args, path),
    )
}

fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Pass | Verdict::Warn => Exit::Ok,
        Verdict::Fail => Exit::NotConformant,
        Verdict::Unreachable => Exit::TargetGone,
        Verdict::Inconclusive | Verdict::NotApplicable => Exit::TooLittle,
        Verdict::Error => Exit::Harness,
    }
}

fn line(text: &str) {
    say(&format!("{text}\n"));
}

const NOTE: &str =
    "(The seed gives topology, deeds and faults; when they take effect, ids and clock values are the nodes' own.)";
