//! Nonces of peer tokens: each is good once, also after a restart.

use sha2::{Digest, Sha256};

use super::{Store, Stored};
use crate::domain::instant::now_micros;

/// How long a nonce is kept beyond the life of its token, in milliseconds: clocks may be set back.
const GRACE: i64 = 300_000;

impl Store {
    /// Uses a nonce up; false when it was used before. On disk before the answer.
    pub(crate) async fn use_nonce(&self, issuer: String, nonce: &str, expires_at: i64) -> Stored<bool> {
        let hash: [u8; 32] = Sha256::digest(nonce.as_bytes()).into();
        self.writer
            .submit(move |txn| {
                let now = now_micros() / 1_000;
                txn.db
                    .prepare_cached("DELETE FROM nonce WHERE expires_at < ?")?
                    .execute([now])?;
                let fresh = txn
                    .db
                    .prepare_cached("INSERT OR IGNORE INTO nonce (issuer, hash, expires_at) VALUES (?, ?, ?)")?
                    .execute((issuer, hash, expires_at.saturating_add(GRACE)))?;
                Ok(fresh == 1)
            })
            .await
    }
}
