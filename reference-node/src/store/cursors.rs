//! How far this node has read its peers, and checkpoints of that.

use rusqlite::{Connection, OptionalExtension, Row};

use super::readers::Effort;
use super::{Store, Stored, Txn};
use crate::policy::{CheckpointImport, StoredCursor};

/// Where to go on reading one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pull {
    pub(crate) cursor: Option<String>,
    /// While everything is read once more: how far that has come, an empty text at its start.
    pub(crate) walk: Option<String>,
}

/// A line of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) peer_node_id: String,
    pub(crate) peer_id: Option<String>,
    pub(crate) peer_url: Option<String>,
    pub(crate) peer_status: Option<u8>,
    pub(crate) cursor: Option<String>,
    pub(crate) updated_at: i64,
}

impl Store {
    pub(crate) async fn pull_state(&self, node_id: String) -> Stored<Pull> {
        self.read(Effort::Short, move |db| {
            let found = db
                .prepare_cached("SELECT cursor, walk FROM pull WHERE node_id = ?")?
                .query_row([node_id], |row| {
                    Ok(Pull {
                        cursor: row.get(0)?,
                        walk: row.get(1)?,
                    })
                })
                .optional()?;
            Ok(found.unwrap_or_default())
        })
        .await
    }

    /// Starts over with a peer that does not know our cursor any more; ids make that harmless.
    pub(crate) async fn forget_cursor(&self, node_id: String) -> Stored<()> {
        self.writer
            .submit(move |txn| {
                txn.db
                    .prepare_cached("UPDATE pull SET cursor = NULL, walk = NULL WHERE node_id = ?")?
                    .execute([node_id])?;
                Ok(())
            })
            .await
    }
}

impl Txn<'_> {
    pub(super) fn set_cursor(&mut self, node_id: &str, cursor: &str) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO pull (node_id, cursor, updated_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (node_id) DO UPDATE SET cursor = ?2, updated_at = ?3",
            )?
            .execute((node_id, StoredCursor::now().of(cursor), self.now))?;
        Ok(())
    }

    pub(super) fn set_walk(&mut self, node_id: &str, walk: Option<&str>) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("UPDATE pull SET walk = ?2, updated_at = ?3 WHERE node_id = ?1")?
            .execute((node_id, walk, self.now))?;
        Ok(())
    }
}

/// Every cursor there is, with the peer it belongs to where that is registered.
pub(crate) fn export(db: &Connection) -> rusqlite::Result<Vec<Checkpoint>> {
    db.prepare(
        "SELECT pull.node_id, peer.id, peer.node_url, peer.status, pull.cursor, pull.updated_at FROM pull \
         LEFT JOIN peer ON peer.node_id = pull.node_id ORDER BY pull.node_id",
    )?
    .query_map([], checkpoint)?
    .collect()
}

fn checkpoint(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    Ok(Checkpoint {
        peer_node_id: row.get(0)?,
        peer_id: row.get(1)?,
        peer_url: row.get(2)?,
        peer_status: row.get(3)?,
        cursor: row.get(4)?,
        updated_at: row.get(5)?,
    })
}

/// Puts a cursor back, unless there is one already. What lies before it is read again afterwards, because the facts of
/// then may be what was lost.
pub(crate) fn import(db: &Connection, node_id: &str, cursor: &str, now: i64, force: bool) -> rusqlite::Result<bool> {
    if CheckpointImport::now() == CheckpointImport::DoesNothing {
        return Ok(false);
    }
    let keep = if force { "" } else { "WHERE pull.cursor IS NULL" };
    let sql = format!(
        "INSERT INTO pull (node_id, cursor, walk, updated_at) VALUES (?1, ?2, '', ?3) \
         ON CONFLICT (node_id) DO UPDATE SET cursor = ?2, walk = '', updated_at = ?3 {keep}"
    );
    Ok(db.execute(&sql, (node_id, cursor, now))? > 0)
}
