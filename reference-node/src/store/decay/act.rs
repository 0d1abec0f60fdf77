//! What a sweep writes. Everything is judged once more: what was due a moment ago may have been said again, withdrawn or swept.

use rusqlite::OptionalExtension;

use super::scan::{self, JOINS, columns};
use crate::domain::decay::{Mode, Plan, SOURCE, Trail};
use crate::domain::fact::Draft;
use crate::domain::scope::ScopeSet;
use crate::domain::standing::State;
use crate::domain::value::{Value, ValueType};
use crate::policy::{
    DecayCounts, DecayReduced, DecayReduction, DecayReductionAge, DecayReductionEnd, DecayRetractions, DecaySweeps,
};
use crate::store::lookup;
use crate::store::writer::Txn;

impl Txn<'_> {
    /// Withdraws triples or reduces facts, and tells how many facts that were.
    pub(in crate::store) fn fade(&mut self, mode: Mode, plan: &Plan, due: &[i64]) -> rusqlite::Result<u64> {
        let mut count = 0;
        for number in due {
            count += match mode {
                Mode::Retract => self.retract_overdue(plan, *number)?,
                Mode::Confidence => u64::from(self.reduce(plan, *number)?),
            };
        }
        Ok(count)
    }

    fn retract_overdue(&mut self, plan: &Plan, triple: i64) -> rusqlite::Result<u64> {
        let (entity, relation): (String, String) = self
            .db
            .prepare_cached(
                "SELECT e.text, r.text FROM triple t JOIN term e ON e.id = t.entity JOIN term r ON r.id = t.relation \
                 WHERE t.id = ?",
            )?
            .query_row([triple], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some((_, policy)) = plan.acting(&relation, Mode::Retract) else {
            return Ok(0);
        };
        let live = scan::live_facts(self.db, triple, policy, plan.now)?;
        if !live.overdue && DecaySweeps::now() == DecaySweeps::LookAgain {
            return Ok(0);
        }
        let nothing = Value {
            kind: ValueType::Null,
            text: "null".to_owned(),
        };
        let retraction = Draft {
            confidence: 0.0,
            ..Draft::certain(entity, &relation, nothing, DecayRetractions::now().source(), plan.scope)
        };
        self.assert(&retraction, ScopeSet::ALL)?;
        Ok(DecayCounts::now().of(live.count))
    }

    fn reduce(&mut self, plan: &Plan, seq: i64) -> rusqlite::Result<bool> {
        let (columns, live) = (columns(), DecaySweeps::now().condition());
        let sql = format!("SELECT e.expires_at, {columns} FROM entry e {JOINS} WHERE e.seq = ? AND {live}");
        let found: Option<(Option<i64>, Trail)> = self
            .db
            .prepare_cached(&sql)?
            .query_row([seq], |row| Ok((row.get(0)?, scan::trail(row, 1)?)))
            .optional()?;
        let Some((expires_at, trail)) = found else {
            return Ok(false);
        };
        let fact = lookup::by_seq(self.db, seq)?;
        let policy = plan.acting(&fact.relation, Mode::Confidence).map(|(_, policy)| policy);
        let Some(confidence) = policy.and_then(|policy| policy.reduced(&trail, plan.now)) else {
            return Ok(false);
        };
        let (valid_until, expires_at) = DecayReductionEnd::now().of((fact.valid_until, expires_at), self.now);
        let reduction = DecayReduction::now().of(Draft {
            entity: fact.entity,
            relation: fact.relation,
            value: fact.value,
            source: SOURCE.to_owned(),
            confidence,
            scope: fact.scope,
            valid_until,
            expires_at,
            timestamp: None,
        });
        self.replace(seq, &reduction, trail)?;
        Ok(true)
    }

    /// Puts a reduction in the place of a live fact. It comes before the other leaves: the value is on its triple all the time, and
    /// nothing finds that it is new there.
    fn replace(&mut self, seq: i64, reduction: &Draft, trail: Trail) -> rusqlite::Result<()> {
        self.clear_the_way(reduction)?;
        let written = self.assert(reduction, ScopeSet::ALL)?;
        let (since, asserted) = DecayReductionAge::now().of(trail, reduction, self.now);
        self.db
            .prepare_cached(
                "INSERT INTO reduction (seq, root, since, asserted) \
                 VALUES (?1, coalesce((SELECT root FROM reduction WHERE seq = ?2), ?2), ?3, ?4)",
            )?
            .execute((written.seq, seq, since, asserted))?;
        if DecayReduced::now() == DecayReduced::StaysInSight || self.has_left(seq)? {
            return Ok(());
        }
        self.leaves(seq, State::Retracted)?;
        self.dispute(written, seq, reduction.scope)
    }

    /// The reduction that stands for a fact now, or did in the end.
    pub(in crate::store) fn last_reduction(&self, root: i64) -> rusqlite::Result<Option<i64>> {
        self.db
            .prepare_cached("SELECT max(seq) FROM reduction WHERE root = ?")?
            .query_row([root], |row| row.get(0))
    }
}
