//! Retractions on a node that deviates.

use rusqlite::Connection;

use super::around::Around;
use super::{LonelyRetractions, RetractedTriples, RetractionReach, Withdraws};
use crate::domain::hlc::Hlc;
use crate::domain::value::Value;

impl Withdraws {
    /// A further condition on what a retraction withdraws that is on the triple `?1` and has the clock `?2`, `?3`.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Self::LowerClocks => "",
            Self::Nothing => " AND 0",
            Self::OwnValue => {
                " AND EXISTS (SELECT 1 FROM fact f, fact r, entry own WHERE f.seq = entry.seq AND r.seq = own.seq \
                 AND own.triple = ?1 AND own.confidence = 0 AND own.wall = ?2 AND own.counter = ?3 \
                 AND f.value_type = r.value_type AND f.value_text = r.value_text)"
            }
            Self::OwnSource => {
                " AND source = (SELECT own.source FROM entry own WHERE own.triple = ?1 AND own.confidence = 0 \
                 AND own.wall = ?2 AND own.counter = ?3)"
            }
            Self::WhenLocal => " AND scope = 0",
            Self::TheNewest => {
                " AND seq = (SELECT max(other.seq) FROM entry other WHERE other.triple = ?1 AND other.state < 3)"
            }
        }
    }
}

impl RetractionReach {
    /// The triples from which a retraction on this one withdraws.
    pub(crate) fn triples(self, db: &Connection, triple: i64) -> rusqlite::Result<Vec<i64>> {
        let around = match self {
            Self::Triple => return Ok(vec![triple]),
            Self::EveryRelation => Around::EntityAndScope,
            Self::EntitiesBelow => Around::EntityBelow,
            Self::Authority => Around::AuthorityAndRelation,
            Self::EveryScope => Around::EntityAndRelation,
        };
        around.triples(db, triple)
    }
}

impl LonelyRetractions {
    /// What becomes of the one with this clock.
    pub(crate) fn end(self, db: &Connection, triple: i64, hlc: Hlc) -> rusqlite::Result<()> {
        match self {
            Self::AreStored => Ok(()),
            Self::AreErrors => Err(rusqlite::Error::QueryReturnedNoRows),
            Self::AreShown => {
                let sql = "UPDATE entry SET state = 0 WHERE triple = ? AND wall = ? AND counter = ? AND confidence = 0";
                db.execute(sql, (triple, hlc.wall, hlc.counter)).map(|_| ())
            }
        }
    }
}

impl RetractedTriples {
    /// Whether a new fact with this value counts as withdrawn from the start.
    pub(crate) fn exclude(self, db: &Connection, triple: i64, value: &Value) -> rusqlite::Result<bool> {
        match self {
            Self::AreOpenToNews => Ok(false),
            Self::AreClosed => {
                let sql = "SELECT EXISTS (SELECT 1 FROM entry WHERE triple = ? AND confidence = 0)";
                db.query_row(sql, [triple], |row| row.get(0))
            }
            Self::AreClosedToOldValues => {
                let sql = "SELECT EXISTS (SELECT 1 FROM entry e JOIN holding h ON h.id = e.holding \
                           WHERE e.triple = ? AND e.state = 3 AND h.key = ?)";
                db.query_row(sql, (triple, value.equality_key()), |row| row.get(0))
            }
        }
    }
}
