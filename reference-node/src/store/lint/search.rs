//! The five checks as walks along indexes. A step looks at so many rows of one check and says where the next one begins.

use rusqlite::{Connection, Row};

use super::{BEGINNING, Mark, shown, term};
use crate::domain::id::Id;
use crate::domain::lint::{self, Check, Finding, LintRun, Subject, Target, is_bookkeeping};
use crate::domain::standing::State;
use crate::store::contest::conflict_entity;

/// Where a walk by entity finds all facts, whatever their standing.
const OF_THE_ENTITY: &str = "e.wall, e.counter, e.seq, {columns} FROM entry e INDEXED BY entry_by_entity \
     CROSS JOIN fact f ON f.seq = e.seq \
     WHERE e.entity = ?6 AND (e.wall, e.counter, e.seq) > (?2, ?3, ?4) ORDER BY e.wall, e.counter, e.seq LIMIT ?8";
const ENDING: &str = "e.expires_at, 0, e.seq, {columns} FROM entry e INDEXED BY entry_ending \
     CROSS JOIN fact f ON f.seq = e.seq \
     WHERE e.scope = ?1 AND e.expires_at IS NOT NULL AND e.state < 3 AND (e.expires_at, e.seq) > (?2, ?4) \
     AND e.expires_at <= ?5 ORDER BY e.expires_at, e.seq LIMIT ?8";
const REFERRING: &str = "0, 0, f.seq, {columns} FROM fact f INDEXED BY fact_with_ref CROSS JOIN entry e ON e.seq = f.seq \
     WHERE f.scope = ?1 AND f.value_type = 5 AND f.seq > ?4 ORDER BY f.seq LIMIT ?8";
const BARE: &str = "0, 0, f.seq, {columns} FROM fact f INDEXED BY fact_with_bare_relation \
     CROSS JOIN entry e ON e.seq = f.seq \
     WHERE f.scope = ?1 AND instr(f.relation, ':') = 0 AND f.seq > ?4 ORDER BY f.seq LIMIT ?8";
/// The columns of a [`Candidate`]. The value is read only where it is a reference.
const CANDIDATE: &str = "f.id, f.entity, f.relation, CASE WHEN f.value_type = 5 THEN f.value_text END, e.scope, e.state, \
     e.confidence, e.expires_at, e.relation";

/// Conflicts whose two values are both live still, on a fact or on another one that repeats it.
const DISPUTED: &str = "c.id, n.id, n.entity, n.relation, o.id, t.relation, \
     EXISTS (SELECT 1 FROM entry e JOIN holding h ON h.id = e.holding WHERE e.seq = c.newer AND h.live > 0) \
     AND EXISTS (SELECT 1 FROM entry e JOIN holding h ON h.id = e.holding WHERE e.seq = c.older AND h.live > 0)";
const SIDES: &str = "CROSS JOIN fact n ON n.seq = c.newer CROSS JOIN fact o ON o.seq = c.older";

/// What is looked for.
pub(super) struct Search<'s> {
    db: &'s Connection,
    run: &'s LintRun,
    now: i64,
    horizon: i64,
    /// The numbers of the names in the filters.
    entity: Option<i64>,
    relation: Option<i64>,
}

/// What a step did. `last` is there when more rows follow.
pub(super) struct Step {
    pub(super) looked_at: usize,
    pub(super) last: Option<Mark>,
}

/// A fact that a check may have something to tell of.
struct Candidate {
    subject: Subject,
    reference: Option<String>,
    scope: u8,
    state: u8,
    confidence: f64,
    expires_at: Option<i64>,
    relation: i64,
}

impl<'s> Search<'s> {
    /// Nothing where a filter names what no fact has.
    pub(super) fn begin(db: &'s Connection, run: &'s LintRun, now: i64) -> rusqlite::Result<Option<Self>> {
        let number = |name: &Option<String>| match name {
            None => Ok(Some(None)),
            Some(name) => term(db, name).map(|found| found.map(Some)),
        };
        let (Some(entity), Some(relation)) = (number(&run.entity)?, number(&run.relation)?) else {
            return Ok(None);
        };
        Ok(Some(Self {
            db,
            run,
            now,
            horizon: run.horizon(now),
            entity,
            relation,
        }))
    }

    pub(super) fn step(
        &self,
        check: Check,
        after: Mark,
        rows: usize,
        findings: &mut Vec<Finding>,
    ) -> rusqlite::Result<Step> {
        match check {
            Check::Contradiction => self.contradictions(after, rows, findings),
            Check::Orphan => self.orphans(after, rows, findings),
            Check::Stale => self.facts(ENDING, after, rows, |candidate| Ok(self.stale(candidate)), findings),
            Check::BrokenRef => self.facts(REFERRING, after, rows, |candidate| self.broken_ref(candidate), findings),
            Check::Namespacing => self.facts(BARE, after, rows, |candidate| Ok(namespacing(candidate)), findings),
        }
    }

    /// Walks along rows and hands each to `take`; the first three columns are its mark.
    fn walk(
        &self,
        sql: &str,
        after: Mark,
        rows: usize,
        mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Step> {
        let limit = i64::try_from(rows).unwrap_or(i64::MAX);
        let values = (
            self.run.scope.code(),
            after[0],
            after[1],
            after[2],
            self.horizon,
            self.entity,
            self.relation,
            limit,
        );
        let mut select = self.db.prepare_cached(sql)?;
        let mut found = select.query(values)?;
        let (mut looked_at, mut last) = (0, BEGINNING);
        while let Some(row) = found.next()? {
            looked_at += 1;
            last = [row.get(0)?, row.get(1)?, row.get(2)?];
            take(row)?;
        }
        // A step that is full may have ended where the rows do; then the next one finds nothing.
        Ok(Step {
            looked_at,
            last: (looked_at >= rows).then_some(last),
        })
    }

    /// Walks along the facts that an index leads to, or along all of the entity that is asked about.
    fn facts(
        &self,
        by_scope: &str,
        after: Mark,
        rows: usize,
        judge: impl Fn(Candidate) -> rusqlite::Result<Option<Finding>>,
        findings: &mut Vec<Finding>,
    ) -> rusqlite::Result<Step> {
        let walk = if self.entity.is_some() { OF_THE_ENTITY } else { by_scope };
        let sql = format!("SELECT {}", walk.replace("{columns}", CANDIDATE));
        self.walk(&sql, after, rows, |row| {
            let candidate = candidate(row)?;
            let in_scope = candidate.scope == self.run.scope.code();
            if in_scope && self.tells_of(candidate.relation) && !is_bookkeeping(&candidate.subject.relation) {
                findings.extend(judge(candidate)?);
            }
            Ok(())
        })
    }

    /// Whether the filter lets through what there is to tell of a relation, given by its number.
    fn tells_of(&self, relation: i64) -> bool {
        self.relation.is_none_or(|asked| asked == relation)
    }

    fn stale(&self, candidate: Candidate) -> Option<Finding> {
        let stands = candidate.state != State::Retracted.code() && candidate.confidence > 0.0;
        let end = candidate.expires_at.filter(|_| stands)?;
        let severity = lint::staleness(end, self.now, self.horizon)?;
        Some(lint::stale(severity, end, candidate.subject))
    }

    fn broken_ref(&self, candidate: Candidate) -> rusqlite::Result<Option<Finding>> {
        let Some(reference) = candidate.reference.filter(|_| State::is_live_code(candidate.state)) else {
            return Ok(None);
        };
        match Target::of(&reference) {
            Some(target) if !self.is_there(&target)? => Ok(Some(lint::broken_ref(&reference, candidate.subject))),
            _ => Ok(None),
        }
    }

    /// Whether the scope has a live fact about the target, or the target is one.
    fn is_there(&self, target: &Target) -> rusqlite::Result<bool> {
        let scope = self.run.scope;
        if let Some(id) = target.fact {
            let live = "SELECT EXISTS (SELECT 1 FROM fact f JOIN entry e ON e.seq = f.seq \
                        WHERE f.id = ? AND f.scope = ? AND e.state < 2)";
            if self
                .db
                .prepare_cached(live)?
                .query_row((id.0, scope.code()), |row| row.get(0))?
            {
                return Ok(true);
            }
        }
        for name in &target.spellings {
            let Some(entity) = term(self.db, name)? else {
                continue;
            };
            // Whatever is live on a triple, some fact of it is shown.
            let known = shown(self.db, (1, entity), scope)? > 0;
            if known && (target.is_shown_by_notes() || self.has_more_than_notes(entity)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn has_more_than_notes(&self, entity: i64) -> rusqlite::Result<bool> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM triple t INDEXED BY triple_by_scope CROSS JOIN term r ON r.id = t.relation \
                 WHERE t.scope = ? AND t.entity = ? AND t.live_values > 0 AND r.text NOT GLOB 'stigmem:*')",
            )?
            .query_row((self.run.scope.code(), entity), |row| row.get(0))
    }

    fn contradictions(&self, after: Mark, rows: usize, findings: &mut Vec<Finding>) -> rusqlite::Result<Step> {
        let sql = match self.entity {
            None => format!(
                "SELECT 0, 0, c.seq, {DISPUTED} FROM conflict c INDEXED BY conflict_open_by_scope {SIDES} \
                 CROSS JOIN triple t ON t.id = c.triple \
                 WHERE c.scope = ?1 AND c.resolved_by IS NULL AND c.seq > ?4 ORDER BY c.seq LIMIT ?8"
            ),
            Some(_) => format!(
                "SELECT t.relation, 0, c.seq, {DISPUTED} FROM triple t INDEXED BY triple_by_scope \
                 CROSS JOIN conflict c INDEXED BY conflict_open_by_triple ON c.triple = t.id {SIDES} \
                 WHERE t.scope = ?1 AND t.entity = ?6 AND t.relation >= ?2 AND (t.relation > ?2 OR c.seq > ?4) \
                 AND c.resolved_by IS NULL ORDER BY t.relation, c.seq LIMIT ?8"
            ),
        };
        self.walk(&sql, after, rows, |row| {
            let (id, other) = (Id(row.get(3)?), Id(row.get(7)?));
            let subject = subject(row, 4)?;
            let open: bool = row.get(9)?;
            if open && self.tells_of(row.get(8)?) && !is_bookkeeping(&subject.relation) {
                findings.push(lint::contradiction(&conflict_entity(id), subject, other));
            }
            Ok(())
        })
    }

    fn orphans(&self, after: Mark, rows: usize, findings: &mut Vec<Finding>) -> rusqlite::Result<Step> {
        let whose = if self.entity.is_some() { "AND t.entity = ?6" } else { "" };
        let sql = format!(
            "SELECT t.entity, 0, 0, max(t.live_values), max(?7 IS NULL OR t.relation = ?7) \
             FROM triple t INDEXED BY triple_by_scope CROSS JOIN term r ON r.id = t.relation \
             WHERE t.scope = ?1 {whose} AND t.entity > ?2 AND r.text NOT GLOB 'stigmem:*' \
             GROUP BY t.entity ORDER BY t.entity LIMIT ?8"
        );
        self.walk(&sql, after, rows, |row| {
            let (live, concerned): (i64, bool) = (row.get(3)?, row.get(4)?);
            if live == 0 && concerned {
                let entity: i64 = row.get(0)?;
                findings.push(lint::orphan(
                    self.name(entity)?,
                    self.run.scope,
                    self.last_said(entity)?,
                ));
            }
            Ok(())
        })
    }

    fn name(&self, term: i64) -> rusqlite::Result<String> {
        self.db
            .prepare_cached("SELECT text FROM term WHERE id = ?")?
            .query_row([term], |row| row.get(0))
    }

    /// The newest fact of the scope about an entity.
    fn last_said(&self, entity: i64) -> rusqlite::Result<Vec<Id>> {
        self.db
            .prepare_cached(
                "SELECT f.id FROM entry e INDEXED BY entry_by_entity CROSS JOIN fact f ON f.seq = e.seq \
                 WHERE e.entity = ? AND e.scope = ? AND f.relation NOT GLOB 'stigmem:*' \
                 ORDER BY e.wall DESC, e.counter DESC, e.seq DESC LIMIT 1",
            )?
            .query_map((entity, self.run.scope.code()), |row| row.get(0).map(Id))?
            .collect()
    }
}

fn namespacing(candidate: Candidate) -> Option<Finding> {
    let told = State::is_live_code(candidate.state) && lint::is_bare(&candidate.subject.relation);
    told.then(|| lint::namespacing(candidate.subject))
}

fn candidate(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        subject: subject(row, 3)?,
        reference: row.get(6)?,
        scope: row.get(7)?,
        state: row.get(8)?,
        confidence: row.get(9)?,
        expires_at: row.get(10)?,
        relation: row.get(11)?,
    })
}

/// A fact's id, entity and relation in three adjacent columns.
fn subject(row: &Row<'_>, column: usize) -> rusqlite::Result<Subject> {
    Ok(Subject {
        id: Id(row.get(column)?),
        entity: row.get(column + 1)?,
        relation: row.get(column + 2)?,
    })
}

/// How the database carries out each walk.
#[cfg(test)]
pub(in crate::store) fn plans(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let walks = [OF_THE_ENTITY, ENDING, REFERRING, BARE];
    let plan = |walk: &&str| -> rusqlite::Result<String> {
        let sql = format!("EXPLAIN QUERY PLAN SELECT {}", walk.replace("{columns}", CANDIDATE));
        let values = (0, 0, 0, 0, 0, 0, 0, 1);
        let steps: Vec<String> = db
            .prepare(&sql)?
            .query_map(values, |row| row.get(3))?
            .collect::<Result<_, _>>()?;
        Ok(steps.join("; "))
    };
    walks.iter().map(plan).collect()
}
