//! What only a deviating node does with facts and conflicts: wrong values of policies call it, and nothing else.

use std::time::Duration;

use rusqlite::{OptionalExtension, ToSql};

use super::assert::Written;
use super::contest::Dispute;
use super::readers::Effort;
use super::writer::Txn;
use super::{Store, Stored, rows};
use crate::domain::fact::{Draft, Fact};
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::instant::print;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::value::Value;
use crate::policy::{Comparison, Decisions, SaidAgain, TtlFacts};

/// How long a node thinks between looking and writing.
const THOUGHT: Duration = Duration::from_millis(20);

impl Store {
    /// Stores a fact, and looks before or around that at what it is in conflict with.
    pub(super) async fn assert_unguarded(&self, draft: Draft, writable: ScopeSet) -> Stored<Fact> {
        let last = |db: &rusqlite::Connection| {
            let sql = "SELECT (SELECT coalesce(max(seq), 0) FROM fact), (SELECT coalesce(max(seq), 0) FROM conflict)";
            db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        };
        let (last_fact, last_conflict): (i64, i64) = self.read(Effort::Short, last).await?;
        tokio::time::sleep(THOUGHT).await;
        let comparison = Comparison::now();
        let fact = self
            .writer
            .submit(move |txn| {
                let fact = txn.assert_and_read(&draft, writable)?;
                if comparison == Comparison::BeforeTheWrite {
                    txn.overlook(fact.id, last_fact)?;
                }
                Ok(fact)
            })
            .await?;
        if comparison == Comparison::AroundTheWrite {
            tokio::time::sleep(THOUGHT).await;
            let id = fact.id;
            self.writer
                .submit(move |txn| txn.report_again(id, last_conflict))
                .await?;
        }
        Ok(fact)
    }

    /// Writes another value into a stored fact.
    pub(crate) async fn revalue(&self, id: Id, value: Value) -> Stored<()> {
        self.writer
            .submit(move |txn| {
                let Some(seq) = txn.row_of(id)? else {
                    return Ok(());
                };
                txn.rewrite(seq, "value_type = ?1", value.kind.code())?;
                txn.rewrite(seq, "value_text = ?1", value.text)
            })
            .await
    }

    /// Takes a fact out of the file.
    pub(crate) async fn remove(&self, id: Id) -> Stored<()> {
        self.writer.submit(move |txn| txn.forget(id)).await
    }
}

impl Txn<'_> {
    /// Changes a record, `?1` being the value, after the lock that the file has against that.
    pub(super) fn rewrite(&self, seq: i64, change: &str, value: impl ToSql) -> rusqlite::Result<()> {
        self.db.execute_batch("DROP TRIGGER IF EXISTS fact_is_never_changed")?;
        let sql = format!("UPDATE fact SET {change} WHERE seq = ?2");
        self.db.execute(&sql, (value, seq)).map(|_| ())
    }

    fn row_of(&self, id: Id) -> rusqlite::Result<Option<i64>> {
        self.db
            .prepare_cached("SELECT seq FROM fact WHERE id = ?")?
            .query_row([id.0], |row| row.get(0))
            .optional()
    }

    /// The record that is the answer to an assertion of what was said before.
    pub(super) fn said_before(&self, draft: &Draft) -> rusqlite::Result<Option<i64>> {
        let Some(standing) = SaidAgain::now().answers() else {
            return Ok(None);
        };
        let earlier = self.same_content(draft, standing)?.map(|written| written.seq);
        if let (Some(seq), SaidAgain::RenewsALiveRecord) = (earlier, SaidAgain::now()) {
            self.rewrite(seq, "valid_until = ?1", &draft.valid_until)?;
        }
        Ok(earlier)
    }

    /// The winner of a conflict, where the decision says the same.
    pub(super) fn winner_for(&self, decision: &Draft) -> rusqlite::Result<Option<Written>> {
        match Decisions::now() {
            Decisions::RepeatTheWinner => self.same_content(decision, "e.state < 2"),
            _ => Ok(None),
        }
    }

    /// The newest record with the content of a draft and this standing.
    fn same_content(&self, draft: &Draft, standing: &str) -> rusqlite::Result<Option<Written>> {
        let sql = format!(
            "SELECT e.seq, f.id, e.triple FROM fact f JOIN entry e ON e.seq = f.seq WHERE f.cid = ? AND {standing} \
             ORDER BY f.wall DESC, f.counter DESC LIMIT 1"
        );
        self.db
            .prepare_cached(&sql)?
            .query_row([draft.cid().0], |row| {
                Ok(Written {
                    seq: row.get(0)?,
                    id: Id(row.get(1)?),
                    triple: row.get(2)?,
                })
            })
            .optional()
    }

    /// Writes the time into all that was withdrawn from a triple.
    pub(super) fn date_withdrawn(&self, triple: i64) -> rusqlite::Result<()> {
        let withdrawn: Vec<i64> = self
            .db
            .prepare_cached("SELECT seq FROM entry WHERE triple = ? AND state = 3 AND confidence > 0")?
            .query_map([triple], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for seq in withdrawn {
            self.rewrite(seq, "valid_until = ?1", print(self.now))?;
        }
        Ok(())
    }

    /// Opens a conflict between a retraction and each value that it is going to withdraw.
    pub(super) fn contest_retraction(&mut self, triple: i64, hlc: Hlc) -> rusqlite::Result<()> {
        let sql = "SELECT seq, scope FROM entry WHERE triple = ? AND wall = ? AND counter = ? AND confidence = 0";
        let retraction: Option<(i64, Scope)> = self
            .db
            .prepare_cached(sql)?
            .query_row((triple, hlc.wall, hlc.counter), |row| {
                Ok((row.get(0)?, rows::scope(row, 1)?))
            })
            .optional()?;
        match retraction {
            // It holds no value that has a number.
            Some((seq, scope)) => self.open_conflicts(triple, -seq, seq, scope),
            None => Ok(()),
        }
    }

    /// The conflicts of a new fact, found by another query than usual.
    pub(super) fn other_disputes(&self, query: &str, fact: (i64, i64, i64)) -> rusqlite::Result<Vec<Dispute>> {
        self.db
            .prepare_cached(query)?
            .query_map(fact, |row| {
                Ok(Dispute {
                    values: (row.get(0)?, row.get(1)?),
                    newer: fact.2,
                    older: row.get(2)?,
                })
            })?
            .collect()
    }

    /// Compares a decision with what it decided.
    pub(super) fn contest_decision(&mut self, conflict: i64, decision: Written) -> rusqlite::Result<()> {
        self.db
            .execute("UPDATE conflict SET low = -seq, high = -seq WHERE seq = ?", [conflict])?;
        let holding = self
            .db
            .query_row("SELECT holding FROM entry WHERE seq = ?", [decision.seq], |row| {
                row.get(0)
            })?;
        let (scope, _) = self.scope_and_value(decision.seq)?;
        self.open_conflicts(decision.triple, holding, decision.seq, scope)
    }

    /// Forgets the conflicts of a fact with those that came after this row.
    fn overlook(&self, id: Id, last: i64) -> rusqlite::Result<()> {
        let sql = "DELETE FROM conflict WHERE newer = (SELECT seq FROM fact WHERE id = ?) AND older > ?";
        self.db.execute(sql, (id.0, last)).map(|_| ())
    }

    /// Makes conflicts a second time that others reported after this one, and that are about the value of a fact.
    fn report_again(&self, id: Id, last: i64) -> rusqlite::Result<()> {
        let sql = "INSERT INTO conflict (id, triple, scope, low, high, newer, older, detected_at) \
             SELECT randomblob(16), c.triple, c.scope, -e.seq, -c.seq, c.newer, c.older, c.detected_at \
             FROM conflict c JOIN entry e ON e.holding IN (c.low, c.high) JOIN fact f ON f.seq = e.seq \
             WHERE f.id = ? AND c.seq > ? AND c.newer <> e.seq";
        self.db.execute(sql, (id.0, last)).map(|_| ())
    }

    /// Ends whatever is live on the triple of a fact.
    pub(super) fn end_triple(&mut self, target: i64, at: i64) -> rusqlite::Result<()> {
        let live: Vec<i64> = self
            .db
            .prepare_cached(
                "SELECT seq FROM entry WHERE triple = (SELECT triple FROM entry WHERE seq = ?) AND state < 2",
            )?
            .query_map([target], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for seq in live {
            self.db
                .execute("UPDATE entry SET expires_at = ? WHERE seq = ?", (at, seq))?;
            if at <= self.now {
                self.leaves(seq, TtlFacts::now().end())?;
            }
        }
        Ok(())
    }

    /// Writes the time into the sides of a conflict that lost.
    pub(super) fn date_losers(&self, sides: [i64; 2], winner: Option<&str>) -> rusqlite::Result<()> {
        for side in sides {
            if winner != Some(self.fact_id(side)?.text().as_str()) {
                self.rewrite(side, "valid_until = ?1", print(self.now))?;
            }
        }
        Ok(())
    }
}
