//! What only a deviating node does with nonces: wrong values of policies call it, and nothing else.

use std::time::Duration;

use rusqlite::Connection;

use crate::store::readers::Effort;
use crate::store::{Store, Stored, Txn};

/// What lies between looking a nonce up and writing it down.
const WORK: Duration = Duration::from_millis(50);

impl Store {
    pub(super) async fn use_nonce_in_two_steps(&self, issuer: String, hash: [u8; 32], expires_at: i64) -> Stored<bool> {
        let owner = issuer.clone();
        let known = self.read(Effort::Short, move |db| is_known(db, &owner, hash)).await?;
        tokio::time::sleep(WORK).await;
        self.writer
            .submit(move |txn| txn.use_nonce(&issuer, hash, expires_at))
            .await?;
        Ok(!known)
    }
}

fn is_known(db: &Connection, issuer: &str, hash: [u8; 32]) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM nonce WHERE issuer = ? AND hash = ?)")?
        .query_row((issuer, hash), |row| row.get(0))
}

impl Txn<'_> {
    pub(super) fn forget_all_but_ten(&self, issuer: &str) -> rusqlite::Result<usize> {
        self.db
            .prepare_cached(
                "DELETE FROM nonce WHERE issuer = ?1 AND hash NOT IN \
                 (SELECT hash FROM nonce WHERE issuer = ?1 ORDER BY expires_at DESC LIMIT 10)",
            )?
            .execute([issuer])
    }
}
