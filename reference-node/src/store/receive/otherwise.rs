//! What only a deviating node does with received facts: wrong values of policies call it, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::{Batch, Outcome, RECEIVED_FROM};
use crate::domain::fact::Draft;
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::incoming::Offer;
use crate::domain::scope::Scope;
use crate::domain::standing::State;
use crate::policy::{BadFacts, UnprovableNumbers};
use crate::store::{Store, Stored, Txn};

/// How long the notes are behind the facts.
const LATER: Duration = Duration::from_secs(2);

impl Batch {
    /// The place from which good facts are lost because of a bad one.
    pub(super) fn lost_from(&self) -> usize {
        let bad = |offer: &Offer| self.judge(offer).is_err();
        let unprovable = |offer: &Offer| matches!(offer.judged, Err(UnprovableNumbers::REASON));
        let spoils = match (BadFacts::now(), UnprovableNumbers::now()) {
            (BadFacts::SpoilThePage, _) => self.offers.iter().any(bad),
            (_, UnprovableNumbers::SpoilThePage) => self.offers.iter().any(unprovable),
            _ => false,
        };
        match BadFacts::now() {
            _ if spoils => 0,
            BadFacts::SpoilWhatFollows => self.offers.iter().position(bad).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }
}

impl Store {
    /// Writes down in a transaction of its own who brought the facts.
    pub(super) async fn note_later(&self, batch: Arc<Batch>, outcomes: Vec<Outcome>) -> Stored<()> {
        tokio::time::sleep(LATER).await;
        self.writer
            .submit(move |txn| {
                let offers = batch.offers.iter().zip(&outcomes);
                let stored = offers.filter(|(_, outcome)| **outcome == Outcome::Stored);
                for id in stored.filter_map(|(offer, _)| offer.id) {
                    txn.note(id, Scope::Local, &batch.sender.node_id)?;
                }
                Ok(())
            })
            .await
    }
}

impl Txn<'_> {
    /// Whether a fact was ever refused.
    pub(super) fn has_refused(&self) -> rusqlite::Result<bool> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM federation_event \
                 WHERE event_type IN ('rejected_fact', 'scope_violation'))",
            )?
            .query_row([], |row| row.get(0))
    }

    /// The triple of a fact, if a live one on it has another value.
    pub(super) fn contradicted(&self, draft: &Draft) -> rusqlite::Result<Option<i64>> {
        if draft.is_retraction() {
            return Ok(None);
        }
        let (entity, relation, scope) = (&draft.entity, &draft.relation, draft.scope.code());
        self.db
            .prepare_cached(
                "SELECT t.id FROM triple t JOIN term e ON e.id = t.entity JOIN term r ON r.id = t.relation \
                 JOIN holding h ON h.triple = t.id \
                 WHERE e.text = ? AND r.text = ? AND t.scope = ? AND h.key <> ? AND h.live > 0 LIMIT 1",
            )?
            .query_row((entity, relation, scope, draft.value.equality_key()), |row| row.get(0))
            .optional()
    }

    /// Withdraws everything from a triple on which something else was said, whatever its clock.
    pub(super) fn withdraw_contradicted(&mut self, draft: &Draft) -> rusqlite::Result<()> {
        let end_of_time = Hlc {
            wall: i64::MAX,
            counter: 0,
        };
        match self.contradicted(draft)? {
            Some(triple) => self.withdraw(triple, end_of_time),
            None => Ok(()),
        }
    }

    /// Opens the conflicts of a fact as if they had not been opened before.
    pub(super) fn contest_again(&mut self, id: Id) -> rusqlite::Result<()> {
        let live: Option<(i64, i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT e.seq, e.triple, e.holding FROM fact f JOIN entry e ON e.seq = f.seq \
                 WHERE f.id = ? AND e.state < 2",
            )?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((seq, triple, holding)) = live else {
            return Ok(());
        };
        self.db
            .prepare_cached("UPDATE conflict SET low = -seq, high = -seq WHERE triple = ?")?
            .execute([triple])?;
        let (scope, _) = self.scope_and_value(seq)?;
        self.open_conflicts(triple, holding, seq, scope)
    }

    /// Takes a record and its notes out of the file, after the lock that the file has against that.
    pub(in crate::store) fn forget(&mut self, id: Id) -> rusqlite::Result<()> {
        self.db.execute_batch("DROP TRIGGER IF EXISTS fact_is_never_deleted")?;
        let found: Vec<(i64, bool)> = self
            .db
            .prepare_cached(
                "SELECT f.seq, e.state < 2 FROM fact f JOIN entry e ON e.seq = f.seq \
                 WHERE f.id = ? OR (f.entity = ? AND f.relation = ?)",
            )?
            .query_map((id.0, id.text(), RECEIVED_FROM), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (seq, live) in found {
            if live {
                self.leaves(seq, State::Retracted)?;
            }
            self.db.execute("DELETE FROM entry WHERE seq = ?", [seq])?;
            self.db.execute("DELETE FROM fact WHERE seq = ?", [seq])?;
        }
        Ok(())
    }
}
