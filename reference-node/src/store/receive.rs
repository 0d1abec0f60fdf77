//! Taking in what a peer sent: facts one by one, and the cursor with the page it belongs to.

use std::sync::Arc;

use serde_json::json;

use super::assert::{Origin, Stamp};
use super::contest::SYSTEM;
use super::writer::Txn;
use super::{Store, StoreError, Stored, peers};
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::incoming::{Incoming, Offer};
use crate::domain::peer::{Peer, Policy, Status};
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::value::Value;

const RECEIVED_FROM: &str = "stigmem:received_from";

/// What one request brought.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) sender: Peer,
    pub(crate) policy: Policy,
    pub(crate) offers: Vec<Offer>,
    pub(crate) progress: Progress,
}

/// Which cursor moves when the facts are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// None: a push, or a page without a cursor.
    Stay,
    Forward(String),
    /// The repeated walk from the start; nothing when it has come to its end.
    Walk(Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Stored,
    Known,
    Refused(&'static str),
}

/// How facts are stored that can all be expected to be fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    /// An error of one undoes them all.
    Together,
    /// An error of one undoes that one. `SQLite` walks through the journal of the whole transaction at the end of each savepoint, so that
    /// many facts take the square of their time.
    Each,
}

/// One outcome for each offer, or nothing at all when the sender is not an active peer any more.
pub(crate) type Received = Option<Vec<Outcome>>;

impl Store {
    /// Everything in one transaction. What is refused is written down and does not keep the rest from being stored.
    pub(crate) async fn receive(&self, batch: Batch) -> Stored<Received> {
        let batch = Arc::new(batch);
        let hasty = Arc::clone(&batch);
        match self.writer.submit(move |txn| txn.receive(&hasty, Care::Together)).await {
            Err(StoreError::Stopped) => Err(StoreError::Stopped),
            Err(error) => {
                tracing::warn!(%error, "facts of a peer could not be stored together; each is tried alone");
                self.writer.submit(move |txn| txn.receive(&batch, Care::Each)).await
            }
            received => received,
        }
    }
}

impl Txn<'_> {
    fn receive(&mut self, batch: &Batch, care: Care) -> rusqlite::Result<Received> {
        let standing = peers::find(self.db, "id", &batch.sender.id)?;
        if standing.is_none_or(|peer| peer.status != Status::Active) {
            return Ok(None);
        }
        let mut outcomes = Vec::with_capacity(batch.offers.len());
        for offer in &batch.offers {
            let outcome = self.take(batch, offer, care)?;
            if let Outcome::Refused(reason) = outcome {
                self.refused(batch, offer, reason)?;
            }
            outcomes.push(outcome);
        }
        let node_id = &batch.sender.node_id;
        match &batch.progress {
            Progress::Stay => {}
            Progress::Forward(cursor) => self.set_cursor(node_id, cursor)?,
            Progress::Walk(walk) => self.set_walk(node_id, walk.as_deref())?,
        }
        Ok(Some(outcomes))
    }

    fn take(&mut self, batch: &Batch, offer: &Offer, care: Care) -> rusqlite::Result<Outcome> {
        if let Some(id) = offer.id
            && self.is_known(id)?
        {
            return Ok(Outcome::Known);
        }
        let fact = match &offer.judged {
            Ok(fact) => fact,
            Err(reason) => return Ok(Outcome::Refused(reason)),
        };
        if let Err(reason) = batch.policy.judge(fact) {
            return Ok(Outcome::Refused(reason));
        }
        if care == Care::Together {
            self.store_received(fact, &batch.sender.node_id)?;
            return Ok(Outcome::Stored);
        }
        // One fact that cannot be stored must not take the page with it, or the page would come again for ever.
        self.db.prepare_cached("SAVEPOINT fact")?.execute([])?;
        let stored = self.store_received(fact, &batch.sender.node_id);
        if let Err(error) = &stored {
            tracing::error!(%error, fact = fact.id.text(), "a fact of a peer could not be stored");
            self.db.prepare_cached("ROLLBACK TO fact")?.execute([])?;
        }
        self.db.prepare_cached("RELEASE fact")?.execute([])?;
        Ok(if stored.is_ok() {
            Outcome::Stored
        } else {
            Outcome::Refused("ingest_error")
        })
    }

    fn store_received(&mut self, fact: &Incoming, sender: &str) -> rusqlite::Result<()> {
        let hlc = match &fact.hlc {
            Some((stamp, _)) => {
                self.follow(*stamp);
                *stamp
            }
            None => self.tick(),
        };
        let stamp = Stamp {
            id: fact.id,
            hlc,
            origin: Some(Origin {
                sender,
                hlc_text: fact.hlc.as_ref().map(|(_, text)| text.as_str()),
                timestamp_text: fact.timestamp_text.as_deref(),
            }),
        };
        self.write(&fact.draft, stamp)?;
        let provenance = Draft::certain(
            fact.id.text(),
            RECEIVED_FROM,
            Value::reference(sender),
            SYSTEM,
            Scope::Local,
        );
        self.assert(&provenance, ScopeSet::ALL).map(|_| ())
    }

    fn is_known(&self, id: Id) -> rusqlite::Result<bool> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM fact WHERE id = ?)")?
            .query_row([id.0], |row| row.get(0))
    }

    fn refused(&mut self, batch: &Batch, offer: &Offer, reason: &str) -> rusqlite::Result<()> {
        let scope = offer.judged.as_ref().ok().map(|fact| fact.draft.scope.word());
        let (event, detail) = if reason == "scope_not_permitted" {
            (
                "scope_violation",
                json!({ "fact_id": offer.id_text, "scope": scope, "reason": reason }),
            )
        } else {
            (
                "rejected_fact",
                json!({
                    "fact_id": offer.id_text,
                    "reason": reason,
                    "source": offer.source,
                    "peer_node_id": batch.sender.node_id,
                }),
            )
        };
        self.record(&batch.sender.id, event, Some(&detail))
    }
}
