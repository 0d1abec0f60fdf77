//! One fact by its id or its content id.

use rusqlite::{Connection, OptionalExtension, ToSql};

use super::readers::Effort;
use super::{Store, Stored, rows};
use crate::domain::cid::Cid;
use crate::domain::fact::Fact;
use crate::domain::id::Id;
use crate::domain::scope::ScopeSet;
use crate::policy::{DecayRecord, FactOfSeveral, ReadableById};

/// How a fact is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name {
    Id(Id),
    /// Of several facts with one content id, the one with the highest clock is meant.
    Cid(Cid),
}

impl Store {
    /// The fact, whatever its standing, if its scope is among the `readable`.
    pub(crate) async fn fact(&self, name: Name, readable: ScopeSet) -> Stored<Option<Fact>> {
        let found = self.read(Effort::Short, move |db| by_name(db, name)).await?;
        Ok(found.filter(|fact| readable.contains(fact.scope)))
    }
}

fn by_name(db: &Connection, name: Name) -> rusqlite::Result<Option<Fact>> {
    let order = FactOfSeveral::now().order();
    match name {
        Name::Id(id) => one(db, "SELECT seq FROM fact WHERE id = ?", &id.0),
        Name::Cid(cid) => one(
            db,
            &format!("SELECT seq FROM fact WHERE cid = ? ORDER BY wall {order}, counter {order} LIMIT 1"),
            &cid.0,
        ),
    }
}

fn one(db: &Connection, find: &str, key: &dyn ToSql) -> rusqlite::Result<Option<Fact>> {
    let seq = db.prepare_cached(find)?.query_row([key], |row| row.get(0)).optional()?;
    match seq {
        Some(seq) if ReadableById::now().includes(db, seq)? => {
            DecayRecord::now().of(db, seq, by_seq(db, seq)?).map(Some)
        }
        _ => Ok(None),
    }
}

pub(super) fn by_seq(db: &Connection, seq: i64) -> rusqlite::Result<Fact> {
    let sql = format!("SELECT {} FROM entry e {} WHERE e.seq = ?", rows::FACT, rows::joins());
    db.prepare_cached(&sql)?.query_row([seq], rows::fact)
}
