//! Taking in what a peer sent: facts one by one, and the cursor with the page it belongs to.

mod again;
mod otherwise;

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
use crate::policy::{AfterARefusal, ClockFollows, CursorMoves, KnownIds, NotedFacts, NotedReasons, Notes, Objections};

const RECEIVED_FROM: &str = "stigmem:received_from";

/// What one request brought.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) sender: Peer,
    pub(crate) policy: Policy,
    pub(crate) offers: Vec<Offer>,
    pub(crate) progress: Progress,
}

impl Batch {
    /// The fact, if the sender may bring it.
    fn judge<'o>(&self, offer: &'o Offer) -> Result<&'o Incoming, &'static str> {
        let fact = offer.judged.as_ref().map_err(|reason| *reason)?;
        self.policy.judge(fact)?;
        Ok(fact)
    }
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
        let (hasty, noted) = (Arc::clone(&batch), Arc::clone(&batch));
        let received = match self.writer.submit(move |txn| txn.receive(&hasty, Care::Together)).await {
            Err(StoreError::Stopped) => Err(StoreError::Stopped),
            Err(error) => {
                tracing::warn!(%error, "facts of a peer could not be stored together; each is tried alone");
                self.writer.submit(move |txn| txn.receive(&batch, Care::Each)).await
            }
            received => received,
        };
        if let (Notes::Later, Ok(Some(outcomes))) = (Notes::now(), &received) {
            self.note_later(noted, outcomes.clone()).await?;
        }
        received
    }
}

impl Txn<'_> {
    fn receive(&mut self, batch: &Batch, care: Care) -> rusqlite::Result<Received> {
        let standing = peers::find(self.db, "id", &batch.sender.id)?;
        if standing.is_none_or(|peer| peer.status != Status::Active) {
            return Ok(None);
        }
        if AfterARefusal::now() == AfterARefusal::NothingIsTakenIn && self.has_refused()? {
            return Ok(Some(Vec::new()));
        }
        let mut outcomes = Vec::with_capacity(batch.offers.len());
        let lost_from = batch.lost_from();
        for (place, offer) in batch.offers.iter().enumerate() {
            if place >= lost_from && batch.judge(offer).is_ok() {
                outcomes.push(Outcome::Known);
                continue;
            }
            let outcome = self.take(batch, offer, care)?;
            if let Outcome::Refused(reason) = outcome
                && NotedFacts::now().include(batch.policy.way, &outcomes)
                && NotedReasons::now().include(reason)
            {
                self.refused(batch, offer, reason)?;
            }
            outcomes.push(outcome);
        }
        let node_id = &batch.sender.node_id;
        match &batch.progress {
            _ if !CursorMoves::now().after(&outcomes) => {}
            Progress::Stay => {}
            Progress::Forward(cursor) => self.set_cursor(node_id, cursor)?,
            Progress::Walk(walk) => self.set_walk(node_id, walk.as_deref())?,
        }
        Ok(Some(outcomes))
    }

    fn take(&mut self, batch: &Batch, offer: &Offer, care: Care) -> rusqlite::Result<Outcome> {
        if let Some(id) = offer.id
            && self.is_known(id)?
            && let Some(outcome) = self.comes_again(id, batch, offer)?
        {
            return Ok(outcome);
        }
        let fact = match batch.judge(offer) {
            Ok(fact) => fact,
            Err(reason) => return Ok(Outcome::Refused(reason)),
        };
        if !self.bears(&fact.draft)? {
            return Ok(Outcome::Refused("contradiction"));
        }
        if care == Care::Together {
            self.store_received(fact, batch)?;
            return Ok(Outcome::Stored);
        }
        // One fact that cannot be stored must not take the page with it, or the page would come again for ever.
        self.db.prepare_cached("SAVEPOINT fact")?.execute([])?;
        let stored = self.store_received(fact, batch);
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

    fn store_received(&mut self, fact: &Incoming, batch: &Batch) -> rusqlite::Result<()> {
        let sender = fact.brought_by.as_deref().unwrap_or(&batch.sender.node_id);
        let hlc = match &fact.hlc {
            Some((stamp, _)) => {
                if ClockFollows::now().facts_that_came_by(batch.policy.way) {
                    self.follow(*stamp);
                }
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
        let written = self.write(&fact.draft, stamp)?;
        self.act_on_arrival(&fact.draft, written)?;
        match Notes::now() {
            Notes::AreLocal => self.note(fact.id, Scope::Local, sender),
            Notes::HaveTheFactsScope => self.note(fact.id, fact.draft.scope, sender),
            Notes::Missing | Notes::Later => Ok(()),
        }
    }

    /// Stores the fact that says who brought another one.
    fn note(&mut self, id: Id, scope: Scope, sender: &str) -> rusqlite::Result<()> {
        let provenance = Draft::certain(id.text(), RECEIVED_FROM, Value::reference(sender), SYSTEM, scope);
        self.assert(&provenance, ScopeSet::ALL).map(|_| ())
    }

    fn is_known(&self, id: Id) -> rusqlite::Result<bool> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM fact WHERE id = ?)")?
            .query_row([id.0], |row| row.get(0))
    }

    /// What becomes of a fact whose id is stored already; nothing when it is then taken like any other.
    fn comes_again(&mut self, id: Id, batch: &Batch, offer: &Offer) -> rusqlite::Result<Option<Outcome>> {
        self.meet_again(id, batch, offer)?;
        match KnownIds::now() {
            KnownIds::ChangeNothing => {}
            KnownIds::AreJudged => {
                let refusal = batch.judge(offer).err().map(Outcome::Refused);
                return Ok(refusal.or(Some(Outcome::Known)));
            }
            KnownIds::AreNotedAgain => self.note(id, Scope::Local, &batch.sender.node_id)?,
            KnownIds::AreContestedAgain => self.contest_again(id)?,
            KnownIds::AreReplaced if batch.judge(offer).is_ok() => {
                self.forget(id)?;
                return Ok(None);
            }
            KnownIds::AreReplaced => {}
        }
        Ok(Some(Outcome::Known))
    }

    /// Whether a fact may stand beside those that are here.
    fn bears(&mut self, draft: &Draft) -> rusqlite::Result<bool> {
        match Objections::now() {
            Objections::AreRefused => Ok(self.contradicted(draft)?.is_none()),
            Objections::WithdrawTheOther => self.withdraw_contradicted(draft).map(|()| true),
            _ => Ok(true),
        }
    }

    fn refused(&mut self, batch: &Batch, offer: &Offer, reason: &str) -> rusqlite::Result<()> {
        let scope = offer.judged.as_ref().ok().map(|fact| fact.draft.scope.word());
        let out_of_scope = reason == "scope_not_permitted" && NotedFacts::now().tell_scopes_apart(batch.policy.way);
        let (event, detail) = if out_of_scope {
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
