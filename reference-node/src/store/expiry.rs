//! Expiry: facts whose `valid_until` or TTL has passed leave the live ones, and TTL meta-facts set that moment for a fact
//! that was asserted without one.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::Stored;
use super::assert::Written;
use super::writer::Txn;
use crate::domain::fact::Draft;
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::instant::now_micros;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::standing::State;
use crate::domain::value::ValueType;
use crate::policy::{EndsAreSeen, RecordsChange, TtlFacts};

/// How many facts are looked up at a time when many expire at once.
const BATCH: i64 = 1_000;

/// When the next live fact expires; the end of time when none does.
pub(super) fn next(db: &Connection) -> rusqlite::Result<i64> {
    let at: Option<i64> = db
        .prepare_cached(
            "SELECT min(expires_at) FROM entry INDEXED BY expiring WHERE expires_at IS NOT NULL AND state < 2",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(at.unwrap_or(i64::MAX))
}

/// Settles what has expired, for a program that reads the file beside the node or without one.
pub(crate) fn settle(db: &Connection) -> Stored<()> {
    let now = now_micros();
    if next(db)? > now {
        return Ok(());
    }
    let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    // Nothing is stamped, so that no clock is needed.
    let mut clock = Hlc::default();
    Txn::settling(&transaction, &mut clock, now).settle_expired()?;
    transaction.commit()?;
    Ok(())
}

impl Txn<'_> {
    /// Takes every live fact whose expiry has passed out of the live ones.
    pub(super) fn settle_expired(&mut self) -> rusqlite::Result<()> {
        if EndsAreSeen::now() == EndsAreSeen::AtNight {
            return Ok(());
        }
        loop {
            let due: Vec<i64> = self
                .db
                .prepare_cached(
                    "SELECT seq FROM entry INDEXED BY expiring \
                     WHERE expires_at IS NOT NULL AND expires_at <= ?1 AND state < 2 ORDER BY expires_at LIMIT ?2",
                )?
                .query_map((self.now, BATCH), |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            if due.is_empty() {
                return Ok(());
            }
            for seq in due {
                self.leaves(seq, State::Expired)?;
                if RecordsChange::now() == RecordsChange::AtTheirEnd {
                    self.rewrite(seq, "timestamp = ?1", self.now)?;
                }
            }
        }
    }

    /// Lets a TTL meta-fact, or the retraction of one, act on the fact it names. It acts only when its writer may write
    /// the scope of that fact: nobody can make facts vanish that are out of their reach.
    pub(super) fn apply_ttl(&mut self, draft: &Draft, meta: Written, writable: ScopeSet) -> rusqlite::Result<()> {
        let Some((target, scope, has_expiry)) = self.ttl_target(&draft.entity)? else {
            return Ok(());
        };
        if has_expiry || !writable.contains(scope) || TtlFacts::now() == TtlFacts::HaveNoEffect {
            return Ok(());
        }
        if draft.is_retraction() {
            self.db
                .prepare_cached("DELETE FROM ttl WHERE triple = ?1 AND meta < ?2")?
                .execute((meta.triple, meta.seq))?;
        } else if draft.value.kind == ValueType::Datetime
            && let Some(at) = TtlFacts::now().instant(&draft.value.text)
        {
            self.db
                .prepare_cached("INSERT INTO ttl (meta, target, triple, at) VALUES (?, ?, ?, ?)")?
                .execute((meta.seq, target, meta.triple, at.micros))?;
            if TtlFacts::now() == TtlFacts::EndTheTriple {
                self.end_triple(target, at.micros)?;
            }
            if RecordsChange::now() == RecordsChange::WithATtl {
                self.rewrite(target, "valid_until = ?1", &draft.value.text)?;
            }
        } else {
            return Ok(());
        }
        self.move_expiry(target)
    }

    /// The fact that a TTL's entity names: its row, its scope, and whether it has a `valid_until` of its own. Who names a reduction
    /// means the fact that it stands for.
    fn ttl_target(&self, entity: &str) -> rusqlite::Result<Option<(i64, Scope, bool)>> {
        let Some(id) = Id::parse(entity) else {
            return Ok(None);
        };
        self.db
            .prepare_cached(
                "SELECT coalesce(r.root, f.seq), f.scope, f.valid_until IS NOT NULL FROM fact f \
                 LEFT JOIN reduction r ON r.seq = f.seq WHERE f.id = ?",
            )?
            .query_row([id.0], |row| {
                Ok((row.get(0)?, super::rows::scope(row, 1)?, row.get(2)?))
            })
            .optional()
    }

    /// Gives `target` the expiry that the preferred one of its TTL meta-facts names, or none; and the same to the reduction that
    /// stands for it.
    fn move_expiry(&mut self, target: i64) -> rusqlite::Result<()> {
        let at: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT ttl.at FROM ttl JOIN entry ON entry.seq = ttl.meta WHERE ttl.target = ? \
                 ORDER BY entry.confidence DESC, entry.wall DESC, entry.counter DESC LIMIT 1",
            )?
            .query_row([target], |row| row.get(0))
            .optional()?;
        self.ends_at(target, at)?;
        match self.last_reduction(target)? {
            Some(reduction) => self.ends_at(reduction, at),
            None => Ok(()),
        }
    }

    fn ends_at(&mut self, target: i64, at: Option<i64>) -> rusqlite::Result<()> {
        let state: u8 = self
            .db
            .prepare_cached("UPDATE entry SET expires_at = ?2 WHERE seq = ?1 RETURNING state")?
            .query_row((target, at), |row| row.get(0))?;
        let passed = at.is_some_and(|at| at <= self.now);
        if passed && State::is_live_code(state) {
            self.leaves(target, TtlFacts::now().end())?;
        } else if !passed && state == State::Expired.code() {
            self.returns(target)?;
        }
        Ok(())
    }
}
