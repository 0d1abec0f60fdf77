//! The live facts of a triple: how many distinct values they hold, which of them is shown, and the conflicts between
//! them. Everything is kept up to date as facts arrive and leave, so that reading asks nothing of history.
//!
//! Statements about one triple repeat the condition of their index, `state < 3`, or the whole table would be gone through. They call
//! it likely, or the planner takes it for the narrower condition and looks at all facts of the triple instead of those in one state.

use rusqlite::{OptionalExtension, Row};

use super::writer::Txn;
use crate::domain::fact::Draft;
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::standing::{Rank, State, Values, preferred};
use crate::domain::value::Value;
use crate::policy::{
    ConflictIds, DecayPreference, LonelyRetractions, Preference, RecordOfAConflict, RecordsChange, RetractionOpens,
    RetractionReach, Rivals, Successor, Withdraws,
};

pub(super) const SYSTEM: &str = "system:stigmem";
pub(super) const STATUS: &str = "stigmem:conflict:status";
pub(super) const BETWEEN: &str = "stigmem:conflict:between";

/// What a live fact's arrival did to its triple.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) values: Values,
    /// Whether no other open fact of the triple holds the value.
    pub(super) opens_value: bool,
}

impl Arrival {
    pub(super) fn contested(self) -> bool {
        self.values.contested()
    }

    /// Whether there may be conflicts to open.
    pub(super) fn opposes(self) -> bool {
        Rivals::now() != Rivals::Live || (self.opens_value && self.values.open > 1)
    }
}

/// Two facts with unequal values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dispute {
    /// The numbers of the values; a pair of them has one conflict.
    pub(super) values: (i64, i64),
    pub(super) newer: i64,
    pub(super) older: i64,
}

impl Txn<'_> {
    /// Counts a live fact in, before its entry exists.
    pub(super) fn arrives(&mut self, triple: i64, holding: i64) -> rusqlite::Result<Arrival> {
        let (live, open): (i64, i64) = self
            .db
            .prepare_cached("UPDATE holding SET live = live + 1, open = open + 1 WHERE id = ? RETURNING live, open")?
            .query_row([holding], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let values = self.count_values(triple, i64::from(live == 1), i64::from(open == 1))?;
        Ok(Arrival {
            values: Preference::now().values(self.db, triple, values)?,
            opens_value: open == 1,
        })
    }

    /// Takes a live fact out, for `state`, and shows what is now preferred.
    pub(super) fn leaves(&mut self, seq: i64, state: State) -> rusqlite::Result<()> {
        let (triple, holding, settled): (i64, i64, bool) = self
            .db
            .prepare_cached("UPDATE entry SET state = ?2 WHERE seq = ?1 RETURNING triple, holding, settled")?
            .query_row((seq, state.code()), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let (live, open): (i64, i64) = self
            .db
            .prepare_cached("UPDATE holding SET live = live - 1, open = open - ?2 WHERE id = ?1 RETURNING live, open")?
            .query_row((holding, i64::from(!settled)), |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.count_values(triple, -i64::from(live == 0), -i64::from(open == 0 && !settled))?;
        match Successor::now() {
            Successor::AtOnce => self.show_preferred(triple),
            Successor::AtTheNextWrite => Ok(()),
        }
    }

    /// Brings an expired fact back, when its expiry was moved.
    pub(super) fn returns(&mut self, seq: i64) -> rusqlite::Result<()> {
        let (triple, holding): (i64, i64) = self
            .db
            .prepare_cached("UPDATE entry SET state = ?2, settled = 0 WHERE seq = ?1 RETURNING triple, holding")?
            .query_row((seq, State::Hidden.code()), |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.arrives(triple, holding)?;
        self.show_preferred(triple)
    }

    fn count_values(&mut self, triple: i64, live: i64, open: i64) -> rusqlite::Result<Values> {
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Values {
                live: row.get(0)?,
                open: row.get(1)?,
            })
        };
        if live == 0 && open == 0 {
            let mut values = self
                .db
                .prepare_cached("SELECT live_values, open_values FROM triple WHERE id = ?")?;
            return values.query_row([triple], read);
        }
        self.db
            .prepare_cached(
                "UPDATE triple SET live_values = live_values + ?2, open_values = open_values + ?3 WHERE id = ?1 \
                 RETURNING live_values, open_values",
            )?
            .query_row((triple, live, open), read)
    }

    /// Shows what a default query has to show of a triple: everything while its values agree, else the preferred fact,
    /// or the facts that share the highest rank exactly.
    pub(super) fn show_preferred(&mut self, triple: i64) -> rusqlite::Result<()> {
        let values = self.count_values(triple, 0, 0)?;
        if !Preference::now().values(self.db, triple, values)?.contested() {
            return self.show_all(triple);
        }
        let other = DecayPreference::now().best(self.db, triple)?;
        let best = match Preference::now() {
            Preference::SurestThenNewest if other.is_some() => other,
            Preference::SurestThenNewest => {
                let tops = [self.top(triple, State::Shown)?, self.top(triple, State::Hidden)?];
                let best = preferred(tops.into_iter().flatten());
                best.map(|best| self.rather_open(triple, best)).transpose()?
            }
            other => other.best(self.db, triple)?,
        };
        let Some(best) = best else {
            return Ok(());
        };
        let rank = (triple, best.confidence, best.wall, best.counter);
        self.db
            .prepare_cached(
                "UPDATE entry INDEXED BY standing_by_triple SET state = 1 \
                 WHERE triple = ?1 AND state = 0 AND likely(state < 3) AND (confidence, wall, counter) <> (?2, ?3, ?4)",
            )?
            .execute(rank)?;
        self.db
            .prepare_cached(
                "UPDATE entry INDEXED BY standing_by_triple SET state = 0 \
                 WHERE triple = ?1 AND state = 1 AND likely(state < 3) \
                 AND confidence = ?2 AND wall = ?3 AND counter = ?4",
            )?
            .execute(rank)?;
        Ok(())
    }

    pub(super) fn show_all(&mut self, triple: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "UPDATE entry INDEXED BY standing_by_triple SET state = 0 \
                 WHERE triple = ? AND state = 1 AND likely(state < 3)",
            )?
            .execute([triple])
            .map(|_| ())
    }

    /// The highest rank among a triple's facts in one state.
    fn top(&self, triple: i64, state: State) -> rusqlite::Result<Option<Rank>> {
        self.db
            .prepare_cached(
                "SELECT confidence, wall, counter FROM entry INDEXED BY standing_by_triple \
                 WHERE triple = ?1 AND state = ?2 AND likely(state < 3) \
                 ORDER BY confidence DESC, wall DESC, counter DESC LIMIT 1",
            )?
            .query_row((triple, state.code()), Rank::of_row)
            .optional()
    }

    /// The best open fact in the place of a settled one, where a sweep has reduced the decision that settled it: what was decided
    /// about may be surer than what is left of the decision, and stays hidden all the same.
    fn rather_open(&self, triple: i64, best: Rank) -> rusqlite::Result<Rank> {
        let settled: bool = self
            .db
            .prepare_cached(
                "SELECT settled FROM entry INDEXED BY standing_by_triple \
                 WHERE triple = ?1 AND state = 0 AND likely(state < 3) AND confidence = ?2 AND wall = ?3 AND counter = ?4 \
                 UNION ALL SELECT settled FROM entry INDEXED BY standing_by_triple \
                 WHERE triple = ?1 AND state = 1 AND likely(state < 3) AND confidence = ?2 AND wall = ?3 AND counter = ?4 \
                 LIMIT 1",
            )?
            .query_row((triple, best.confidence, best.wall, best.counter), |row| row.get(0))?;
        if !settled || DecayPreference::now() == DecayPreference::SettledSidesToo {
            return Ok(best);
        }
        let open = self
            .db
            .prepare_cached(
                "SELECT confidence, wall, counter FROM entry INDEXED BY standing_by_triple \
                 WHERE triple = ?1 AND state IN (0, 1) AND likely(state < 3) AND settled = 0 \
                 AND EXISTS (SELECT 1 FROM entry e INDEXED BY standing_by_triple CROSS JOIN reduction r ON r.seq = e.seq \
                 CROSS JOIN conflict c ON c.resolved_by = r.root \
                 WHERE e.triple = ?1 AND e.state IN (0, 1) AND likely(e.state < 3)) \
                 ORDER BY confidence DESC, wall DESC, counter DESC LIMIT 1",
            )?
            .query_row([triple], Rank::of_row)
            .optional()?;
        Ok(open.unwrap_or(best))
    }

    /// A retraction withdraws every fact of its triple with a lower clock, expired ones included.
    pub(super) fn withdraw(&mut self, triple: i64, before: Hlc) -> rusqlite::Result<()> {
        if RetractionOpens::now() == RetractionOpens::Conflicts {
            self.contest_retraction(triple, before)?;
        }
        let mut withdrawn = 0;
        for triple in RetractionReach::now().triples(self.db, triple)? {
            let sql = format!(
                "UPDATE entry INDEXED BY standing_by_triple SET state = 3 \
                 WHERE triple = ?1 AND state IN (0, 1, 2) AND likely(state < 3) AND (wall, counter) < (?2, ?3){}",
                Withdraws::now().limit()
            );
            withdrawn += self
                .db
                .prepare_cached(&sql)?
                .execute((triple, before.wall, before.counter))?;
            self.recount(triple)?;
            self.show_preferred(triple)?;
        }
        if RecordsChange::now() == RecordsChange::WithARetraction {
            self.date_withdrawn(triple)?;
        }
        if withdrawn == 0 {
            LonelyRetractions::now().end(self.db, triple, before)?;
        }
        Ok(())
    }

    /// Counts a triple anew after many of its facts changed at once.
    pub(super) fn recount(&mut self, triple: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "UPDATE holding SET \
                 live = (SELECT count(*) FROM entry WHERE entry.holding = holding.id AND state < 2), \
                 open = (SELECT count(*) FROM entry WHERE entry.holding = holding.id AND state < 2 AND settled = 0) \
                 WHERE triple = ? AND live > 0",
            )?
            .execute([triple])?;
        self.db
            .prepare_cached(
                "UPDATE triple SET \
                 live_values = (SELECT count(*) FROM holding WHERE holding.triple = triple.id AND live > 0), \
                 open_values = (SELECT count(*) FROM holding WHERE holding.triple = triple.id AND open > 0) \
                 WHERE id = ?",
            )?
            .execute([triple])?;
        Ok(())
    }

    /// Opens a conflict between the value of the fact `newer` and each other open value of its triple, unless those two
    /// values have had their conflict already.
    pub(super) fn open_conflicts(
        &mut self,
        triple: i64,
        holding: i64,
        newer: i64,
        scope: Scope,
    ) -> rusqlite::Result<()> {
        let disputes = match Rivals::now().query() {
            None => self.disputes(triple, holding, newer)?,
            Some(query) => self.other_disputes(&query, (triple, holding, newer))?,
        };
        for dispute in disputes {
            self.open_conflict(triple, dispute, scope)?;
        }
        Ok(())
    }

    /// The new fact against the newest of each other open value.
    fn disputes(&self, triple: i64, holding: i64, newer: i64) -> rusqlite::Result<Vec<Dispute>> {
        let others: Vec<i64> = self
            .db
            .prepare_cached("SELECT id FROM holding WHERE triple = ?1 AND id <> ?2 AND open > 0")?
            .query_map((triple, holding), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut newest = self
            .db
            .prepare_cached("SELECT max(seq) FROM entry WHERE holding = ? AND state < 2 AND settled = 0")?;
        let mut disputes = Vec::with_capacity(others.len());
        for other in others {
            disputes.push(Dispute {
                values: (holding, other),
                newer,
                older: newest.query_row([other], |row| row.get(0))?,
            });
        }
        Ok(disputes)
    }

    pub(super) fn open_conflict(&mut self, triple: i64, dispute: Dispute, scope: Scope) -> rusqlite::Result<()> {
        let Dispute { values, newer, older } = dispute;
        let id = Id::fresh(self.now / 1_000);
        let pair = (values.0.min(values.1), values.0.max(values.1));
        let opened = self
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO conflict (id, triple, scope, low, high, newer, older, detected_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute((id.0, triple, scope.code(), pair.0, pair.1, newer, older, self.now))?;
        if opened == 0 {
            return Ok(());
        }
        if RecordsChange::now() == RecordsChange::WithAContradiction {
            self.rewrite(older, "confidence = CAST(confidence / ?1 AS TEXT)", 2.0)?;
        }
        let record = RecordOfAConflict::now();
        let sides = [self.fact_id(newer)?.text(), self.fact_id(older)?.text()];
        let between = Value::text(sides.join(record.separator()));
        let entity = conflict_entity(id);
        let facts = [(BETWEEN, between), (STATUS, Value::string("unresolved"))];
        for (relation, value) in facts.into_iter().take(record.length()) {
            let fact = Draft::certain(entity.clone(), relation, value, SYSTEM, scope);
            self.assert(&record.of(self.db, fact, newer)?, ScopeSet::ALL)?;
        }
        Ok(())
    }

    pub(super) fn fact_id(&self, seq: i64) -> rusqlite::Result<Id> {
        self.db
            .prepare_cached("SELECT id FROM fact WHERE seq = ?")?
            .query_row([seq], |row| row.get(0).map(Id))
    }
}

impl Rank {
    /// Of the columns `confidence, wall, counter`.
    pub(crate) fn of_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            confidence: row.get(0)?,
            wall: row.get(1)?,
            counter: row.get(2)?,
        })
    }
}

pub(super) fn conflict_entity(id: Id) -> String {
    format!("stigmem:conflict:{}", ConflictIds::now().text(id))
}
