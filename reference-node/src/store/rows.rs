//! Reading facts out of rows.

use rusqlite::Row;
use rusqlite::types::Type;

use crate::domain::cid::Cid;
use crate::domain::fact::Fact;
use crate::domain::hlc::Hlc;
use crate::domain::id::Id;
use crate::domain::scope::Scope;
use crate::domain::standing::{Values, contradicted};
use crate::domain::value::{Value, ValueType};
use crate::policy::FlagsWithin;

/// The columns that [`fact`] reads, from `entry e`, `fact f` and `triple t`.
pub(super) const FACT: &str = "f.id, f.cid, f.entity, f.relation, f.value_type, f.value_text, f.source, f.timestamp, \
     f.wall, f.counter, f.valid_until, f.confidence, f.scope, f.received_from, e.state, e.settled, t.live_values, \
     t.open_values, f.hlc_text, f.timestamp_text, f.seq";

/// The joins that bring a fact's record to its entry.
pub(super) fn joins() -> &'static str {
    FlagsWithin::now().joins("CROSS JOIN fact f ON f.seq = e.seq CROSS JOIN triple t ON t.id = e.triple")
}

pub(super) fn fact(row: &Row<'_>) -> rusqlite::Result<Fact> {
    let values = Values {
        live: row.get(16)?,
        open: row.get(17)?,
    };
    Ok(Fact {
        id: Id(row.get(0)?),
        cid: Cid(row.get(1)?),
        entity: row.get(2)?,
        relation: row.get(3)?,
        value: value(row, 4)?,
        source: row.get(6)?,
        timestamp: row.get(7)?,
        hlc: Hlc {
            wall: row.get(8)?,
            counter: row.get(9)?,
        },
        valid_until: row.get(10)?,
        confidence: confidence(row, 11)?,
        scope: scope(row, 12)?,
        received_from: row.get(13)?,
        contradicted: contradicted(row.get(14)?, row.get(15)?, values),
        hlc_text: row.get(18)?,
        timestamp_text: row.get(19)?,
    })
}

/// The fact's row number, which is the last of its columns.
pub(super) fn seq(row: &Row<'_>) -> rusqlite::Result<i64> {
    row.get(20)
}

pub(super) fn scope(row: &Row<'_>, column: usize) -> rusqlite::Result<Scope> {
    Scope::from_code(row.get(column)?).ok_or_else(|| foreign(column, Type::Integer))
}

/// The value in two adjacent columns, type and storage text.
pub(super) fn value(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    let kind = ValueType::from_code(row.get(column)?).ok_or_else(|| foreign(column, Type::Integer))?;
    Ok(Value {
        kind,
        text: row.get(column + 1)?,
    })
}

pub(super) fn confidence(row: &Row<'_>, column: usize) -> rusqlite::Result<f64> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| foreign(column, Type::Text))
}

/// A column holds what this program never writes: the file was changed by something else.
pub(super) fn foreign(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, "the column holds a foreign value".into())
}
