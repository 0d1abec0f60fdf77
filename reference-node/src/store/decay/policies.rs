//! Decay policies that were made over HTTP.

use rusqlite::Connection;
use rusqlite::types::Type;

use crate::domain::decay::{DecayPolicy, MOST_POLICIES};
use crate::domain::json;
use crate::policy::{DecayPolicyDeletion, DecayTakenIds};
use crate::store::readers::Effort;
use crate::store::rows::foreign;
use crate::store::{Store, Stored, Txn};

/// Why a policy was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyRefusal {
    /// There is one with its id.
    Taken,
    TooMany,
}

impl Store {
    /// In the order in which they were made.
    pub(crate) async fn decay_policies(&self) -> Stored<Vec<DecayPolicy>> {
        self.read(Effort::Long, list).await
    }

    /// Keeps a policy beside so many others that are not in the store.
    pub(crate) async fn keep_decay_policy(
        &self,
        policy: DecayPolicy,
        others: usize,
    ) -> Stored<Result<(), PolicyRefusal>> {
        self.writer.submit(move |txn| keep(txn, &policy, others)).await
    }

    /// Whether there was such a policy.
    pub(crate) async fn forget_decay_policy(&self, id: String) -> Stored<bool> {
        self.writer
            .submit(move |txn| DecayPolicyDeletion::now().carry_out(txn.db, &id))
            .await
    }
}

fn keep(txn: &mut Txn<'_>, policy: &DecayPolicy, others: usize) -> rusqlite::Result<Result<(), PolicyRefusal>> {
    let (kept, taken): (i64, bool) = txn
        .db
        .prepare_cached("SELECT count(*), EXISTS (SELECT 1 FROM decay_policy WHERE id = ?) FROM decay_policy")?
        .query_row([&policy.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if taken && DecayTakenIds::now() == DecayTakenIds::Refused {
        return Ok(Err(PolicyRefusal::Taken));
    }
    if usize::try_from(kept).unwrap_or(usize::MAX).saturating_add(others) >= MOST_POLICIES {
        return Ok(Err(PolicyRefusal::TooMany));
    }
    txn.db
        .prepare_cached("INSERT OR REPLACE INTO decay_policy (id, body) VALUES (?, ?)")?
        .execute((&policy.id, policy.to_json().to_string()))?;
    Ok(Ok(()))
}

fn list(db: &Connection) -> rusqlite::Result<Vec<DecayPolicy>> {
    db.prepare_cached("SELECT body FROM decay_policy ORDER BY seq")?
        .query_map([], |row| {
            let body: String = row.get(0)?;
            let policy = json::read(body.as_bytes())
                .ok()
                .map(|body| DecayPolicy::from_json(&body));
            policy.and_then(Result::ok).ok_or_else(|| foreign(0, Type::Text))
        })?
        .collect()
}
