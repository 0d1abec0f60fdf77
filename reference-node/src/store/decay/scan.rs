//! What is due, as a reading connection sees it.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, Row};

use crate::domain::decay::{DecayPolicy, Mode, Plan, Trail};
use crate::policy::{DecayAgain, DecayAge, DecayCounts, DecayLive, DecayOwnEnds, DecayTriples, DecayWithdraws};

/// The columns that [`trail`] reads, from the entry `e` of a fact and what [`JOINS`] brings to it.
pub(super) fn columns() -> String {
    format!(
        "e.confidence, coalesce(r.asserted, e.confidence), coalesce(r.since, {}), {}, e.settled",
        DecayAge::now().column(),
        DecayOwnEnds::now().column()
    )
}

pub(super) const JOINS: &str = "CROSS JOIN fact f ON f.seq = e.seq LEFT JOIN reduction r ON r.seq = e.seq";

/// What a window of rows holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many live facts there are under each policy that acts.
    pub(super) governed: BTreeMap<usize, u64>,
    /// What is due: triples to be withdrawn, or facts to be reduced.
    pub(super) due: Vec<i64>,
    /// How many facts that are.
    pub(super) facts: u64,
}

/// The last row of the table that a pass goes over.
pub(super) fn last(db: &Connection, mode: Mode) -> rusqlite::Result<i64> {
    let sql = match mode {
        Mode::Retract => "SELECT coalesce(max(id), 0) FROM triple",
        Mode::Confidence => "SELECT coalesce(max(seq), 0) FROM entry",
    };
    db.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Looks at the rows after the first of two numbers, to the second.
pub(super) fn find(db: &Connection, mode: Mode, plan: &Plan, window: (i64, i64)) -> rusqlite::Result<Found> {
    let acting = Acting {
        db,
        plan,
        mode,
        known: HashMap::new(),
    };
    match mode {
        Mode::Retract => overdue(acting, window),
        Mode::Confidence => fading(acting, window),
    }
}

/// The policies by which a sweep acts in a mode, by the numbers of the relations.
struct Acting<'s> {
    db: &'s Connection,
    plan: &'s Plan,
    mode: Mode,
    known: HashMap<i64, Option<(usize, &'s DecayPolicy)>>,
}

impl<'s> Acting<'s> {
    fn on(&mut self, relation: i64) -> rusqlite::Result<Option<(usize, &'s DecayPolicy)>> {
        if let Some(known) = self.known.get(&relation) {
            return Ok(*known);
        }
        let text: String = self
            .db
            .prepare_cached("SELECT text FROM term WHERE id = ?")?
            .query_row([relation], |row| row.get(0))?;
        let acting = self.plan.acting(&text, self.mode);
        self.known.insert(relation, acting);
        Ok(acting)
    }
}

/// Triples whose live facts are all overdue.
fn overdue(mut acting: Acting<'_>, (after, until): (i64, i64)) -> rusqlite::Result<Found> {
    let (db, plan) = (acting.db, acting.plan);
    let mut found = Found::default();
    let sql = format!(
        "SELECT id, relation FROM triple NOT INDEXED WHERE id > ?1 AND id <= ?2 AND scope = ?3 AND {} ORDER BY id",
        DecayAgain::now().triples()
    );
    let mut select = db.prepare_cached(&sql)?;
    let mut triples = select.query((after, until, plan.scope.code()))?;
    while let Some(row) = triples.next()? {
        let Some((place, policy)) = acting.on(row.get(1)?)? else {
            continue;
        };
        let triple = row.get(0)?;
        let live = live_facts(db, triple, policy, plan.now)?;
        *found.governed.entry(place).or_default() += live.count;
        if live.overdue {
            found.due.push(triple);
            found.facts += DecayCounts::now().of(live.count);
        }
    }
    Ok(found)
}

/// The live facts of one triple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LiveFacts {
    pub(super) count: u64,
    /// Whether there are any, and all of them are.
    pub(super) overdue: bool,
}

pub(super) fn live_facts(db: &Connection, triple: i64, policy: &DecayPolicy, now: i64) -> rusqlite::Result<LiveFacts> {
    let (index, live) = DecayAgain::now().entries();
    let columns = columns();
    let sql = format!("SELECT {columns} FROM entry e {index} {JOINS} WHERE e.triple = ? AND {live}");
    let mut select = db.prepare_cached(&sql)?;
    let mut facts = select.query([triple])?;
    let (mut count, mut old) = (0, 0);
    while let Some(row) = facts.next()? {
        count += 1;
        old += u64::from(policy.is_overdue(&trail(row, 0)?, now));
    }
    let overdue = match DecayTriples::now() {
        DecayTriples::WithAllItsFacts => count > 0 && old == count,
        DecayTriples::OneOldFactSuffices => old > 0,
    };
    Ok(LiveFacts {
        count,
        overdue: overdue && !DecayWithdraws::now().spares(db, triple)?,
    })
}

/// Facts that have faded far enough to be reduced.
fn fading(mut acting: Acting<'_>, (after, until): (i64, i64)) -> rusqlite::Result<Found> {
    let (db, plan) = (acting.db, acting.plan);
    let mut found = Found::default();
    // By row: a window is then a stretch of the file, and what there is to skip is skipped where it lies.
    let (columns, live) = (columns(), DecayLive::now().condition());
    let sql = format!(
        "SELECT e.seq, e.relation, {columns} FROM entry e NOT INDEXED {JOINS} \
         WHERE e.seq > ?1 AND e.seq <= ?2 AND e.scope = ?3 AND {live} ORDER BY e.seq"
    );
    let mut select = db.prepare_cached(&sql)?;
    let mut facts = select.query((after, until, plan.scope.code()))?;
    while let Some(row) = facts.next()? {
        let Some((place, policy)) = acting.on(row.get(1)?)? else {
            continue;
        };
        *found.governed.entry(place).or_default() += 1;
        if policy.reduced(&trail(row, 2)?, plan.now).is_some() {
            found.due.push(row.get(0)?);
            found.facts += 1;
        }
    }
    Ok(found)
}

/// The columns of [`columns`], from the given one on.
pub(super) fn trail(row: &Row<'_>, first: usize) -> rusqlite::Result<Trail> {
    Ok(Trail {
        confidence: row.get(first)?,
        asserted: row.get(first + 1)?,
        since: DecayAge::now().of(row.get(first + 2)?),
        ends: row.get(first + 3)?,
        settled: row.get(first + 4)?,
    })
}
