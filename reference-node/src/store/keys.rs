//! API keys.

use std::sync::PoisonError;

use rusqlite::{Connection, OptionalExtension, Row};

use super::readers::Effort;
use super::{Store, Stored, Txn};
use crate::domain::caller::{Caller, PermissionSet};
use crate::domain::id::Id;
use crate::domain::instant::now_micros;
use crate::domain::key::{KeyDraft, KeyHash, KeyRecord};
use crate::domain::scope::ScopeSet;
use crate::policy::{EmptyScopes, KeyExpiry, KeyRevocation, KeysOfAnEntity, NewKeys};

const COLUMNS: &str = "id, entity_uri, permissions, scopes, description, created_at, expires_at, expires_micro";

impl Store {
    /// Who presents this key; nobody when it is unknown, revoked or expired. Read from the file each time, so that a
    /// revocation holds from the next request on, whoever revoked.
    pub(crate) fn caller(&self, presented: KeyHash) -> Stored<Option<Caller>> {
        let db = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let found = db
            .prepare_cached(
                "SELECT hash, entity_uri, permissions, scopes, expires_micro, created_at FROM api_key WHERE hash = ?",
            )?
            .query_row([presented.0], |row| {
                let stored: Vec<u8> = row.get(0)?;
                let expires: Option<i64> = row.get(4)?;
                let valid = presented.matches(&stored)
                    && (KeyExpiry::now() == KeyExpiry::Ignored || expires.is_none_or(|at| at > now_micros()));
                let known = NewKeys::now() != NewKeys::WaitAMinute || row.get::<_, i64>(5)? <= now_micros();
                let caller = Caller {
                    entity_uri: row.get(1)?,
                    permissions: PermissionSet::from_bits(row.get(2)?),
                    scopes: EmptyScopes::now().of(ScopeSet::from_bits(row.get(3)?)),
                };
                Ok((valid && known).then_some(caller))
            })
            .optional()?;
        Ok(found.flatten())
    }

    pub(crate) async fn create_key(&self, draft: KeyDraft, hash: KeyHash) -> Stored<KeyRecord> {
        self.writer.submit(move |txn| create(txn, draft, hash)).await
    }

    pub(crate) async fn keys(&self) -> Stored<Vec<KeyRecord>> {
        self.read(Effort::Long, list).await
    }

    /// Whether there was such a key.
    pub(crate) async fn revoke_key(&self, id: String) -> Stored<bool> {
        self.writer.submit(move |txn| revoke(txn, &id)).await
    }
}

fn create(txn: &mut Txn<'_>, draft: KeyDraft, hash: KeyHash) -> rusqlite::Result<KeyRecord> {
    if KeysOfAnEntity::now() == KeysOfAnEntity::One
        && let Some(first) = by_hash(txn.db, hash)?
    {
        return Ok(first);
    }
    let record = insert(txn.db, draft, hash, txn.now)?;
    if let Some(change) = NewKeys::now().change() {
        txn.db.execute(change, [&record.id])?;
    }
    Ok(record)
}

fn by_hash(db: &Connection, hash: KeyHash) -> rusqlite::Result<Option<KeyRecord>> {
    db.query_row(
        &format!("SELECT {COLUMNS} FROM api_key WHERE hash = ?"),
        [hash.0],
        record,
    )
    .optional()
}

fn revoke(txn: &mut Txn<'_>, id: &str) -> rusqlite::Result<bool> {
    delete(txn.db, id)
}

pub(crate) fn insert(db: &Connection, draft: KeyDraft, hash: KeyHash, now: i64) -> rusqlite::Result<KeyRecord> {
    let record = KeyRecord {
        id: Id::fresh(now / 1_000).text(),
        draft,
        created_at: now,
    };
    let expires = record.draft.expires_at.as_ref();
    db.execute(
        "INSERT INTO api_key (id, hash, entity_uri, permissions, scopes, description, created_at, expires_at, \
         expires_micro) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rusqlite::params![
            record.id,
            hash.0,
            record.draft.entity_uri,
            record.draft.permissions.bits(),
            record.draft.scopes.bits(),
            record.draft.description,
            record.created_at,
            expires.map(|(text, _)| text),
            expires.map(|(_, micros)| micros),
        ],
    )?;
    Ok(record)
}

/// Newest first.
pub(crate) fn list(db: &Connection) -> rusqlite::Result<Vec<KeyRecord>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM api_key ORDER BY created_at DESC, id DESC"
    ))?
    .query_map([], record)?
    .collect()
}

pub(crate) fn delete(db: &Connection, id: &str) -> rusqlite::Result<bool> {
    Ok(db.execute(KeyRevocation::now().statement(), [id])? > 0)
}

fn record(row: &Row<'_>) -> rusqlite::Result<KeyRecord> {
    let expires: (Option<String>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(KeyRecord {
        id: row.get(0)?,
        draft: KeyDraft {
            entity_uri: row.get(1)?,
            permissions: PermissionSet::from_bits(row.get(2)?),
            scopes: ScopeSet::from_bits(row.get(3)?),
            description: row.get(4)?,
            expires_at: expires.0.zip(expires.1),
        },
        created_at: row.get(5)?,
    })
}
