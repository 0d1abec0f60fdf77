//! Lists of conflicts, newest first.

use rusqlite::Connection;

use super::contest::conflict_entity;
use super::readers::Effort;
use super::{Store, Stored, lookup};
use crate::domain::cursor::Position;
use crate::domain::fact::Fact;
use crate::domain::id::Id;
use crate::domain::scope::ScopeSet;
use crate::policy::EndedSides;

#[derive(Clone, Copy, Debug)]
pub(crate) struct ConflictFilter {
    /// Only the resolved ones, only the others, or all.
    pub(crate) resolved: Option<bool>,
    pub(crate) scopes: ScopeSet,
    pub(crate) from: Option<Position>,
    pub(crate) limit: u32,
}

#[derive(Debug)]
pub(crate) struct ConflictRecord {
    /// `stigmem:conflict:<uuid>`.
    pub(crate) entity: String,
    /// The sides, which are always there; only a policy can leave them out.
    pub(crate) fact_a: Option<Fact>,
    pub(crate) fact_b: Option<Fact>,
    pub(crate) resolved_by: Option<Id>,
    pub(crate) detected_at: i64,
}

#[derive(Debug, Default)]
pub(crate) struct ConflictPage {
    pub(crate) conflicts: Vec<ConflictRecord>,
    pub(crate) next: Option<Position>,
}

impl Store {
    pub(crate) async fn conflicts(&self, filter: ConflictFilter) -> Stored<ConflictPage> {
        self.read(Effort::Long, move |db| run(db, &filter)).await
    }
}

fn run(db: &Connection, filter: &ConflictFilter) -> rusqlite::Result<ConflictPage> {
    let status = match filter.resolved {
        None => "",
        Some(true) => "AND c.resolved_by IS NOT NULL",
        Some(false) => "AND c.resolved_by IS NULL",
    };
    let scopes: Vec<String> = filter.scopes.iter().map(|scope| scope.code().to_string()).collect();
    let sql = format!(
        "SELECT c.seq, c.id, c.newer, c.older, c.detected_at, r.id FROM conflict c \
         LEFT JOIN fact r ON r.seq = c.resolved_by \
         WHERE c.seq < ?1 {status} AND c.scope IN ({}) ORDER BY c.seq DESC LIMIT ?2",
        scopes.join(", ")
    );
    let before = filter.from.map_or(i64::MAX, |from| from.seq);
    let mut select = db.prepare_cached(&sql)?;
    let mut found = select.query((before, i64::from(filter.limit) + 1))?;
    let mut page = ConflictPage::default();
    let mut last = None;
    while let Some(row) = found.next()? {
        if page.conflicts.len() == filter.limit as usize {
            page.next = last;
            break;
        }
        last = Some(Position {
            wall: 0,
            counter: 0,
            seq: row.get(0)?,
        });
        page.conflicts.push(ConflictRecord {
            entity: conflict_entity(Id(row.get(1)?)),
            fact_a: side(db, row.get(2)?)?,
            fact_b: side(db, row.get(3)?)?,
            detected_at: row.get(4)?,
            resolved_by: row.get::<_, Option<[u8; 16]>>(5)?.map(Id),
        });
    }
    Ok(page)
}

fn side(db: &Connection, seq: i64) -> rusqlite::Result<Option<Fact>> {
    if EndedSides::now().hide(db, seq)? {
        return Ok(None);
    }
    lookup::by_seq(db, seq).map(Some)
}
