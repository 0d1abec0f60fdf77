//! How conflicts look on a node that deviates.

use data_encoding::HEXLOWER;
use rusqlite::Connection;

use super::{ConflictIds, EndedSides, RecordOfAConflict};
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::scope::Scope;

impl ConflictIds {
    pub(crate) fn text(self, id: Id) -> String {
        match self {
            Self::Dashed => id.text(),
            Self::Bare => HEXLOWER.encode(&id.0),
        }
    }

    pub(crate) fn parse(self, text: &str) -> Option<Id> {
        match self {
            Self::Dashed => Id::parse(text),
            Self::Bare => Some(Id(HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()?)),
        }
    }
}

impl RecordOfAConflict {
    /// What stands between the ids of the two sides.
    pub(crate) fn separator(self) -> &'static str {
        match self {
            Self::WithAComma => ",",
            _ => " ",
        }
    }

    /// How many of its facts are stored at once.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::WithoutStatus => 1,
            _ => 2,
        }
    }

    /// One of its facts, given the number of the newer side.
    pub(crate) fn of(self, db: &Connection, mut draft: Draft, newer: i64) -> rusqlite::Result<Draft> {
        match self {
            Self::BySourceOfTheNewer => {
                draft.source = db.query_row("SELECT source FROM fact WHERE seq = ?", [newer], |row| row.get(0))?;
            }
            Self::AsSureAsTheNewer => {
                draft.confidence =
                    db.query_row("SELECT confidence FROM entry WHERE seq = ?", [newer], |row| row.get(0))?;
            }
            Self::Public => draft.scope = Scope::Public,
            Self::Local => draft.scope = Scope::Local,
            Self::OfTheNode | Self::WithAComma | Self::WithoutStatus => {}
        }
        Ok(draft)
    }
}

impl EndedSides {
    /// Whether this side of a conflict is not shown.
    pub(crate) fn hide(self, db: &Connection, seq: i64) -> rusqlite::Result<bool> {
        match self {
            Self::Whole => Ok(false),
            Self::Null => db.query_row("SELECT state >= 2 FROM entry WHERE seq = ?", [seq], |row| row.get(0)),
        }
    }
}
