//! The command line: what can be asked for, and how answers and errors are shown.

mod adapter;
mod bench;
mod compare;
mod demo;
mod expect;
mod explain;
mod explore;
mod judge;
mod kill_matrix;
mod list;
mod progress;
mod repeated;
mod report;
mod run;
mod spec;
mod targets;
mod verify;

use std::{
    ffi::OsString,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    bench::BenchArgs,
    data::Data,
    error::{InputError, RunError},
    exit::Exit,
    init::InitArgs,
    registry::Registry,
    schemas::Schemas,
    vectors::{self, Vectors},
};

/// Checks a Stigmem node over HTTP against the specification.
///
/// Without a subcommand it is `run`; without a target it starts and judges the bundled node.
#[derive(Debug, Parser)]
#[command(name = "stigmem-conformance", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    run: run::RunArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the cases of a profile against a node and write the reports
    #[command(after_help = EXIT_CODES)]
    Run(run::RunArgs),
    /// List requirements and their cases
    List(list::ListArgs),
    /// Explain a requirement or a case: its text, its cases, what a failure means
    Explain(explain::ExplainArgs),
    /// Look after the specification and the vectors
    #[command(subcommand)]
    Spec(spec::SpecCommand),
    /// Probe a running node and write a target file for it
    Init {
        #[command(flatten)]
        args: InitArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Measure a node, alone or against another
    Bench {
        #[command(flatten)]
        args: BenchArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Let two nodes on this machine federate, and show each step
    Demo(demo::DemoArgs),
    /// Play random histories of several nodes against a model, and make those that fail small
    #[command(after_help = EXIT_CODES)]
    Explore(explore::ExploreArgs),
    /// Show that the cases can fail: play them on nodes that break one rule each
    KillMatrix(kill_matrix::KillMatrixArgs),
    /// Judge an adapter: play the host that calls it and the node that it talks to
    #[command(after_help = EXIT_CODES)]
    Adapter(adapter::AdapterArgs),
    /// Judge a recorded trace again
    Judge(judge::JudgeArgs),
    /// Check that a report is what its trace says, and who signed it
    #[command(after_help = verify::EXIT_CODES)]
    Verify(verify::VerifyArgs),
    /// Publish a report: sign it, make a badge of it
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// Compare reports: what was broken and what was fixed
    #[command(after_help = compare::EXIT_CODES)]
    Compare(compare::CompareArgs),
    /// Be the bundled node (settings from STIGMEM_* variables)
    #[command(hide = true)]
    Node,
    /// Be the bundled node's operator command line
    #[command(hide = true, disable_help_flag = true)]
    Stigmem {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Keep a process of a target's from outliving this program
    #[command(hide = true)]
    Shepherd {
        /// Where this program listens for how an adapter ended
        #[arg(long, value_name = "ADDRESS")]
        lifeline: Option<std::net::SocketAddr>,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
struct DataArgs {
    /// Folder with spec, schemas and vectors instead of the ones inside this program
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

/// Data, read and checked.
struct Edition {
    data: Data,
    schemas: Arc<Schemas>,
    registry: Registry,
    vectors: Vectors,
}

impl Edition {
    fn read(dir: Option<&Path>) -> Result<Self, InputError> {
        let data = dir.map_or_else(|| Ok(Data::embedded()), Data::read)?;
        let schemas = Arc::new(Schemas::load(&data)?);
        let registry = Registry::load(&data)?;
        let vectors = vectors::load(&data, &schemas)?;
        Ok(Self {
            data,
            schemas,
            registry,
            vectors,
        })
    }
}

/// Parses the command line, does what it says, and turns the outcome into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => run::run(&cli.run),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::List(args)) => list::list(&args),
        Some(Command::Explain(args)) => explain::explain(&args),
        Some(Command::Spec(command)) => spec::spec(&command),
        Some(Command::Demo(args)) => demo::demo(&args),
        Some(Command::Explore(args)) => explore::explore(&args),
        Some(Command::KillMatrix(args)) => kill_matrix::kill_matrix(&args),
        Some(Command::Adapter(args)) => adapter::adapter(&args),
        Some(Command::Judge(args)) => judge::judge(&args),
        Some(Command::Verify(args)) => verify::verify(&args),
        Some(Command::Report(command)) => report::report(&command),
        Some(Command::Compare(args)) => compare::compare(&args),
        Some(Command::Init { args, data }) => bench::init(&args, &data),
        Some(Command::Bench { args, data }) => bench::bench(&args, &data),
        Some(Command::Node) => return stigmem_node::server_main(),
        Some(Command::Stigmem { args }) => {
            return stigmem_node::operator_main(std::iter::once(OsString::from("stigmem")).chain(args));
        }
        Some(Command::Shepherd { lifeline, command }) => {
            return match lifeline {
                None => shepherd(command),
                Some(lifeline) => attend(lifeline, command),
            };
        }
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            say_error(&error.to_string());
            match error {
                RunError::Input(_) => Exit::Usage,
                RunError::TargetGone(_) => Exit::TargetGone,
                RunError::Harness(_) => Exit::Harness,
            }
            .into()
        }
    }
}

/// The runtime that everything asynchronous runs on.
fn runtime() -> Result<tokio::runtime::Runtime, RunError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| RunError::Harness(format!("the runtime cannot be started: {error}")))
}

/// What `work` comes to; nothing when somebody interrupts it first.
fn until_interrupted<T>(work: impl Future<Output = T>) -> Result<Option<T>, RunError> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that its handlers stand before the first process does.
            biased;
            () = interrupted() => None,
            outcome = work => Some(outcome),
        }
    });
    // A task that blocks would keep us here.
    runtime.shutdown_background();
    Ok(outcome)
}

/// Resolves at Ctrl-C or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

fn shepherd(command: Vec<OsString>) -> ExitCode {
    let Ok(runtime) = runtime() else {
        return Exit::Harness.into();
    };
    let ended = runtime.block_on(crate::world::shepherd::run(command));
    // The thread that reads our input would keep us here.
    runtime.shutdown_background();
    match ended {
        Ok(how) => {
            say_error(&format!("the node's process ended: {how}"));
            ExitCode::SUCCESS
        }
        Err(message) => {
            say_error(&message);
            ExitCode::FAILURE
        }
    }
}

/// The same for an adapter, whose streams are its own.
fn attend(lifeline: std::net::SocketAddr, command: Vec<OsString>) -> ExitCode {
    let Ok(runtime) = runtime() else {
        return Exit::Harness.into();
    };
    match runtime.block_on(crate::world::shepherd::attend(lifeline, command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// One message for people, on the error stream.
fn say_error(message: &str) {
    // Nobody is left to tell when the error stream is closed.
    let _ = writeln!(anstream::stderr(), "stigmem-conformance: {message}");
}

/// Text for people while the output stream is a program's.
fn say_aside(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Text for people or programs, on the output stream. A reader that has gone away (`| head`) is no error.
fn say(text: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

const EXIT_CODES: &str = "Exit codes:
  0   everything judged passed (without a selection: conformant), or failed as listed
  1   not conformant: a requirement was broken, or a listed failure passed
  2   wrong invocation or input file
  3   the target could not be reached, did not start, or died
  4   nothing or too little was observed: an empty selection, or requirements left inconclusive
  70  a mistake of this program
  130 interrupted";
