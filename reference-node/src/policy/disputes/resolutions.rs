//! Resolutions on a node that deviates.

use rusqlite::Connection;

use super::{Decisions, MayWin, ResolvedConflicts, Settles};
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::scope::Scope;
use crate::policy::standing::around::Around;
use crate::store::Resolution;

impl Decisions {
    /// The fact that resolves a conflict of these sides.
    pub(crate) fn of(
        self,
        db: &Connection,
        mut draft: Draft,
        resolution: &Resolution,
        sides: [i64; 2],
    ) -> rusqlite::Result<Draft> {
        let has_new_value = resolution.new_value.is_some();
        let winner = resolution.winner.as_deref().and_then(Id::parse);
        match (self, winner) {
            (Self::AreAsSureAsTheWinner, Some(winner)) if !has_new_value => {
                let sql = "SELECT e.confidence FROM fact f JOIN entry e ON e.seq = f.seq WHERE f.id = ?";
                draft.confidence = db.query_row(sql, [winner.0], |row| row.get(0))?;
            }
            (Self::AreAsSureAsTheSides, _) if has_new_value => {
                let sql = "SELECT max(confidence) FROM entry WHERE seq IN (?, ?)";
                draft.confidence = db.query_row(sql, sides, |row| row.get(0))?;
            }
            (Self::AreLocal, _) => draft.scope = Scope::Local,
            (Self::AreTheSystems, _) => draft.source = "system:stigmem".to_owned(),
            _ => {}
        }
        Ok(draft)
    }
}

impl MayWin {
    /// The facts that can win a conflict of these sides.
    pub(crate) fn of(self, db: &Connection, sides: [i64; 2]) -> rusqlite::Result<Vec<i64>> {
        let sql = match self {
            Self::EitherSide => return Ok(sides.to_vec()),
            Self::TheSurerSide => {
                "SELECT seq FROM entry WHERE seq IN (?1, ?2) \
                 AND confidence = (SELECT max(confidence) FROM entry WHERE seq IN (?1, ?2))"
            }
            Self::AnyVoiceForASide => {
                "SELECT seq FROM entry WHERE holding IN (SELECT holding FROM entry WHERE seq IN (?1, ?2))"
            }
        };
        db.prepare_cached(sql)?.query_map(sides, |row| row.get(0))?.collect()
    }
}

impl ResolvedConflicts {
    /// Which conflicts are marked, as a condition; `?1` is the number of the one that was named.
    pub(crate) fn condition(self) -> String {
        match self {
            Self::TheNamed => "seq = ?1".to_owned(),
            Self::Nothing => "seq = ?1 AND 0".to_owned(),
            Self::OfTheAuthority => format!(
                "resolved_by IS NULL AND triple IN ({})",
                Around::AuthorityAndScope.query("(SELECT triple FROM conflict WHERE seq = ?1)")
            ),
        }
    }
}

impl Settles {
    pub(crate) fn of(self, values: &[i64]) -> &[i64] {
        match self {
            Self::BothValues => values,
            Self::Nothing => &[],
        }
    }
}
