//! The operator's command line: keys, federation, lint and synthesis, directly in the database file, also while the node runs; and
//! sweeps and what connects agents and platforms to any node, over HTTP.

mod boot;
mod decay;
mod environment;
mod federation;
mod hook;
mod lint;
mod mcp;
mod node;
mod record;
mod shown;
mod synthesize;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rusqlite::Connection;

use crate::domain::caller::PermissionSet;
use crate::domain::instant::{self, Instant, now_micros};
use crate::domain::key::{self, KeyDraft, KeyHash, KeyRecord, RawKey};
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::uri;
use crate::store::{StoreError, expiry, keys, open};

/// Manages a Stigmem node from the machine it runs on, and connects agents and platforms to any node.
#[derive(Parser)]
#[command(name = "stigmem", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// API keys.
    #[command(subcommand)]
    Keys(KeyCommand),
    /// Peers and checkpoints.
    #[command(subcommand)]
    Federation(federation::FederationCommand),
    /// Decay of what nobody said again.
    #[command(subcommand)]
    Decay(decay::DecayCommand),
    /// Tells what somebody should look at: contradictions, what has ended, what leads nowhere. Changes nothing.
    Lint(lint::LintCommand),
    /// Tells what is known: of each entity and relation the surest value, and what speaks against it. Changes nothing.
    Synthesize(synthesize::SynthesizeCommand),
    /// Serves the node at STIGMEM_URL to an agent over the Model Context Protocol, on standard input and output.
    Mcp,
    /// Tells the node at STIGMEM_URL what happened. The exit status is 0 whatever becomes of the node.
    #[command(subcommand)]
    Hook(hook::Event),
    /// Prints what an agent should know when it starts. The exit status is 0 whatever becomes of the node.
    BootContext(boot::Arguments),
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Makes a key and prints it: the only time that it can be seen.
    Create {
        /// Whom the key stands for.
        #[arg(long)]
        entity_uri: String,
        /// Comma list of read, write, federate, admin.
        #[arg(long, value_parser = permissions, default_value = "read,write")]
        permissions: PermissionSet,
        /// Comma list of local, team, company, public; an empty text means none.
        #[arg(long, value_parser = scopes, default_value = "local,team,company,public")]
        scopes: ScopeSet,
        #[arg(long)]
        description: Option<String>,
        /// RFC 3339 date-time with offset.
        #[arg(long, value_parser = expiry)]
        expires_at: Option<Expiry>,
        #[command(flatten)]
        database: Database,
    },
    /// Lists the keys without their secrets, one JSON object per line.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Makes a key invalid at once.
    Revoke {
        id: String,
        #[command(flatten)]
        database: Database,
    },
}

/// In characters.
const LONGEST_WARNING: usize = 4_000;

#[derive(clap::Args)]
struct Database {
    /// The node's SQLite file; created when missing.
    #[arg(long = "db", env = "STIGMEM_DB_PATH", default_value = "stigmem.db")]
    path: PathBuf,
}

#[derive(Clone)]
struct Expiry(String, i64);

#[derive(Debug, thiserror::Error)]
enum OperatorError {
    #[error("the database {path} cannot be opened: {error}")]
    Open { path: String, error: StoreError },
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("--entity-uri: {0}")]
    EntityUri(#[from] uri::UriError),
    #[error("there is no key {0}; `stigmem keys list` shows the ids")]
    NoKey(String),
    #[error("input or output failed: {0}")]
    Output(#[from] std::io::Error),
    #[error("{0}")]
    Other(String),
}

fn permissions(list: &str) -> Result<PermissionSet, String> {
    key::permissions(words(list)).map_err(|word| format!("there is no permission '{word}'"))
}

fn scopes(list: &str) -> Result<ScopeSet, String> {
    key::scopes(words(list)).map_err(|word| format!("there is no scope '{word}'"))
}

fn scope(word: &str) -> Result<Scope, String> {
    Scope::parse(word).ok_or_else(|| "a scope is local, team, company or public".to_owned())
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn expiry(text: &str) -> Result<Expiry, String> {
    let instant = Instant::parse(text).ok_or("a date-time is RFC 3339 with an explicit offset")?;
    Ok(Expiry(text.to_owned(), instant.micros))
}

/// Runs one command; the first of `args` is the program's name.
pub(crate) fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too; clap knows which stream and which code each needs.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match arguments.command {
        Command::Keys(command) => run(command).map(|()| ExitCode::SUCCESS),
        Command::Federation(command) => federation::run(command),
        Command::Decay(command) => decay::run(command),
        Command::Lint(command) => lint::run(command),
        Command::Synthesize(command) => synthesize::run(&command),
        Command::Mcp => mcp::run(),
        Command::Hook(event) => Ok(hook::run(event)),
        Command::BootContext(arguments) => Ok(boot::run(&arguments)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "stigmem: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One line on standard error, which is not there to be relied on: it may be closed.
fn warn(message: &str) {
    let _ = writeln!(std::io::stderr(), "stigmem: {}", shown::line(message, LONGEST_WARNING));
}

fn run(command: KeyCommand) -> Result<(), OperatorError> {
    let mut out = std::io::stdout();
    match command {
        KeyCommand::Create {
            entity_uri,
            permissions,
            scopes,
            description,
            expires_at,
            database,
        } => {
            let expires_at = expires_at.map(|Expiry(text, micros)| (text, micros));
            let entity_uri = uri::normalise(&entity_uri)?;
            let draft = KeyDraft {
                entity_uri,
                permissions,
                scopes,
                description,
                expires_at,
            };
            let raw = RawKey::fresh();
            keys::insert(&database.open()?, draft, KeyHash::of(&raw.0), now_micros())?;
            writeln!(out, "{}", raw.0)?;
        }
        KeyCommand::List { database } => {
            for record in keys::list(&database.open()?)? {
                writeln!(out, "{}", line(&record))?;
            }
        }
        KeyCommand::Revoke { id, database } => {
            if !keys::delete(&database.open()?, &id)? {
                return Err(OperatorError::NoKey(id));
            }
        }
    }
    Ok(())
}

impl Database {
    fn open(&self) -> Result<Connection, OperatorError> {
        open::for_writing(&self.path).map_err(|error| self.failed(error))
    }

    /// The same where there is a file, of which everything that has expired is settled: an empty one in its place would have
    /// nothing to tell, and look like good news.
    fn existing(&self) -> Result<Connection, OperatorError> {
        if !self.path.exists() {
            return Err(OperatorError::Other(format!(
                "there is no database {}",
                self.path.display()
            )));
        }
        let db = self.open()?;
        expiry::settle(&db).map_err(|error| self.failed(error))?;
        Ok(db)
    }

    fn failed(&self, error: StoreError) -> OperatorError {
        OperatorError::Open {
            path: self.path.display().to_string(),
            error,
        }
    }
}

fn unwritable(error: impl std::fmt::Display) -> OperatorError {
    OperatorError::Other(format!("the document could not be written: {error}"))
}

fn line(record: &KeyRecord) -> String {
    let draft = &record.draft;
    serde_json::json!({
        "id": record.id,
        "entity_uri": draft.entity_uri,
        "permissions": draft.permissions.words(),
        "allowed_scopes": draft.scopes.words(),
        "description": draft.description,
        "created_at": instant::print(record.created_at),
        "expires_at": draft.expires_at.as_ref().map(|(text, _)| text),
    })
    .to_string()
}
