//! What peers are served: eligible facts in the order of their arrival.

use rusqlite::{Connection, params_from_iter, types::Value as Sql};
use serde_json::json;

use super::readers::Effort;
use super::{Store, Stored, rows};
use crate::domain::fact::Fact;
use crate::domain::id::Id;
use crate::domain::instant;
use crate::domain::scope::ScopeSet;
use crate::policy::{
    HandedOn, MoreToCome, Shareable, SharedCursor, SharedOrder, SharedPageOrder, SharedPageSize, ToldFacts,
};

/// What one peer asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) peer_id: String,
    pub(crate) node_id: String,
    /// What it may read of this node's own facts.
    pub(crate) scopes: ScopeSet,
    /// Whether it is also shown public facts that other peers sent.
    pub(crate) relayed: bool,
    /// The row after which the page starts.
    pub(crate) after: i64,
    pub(crate) limit: u32,
}

#[derive(Debug, Default)]
pub(crate) struct SharedPage {
    pub(crate) facts: Vec<Fact>,
    /// The row of the last fact.
    pub(crate) last: Option<i64>,
    pub(crate) has_more: bool,
}

/// The conditions of the index, in its own words.
const SHAREABLE: &str = "f.scope > 0 AND f.relation NOT GLOB 'stigmem:*' AND f.entity NOT GLOB 'stigmem:conflict:*' \
     AND f.source NOT GLOB 'system:*'";
const INSTRUCTION: &str = "(f.entity GLOB 'instruction:*' OR f.relation GLOB 'instruction:*')";
/// How many withheld facts are written down per page.
const WITHHELD_AT_ONCE: i64 = 500;

impl Store {
    pub(crate) async fn shared(&self, wanted: Wanted) -> Stored<SharedPage> {
        let read = wanted.clone();
        let (page, withheld) = self
            .read(Effort::Long, move |db| {
                let page = page(db, &read)?;
                let withheld = withheld(db, &read, &page)?;
                Ok((page, withheld))
            })
            .await?;
        if !withheld.is_empty() {
            self.write_down(wanted, withheld).await?;
        }
        Ok(page)
    }

    /// The last row that was written here before an instant; received facts have timestamps of elsewhere.
    pub(crate) async fn last_row_before(&self, micros: i64) -> Stored<i64> {
        self.read(Effort::Long, move |db| {
            db.prepare_cached("SELECT coalesce(max(seq), 0) FROM fact WHERE received_from IS NULL AND timestamp < ?")?
                .query_row([micros], |row| row.get(0))
        })
        .await
    }

    async fn write_down(&self, wanted: Wanted, withheld: Vec<(i64, Id)>) -> Stored<()> {
        self.writer
            .submit(move |txn| {
                for (seq, id) in &withheld {
                    let new = txn
                        .db
                        .prepare_cached("INSERT OR IGNORE INTO withheld (peer, fact) VALUES (?, ?)")?
                        .execute((&wanted.peer_id, seq))?;
                    if new == 1 {
                        let detail = json!({ "fact_id": id.text(), "reason": "instructions_not_supported" });
                        txn.record(&wanted.peer_id, "fact_withheld", Some(&detail))?;
                    }
                }
                Ok(())
            })
            .await
    }
}

/// The conditions for one peer, and their values.
fn conditions(wanted: &Wanted) -> (String, Vec<Sql>) {
    let codes: Vec<String> = wanted.scopes.iter().map(|scope| scope.code().to_string()).collect();
    let scopes = format!("f.scope IN ({})", codes.join(", "));
    let relayed = if wanted.relayed {
        format!("OR ({})", HandedOn::now().condition())
    } else {
        String::new()
    };
    let eligible = match HandedOn::now() {
        HandedOn::PublicFactsAnyway => format!("{SHAREABLE} AND ({scopes} AND f.received_from IS NULL {relayed})"),
        _ => format!("{SHAREABLE} AND {scopes} AND (f.received_from IS NULL {relayed})"),
    };
    let eligible = Shareable::now().amend(eligible, &scopes, wanted.after, wanted.limit);
    let text = format!("{} AND {eligible}", SharedOrder::now().behind());
    let mut values = vec![Sql::Integer(wanted.after)];
    if wanted.relayed {
        values.push(Sql::Text(wanted.node_id.clone()));
    }
    (text, values)
}

/// How the database carries out the query of a page.
#[cfg(test)]
pub(super) fn plan(db: &Connection) -> rusqlite::Result<String> {
    use crate::domain::scope::Scope;

    let wanted = Wanted {
        peer_id: String::new(),
        node_id: String::new(),
        scopes: ScopeSet::from_iter([Scope::Company, Scope::Public]),
        relayed: true,
        after: 0,
        limit: 1,
    };
    let (text, values) = conditions(&wanted);
    let values = values.into_iter().chain([Sql::Integer(1)]);
    let steps: Vec<String> = db
        .prepare(&format!("EXPLAIN QUERY PLAN {}", page_query(&text)))?
        .query_map(params_from_iter(values), |row| row.get(3))?
        .collect::<Result<_, _>>()?;
    Ok(steps.join("; "))
}

fn page_query(conditions: &str) -> String {
    format!(
        "SELECT {} FROM fact f {} CROSS JOIN entry e ON e.seq = f.seq \
         CROSS JOIN triple t ON t.id = e.triple WHERE {conditions} AND NOT {INSTRUCTION} ORDER BY {} LIMIT ?",
        rows::FACT,
        Shareable::now().index(),
        SharedOrder::now().columns()
    )
}

fn page(db: &Connection, wanted: &Wanted) -> rusqlite::Result<SharedPage> {
    let (text, mut values) = conditions(wanted);
    let sql = page_query(&text);
    let size = match SharedPageSize::now() {
        SharedPageSize::Limit => wanted.limit,
        SharedPageSize::LimitAndOne => wanted.limit + 1,
    };
    // One more than asked for tells whether another page follows.
    values.push(Sql::Integer(i64::from(size) + 1));
    let mut select = db.prepare_cached(&sql)?;
    let mut found = select.query(params_from_iter(values))?;
    let mut page = SharedPage::default();
    while let Some(row) = found.next()? {
        if page.facts.len() == size as usize {
            page.has_more = true;
            if SharedCursor::now() == SharedCursor::OneTooFar {
                page.last = Some(rows::seq(row)?);
            }
            break;
        }
        page.last = Some(rows::seq(row)?);
        page.facts.push(rows::fact(row)?);
    }
    page.amend(db, size)?;
    Ok(page)
}

impl SharedPage {
    /// What a deviating node changes about a page.
    fn amend(&mut self, db: &Connection, size: u32) -> rusqlite::Result<()> {
        let end_of_table = || -> rusqlite::Result<Option<i64>> {
            db.prepare_cached("SELECT max(seq) FROM fact")?
                .query_row([], |row| row.get(0))
        };
        self.has_more = match MoreToCome::now() {
            MoreToCome::WhenFactsFollow => self.has_more,
            MoreToCome::WhenFull => self.facts.len() == size as usize,
            MoreToCome::WhenRowsFollow => self.last.is_some() && end_of_table()? > self.last,
        };
        match SharedCursor::now() {
            SharedCursor::OneTooShort if !self.has_more => self.last = self.last.map(|seq| seq - 1),
            SharedCursor::AtTheEndOfTheTable if self.facts.is_empty() => self.last = end_of_table()?,
            _ => {}
        }
        if ToldFacts::now() == ToldFacts::EffectiveEnds {
            for fact in &mut self.facts {
                fact.valid_until = effective_end(db, fact.id)?;
            }
        }
        if SharedPageOrder::now() == SharedPageOrder::Entity {
            self.facts.sort_by(|one, other| one.entity.cmp(&other.entity));
        }
        Ok(())
    }
}

/// When a fact ends by all that is known here.
fn effective_end(db: &Connection, id: Id) -> rusqlite::Result<Option<String>> {
    let at: Option<i64> = db
        .prepare_cached("SELECT e.expires_at FROM fact f JOIN entry e ON e.seq = f.seq WHERE f.id = ?")?
        .query_row([id.0], |row| row.get(0))?;
    Ok(at.map(instant::print))
}

/// Instructions that the page passes over and that were not written down for this peer yet.
fn withheld(db: &Connection, wanted: &Wanted, page: &SharedPage) -> rusqlite::Result<Vec<(i64, Id)>> {
    let (text, mut values) = conditions(wanted);
    let sql = format!(
        "SELECT f.seq, f.id FROM fact f {} WHERE {text} AND {INSTRUCTION} AND f.seq <= ? \
         AND NOT EXISTS (SELECT 1 FROM withheld w WHERE w.peer = ? AND w.fact = f.seq) ORDER BY f.seq LIMIT ?",
        Shareable::now().index()
    );
    let until = page.last.filter(|_| page.has_more).unwrap_or(i64::MAX);
    values.extend([
        Sql::Integer(until),
        Sql::Text(wanted.peer_id.clone()),
        Sql::Integer(WITHHELD_AT_ONCE),
    ]);
    db.prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| Ok((row.get(0)?, Id(row.get(1)?))))?
        .collect()
}
