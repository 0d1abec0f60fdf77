//! Connections: pragmas, migrations, and what makes the file this node's own.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use rusqlite_migration::{M, Migrations};

use super::Stored;
use crate::domain::cursor::CursorKey;
use crate::domain::id::{Id, fill_random};
use crate::domain::instant::now_micros;
use crate::domain::signing::FederationKey;
use crate::policy::NodeName;

pub(super) static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("migrations/0001_facts.sql")),
        M::up(include_str!("migrations/0002_federation.sql")),
        M::up(include_str!("migrations/0003_decay.sql")),
        M::up(include_str!("migrations/0004_lint.sql")),
    ])
});

/// Statements are prepared once per connection; the number covers every shape of query there is.
const STATEMENTS: usize = 256;

/// The writer's connection. `synchronous=FULL`: what is acknowledged is on disk.
pub(crate) fn for_writing(path: &Path) -> Stored<Connection> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // What a savepoint would need to undo one request stays in memory; it is a few pages.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    keep_plans(&db)?;
    MIGRATIONS.to_latest(&mut db)?;
    Ok(db)
}

/// A connection that cannot write, whatever it is asked to do.
pub(super) fn for_reading(path: &Path) -> Stored<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.pragma_update(None, "cache_size", -4_096)?;
    keep_plans(&db)?;
    Ok(db)
}

/// Keeps prepared statements, and their plans whatever is bound to them: every plan here is chosen by hand, and making it
/// anew costs more than most queries.
fn keep_plans(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The node's name, made at first use and kept.
pub(crate) fn node_id(db: &Connection) -> Stored<String> {
    let fresh = || format!("stigmem:node:{}", Id::fresh(now_micros() / 1_000).text()).into_bytes();
    let bytes = match NodeName::now() {
        NodeName::ForLife => kept(db, "node_id", fresh)?,
        NodeName::UntilTheNextStart => fresh(),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The secret behind the cursors; it is kept so that a cursor survives a restart.
pub(super) fn cursor_key(db: &Connection) -> Stored<CursorKey> {
    let fresh = || {
        let mut secret = vec![0; 32];
        fill_random(&mut secret);
        secret
    };
    let bytes = kept(db, "cursor_key", fresh)?;
    let secret = bytes.try_into().map_err(|_| rusqlite::Error::InvalidQuery)?;
    Ok(CursorKey(secret))
}

/// The seed of the federation key, made at first use.
pub(crate) fn federation_seed(db: &Connection) -> Stored<[u8; 32]> {
    let bytes = kept(db, "federation_seed", || FederationKey::fresh_seed().to_vec())?;
    Ok(bytes.try_into().map_err(|_| rusqlite::Error::InvalidQuery)?)
}

fn kept(db: &Connection, name: &str, fresh: impl FnOnce() -> Vec<u8>) -> rusqlite::Result<Vec<u8>> {
    let read = || {
        db.query_row("SELECT value FROM node WHERE name = ?", [name], |row| row.get(0))
            .optional()
    };
    if let Some(value) = read()? {
        return Ok(value);
    }
    db.execute(
        "INSERT OR IGNORE INTO node (name, value) VALUES (?, ?)",
        (name, fresh()),
    )?;
    read()?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}
