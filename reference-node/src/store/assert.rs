//! Storing a fact: the record itself, its standing, and what it does to the other facts of its triple.

use rusqlite::OptionalExtension;

use super::writer::Txn;
use super::{lookup, rows};
use crate::domain::fact::{Draft, Fact};
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::number::float_text;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::standing::{State, TTL};
use crate::domain::value::Value;
use crate::policy::{
    ArrivalOrder, CidMembers, Ends, Objections, ReceivedRetractions, Repetition, RetractedTriples, Rivals,
    StampOfHistory,
};

/// What the writer knows of a fact that it has just stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) seq: i64,
    pub(super) id: Id,
    pub(super) triple: i64,
}

/// What makes a fact one record: its id and clock, and for a fact of a peer where it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp<'o> {
    pub(super) id: Id,
    pub(super) hlc: Hlc,
    pub(super) origin: Option<Origin<'o>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'o> {
    /// The node that sent the fact.
    pub(super) sender: &'o str,
    pub(super) hlc_text: Option<&'o str>,
    pub(super) timestamp_text: Option<&'o str>,
}

impl Txn<'_> {
    pub(crate) fn assert_and_read(&mut self, draft: &Draft, writable: ScopeSet) -> rusqlite::Result<Fact> {
        if Repetition::now() == Repetition::TheEarlierRecord
            && let Some(seq) = self.said_already(draft)?
        {
            return lookup::by_seq(self.db, seq);
        }
        if let Some(seq) = self.said_before(draft)? {
            return lookup::by_seq(self.db, seq);
        }
        let written = self.assert(draft, writable)?;
        lookup::by_seq(self.db, written.seq)
    }

    /// Stores `draft` as a new fact, always: the same assertion again is a new record.
    pub(super) fn assert(&mut self, draft: &Draft, writable: ScopeSet) -> rusqlite::Result<Written> {
        let tick = self.tick();
        let stamp = Stamp {
            id: Id::fresh(self.now / 1_000),
            hlc: StampOfHistory::now().of(draft, tick, self.now),
            origin: None,
        };
        let written = self.write(draft, stamp)?;
        if draft.relation == TTL {
            self.apply_ttl(draft, written, writable)?;
        }
        Ok(written)
    }

    /// The live fact that says the same with another confidence.
    fn said_already(&self, draft: &Draft) -> rusqlite::Result<Option<i64>> {
        if draft.is_retraction() {
            return Ok(None);
        }
        self.db
            .prepare_cached(
                "SELECT e.seq FROM entry e INDEXED BY entry_by_entity CROSS JOIN fact f ON f.seq = e.seq \
                 WHERE e.entity = (SELECT id FROM term WHERE text = ?) AND e.state < 2 AND f.relation = ? \
                 AND f.source = ? AND f.scope = ? AND f.value_type = ? AND f.value_text = ? AND e.confidence <> ?",
            )?
            .query_row(
                rusqlite::params![
                    draft.entity,
                    draft.relation,
                    draft.source,
                    draft.scope.code(),
                    draft.value.kind.code(),
                    draft.value.text,
                    draft.confidence,
                ],
                |row| row.get(0),
            )
            .optional()
    }

    /// Stores a fact under a stamp that is its own, and lets it act on its triple.
    pub(super) fn write(&mut self, draft: &Draft, stamp: Stamp<'_>) -> rusqlite::Result<Written> {
        let (id, hlc) = (stamp.id, stamp.hlc);
        let seq = self.insert_fact(draft, stamp)?;
        let triple = self.insert_entry(draft, seq, stamp)?;
        if draft.is_retraction() {
            let before = stamp.origin.map_or(hlc, |_| ReceivedRetractions::now().reach(hlc));
            self.withdraw(triple, before)?;
        }
        Ok(Written { seq, id, triple })
    }

    fn insert_fact(&mut self, draft: &Draft, stamp: Stamp<'_>) -> rusqlite::Result<i64> {
        let Stamp { id, hlc, origin } = stamp;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO fact (id, cid, entity, relation, source, scope, value_type, value_text, confidence, \
             valid_until, timestamp, wall, counter, received_from, hlc_text, timestamp_text) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        insert.insert(rusqlite::params![
            id.0,
            CidMembers::now().of(draft, self.now).0,
            draft.entity,
            draft.relation,
            draft.source,
            draft.scope.code(),
            draft.value.kind.code(),
            draft.value.text,
            float_text(draft.confidence),
            draft.valid_until,
            draft.timestamp.unwrap_or(self.now),
            hlc.wall,
            hlc.counter,
            origin.map(|origin| origin.sender),
            origin.and_then(|origin| origin.hlc_text),
            origin.and_then(|origin| origin.timestamp_text),
        ])
    }

    /// Gives the new fact its standing; returns its triple.
    fn insert_entry(&mut self, draft: &Draft, seq: i64, stamp: Stamp<'_>) -> rusqlite::Result<i64> {
        let hlc = stamp.hlc;
        let (entity, relation) = (self.term(&draft.entity)?, self.term(&draft.relation)?);
        let source = self.term(&draft.source)?;
        let triple = self.triple(entity, relation, draft.scope)?;
        let expires_at = Ends::now().of(draft, self.now);
        let expired = expires_at.is_some_and(|at| at <= self.now);
        // Only what comes from elsewhere can be late: a write of this node's own has the highest clock there is.
        let (state, holding) = if draft.is_retraction() {
            (State::Retracted, None)
        } else if (stamp.origin.is_some() && ReceivedRetractions::now().last() && self.is_withdrawn(triple, hlc)?)
            || RetractedTriples::now().exclude(self.db, triple, &draft.value)?
        {
            (State::Retracted, Some(self.holding(triple, value_key(draft, stamp))?))
        } else {
            (
                if expired { State::Expired } else { State::Hidden },
                Some(self.holding(triple, value_key(draft, stamp))?),
            )
        };
        // An uncontested fact is shown from the start, which is the common case and touches each index once.
        let contested = match holding {
            Some(holding) if state == State::Hidden => Some(self.arrives(triple, holding)?),
            _ => None,
        };
        let first_state = if contested.is_some_and(|change| !change.contested()) {
            State::Shown
        } else {
            state
        };
        let confidence = match stamp.origin {
            Some(_) => ArrivalOrder::now().weigh(draft.confidence, seq),
            None => draft.confidence,
        };
        self.db
            .prepare_cached(
                "INSERT INTO entry (seq, entity, relation, source, scope, triple, holding, confidence, wall, counter, \
                 expires_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(rusqlite::params![
                seq,
                entity,
                relation,
                source,
                draft.scope.code(),
                triple,
                holding,
                confidence,
                hlc.wall,
                hlc.counter,
                expires_at,
                first_state.code(),
            ])?;
        if let (Some(change), Some(holding)) = (contested, holding) {
            if change.contested() {
                self.show_preferred(triple)?;
            }
            let heard = stamp.origin.is_none() || Objections::now() != Objections::OpenNothing;
            if change.opposes() && heard {
                self.open_conflicts(triple, holding, seq, draft.scope)?;
            }
        } else if Rivals::now() == Rivals::AlsoExpired
            && let Some(holding) = holding
        {
            self.open_conflicts(triple, holding, seq, draft.scope)?;
        }
        Ok(triple)
    }

    /// Whether a retraction with a higher clock has arrived before.
    fn is_withdrawn(&self, triple: i64, hlc: Hlc) -> rusqlite::Result<bool> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM entry INDEXED BY retraction_by_triple \
                 WHERE triple = ?1 AND confidence = 0 AND (wall, counter) > (?2, ?3))",
            )?
            .query_row((triple, hlc.wall, hlc.counter), |row| row.get(0))
    }

    /// The small number of an entity, relation or source.
    pub(super) fn term(&mut self, text: &str) -> rusqlite::Result<i64> {
        let mut find = self.db.prepare_cached("SELECT id FROM term WHERE text = ?")?;
        if let Some(id) = find.query_row([text], |row| row.get(0)).optional()? {
            return Ok(id);
        }
        self.db
            .prepare_cached("INSERT INTO term (text) VALUES (?)")?
            .insert([text])
    }

    pub(super) fn triple(&mut self, entity: i64, relation: i64, scope: Scope) -> rusqlite::Result<i64> {
        let key = (entity, relation, scope.code());
        let mut find = self
            .db
            .prepare_cached("SELECT id FROM triple WHERE entity = ? AND relation = ? AND scope = ?")?;
        if let Some(id) = find.query_row(key, |row| row.get(0)).optional()? {
            return Ok(id);
        }
        self.db
            .prepare_cached("INSERT INTO triple (entity, relation, scope) VALUES (?, ?, ?)")?
            .insert(key)
    }

    fn holding(&mut self, triple: i64, value: Vec<u8>) -> rusqlite::Result<i64> {
        let key = (triple, value);
        let mut find = self
            .db
            .prepare_cached("SELECT id FROM holding WHERE triple = ? AND key = ?")?;
        if let Some(id) = find.query_row((key.0, &key.1), |row| row.get(0)).optional()? {
            return Ok(id);
        }
        self.db
            .prepare_cached("INSERT INTO holding (triple, key) VALUES (?, ?)")?
            .insert(key)
    }

    /// The scope and the value of a stored fact.
    pub(super) fn scope_and_value(&self, seq: i64) -> rusqlite::Result<(Scope, Value)> {
        self.db
            .prepare_cached("SELECT scope, value_type, value_text FROM fact WHERE seq = ?")?
            .query_row([seq], |row| Ok((rows::scope(row, 0)?, rows::value(row, 1)?)))
    }
}

/// What two facts of a triple share when they agree.
fn value_key(draft: &Draft, stamp: Stamp<'_>) -> Vec<u8> {
    let mut key = draft.value.equality_key();
    if stamp.origin.is_some() && Objections::now() == Objections::IncludeAgreement {
        key.extend(stamp.id.0);
    }
    key
}
