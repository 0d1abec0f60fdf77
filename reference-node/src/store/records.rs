//! All of a store in memory, for tests and for nodes that deviate.

use rusqlite::{Connection, Row};

use super::contest::conflict_entity;
use super::rows;
use crate::domain::archive::{Archive, Dispute, Record};
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::standing::State;

pub(super) fn all(db: &Connection) -> rusqlite::Result<Archive> {
    let facts = "SELECT f.seq, f.id, f.entity, f.relation, f.source, f.scope, f.value_type, f.value_text, f.confidence, f.wall, \
         f.counter, f.hlc_text, f.valid_until, e.expires_at, e.state, e.settled, \
         EXISTS (SELECT 1 FROM conflict c WHERE c.resolved_by = f.seq) \
         FROM fact f JOIN entry e ON e.seq = f.seq ORDER BY f.seq";
    let conflicts = "SELECT id, newer, older, resolved_by IS NOT NULL FROM conflict ORDER BY seq";
    Ok(Archive {
        records: db.prepare(facts)?.query_map([], record)?.collect::<Result<_, _>>()?,
        disputes: db
            .prepare(conflicts)?
            .query_map([], dispute)?
            .collect::<Result<_, _>>()?,
    })
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let state: u8 = row.get(14)?;
    Ok(Record {
        seq: row.get(0)?,
        id: Id(row.get(1)?),
        entity: row.get(2)?,
        relation: row.get(3)?,
        source: row.get(4)?,
        scope: rows::scope(row, 5)?,
        value: rows::value(row, 6)?,
        confidence: rows::confidence(row, 8)?,
        hlc: Hlc {
            wall: row.get(9)?,
            counter: row.get(10)?,
        },
        hlc_text: row.get(11)?,
        valid_until: row.get(12)?,
        expires_at: row.get(13)?,
        withdrawn: state == State::Retracted.code(),
        settled: row.get(15)?,
        decides: row.get(16)?,
    })
}

fn dispute(row: &Row<'_>) -> rusqlite::Result<Dispute> {
    Ok(Dispute {
        entity: conflict_entity(Id(row.get(0)?)),
        newer: row.get(1)?,
        older: row.get(2)?,
        resolved: row.get(3)?,
    })
}
