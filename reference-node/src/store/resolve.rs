//! Resolving a conflict: a new fact decides, and the two values that disagreed are settled.

use rusqlite::OptionalExtension;

use super::assert::Stamp;
use super::contest::{STATUS, SYSTEM, conflict_entity};
use super::writer::Txn;
use super::{Store, Stored, rows};
use crate::domain::fact::Draft;
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::value::Value;
use crate::policy::{
    Decisions, HiddenConflict, MayWin, RecordScope, RecordsChange, ResolvedConflicts, ResolvesLink, Rivals,
    SecondResolution, SettledSides, Settles, StampOfResolution, StatusOfAConflict, WithoutOutcome,
};

const RESOLVES: &str = "stigmem:resolves";
const NOTE: &str = "stigmem:conflict:note";

/// What the caller decides.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    pub(crate) conflict: Id,
    pub(crate) winner: Option<String>,
    pub(crate) new_value: Option<Value>,
    pub(crate) note: String,
    pub(crate) caller_uri: String,
    /// The scopes that the caller may both see and write; a conflict outside them is unknown.
    pub(crate) scopes: ScopeSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResolveRefusal {
    Unknown,
    /// What is out of the caller's reach is unknown; only a policy can tell more.
    Hidden,
    AlreadyResolved,
    NotASide,
    NothingGiven,
}

struct Conflict {
    seq: i64,
    triple: i64,
    scope: Scope,
    holdings: [i64; 2],
    sides: [i64; 2],
}

impl Store {
    /// Answers with the id of the fact that decides.
    pub(crate) async fn resolve(&self, resolution: Resolution) -> Stored<Result<Id, ResolveRefusal>> {
        self.writer.submit(move |txn| txn.resolve(&resolution)).await
    }
}

impl Txn<'_> {
    fn resolve(&mut self, resolution: &Resolution) -> rusqlite::Result<Result<Id, ResolveRefusal>> {
        let (conflict, resolved) = match self.find_conflict(resolution.conflict)? {
            Some((conflict, resolved)) if resolution.scopes.contains(conflict.scope) => (conflict, resolved),
            Some(_) if HiddenConflict::now() == HiddenConflict::Forbidden => return Ok(Err(ResolveRefusal::Hidden)),
            _ => return Ok(Err(ResolveRefusal::Unknown)),
        };
        if resolved && SecondResolution::now() == SecondResolution::Refused {
            return Ok(Err(ResolveRefusal::AlreadyResolved));
        }
        let winner = match &resolution.winner {
            None => None,
            Some(id) => match self.side(&conflict, id)? {
                Some(seq) => Some(seq),
                None => return Ok(Err(ResolveRefusal::NotASide)),
            },
        };
        let value = match (&resolution.new_value, winner) {
            (Some(value), _) => value.clone(),
            (None, Some(seq)) => self.scope_and_value(seq)?.1,
            (None, None) => match WithoutOutcome::now() {
                WithoutOutcome::Refused => return Ok(Err(ResolveRefusal::NothingGiven)),
                WithoutOutcome::TheNewerWins => self.scope_and_value(conflict.sides[0])?.1,
            },
        };
        self.decide(resolution, &conflict, value).map(Ok)
    }

    fn decide(&mut self, resolution: &Resolution, conflict: &Conflict, value: Value) -> rusqlite::Result<Id> {
        for holding in Settles::now().of(&conflict.holdings) {
            self.settle(conflict.triple, *holding)?;
        }
        let (entity, relation) = self.names(conflict.sides[0])?;
        let (caller, scope) = (resolution.caller_uri.as_str(), conflict.scope);
        let decision = Draft::certain(entity, &relation, value, caller, scope);
        let decision = Decisions::now().of(self.db, decision, resolution, conflict.sides)?;
        let decision = match (self.winner_for(&decision)?, StampOfResolution::now()) {
            (Some(winner), _) => winner,
            (None, StampOfResolution::OfTheClock) => self.assert(&decision, resolution.scopes)?,
            (None, StampOfResolution::OfTheOlderSide) => {
                let stamp = self.stamp_of(conflict.sides[1])?;
                self.write(&decision, stamp)?
            }
        };
        let marked = ResolvedConflicts::now().condition();
        self.db
            .prepare_cached(&format!("UPDATE conflict SET resolved_by = ?2 WHERE {marked}"))?
            .execute((conflict.seq, decision.seq))?;
        if SettledSides::now() == SettledSides::Shown {
            self.show_all(conflict.triple)?;
        }
        if RecordsChange::now() == RecordsChange::WithAResolution {
            self.date_losers(conflict.sides, resolution.winner.as_deref())?;
        }
        if Settles::now() == Settles::Nothing {
            self.contest_decision(conflict.seq, decision)?;
        }

        let scope = RecordScope::now().of(scope);
        let record = conflict_entity(resolution.conflict);
        let link = Draft::certain(
            decision.id.text(),
            RESOLVES,
            Value::reference(record.clone()),
            caller,
            scope,
        );
        if ResolvesLink::now() == ResolvesLink::Stored {
            self.assert(&link, resolution.scopes)?;
        }
        if !resolution.note.is_empty() {
            let note = Value::text(resolution.note.clone());
            self.assert(
                &Draft::certain(record.clone(), NOTE, note, caller, scope),
                resolution.scopes,
            )?;
        }
        self.supersede_status(record, scope)?;
        Ok(decision.id)
    }

    /// The status that the record had until now is no rival of the new one.
    fn supersede_status(&mut self, record: String, scope: Scope) -> rusqlite::Result<()> {
        let status = Draft::certain(record, STATUS, Value::string("resolved"), SYSTEM, scope);
        let how = StatusOfAConflict::now();
        if how == StatusOfAConflict::Untouched {
            return Ok(());
        }
        let (entity, relation) = (self.term(&status.entity)?, self.term(&status.relation)?);
        let triple = self.triple(entity, relation, scope)?;
        let holdings: Vec<i64> = self
            .db
            .prepare_cached("SELECT id FROM holding WHERE triple = ? AND open > 0")?
            .query_map([triple], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if how != StatusOfAConflict::Contradicted {
            for holding in holdings {
                self.settle(triple, holding)?;
            }
        }
        self.assert(&status, ScopeSet::ALL)?;
        match how {
            StatusOfAConflict::Doubled => self.show_all(triple),
            _ => Ok(()),
        }
    }

    /// Settles the live facts that hold one value: they stay live, and later facts find no open disagreement with them.
    fn settle(&mut self, triple: i64, holding: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("UPDATE entry SET settled = 1 WHERE holding = ? AND state < 2 AND settled = 0")?
            .execute([holding])?;
        let was_open = self
            .db
            .prepare_cached("UPDATE holding SET open = 0 WHERE id = ? AND open > 0")?
            .execute([holding])?;
        if was_open > 0 {
            self.db
                .prepare_cached("UPDATE triple SET open_values = open_values - 1 WHERE id = ?")?
                .execute([triple])?;
        }
        Ok(())
    }

    fn find_conflict(&self, id: Id) -> rusqlite::Result<Option<(Conflict, bool)>> {
        let sql = format!(
            "SELECT seq, triple, scope, {}, newer, older, resolved_by IS NOT NULL FROM conflict WHERE id = ?",
            Rivals::now().values()
        );
        self.db
            .prepare_cached(&sql)?
            .query_row([id.0], |row| {
                let conflict = Conflict {
                    seq: row.get(0)?,
                    triple: row.get(1)?,
                    scope: rows::scope(row, 2)?,
                    holdings: [row.get(3)?, row.get(4)?],
                    sides: [row.get(5)?, row.get(6)?],
                };
                Ok((conflict, row.get(7)?))
            })
            .optional()
    }

    fn side(&self, conflict: &Conflict, id: &str) -> rusqlite::Result<Option<i64>> {
        for seq in MayWin::now().of(self.db, conflict.sides)? {
            if self.fact_id(seq)?.text() == id {
                return Ok(Some(seq));
            }
        }
        Ok(None)
    }

    /// A stamp with the clock of a stored fact.
    fn stamp_of(&self, seq: i64) -> rusqlite::Result<Stamp<'static>> {
        let hlc = self
            .db
            .prepare_cached("SELECT wall, counter FROM entry WHERE seq = ?")?
            .query_row([seq], |row| {
                Ok(Hlc {
                    wall: row.get(0)?,
                    counter: row.get(1)?,
                })
            })?;
        Ok(Stamp {
            id: Id::fresh(self.now / 1_000),
            hlc,
            origin: None,
        })
    }

    fn names(&self, seq: i64) -> rusqlite::Result<(String, String)> {
        self.db
            .prepare_cached("SELECT entity, relation FROM fact WHERE seq = ?")?
            .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}
