//! Registered nodes.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json;

use super::readers::Effort;
use super::rows::foreign;
use super::{Store, Stored, Txn};
use crate::domain::declaration::{Declaration, Published, RateLimit};
use crate::domain::id::Id;
use crate::domain::peer::{Peer, Status};
use crate::domain::scope::{Scope, ScopeSet};
use crate::policy::{Activation, FailedRegistrations, PeerIdentity};

const COLUMNS: &str = "id, node_id, node_url, pubkey, status, declared_scopes, per_second, burst, established_at";

/// What a registration came to.
#[derive(Clone, Debug)]
pub(crate) enum Registered {
    /// Newly written, active or rejected.
    Written(Peer),
    /// There is one already that a declaration cannot replace.
    Standing(Status),
}

impl Store {
    /// In order of registration.
    pub(crate) async fn peers(&self) -> Stored<Vec<Peer>> {
        self.read(Effort::Long, list).await
    }

    /// By the id of the row.
    pub(crate) async fn peer(&self, id: String) -> Stored<Option<Peer>> {
        self.read(Effort::Short, move |db| find(db, "id", &id)).await
    }

    pub(crate) async fn peer_of_node(&self, node_id: String) -> Stored<Option<Peer>> {
        self.read(Effort::Short, move |db| find(db, "node_id", &node_id)).await
    }

    /// Stores a declaration with what came of judging it. A node that is active or revoked stays as it is.
    pub(crate) async fn register(
        &self,
        declaration: Declaration,
        verdict: Result<(), &'static str>,
    ) -> Stored<Registered> {
        self.writer.submit(move |txn| txn.register(&declaration, verdict)).await
    }

    /// Ends a relationship; whether there was one.
    pub(crate) async fn revoke_peer(&self, id: String) -> Stored<bool> {
        self.writer.submit(move |txn| txn.revoke_peer(&id)).await
    }
}

impl Txn<'_> {
    fn register(
        &mut self,
        declaration: &Declaration,
        verdict: Result<(), &'static str>,
    ) -> rusqlite::Result<Registered> {
        let known = self.known(declaration)?;
        if let Some(peer) = &known
            && !peer.gives_way_to(declaration)
        {
            return Ok(Registered::Standing(peer.status));
        }
        let before = known.as_ref().map(|peer| peer.status);
        let becomes_active = verdict.is_ok() && Activation::now().follows(before);
        let id = known.map_or_else(|| Id::fresh(self.now / 1_000).text(), |peer| peer.id);
        let status = if becomes_active {
            Status::Active
        } else {
            Status::Rejected
        };
        let scopes: Vec<&str> = declaration.allowed_scopes.iter().map(|scope| scope.word()).collect();
        self.db
            .prepare_cached(
                "INSERT INTO peer (id, node_id, node_url, pubkey, declared_scopes, signed_at, signature, per_second, \
                 burst, status, established_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (node_id) DO UPDATE SET node_url = excluded.node_url, pubkey = excluded.pubkey, \
                 declared_scopes = excluded.declared_scopes, signed_at = excluded.signed_at, \
                 signature = excluded.signature, per_second = excluded.per_second, burst = excluded.burst, \
                 status = excluded.status, established_at = excluded.established_at",
            )?
            .execute(rusqlite::params![
                id,
                declaration.node_id,
                declaration.node_url,
                declaration.federation_pubkey,
                scopes.join(","),
                declaration.signed_at,
                declaration.declaration_sig,
                declaration.rate_limit.map(|limit| limit.per_second),
                declaration.rate_limit.map(|limit| limit.burst),
                status as u8,
                becomes_active.then_some(self.now),
            ])?;
        let mut detail = json!({
            "node_id": declaration.node_id,
            "node_url": declaration.node_url,
            "allowed_scopes": scopes,
        });
        if let Err(reason) = verdict
            && FailedRegistrations::now().tell(reason)
        {
            detail["reason"] = reason.into();
        }
        let event = if verdict.is_ok() {
            "peer_registered"
        } else {
            "peer_rejected"
        };
        if verdict.is_ok() || FailedRegistrations::now() != FailedRegistrations::NotNoted {
            self.record(&id, event, Some(&detail))?;
        }
        if verdict.is_ok() && declaration.scopes().contains(Scope::Team) {
            self.record(
                &id,
                "team_scope_declared",
                Some(&json!({ "node_id": declaration.node_id })),
            )?;
        }
        let peer = find(self.db, "id", &id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Registered::Written(peer))
    }

    /// What is known of the node that declares itself.
    fn known(&self, declaration: &Declaration) -> rusqlite::Result<Option<Peer>> {
        let known = find(self.db, "node_id", &declaration.node_id)?;
        if known.is_some() || PeerIdentity::now() == PeerIdentity::NodeId {
            return Ok(known);
        }
        let there = find(self.db, "node_url", &declaration.node_url)?;
        Ok(there.filter(|peer| peer.status == Status::Active))
    }

    /// A rejected row stands for nothing and goes; any other is kept as revoked, so that it cannot come back by itself.
    fn revoke_peer(&mut self, id: &str) -> rusqlite::Result<bool> {
        let Some(peer) = find(self.db, "id", id)? else {
            return Ok(false);
        };
        let sql = if peer.status == Status::Rejected {
            "DELETE FROM peer WHERE id = ?"
        } else {
            "UPDATE peer SET status = 2 WHERE id = ?"
        };
        self.db.prepare_cached(sql)?.execute([id])?;
        if peer.status == Status::Active {
            self.record(id, "peer_revoked", Some(&json!({ "node_id": peer.node_id })))?;
        }
        Ok(true)
    }
}

pub(crate) fn list(db: &Connection) -> rusqlite::Result<Vec<Peer>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM peer ORDER BY seq"))?
        .query_map([], peer)?
        .collect()
}

/// Makes a peer of a node that did not declare itself.
pub(crate) fn welcome(db: &Connection, node: &Published, scopes: &[Scope], now: i64) -> rusqlite::Result<()> {
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    db.execute(
        "INSERT OR IGNORE INTO peer (id, node_id, node_url, pubkey, declared_scopes, signed_at, signature, status, \
         established_at) VALUES (?1, ?2, ?3, ?4, ?5, '', '', 0, ?6)",
        rusqlite::params![
            Id::fresh(now / 1_000).text(),
            node.node_id,
            node.node_url,
            node.federation_pubkey,
            scopes.join(","),
            now,
        ],
    )?;
    Ok(())
}

/// Takes a revoked or rejected node out of the list, so that it can be registered anew.
pub(crate) fn forget(db: &Connection, node_id: &str) -> rusqlite::Result<bool> {
    Ok(db.execute("DELETE FROM peer WHERE node_id = ? AND status <> 0", [node_id])? > 0)
}

pub(super) fn find(db: &Connection, column: &'static str, key: &str) -> rusqlite::Result<Option<Peer>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM peer WHERE {column} = ?"))?
        .query_row([key], peer)
        .optional()
}

fn peer(row: &Row<'_>) -> rusqlite::Result<Peer> {
    let wrong = |column| foreign(column, rusqlite::types::Type::Text);
    let scopes: String = row.get(5)?;
    let scopes: Option<ScopeSet> = scopes
        .split(',')
        .filter(|word| !word.is_empty())
        .map(Scope::parse)
        .collect();
    let limit: (Option<f64>, Option<f64>) = (row.get(6)?, row.get(7)?);
    Ok(Peer {
        id: row.get(0)?,
        node_id: row.get(1)?,
        node_url: row.get(2)?,
        federation_pubkey: row.get(3)?,
        status: Status::from_code(row.get(4)?).ok_or_else(|| wrong(4))?,
        scopes: scopes.ok_or_else(|| wrong(5))?,
        rate_limit: limit
            .0
            .zip(limit.1)
            .map(|(per_second, burst)| RateLimit { per_second, burst }),
        established_at: row.get(8)?,
    })
}
