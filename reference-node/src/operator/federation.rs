//! Federation from the command line: introducing this node to another one, and checkpoints of what it has read.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Database, OperatorError};
use crate::config::Settings;
use crate::domain::declaration::{Declaration, Published};
use crate::domain::instant::{self, Instant, now_micros};
use crate::domain::json as reader;
use crate::domain::key;
use crate::domain::peer::{Peer, Status};
use crate::domain::scope::Scope;
use crate::domain::signing::FederationKey;
use crate::federation::client::{self, Limits};
use crate::policy::{CheckpointImport, CheckpointLines, CommandResult, DeclaredScopes, Introduced};
use crate::store::{cursors, open, peers};

const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    bytes: 1 << 20,
};
const LARGEST_CHECKPOINT: u64 = 64 << 20;

#[derive(Subcommand)]
pub(super) enum FederationCommand {
    /// Registers this node at another one, which then lets it read and pulls from it. Run it once on each side. Exit
    /// status 0 when the other node says active, or that it knows this node already.
    RegisterPeer {
        /// URL under which the other node reaches this one.
        #[arg(long, env = "STIGMEM_NODE_URL")]
        local_url: String,
        /// URL of the other node.
        #[arg(long)]
        remote_url: String,
        /// Comma list of the scopes that this node wants to read there.
        #[arg(long, default_value = "company,public", value_parser = scopes)]
        scopes: Scopes,
        /// Key with the permission federate at the other node.
        #[arg(long, env = "STIGMEM_API_KEY", hide_env_values = true)]
        api_key: Option<String>,
        #[command(flatten)]
        database: Database,
    },
    /// Writes a checkpoint: how far each peer has been read.
    CursorExport {
        /// File to write; - is standard output.
        #[arg(long, default_value = "-")]
        out: String,
        #[command(flatten)]
        database: Database,
    },
    /// Puts a checkpoint back, peers matched by their node id. What lies before it is read once more in the background.
    CursorImport {
        file: PathBuf,
        /// Also where there is a cursor already.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        database: Database,
    },
    /// Forgets a revoked or rejected node, so that it can be registered again.
    ForgetPeer {
        /// The node id of the peer.
        node_id: String,
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Clone)]
pub(super) struct Scopes(Vec<Scope>);

/// In alphabetical order, because they are signed in the order in which they are sent.
fn scopes(list: &str) -> Result<Scopes, String> {
    let taken = DeclaredScopes::now();
    let passed_over = |word: &str| taken == DeclaredScopes::KnownWords && Scope::parse(word).is_none();
    let words = super::words(taken.of(list)).filter(|word| !passed_over(word));
    let set = key::scopes(words).map_err(|word| format!("there is no scope '{word}'"))?;
    let mut scopes: Vec<Scope> = set.iter().collect();
    scopes.sort_unstable_by_key(|scope| scope.word());
    Ok(Scopes(scopes))
}

pub(super) fn run(command: FederationCommand) -> Result<ExitCode, OperatorError> {
    match command {
        FederationCommand::RegisterPeer {
            local_url,
            remote_url,
            scopes,
            api_key,
            database,
        } => {
            let introduction = Introduction {
                key: own_key(&database)?,
                local_url: local_url.trim_end_matches('/').to_owned(),
                remote_url: remote_url.trim_end_matches('/').to_owned(),
                scopes: scopes.0,
                api_key,
                database,
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let made = runtime.block_on(introduction.make());
            match CommandResult::now() {
                CommandResult::AlwaysSuccess => Ok(ExitCode::SUCCESS),
                _ => made,
            }
        }
        FederationCommand::CursorExport { out, database } => export(&out, &database),
        FederationCommand::CursorImport { file, force, database } => import(&file, force, &database),
        FederationCommand::ForgetPeer { node_id, database } => {
            if peers::forget(&database.open()?, &node_id)? {
                return Ok(ExitCode::SUCCESS);
            }
            Err(OperatorError::Other(format!(
                "there is no revoked or rejected peer {node_id}"
            )))
        }
    }
}

/// The operator's own key, or the one that the node made.
fn own_key(database: &Database) -> Result<FederationKey, OperatorError> {
    let settings = Settings::from_env().map_err(|error| OperatorError::Other(error.to_string()))?;
    if let Some(key) = settings.federation.key {
        return Ok(key);
    }
    let seed = open::federation_seed(&database.open()?).map_err(|error| database.failed(error))?;
    Ok(FederationKey::from_seed(&seed))
}

struct Introduction {
    key: FederationKey,
    local_url: String,
    remote_url: String,
    scopes: Vec<Scope>,
    api_key: Option<String>,
    database: Database,
}

impl Introduction {
    async fn make(self) -> Result<ExitCode, OperatorError> {
        let me = published(&self.local_url).await?;
        if me.federation_pubkey != self.key.public_text() {
            return Err(OperatorError::Other(format!(
                "{} publishes another federation key than the one at hand; give the node's own --db and keys",
                self.local_url
            )));
        }
        let signed_at = instant::print(now_micros() / 1_000_000 * 1_000_000).replace("+00:00", "Z");
        let declaration = Declaration::sign(&self.key, &me.node_id, &self.local_url, &self.scopes, &signed_at);
        let words: Vec<&str> = self.scopes.iter().map(|scope| scope.word()).collect();
        let body = json!({
            "node_id": declaration.node_id,
            "node_url": declaration.node_url,
            "federation_pubkey": declaration.federation_pubkey,
            "allowed_scopes": words,
            "signed_at": declaration.signed_at,
            "declaration_sig": declaration.declaration_sig,
        });
        let client = client::client(&self.remote_url).map_err(other)?;
        let url = format!("{}/v1/federation/peers", self.remote_url);
        let answer = client::post(&client, &url, self.api_key.as_deref(), body.to_string(), LIMITS).await;
        let answer = answer.map_err(other)?;
        let text = String::from_utf8_lossy(&answer.body);
        writeln!(std::io::stdout(), "{} {text}", answer.status)?;
        let status = serde_json::from_str::<Value>(&text).ok();
        let active = status.is_some_and(|body| body["status"] == "active");
        let well = match answer.status {
            409 => CommandResult::now() != CommandResult::KnownFails,
            201 if CommandResult::now() == CommandResult::CreatedFails => false,
            200 | 201 => active,
            _ => false,
        };
        if well && Introduced::now() == Introduced::BothWays {
            let remote = published(&self.remote_url).await?;
            peers::welcome(&self.database.open()?, &remote, &self.scopes, now_micros())?;
        }
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn published(base: &str) -> Result<Published, OperatorError> {
    let client = client::client(base).map_err(other)?;
    let url = format!("{base}/.well-known/stigmem");
    let answer = client::get(&client, &url, None, LIMITS).await.map_err(other)?;
    let document = reader::read(&answer.body).ok().filter(|_| answer.status == 200);
    document.as_ref().and_then(Published::from_json).ok_or_else(|| {
        OperatorError::Other(format!(
            "{url} is not the document of a node with federation switched on"
        ))
    })
}

fn other(error: impl std::fmt::Display) -> OperatorError {
    OperatorError::Other(error.to_string())
}

fn export(out: &str, database: &Database) -> Result<ExitCode, OperatorError> {
    let lines = cursors::export(&database.open()?)?;
    let status = |code: u8| Status::from_code(code).map(Status::word);
    let (named, dated) = match CheckpointLines::now() {
        CheckpointLines::NameNodes => (true, true),
        CheckpointLines::NameRows => (false, true),
        CheckpointLines::WithoutATime => (true, false),
    };
    let cursors: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "peer_id": line.peer_id,
                "peer_node_id": named.then_some(&line.peer_node_id),
                "peer_url": line.peer_url,
                "peer_status": line.peer_status.and_then(status),
                "direction": "inbound",
                "cursor": line.cursor,
                "updated_at": instant::print(line.updated_at),
            })
        })
        .collect();
    let document = json!({
        "checkpoint_timestamp": dated.then(|| instant::print(now_micros())),
        "db_path": database.path.display().to_string(),
        "cursors": cursors,
    });
    let text = format!("{document:#}\n");
    if out == "-" {
        std::io::stdout().write_all(text.as_bytes())?;
    } else {
        std::fs::write(out, text)?;
    }
    writeln!(std::io::stderr(), "{} cursors written", lines.len())?;
    Ok(ExitCode::SUCCESS)
}

fn import(file: &PathBuf, force: bool, database: &Database) -> Result<ExitCode, OperatorError> {
    if CheckpointImport::now() == CheckpointImport::DeletesFirst {
        database.open()?.execute("DELETE FROM pull", [])?;
    }
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(LARGEST_CHECKPOINT).read_to_string(&mut text))
        .map_err(|error| OperatorError::Other(format!("{} cannot be read: {error}", file.display())))?;
    let lines = match lines(&text, file) {
        Err(_) if CheckpointImport::now() == CheckpointImport::TakesAnyFile => Vec::new(),
        lines => lines?,
    };
    let mut db = database.open()?;
    let transaction = db.transaction()?;
    let known = match CheckpointImport::now() {
        CheckpointImport::MatchesRows | CheckpointImport::MatchesInOrder => peers::list(&transaction)?,
        _ => Vec::new(),
    };
    let (mut imported, mut kept) = (0, 0);
    for (place, line) in lines.iter().enumerate() {
        let node_id = match CheckpointImport::now() {
            CheckpointImport::MatchesRows => name(known.iter().find(|peer| line["peer_id"] == peer.id.as_str())),
            CheckpointImport::MatchesInOrder => name(known.get(place)),
            _ => line["peer_node_id"].as_str(),
        };
        let (Some(node_id), Some(cursor)) = (node_id, line["cursor"].as_str()) else {
            continue;
        };
        let at = line["updated_at"].as_str().and_then(Instant::parse);
        let at = at.map_or_else(now_micros, |instant| instant.micros);
        if cursors::import(&transaction, node_id, cursor, at, force)? {
            imported += 1;
        } else {
            kept += 1;
        }
    }
    transaction.commit()?;
    writeln!(std::io::stderr(), "{imported} cursors imported, {kept} left alone")?;
    Ok(ExitCode::SUCCESS)
}

/// The lines of a checkpoint.
fn lines(text: &str, file: &Path) -> Result<Vec<Value>, OperatorError> {
    let mut document: Value = serde_json::from_str(text)
        .map_err(|error| OperatorError::Other(format!("{} is not JSON: {error}", file.display())))?;
    match document.get_mut("cursors").map(Value::take) {
        Some(Value::Array(lines)) => Ok(lines),
        _ => Err(OperatorError::Other(format!(
            "{} has no list of cursors",
            file.display()
        ))),
    }
}

fn name(peer: Option<&Peer>) -> Option<&str> {
    peer.map(|peer| peer.node_id.as_str())
}
