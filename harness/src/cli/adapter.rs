//! `adapter`: judge an adapter, between a host and a node that are both played.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use clap::{Args, ValueEnum};

use super::{DataArgs, Edition, progress::Progress, run, say, say_error, until_interrupted};
use crate::{
    adapter::{
        PROFILE,
        file::{Adapter, AdapterFile, Kind},
        plan,
        play::{self, Setting},
        template,
    },
    error::{InputError, RunError},
    exit::Exit,
    expected,
    plan::Plan,
    protocol::instant,
    report, seed,
    trace::{self, CaseRecord, EndRecord, RunRecord, TargetRecord},
    world::clock,
};

#[derive(Debug, Args)]
pub(super) struct AdapterArgs {
    /// Adapter file, which says how the adapter is called; `bundled` is the one of the kit's own adapters
    #[arg(long, value_name = "FILE", default_value = BUNDLED)]
    adapter: String,
    /// Command in place of the one in the adapter file: program and first arguments, as one would type them
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
    /// What it is judged as; may be left out where the adapter file describes one of the two alone
    #[arg(long, value_enum)]
    kind: Option<Archetype>,
    /// Run only these: case ids, requirement ids or their letters; may be repeated
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    select: Vec<String>,
    /// List of failures that are known: any other one fails the run, and so does a case of the list that passes
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Seed of everything random; printed by every run
    #[arg(long)]
    seed: Option<u64>,
    /// Where the reports go
    #[arg(long, value_name = "DIR", default_value = "target/conformance-adapter")]
    report_dir: PathBuf,
    /// Cases that run at once; most of them wait most of the time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Keep the folders in which the adapter was started, and say where they are
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    data: DataArgs,
}

/// The archetypes of adapters, for the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Archetype {
    /// A process that does nothing but bridge to Stigmem
    Process,
    /// Code in an agent that has other things to do
    Middleware,
}

impl From<Archetype> for Kind {
    fn from(archetype: Archetype) -> Self {
        match archetype {
            Archetype::Process => Self::Process,
            Archetype::Middleware => Self::Middleware,
        }
    }
}

const BUNDLED: &str = "bundled";

pub(super) fn adapter(args: &AdapterArgs) -> Result<Exit, RunError> {
    let edition = Edition::read(args.data.data.as_deref())?;
    let adapter = chosen(args, &edition)?;
    let seed = args.seed.unwrap_or_else(seed::fresh);
    let conditions = adapter.conditions();
    let plan = plan::plan(&edition.vectors, &edition.registry, &conditions, &args.select, seed);
    if plan.is_empty() {
        say_error(
            "the selection is empty: no case about adapters matches; `stigmem-conformance list ADPT` prints them",
        );
        return Ok(Exit::TooLittle);
    }
    let scratch = run::scratch()?;
    let setting = Setting {
        ground: run::ground(scratch.path(), HTTP_SECONDS)?,
        adapter,
        jobs: usize::from(args.jobs),
    };
    let record = run_record(args, &edition, &setting.adapter, &plan);
    let started = Instant::now();
    let Some(cases) = play_it(&plan, &setting)? else {
        say_error("interrupted; nothing was written");
        return Ok(Exit::Interrupted);
    };
    let exchanges = cases
        .iter()
        .flat_map(|case| &case.steps)
        .map(|step| step.exchanges.len());
    let end = EndRecord {
        cases: cases.len(),
        exchanges: exchanges.sum(),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let exit = tell(args, &edition, &record, &cases, &end)?;
    if args.keep {
        say(&format!("The adapter's folders: {}\n", scratch.keep().display()));
    }
    Ok(exit)
}

/// Judges what was recorded, writes the reports and says the result.
fn tell(
    args: &AdapterArgs,
    edition: &Edition,
    record: &RunRecord,
    cases: &[CaseRecord],
    end: &EndRecord,
) -> Result<Exit, RunError> {
    let report = report::assemble(
        record,
        cases,
        end,
        &edition.vectors,
        &edition.registry,
        &edition.schemas,
    );
    let trace = args.report_dir.join("trace.jsonl");
    run::make_folder(&args.report_dir)?;
    let digest = trace::file::write(&trace, record, cases, end)?;
    let report = report.of_trace(digest);
    let mut written = run::write_reports(&args.report_dir, &report)?;
    written.push(trace.display().to_string());
    say(&run::summary(&report, &written));
    Ok(report.exit())
}

/// The adapter of the file, with the command that was given.
fn chosen(args: &AdapterArgs, edition: &Edition) -> Result<Adapter, InputError> {
    let file = match args.adapter.as_str() {
        BUNDLED => AdapterFile::bundled(&edition.data, &edition.schemas)?,
        path => AdapterFile::read(Path::new(path), &edition.schemas)?,
    };
    let wrong = |what: String| InputError::at("--kind", "", what);
    let kind: Kind = match (args.kind, &file.kinds()[..]) {
        (Some(kind), _) => kind.into(),
        (None, [kind]) => *kind,
        (None, _) => {
            return Err(wrong(
                "the adapter file describes both: process or middleware".to_owned(),
            ));
        }
    };
    let missing = || wrong(format!("the adapter file has no [{kind}]"));
    let mut adapter = file.adapter(kind).ok_or_else(missing)?;
    if let Some(command) = &args.command {
        let words =
            template::words(command).map_err(|what| InputError::at("--command", "", format!("{command:?}: {what}")))?;
        adapter.side.command = words;
        adapter.name.clone_from(command);
        adapter.version = String::new();
    }
    if let Some(list) = &args.expect {
        let given = expected::read(list, &adapter.expected, &edition.vectors, &edition.schemas)?;
        adapter.expected.extend(given);
    }
    Ok(adapter)
}

fn run_record(args: &AdapterArgs, edition: &Edition, adapter: &Adapter, plan: &Plan) -> RunRecord {
    RunRecord {
        format: 1,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        seed: plan.seed,
        started: instant::format(clock::now_ms()).unwrap_or_default(),
        profile: PROFILE.to_owned(),
        selection: plan.selection.clone(),
        target: TargetRecord {
            name: adapter.name.clone(),
            version: adapter.version.clone(),
            how: "launched".to_owned(),
            features: adapter.conditions().into_iter().collect(),
            repeat: repeat(args, adapter.kind),
            expected: adapter.expected.clone(),
        },
        digests: run::digests(edition),
        left_out: plan.left_out.clone(),
    }
}

/// The command that was given, without what a repetition adds.
fn repeat(args: &AdapterArgs, kind: Kind) -> String {
    let mut command = format!("stigmem-conformance adapter --kind {kind}");
    let mut add = |option: &str, value: &str| {
        let value = report::curl::quoted(value);
        command.extend([" ", option, " ", value.as_str()]);
    };
    if args.adapter != BUNDLED {
        add("--adapter", &args.adapter);
    }
    if let Some(given) = &args.command {
        add("--command", given);
    }
    if let Some(list) = &args.expect {
        add("--expect", &list.display().to_string());
    }
    command
}

/// Plays until the end, or until somebody interrupts; then there is no outcome.
fn play_it(plan: &Plan, setting: &Setting) -> Result<Option<Vec<CaseRecord>>, RunError> {
    let progress = Progress::of(plan.cases.len());
    let tell = |done: usize, record: &CaseRecord| progress.tell(done, &record.case);
    let outcome = until_interrupted(play::run(plan, setting, &tell))?;
    progress.end();
    match outcome {
        None => Ok(None),
        Some(Ok(cases)) => Ok(Some(cases)),
        Some(Err(gone)) => {
            let what = report::curl::visible(&gone.what, 500);
            Err(RunError::TargetGone(format!("{}: {what}", setting.adapter.name)))
        }
    }
}

/// For HTTP calls to the adapter; those of the cases have limits of their own.
const HTTP_SECONDS: u64 = 60;
