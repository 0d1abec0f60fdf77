//! Reading connections: as many reads at a time as there are connections.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{StoreError, Stored};

/// How long a read may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// A few rows by index: shorter than handing the work to another thread, so it runs where it is.
    Short,
    /// Perhaps many rows: on a thread that may block.
    Long,
}

pub(super) struct Readers {
    free: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            free: Arc::new(Mutex::new(connections)),
        }
    }

    /// Runs `read` inside one transaction, so that everything it sees belongs together.
    pub(super) async fn run<T, F>(&self, effort: Effort, read: F) -> Stored<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits);
        let permit = permit.acquire_owned().await.map_err(|_| StoreError::Stopped)?;
        let lent = Lent::take(&self.free, permit)?;
        match effort {
            Effort::Short => lent.run(read),
            Effort::Long => tokio::task::spawn_blocking(move || lent.run(read))
                .await
                .unwrap_or(Err(StoreError::Panicked)),
        }
    }
}

/// A connection that goes back to the pool however its borrower ends.
struct Lent {
    connection: Option<Connection>,
    free: Arc<Mutex<Vec<Connection>>>,
    /// Given back after the connection.
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    fn take(free: &Arc<Mutex<Vec<Connection>>>, permit: OwnedSemaphorePermit) -> Stored<Self> {
        let connection = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Self {
            connection: Some(connection.ok_or(StoreError::Stopped)?),
            free: Arc::clone(free),
            _permit: permit,
        })
    }

    fn run<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Stored<T> {
        let db = self.connection.as_ref().ok_or(StoreError::Stopped)?;
        db.prepare_cached("BEGIN")?.execute([])?;
        let snapshot = Snapshot(db);
        Ok(read(snapshot.0)?)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.free
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

/// An open read transaction. Its end is prepared once per connection, unlike that of the library's own transactions.
struct Snapshot<'c>(&'c Connection);

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
        if let Err(error) = ended {
            tracing::error!(%error, "a read transaction did not end");
        }
    }
}
