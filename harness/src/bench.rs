//! `bench`: how fast a node is, side by side with another one or with itself at another size.
//!
//! Every figure belongs to a round: a fresh node, filled over HTTP, asked by clients that wait for each answer. The rounds of two
//! nodes alternate, so that both meet the machine in the same moods. What a figure cannot be trusted for is said instead of it.

mod load;
mod machine;
mod preload;
mod process;
mod replication;
mod report;
mod round;
mod scopes;
mod stats;
mod workload;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use self::{
    load::Span,
    round::{Contender, Round, Rules},
    workload::FACTS_PER_ENTITY,
};
pub use self::{
    machine::Machine,
    replication::{ReplicationReport, replication},
    report::{BenchReport, Comparison, Node, Row},
    round::Measured,
    scopes::{Compared, Held, Measure, Pass, ScopesReport, Work, scopes},
    stats::Figure,
    workload::Workload,
};
use crate::{
    data::Data, error::InputError, error::RunError, schemas::Schemas, seed, target::Target, world::node::Ground,
};

#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// Target file of the node to measure, or `bundled`
    #[arg(long, value_name = "FILE", default_value = BUNDLED)]
    pub target: PathBuf,
    /// Target file of a node to compare it with, or `bundled`
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Clients at once; each waits for an answer before it asks again
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub clients: u16,
    /// Seconds that each workload is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Rounds, each on fresh nodes (with --scopes all on the same)
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub rounds: u16,
    /// Facts in the node before it is measured
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = facts)]
    pub facts: u64,
    /// Compare the node with itself at these sizes: 10000,1000000
    #[arg(long, value_name = "N,N", value_delimiter = ',', conflicts_with = "facts", value_parser = facts)]
    pub scale: Vec<u64>,
    /// Measure how fast facts get from one node to another, and how long a ring of four needs after a cut
    #[arg(long, conflicts_with_all = ["scale", "seconds"])]
    pub replication: bool,
    /// Facts that a ring of four is told while it is cut in two (with --replication); 0 for no ring
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "replication")]
    pub ring: u64,
    /// Measure lint and synthesis of a whole scope; the nodes are filled once, and each round asks for both
    #[arg(long, conflicts_with_all = ["scale", "seconds", "replication"])]
    pub scopes: bool,
    /// Then measure the target by itself with so many facts (with --scopes)
    #[arg(long, value_name = "N", requires = "scopes", value_parser = facts)]
    pub alone: Option<u64>,
    /// Minutes that one lint or synthesis may take (with --scopes)
    #[arg(long, value_name = "MINUTES", default_value_t = 10, requires = "scopes", value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub run_minutes: u64,
    /// Minutes that bringing the facts into a node may take
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub preload_minutes: u64,
    /// Seed of everything random; printed by every run
    #[arg(long)]
    pub seed: Option<u64>,
    /// Write the figures to this file too, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Told what happens while it happens.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// Measures. The outcome is a report; when a node cannot be started or dies there is none.
pub async fn bench(
    args: &BenchArgs,
    data: &Data,
    schemas: &Schemas,
    ground: &Ground,
    progress: Progress<'_>,
) -> Result<BenchReport, RunError> {
    check(args)?;
    let seed = args.seed.unwrap_or_else(seed::fresh);
    let contenders = contenders(args, data, schemas)?;
    let span = Span {
        warm_up: warm_up(args.seconds),
        measured: Duration::from_secs(args.seconds),
    };
    let rules = Rules {
        clients: usize::from(args.clients),
        span,
        seed,
        preload_limit: Duration::from_secs(args.preload_minutes * 60),
    };
    let mut rounds: Vec<Vec<Round>> = contenders.iter().map(|_| Vec::new()).collect();
    let mut report = BenchReport::begin(args, seed, span.warm_up, &contenders);
    for number in 1..=usize::from(args.rounds) {
        for (contender, played) in contenders.iter().zip(&mut rounds) {
            played.push(round::play(contender, number, rules, ground, progress).await?);
        }
    }
    report.fill(&rounds, &contenders);
    Ok(report)
}

/// What clap cannot see. A wrong place for the figures is told before the work, not after it.
fn check(args: &BenchArgs) -> Result<(), InputError> {
    if args.scale.len() == 1 || !args.scale.is_sorted_by(|one, other| one < other) {
        return Err(InputError::at(
            "--scale",
            "",
            "give at least two sizes, the smallest first: --scale 10000,1000000",
        ));
    }
    if args.alone.is_some_and(|alone| alone <= args.facts) {
        return Err(InputError::at(
            "--alone",
            "",
            "give more facts than --facts, which the target is measured with anyway",
        ));
    }
    let Some(json) = &args.json else { return Ok(()) };
    let folder = json
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(InputError::at(
            "--json",
            "",
            format!("the folder {} does not exist", folder.display()),
        ));
    }
    if json.is_dir() {
        return Err(InputError::at("--json", "", format!("{} is a folder", json.display())));
    }
    Ok(())
}

/// In the order in which they take turns.
fn contenders(args: &BenchArgs, data: &Data, schemas: &Schemas) -> Result<Vec<Contender>, InputError> {
    let mut targets = vec![("A", target(&args.target, data, schemas)?)];
    if let Some(against) = &args.against {
        targets.push(("B", target(against, data, schemas)?));
    }
    let sizes = if args.scale.is_empty() {
        vec![args.facts]
    } else {
        args.scale.clone()
    };
    let all = sizes
        .iter()
        .flat_map(|facts| targets.iter().map(move |(label, target)| (label, target, *facts)));
    Ok(all
        .map(|(label, target, facts)| Contender {
            label: (*label).to_owned(),
            target: target.clone(),
            facts,
        })
        .collect())
}

fn target(file: &Path, data: &Data, schemas: &Schemas) -> Result<Target, InputError> {
    let text = file.to_string_lossy();
    if text.starts_with("http://") || text.starts_with("https://") {
        let message = format!("wants a target file; `stigmem-conformance init {text}` writes one");
        return Err(InputError::at("--target, --against", "", message));
    }
    let mut target = if text == BUNDLED {
        Target::bundled(data, schemas)
    } else {
        Target::read(file, schemas)
    }?;
    target.version = target.version.replace("{kit_version}", env!("CARGO_PKG_VERSION"));
    Ok(target)
}

fn facts(text: &str) -> Result<u64, String> {
    let facts: u64 = text
        .trim()
        .replace('_', "")
        .parse()
        .map_err(|error| format!("{error}"))?;
    if (FACTS_PER_ENTITY..=MOST_FACTS).contains(&facts) {
        return Ok(facts);
    }
    Err(format!("{facts} is not between {FACTS_PER_ENTITY} and {MOST_FACTS}"))
}

/// Long enough for connections and caches, short beside what is counted.
fn warm_up(seconds: u64) -> Duration {
    Duration::from_millis((seconds * 200).clamp(500, 2000))
}

const BUNDLED: &str = "bundled";
const MOST_FACTS: u64 = 20_000_000;
