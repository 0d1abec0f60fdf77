//! What only a deviating node does with facts that are known, or have just arrived: wrong values of policies call it, and
//! nothing else.

use rusqlite::OptionalExtension;

use super::Batch;
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::incoming::{Incoming, Offer};
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::standing::{State, TTL};
use crate::policy::{MetAgain, OnArrival};
use crate::store::Txn;
use crate::store::assert::Written;
use crate::store::contest::{BETWEEN, STATUS};

impl Txn<'_> {
    /// A fact whose id is stored already was sent once more.
    pub(super) fn meet_again(&mut self, id: Id, batch: &Batch, offer: &Offer) -> rusqlite::Result<()> {
        let how = MetAgain::now();
        if how == MetAgain::ChangesNothing {
            return Ok(());
        }
        let sender = batch.sender.node_id.as_str();
        let (seq, bringer): (i64, Option<String>) = self
            .db
            .prepare_cached("SELECT seq, received_from FROM fact WHERE id = ?")?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let by_its_bringer = bringer.as_deref() == Some(sender);
        let by_another = bringer.is_some() && !by_its_bringer;
        match how {
            MetAgain::IsNotedForItsBringer if by_its_bringer => self.note(id, Scope::Local, sender),
            MetAgain::IsNotedForAnother if by_another => self.note(id, Scope::Local, sender),
            MetAgain::IsNotedInARecovery if batch.policy.restoring => self.note(id, Scope::Local, sender),
            MetAgain::RevivesItsTriple => self.revive(seq),
            MetAgain::IsNewWhenChanged if by_its_bringer => self.store_as_new(batch, offer),
            MetAgain::IsNewFromAnother if by_another => self.store_as_new(batch, offer),
            _ => Ok(()),
        }
    }

    /// Makes live again what was withdrawn on a fact's triple.
    fn revive(&mut self, seq: i64) -> rusqlite::Result<()> {
        let withdrawn: Vec<i64> = self
            .db
            .prepare_cached(
                "SELECT seq FROM entry WHERE triple = (SELECT triple FROM entry WHERE seq = ?1) AND state = ?2 \
                 AND holding IS NOT NULL AND confidence > 0",
            )?
            .query_map((seq, State::Retracted.code()), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for seq in withdrawn {
            self.returns(seq)?;
        }
        Ok(())
    }

    /// Stores a fact under another id, unless its sender has brought the same contents before.
    fn store_as_new(&mut self, batch: &Batch, offer: &Offer) -> rusqlite::Result<()> {
        let Ok(fact) = batch.judge(offer) else {
            return Ok(());
        };
        let known: bool = self
            .db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM fact WHERE cid = ? AND received_from = ?)")?
            .query_row((fact.draft.cid().0, &batch.sender.node_id), |row| row.get(0))?;
        if known {
            return Ok(());
        }
        let new = Incoming {
            id: Id::fresh(self.now / 1_000),
            ..fact.clone()
        };
        self.store_received(&new, batch)
    }

    /// A fact of a peer was stored.
    pub(super) fn act_on_arrival(&mut self, draft: &Draft, written: Written) -> rusqlite::Result<()> {
        let seq = written.seq;
        match OnArrival::now() {
            OnArrival::NothingFurther => Ok(()),
            OnArrival::ExpiriesCount if draft.relation == TTL => self.apply_ttl(draft, written, ScopeSet::ALL),
            OnArrival::ExpiriesCount => Ok(()),
            OnArrival::SettlementsCount => self.settle_as_told(draft, seq),
            OnArrival::ConflictsCount => {
                self.open_as_told(draft)?;
                self.settle_as_told(draft, seq)
            }
            OnArrival::ConflictsAreDoubled => self.double_conflicts(seq),
            OnArrival::OwnWordStandsAlone => self.withdraw_against_own(seq),
            OnArrival::OwnWordIsPreferred => {
                self.db
                    .prepare_cached("UPDATE entry SET confidence = confidence / 1000.0 WHERE seq = ?")?
                    .execute([seq])?;
                self.show_preferred(written.triple)
            }
        }
    }

    /// Resolves the conflict of which a fact says that it is.
    fn settle_as_told(&mut self, draft: &Draft, seq: i64) -> rusqlite::Result<()> {
        if let Some(conflict) = conflict(&draft.entity)
            && draft.relation == STATUS
            && draft.value.text == "resolved"
        {
            self.db
                .prepare_cached("UPDATE conflict SET resolved_by = ?2 WHERE id = ?1 AND resolved_by IS NULL")?
                .execute((conflict.0, seq))?;
        }
        Ok(())
    }

    /// Makes the conflict of which a fact says between which others it is.
    fn open_as_told(&mut self, draft: &Draft) -> rusqlite::Result<()> {
        let sides: Vec<Id> = draft.value.text.split(' ').filter_map(Id::parse).collect();
        if let (Some(conflict), [newer, older]) = (conflict(&draft.entity), sides.as_slice())
            && draft.relation == BETWEEN
        {
            self.db
                .prepare_cached(
                    "INSERT OR IGNORE INTO conflict (id, triple, scope, low, high, newer, older, detected_at) \
                     SELECT ?1, e.triple, n.scope, -n.seq, -o.seq, n.seq, o.seq, ?4 \
                     FROM fact n JOIN entry e ON e.seq = n.seq JOIN fact o ON o.id = ?3 WHERE n.id = ?2",
                )?
                .execute((conflict.0, newer.0, older.0, self.now))?;
        }
        Ok(())
    }

    /// Makes each conflict that a fact has opened once more, with its sides changed.
    fn double_conflicts(&mut self, seq: i64) -> rusqlite::Result<()> {
        let opened: Vec<i64> = self
            .db
            .prepare_cached("SELECT seq FROM conflict WHERE newer = ? AND low < high")?
            .query_map([seq], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for conflict in opened {
            self.db
                .prepare_cached(
                    "INSERT OR IGNORE INTO conflict (id, triple, scope, low, high, newer, older, detected_at) \
                     SELECT ?2, triple, scope, high, low, older, newer, detected_at FROM conflict WHERE seq = ?1",
                )?
                .execute((conflict, Id::fresh(self.now / 1_000).0))?;
        }
        Ok(())
    }

    /// Withdraws a fact when what was said here has another value.
    fn withdraw_against_own(&mut self, seq: i64) -> rusqlite::Result<()> {
        let contradicts: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT own.seq FROM entry e JOIN entry own ON own.triple = e.triple JOIN fact f ON f.seq = own.seq \
                 WHERE e.seq = ? AND e.state < 2 AND own.state < 2 AND own.holding <> e.holding \
                 AND f.received_from IS NULL LIMIT 1",
            )?
            .query_row([seq], |row| row.get(0))
            .optional()?;
        if contradicts.is_some() {
            self.leaves(seq, State::Retracted)?;
        }
        Ok(())
    }
}

fn conflict(entity: &str) -> Option<Id> {
    Id::parse(entity.strip_prefix("stigmem:conflict:")?)
}
