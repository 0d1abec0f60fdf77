//! Nonces of peer tokens: each is good once, also after a restart.

mod otherwise;

use sha2::{Digest, Sha256};

use super::{Store, Stored, Txn};
use crate::domain::instant::now_micros;
use crate::policy::{NonceMemory, NonceUse};

/// How long a nonce is kept beyond the life of its token, in milliseconds: clocks may be set back.
const GRACE: i64 = 300_000;

impl Store {
    /// Uses a nonce up; false when it was used before. On disk before the answer.
    pub(crate) async fn use_nonce(&self, issuer: String, nonce: &str, expires_at: i64) -> Stored<bool> {
        let hash: [u8; 32] = Sha256::digest(nonce.as_bytes()).into();
        if NonceUse::now() == NonceUse::InTwoSteps {
            return self.use_nonce_in_two_steps(issuer, hash, expires_at).await;
        }
        self.writer
            .submit(move |txn| txn.use_nonce(&issuer, hash, expires_at))
            .await
    }
}

impl Txn<'_> {
    fn use_nonce(&self, issuer: &str, hash: [u8; 32], expires_at: i64) -> rusqlite::Result<bool> {
        let now = now_micros() / 1_000;
        self.db
            .prepare_cached("DELETE FROM nonce WHERE expires_at < ?")?
            .execute([now])?;
        if NonceMemory::now().drops(expires_at, now) {
            return Ok(true);
        }
        let fresh = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO nonce (issuer, hash, expires_at) VALUES (?, ?, ?)")?
            .execute((issuer, hash, expires_at.saturating_add(GRACE)))?;
        if NonceMemory::now() == NonceMemory::LastTen {
            self.forget_all_but_ten(issuer)?;
        }
        Ok(fresh == 1)
    }
}
