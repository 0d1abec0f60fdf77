//! Reading connections: as many reads at a time as there are connections, each on a thread that may block.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{StoreError, Stored};

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
    pub(super) async fn run<T, F>(&self, read: F) -> Stored<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Stopped)?;
        let free = Arc::clone(&self.free);
        let work = move || {
            let taken = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let lent = Lent {
                connection: Some(taken.ok_or(StoreError::Stopped)?),
                free,
            };
            let db = lent.connection.as_ref().ok_or(StoreError::Stopped)?;
            let snapshot = db.unchecked_transaction()?;
            let result = read(&snapshot)?;
            drop(snapshot);
            drop(lent);
            drop(permit);
            Ok(result)
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or(Err(StoreError::Panicked))
    }
}

/// A connection that goes back to the pool however its borrower ends.
struct Lent {
    connection: Option<Connection>,
    free: Arc<Mutex<Vec<Connection>>>,
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
