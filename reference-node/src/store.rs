//! The store: one SQLite file, one thread that writes, several connections that read.
//!
//! Reads see the standing of facts as it is now: before each read the writer is asked to settle what has expired since,
//! if anything has. Nothing here knows HTTP.

mod assert;
mod conflicts;
mod contest;
pub(crate) mod cursors;
mod decay;
pub(crate) mod events;
pub(crate) mod expiry;
mod jobs;
pub(crate) mod keys;
pub(crate) mod lint;
mod lookup;
mod nonces;
pub(crate) mod open;
mod otherwise;
pub(crate) mod peers;
mod query;
mod readers;
mod receive;
mod records;
mod resolve;
mod rows;
mod shared;
pub(crate) mod synthesis;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Mutex;

use rusqlite::Connection;

pub(crate) use self::conflicts::{ConflictFilter, ConflictRecord};
pub(crate) use self::decay::{PolicyRefusal, Swept};
pub(crate) use self::jobs::TooManyJobs;
pub(crate) use self::lookup::Name;
pub(crate) use self::query::Filter;
use self::readers::Effort;
pub(crate) use self::receive::{Batch, Outcome, Progress};
pub(crate) use self::resolve::{Resolution, ResolveRefusal};
pub(crate) use self::shared::Wanted;
pub(crate) use self::writer::Txn;

use crate::domain::cursor::CursorKey;
use crate::domain::fact::{Draft, Fact};
use crate::domain::instant::now_micros;
use crate::domain::scope::ScopeSet;
use crate::policy::{
    Comparison, DecayEffects, DecayPolicyStore, DecayReductionAge, LostAtAKill, Remembered, SynthesisMemory,
};

/// Why the store could not answer. None of these is the caller's fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the database schema could not be brought up to date: {0}")]
    Migration(#[from] rusqlite_migration::Error),
    #[error("the store has stopped")]
    Stopped,
    #[error("the operation failed inside the node")]
    Panicked,
    #[error("what was being read is not kept any more")]
    Forgotten,
    #[error("what the store holds cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

pub(crate) type Stored<T> = Result<T, StoreError>;

/// How many resources the store may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreLimits {
    pub(crate) readers: usize,
    pub(crate) write_queue: usize,
}

pub(crate) struct Store {
    writer: writer::Writer,
    readers: readers::Readers,
    /// Keys are looked up on a connection of their own: one indexed row, too short to hand to another thread.
    keys: Mutex<Connection>,
    pub(crate) node_id: String,
    pub(crate) cursor_key: CursorKey,
    /// The seed of the federation key that the node made for itself.
    pub(crate) federation_seed: [u8; 32],
}

impl Store {
    /// Opens the file, creating and migrating it as needed, and starts the writer.
    pub(crate) fn open(path: &Path, limits: StoreLimits) -> Stored<Self> {
        let db = open::for_writing(path)?;
        LostAtAKill::now().take(&db, path)?;
        if let Some(undone) = Remembered::now().undone() {
            db.execute(undone, [])?;
        }
        let lost = [
            DecayPolicyStore::now().lost(),
            DecayReductionAge::now().lost(),
            DecayEffects::now().lost(),
        ];
        db.execute_batch(&lost.concat())?;
        jobs::interrupt(&db)?;
        SynthesisMemory::now().starts(&db)?;
        let node_id = open::node_id(&db)?;
        let cursor_key = open::cursor_key(&db)?;
        let federation_seed = open::federation_seed(&db)?;
        let readers = (0..limits.readers)
            .map(|_| open::for_reading(path))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            keys: Mutex::new(open::for_reading(path)?),
            readers: readers::Readers::new(readers),
            writer: writer::Writer::start(db, limits.write_queue)?,
            node_id,
            cursor_key,
            federation_seed,
        })
    }

    /// Stores a fact and answers once it is on disk. `writable` are the scopes that the caller may write.
    pub(crate) async fn assert(&self, draft: Draft, writable: ScopeSet) -> Stored<Fact> {
        if Comparison::now() != Comparison::InTheWrite {
            return self.assert_unguarded(draft, writable).await;
        }
        self.writer
            .submit(move |txn| txn.assert_and_read(&draft, writable))
            .await
    }

    /// Runs `read` on a connection that sees every acknowledged write and no fact past its expiry as live.
    async fn read<T, F>(&self, effort: Effort, read: F) -> Stored<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        if self.writer.next_expiry() <= now_micros() {
            self.writer.submit(|_settles_first| Ok(())).await?;
        }
        self.readers.run(effort, read).await
    }

    /// Whether the database answers at all.
    pub(crate) async fn check(&self) -> Stored<()> {
        self.read(Effort::Short, |db| db.query_row("SELECT 1", [], |_| Ok(())))
            .await
    }

    /// Finishes what is queued and folds the write-ahead log into the file.
    pub(crate) async fn close(&self) {
        self.writer.stop().await;
    }
}
