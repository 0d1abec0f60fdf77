//! `run`: the main job.

use std::{
    collections::BTreeMap,
    fs,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::Args;

use super::{
    DataArgs, Edition, expect::Known, progress::Progress, repeated, say, say_aside, say_error, targets::Targets,
    until_interrupted,
};
use crate::{
    drive::{self, Setting},
    error::{InputError, RunError},
    exit::Exit,
    plan::{self, Plan},
    protocol::instant,
    report::{self, Report, terminal::View},
    seed,
    target::Target,
    trace::{self, CaseRecord, EndRecord, RunRecord, TargetRecord},
    world::{clock, node::Ground},
};

#[derive(Debug, Clone, Args)]
pub(super) struct RunArgs {
    /// Target file of the node to judge, or `bundled`; without it the bundled node. `a=FILE` is for one node of a world: give several
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub(super) target: Vec<String>,
    /// A node that is already running
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Environment variable with a key that may read and write every scope (with --url)
    #[arg(long, value_name = "NAME", requires = "url")]
    pub(super) key_env: Option<String>,
    /// Environment variable with a key that may manage keys, for cases that need several (with --url)
    #[arg(long, value_name = "NAME", requires = "url")]
    pub(super) admin_key_env: Option<String>,
    /// Optional feature that the node claims (with --url); may be repeated
    #[arg(long, value_name = "NAME", requires = "url")]
    pub(super) feature: Vec<String>,
    /// Profile of the specification, or `full` for all of them
    #[arg(long, default_value = DEFAULT_PROFILE)]
    pub(super) profile: String,
    /// Run only these: case ids, areas, requirement ids or their letters; may be repeated
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    select: Vec<String>,
    /// List of failures that are known: any other one fails the run, and so does a case of the list that passes
    #[arg(long, value_name = "FILE")]
    pub(super) expect: Option<PathBuf>,
    /// Write what fails in this run as such a list; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(super) write_expect: Option<PathBuf>,
    /// Seed of everything random; printed by every run
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Run everything so often, each time with another seed and in another order, and name the cases whose verdicts differ
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000), conflicts_with = "write_expect")]
    pub(super) repeat: u16,
    /// Where the reports go
    #[arg(long, value_name = "DIR", default_value = "target/conformance")]
    pub(super) report_dir: PathBuf,
    /// Cases that run at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Cases with nodes of their own that run at once, beside those; more where nodes mostly wait
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    worlds: u16,
    /// Seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Keep the nodes' folders and logs, and say where they are
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn run(args: &RunArgs) -> Result<Exit, RunError> {
    if args.repeat > 1 {
        return repeated::run(args);
    }
    match once(args)? {
        Outcome::Ran(report) => Ok(report.exit()),
        Outcome::Ended(exit) => Ok(exit),
    }
}

/// How a run ended.
pub(super) enum Outcome {
    Ran(Box<Report>),
    /// Without a report.
    Ended(Exit),
}

/// One run, told and written down.
pub(super) fn once(args: &RunArgs) -> Result<Outcome, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let Targets {
        main: mut target,
        named,
    } = Targets::choose(args, &edition)?;
    let known = Known::read(args, &mut target, &edition)?;
    let seed = args.seed.unwrap_or_else(seed::fresh);
    let plan = plan::plan(
        &edition.vectors,
        &edition.registry,
        &target,
        &args.profile,
        &args.select,
        seed,
    )?;
    if plan.is_empty() {
        say_error("the selection is empty: no case matches; `stigmem-conformance list` prints what there is");
        return Ok(Outcome::Ended(Exit::TooLittle));
    }
    let scratch = scratch()?;
    let setting = Setting {
        ground: ground(scratch.path(), args.timeout)?,
        target,
        named,
        schemas: Arc::clone(&edition.schemas),
        jobs: usize::from(args.jobs),
        worlds: usize::from(args.worlds),
    };
    let record = run_record(args, &edition, &setting.target, &plan);
    let started = Instant::now();
    let Some(cases) = drive_it(&plan, &setting)? else {
        say_error("interrupted; nothing was written");
        return Ok(Outcome::Ended(Exit::Interrupted));
    };
    let end = EndRecord {
        cases: cases.len(),
        exchanges: cases
            .iter()
            .flat_map(|case| &case.steps)
            .map(|step| step.exchanges.len())
            .sum(),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let report = report::assemble(
        &record,
        &cases,
        &end,
        &edition.vectors,
        &edition.registry,
        &edition.schemas,
    );
    let trace = args.report_dir.join("trace.jsonl");
    make_folder(&args.report_dir)?;
    let digest = trace::file::write(&trace, &record, &cases, &end)?;
    let report = report.of_trace(digest);
    let mut written = write_reports(&args.report_dir, &report)?;
    written.push(trace.display().to_string());
    written.extend(known.write(&report)?);
    let tell = if known.is_the_output() { say_aside } else { say };
    tell(&summary(&report, &written));
    if args.keep {
        tell(&format!("The nodes' folders: {}\n", scratch.keep().display()));
    }
    Ok(Outcome::Ran(Box::new(report)))
}

/// A folder for nodes, removed at the end.
pub(super) fn scratch() -> Result<tempfile::TempDir, RunError> {
    let folder = tempfile::Builder::new().prefix("stigmem-conformance-").tempdir();
    folder.map_err(|error| RunError::Harness(format!("no folder for the nodes: {error}")))
}

/// Where nodes are started from: this very program keeps them.
pub(super) fn ground(scratch: &Path, timeout: u64) -> Result<Ground, RunError> {
    let kit =
        std::env::current_exe().map_err(|error| RunError::Harness(format!("this program's own path: {error}")))?;
    Ok(Ground {
        kit,
        scratch: scratch.to_owned(),
        limits: drive::limits(timeout),
        mask: None,
    })
}

/// SHA-256 of the folders that verdicts hang on.
pub(super) fn digests(edition: &Edition) -> BTreeMap<String, String> {
    let folders = ["spec", "schemas", "vectors"];
    folders
        .map(|folder| (folder.to_owned(), edition.data.digest(&format!("{folder}/"))))
        .into()
}

fn run_record(args: &RunArgs, edition: &Edition, target: &Target, plan: &Plan) -> RunRecord {
    RunRecord {
        format: 1,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        seed: plan.seed,
        started: instant::format(clock::now_ms()).unwrap_or_default(),
        profile: plan.profile.clone(),
        selection: plan.selection.clone(),
        target: TargetRecord {
            name: target.name.clone(),
            version: target.version.clone(),
            how: if target.attach.is_some() {
                "attached"
            } else {
                "launched"
            }
            .to_owned(),
            features: target.features.clone(),
            repeat: repeat(args),
            expected: target.expected.clone(),
        },
        digests: digests(edition),
        left_out: plan.left_out.clone(),
    }
}

/// The command that was given, without what a repetition adds.
fn repeat(args: &RunArgs) -> String {
    let mut command = "stigmem-conformance run".to_owned();
    let mut add = |option: &str, value: &str| {
        command.extend([" ", option, " ", value]);
    };
    for target in &args.target {
        add("--target", target);
    }
    if let Some(url) = &args.url {
        add("--url", url);
    }
    if let Some(name) = &args.key_env {
        add("--key-env", name);
    }
    if let Some(name) = &args.admin_key_env {
        add("--admin-key-env", name);
    }
    for feature in &args.feature {
        add("--feature", feature);
    }
    if args.profile != DEFAULT_PROFILE {
        add("--profile", &args.profile);
    }
    if let Some(list) = &args.expect {
        add("--expect", &list.display().to_string());
    }
    command
}

/// Runs until the end, or until somebody interrupts; then there is no outcome.
fn drive_it(plan: &Plan, setting: &Setting) -> Result<Option<Vec<CaseRecord>>, RunError> {
    let progress = Progress::of(plan.cases.len());
    let tell = |done: usize, record: &CaseRecord| progress.tell(done, &record.case);
    let outcome = until_interrupted(drive::run(plan, setting, &tell))?;
    progress.end();
    match outcome {
        None => Ok(None),
        Some(Ok(cases)) => Ok(Some(cases)),
        Some(Err(gone)) => {
            let log = gone
                .log
                .iter()
                .map(|line| format!("\n  | {}", report::curl::visible(line, 500)))
                .collect::<String>();
            Err(RunError::TargetGone(format!(
                "{}: {}{log}",
                setting.target.name, gone.what
            )))
        }
    }
}

/// All reports of a run, each in its file; their names.
pub(super) fn write_reports(dir: &Path, report: &Report) -> Result<Vec<String>, RunError> {
    make_folder(dir)?;
    let files = [
        ("report.html", report::html::render(report)?),
        ("report.json", report::json::render(report)?),
        ("report.xml", report::junit::render(report)?),
        ("report.md", report::markdown::render(report)),
    ];
    let mut written = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|error| InputError::new(&path, "", format!("cannot be written: {error}")))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

pub(super) fn make_folder(dir: &Path) -> Result<(), InputError> {
    fs::create_dir_all(dir).map_err(|error| InputError::new(dir, "", format!("cannot be made: {error}")))
}

/// What a person reads at the end.
pub(super) fn summary(report: &Report, written: &[String]) -> String {
    let terminal = std::io::stdout().is_terminal();
    report::terminal::render(
        report,
        &View {
            colour: terminal,
            width: if terminal { 120 } else { 100 },
            written,
        },
    )
}

pub(super) const DEFAULT_PROFILE: &str = "core";
