//! Going through the triples of one scope for what is known of each. As with lint each page is a short read of its own, and however
//! many facts a triple has, an index leads to those that an entry is made of.

mod otherwise;

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use super::readers::Effort;
use super::{Store, Stored, lint, rows};
use crate::domain::hlc::Hlc;
use crate::domain::lint::is_bookkeeping;
use crate::domain::standing::State;
use crate::domain::synthesis::{Alternative, Entry, SynthesisRequest, Tally, reckoning};
use crate::domain::value::Value;
use crate::policy::{SynthesisEffects, SynthesisOrder};

/// How many triples are looked at in one read. In tests so few that every walk has several pages.
const WINDOW: i64 = if cfg!(test) { 2 } else { 256 };
/// How many bytes of values a page may have before it ends early.
const VALUES: usize = 256 << 10;

/// The last triple that was looked at: the numbers of its entity and its relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct After(i64, i64);

impl After {
    /// Before all triples.
    pub(crate) const NOTHING: Self = Self(i64::MIN, i64::MIN);
}

/// A stretch of an answer, and where it goes on.
#[derive(Debug, Default)]
pub(crate) struct SynthesisPage {
    pub(crate) entries: Vec<Entry>,
    pub(crate) tally: Tally,
    pub(crate) next: Option<After>,
}

impl Store {
    pub(crate) async fn synthesis(
        &self,
        request: Arc<SynthesisRequest>,
        after: After,
        now: i64,
    ) -> Stored<SynthesisPage> {
        let asked = Arc::clone(&request);
        let page = self.read(Effort::Long, move |db| page(db, &asked, after, now)).await?;
        if SynthesisEffects::now() != SynthesisEffects::Nothing {
            self.synthesis_leaves(&request, &page.entries).await?;
        }
        Ok(page)
    }
}

/// The same on a connection of one's own, which has to be one that sees no fact past its expiry as live.
pub(crate) fn page(
    db: &Connection,
    request: &SynthesisRequest,
    after: After,
    now: i64,
) -> rusqlite::Result<SynthesisPage> {
    let mut page = if reckoning::deviates() {
        otherwise::page(db, request, now)?
    } else {
        found(db, request, after)?
    };
    SynthesisOrder::now().arrange(&mut page.entries);
    Ok(page)
}

fn found(
    db: &Connection,
    request: &SynthesisRequest,
    After(entity, relation): After,
) -> rusqlite::Result<SynthesisPage> {
    let asked = match &request.entity {
        None => None,
        Some(name) => match lint::term(db, name)? {
            Some(number) => Some(number),
            // Nobody has spoken of it.
            None => return Ok(SynthesisPage::default()),
        },
    };
    let walk = match asked {
        None => "(t.entity, t.relation) > (?2, ?3) AND ?4 IS NULL ORDER BY t.entity, t.relation",
        Some(_) => "t.entity = ?4 AND t.relation > ?3 AND ?2 IS NOT NULL ORDER BY t.relation",
    };
    let sql = format!(
        "SELECT t.entity, t.relation, t.id, t.live_values, t.shown, e.text, r.text \
         FROM triple t INDEXED BY triple_by_scope CROSS JOIN term e ON e.id = t.entity CROSS JOIN term r ON r.id = t.relation \
         WHERE t.scope = ?1 AND {walk} LIMIT ?5"
    );
    let mut select = db.prepare_cached(&sql)?;
    let mut triples = select.query((request.scope.code(), entity, relation, asked, WINDOW))?;
    let mut page = SynthesisPage::default();
    let (mut looked_at, mut bytes) = (0, 0);
    while let Some(row) = triples.next()? {
        looked_at += 1;
        let here = After(row.get(0)?, row.get(1)?);
        let triple = triple(row)?;
        // What is noted is not what is known.
        let noted = is_bookkeeping(&triple.relation);
        let known = if noted { None } else { triple.entry(db, request)? };
        if let Some((facts, entry)) = known {
            bytes += entry.value.text.len() + entry.alternative.as_ref().map_or(0, |other| other.value.text.len());
            page.entries.extend(page.tally.take(request, facts, entry));
        }
        if looked_at == WINDOW || bytes > VALUES {
            page.next = Some(here);
            break;
        }
    }
    Ok(page)
}

/// (entity, relation, scope) with its bookkeeping.
struct Triple {
    id: i64,
    /// How many distinct values its live facts have.
    values: i64,
    /// How many of them a default query shows.
    shown: i64,
    entity: String,
    relation: String,
}

fn triple(row: &Row<'_>) -> rusqlite::Result<Triple> {
    Ok(Triple {
        id: row.get(2)?,
        values: row.get(3)?,
        shown: row.get(4)?,
        entity: row.get(5)?,
        relation: row.get(6)?,
    })
}

/// The fact that an entry shows.
struct Winner {
    value: Value,
    confidence: f64,
    hlc: String,
    holding: i64,
}

impl Triple {
    /// The entry, and how many facts take part in it; nothing where none does.
    fn entry(self, db: &Connection, request: &SynthesisRequest) -> rusqlite::Result<Option<(i64, Entry)>> {
        let expired = if request.include_expired { self.expired(db)? } else { 0 };
        let (facts, state) = match (self.values, expired) {
            (0, 0) => return Ok(None),
            (0, _) => (expired, State::Expired),
            _ => (self.live(db)? + expired, State::Shown),
        };
        let Some(winner) = self.winner(db, state)? else {
            return Ok(None);
        };
        // Where one value alone is live nobody disagrees.
        let alternative = match self.values {
            0 | 1 => None,
            _ => self.alternative(db, winner.holding)?,
        };
        let entry = Entry {
            entity: self.entity,
            relation: self.relation,
            scope: request.scope,
            value: winner.value,
            confidence: winner.confidence,
            hlc: winner.hlc,
            contradicted: alternative.is_some(),
            alternative,
        };
        Ok(Some((facts, entry)))
    }

    /// How many live facts there are. While all agree all are shown.
    fn live(&self, db: &Connection) -> rusqlite::Result<i64> {
        if self.values == 1 {
            return Ok(self.shown);
        }
        db.prepare_cached("SELECT coalesce(sum(live), 0) FROM holding WHERE triple = ?")?
            .query_row([self.id], |row| row.get(0))
    }

    fn expired(&self, db: &Connection) -> rusqlite::Result<i64> {
        db.prepare_cached(
            "SELECT count(*) FROM entry INDEXED BY standing_by_triple WHERE triple = ? AND state = 2 AND state < 3",
        )?
        .query_row([self.id], |row| row.get(0))
    }

    /// The surest fact of a standing, and of those the newest: of the live ones it is among those that are shown.
    fn winner(&self, db: &Connection, state: State) -> rusqlite::Result<Option<Winner>> {
        db.prepare_cached(
            "SELECT f.value_type, f.value_text, f.confidence, f.wall, f.counter, f.hlc_text, e.holding \
             FROM entry e INDEXED BY standing_by_triple CROSS JOIN fact f ON f.seq = e.seq \
             WHERE e.triple = ? AND e.state = ? AND e.state < 3 \
             ORDER BY e.confidence DESC, e.wall DESC, e.counter DESC, e.seq DESC LIMIT 1",
        )?
        .query_row((self.id, state.code()), |row| {
            let hlc = Hlc {
                wall: row.get(3)?,
                counter: row.get(4)?,
            };
            Ok(Winner {
                value: rows::value(row, 0)?,
                confidence: rows::confidence(row, 2)?,
                hlc: row.get::<_, Option<String>>(5)?.unwrap_or_else(|| hlc.to_string()),
                holding: row.get(6)?,
            })
        })
        .optional()
    }

    /// The best live fact with another value that no resolution has settled. Those that are shown go before the others.
    fn alternative(&self, db: &Connection, winning: i64) -> rusqlite::Result<Option<Alternative>> {
        for state in [State::Shown, State::Hidden] {
            let found = db
                .prepare_cached(
                    "SELECT f.value_type, f.value_text, f.confidence \
                     FROM entry e INDEXED BY standing_by_triple CROSS JOIN fact f ON f.seq = e.seq \
                     WHERE e.triple = ? AND e.state = ? AND e.state < 3 AND e.settled = 0 AND e.holding <> ? \
                     ORDER BY e.confidence DESC, e.wall DESC, e.counter DESC, e.seq DESC LIMIT 1",
                )?
                .query_row((self.id, state.code(), winning), |row| {
                    Ok(Alternative {
                        value: rows::value(row, 0)?,
                        confidence: rows::confidence(row, 2)?,
                    })
                })
                .optional()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
