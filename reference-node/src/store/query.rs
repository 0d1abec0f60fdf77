//! Lists of facts: which index carries a query, the page, and the exact number of matches.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::readers::Effort;
use super::{Store, Stored, rows};
use crate::domain::cursor::Position;
use crate::domain::fact::Fact;
use crate::domain::scope::ScopeSet;
use crate::domain::standing::View;
use crate::policy::{
    AfterBound, DecayReduced, ListedRecord, NameMatch, PageOrder, PageStart, ShownValues, Threshold, Totals, Views,
};

/// What a caller asks for, names normalised. `scopes` are those that were asked for and that the caller may read.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) entity: Option<String>,
    pub(crate) relation: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) scopes: ScopeSet,
    pub(crate) min_confidence: Option<f64>,
    /// Only facts with a later timestamp, in microseconds.
    pub(crate) after: Option<i64>,
    pub(crate) view: View,
    /// The last row of the page before.
    pub(crate) from: Option<Position>,
    pub(crate) limit: u32,
}

/// The largest page that counts as short.
const SHORT_PAGE: u32 = 100;

impl Filter {
    /// A query whose rows lie side by side in an index and whose total is kept needs no thread of its own.
    fn effort(&self) -> Effort {
        let one_index = match (&self.entity, &self.relation, &self.source) {
            (_, _, None) | (None, None, Some(_)) => true,
            (_, _, Some(_)) => false,
        };
        if one_index && self.scopes == ScopeSet::ALL && self.counted_alone() && self.limit <= SHORT_PAGE {
            Effort::Short
        } else {
            Effort::Long
        }
    }

    /// Whether nothing but names and scopes decides.
    fn counted_alone(&self) -> bool {
        self.view.is_default() && self.after.is_none() && self.min_confidence.is_none_or(|least| least <= 0.0)
    }
}

/// Newest first. `next` is there when more facts follow.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) facts: Vec<Fact>,
    pub(crate) total: i64,
    pub(crate) next: Option<Position>,
}

impl Store {
    pub(crate) async fn query(&self, mut filter: Filter) -> Stored<Page> {
        filter.view = Views::now().of(&filter);
        self.read(filter.effort(), move |db| run(db, &filter)).await
    }
}

fn run(db: &Connection, filter: &Filter) -> rusqlite::Result<Page> {
    // No index can carry a condition that nothing meets.
    if filter.scopes.is_empty() {
        return Ok(Page::default());
    }
    let Some(terms) = Terms::find(db, filter)? else {
        return Ok(Page::default());
    };
    let conditions = Conditions::of(filter, &terms);
    let (facts, next) = page(db, filter, conditions.clone())?;
    let total = match Totals::now() {
        Totals::OfTheQuery => match tallied(db, filter, &terms)? {
            Some(total) => total,
            None => conditions.count(db)?,
        },
        Totals::OfThePage => i64::try_from(facts.len()).unwrap_or(i64::MAX),
        wider => Conditions::of(&wider.counted(filter), &terms).count(db)?,
    };
    Ok(Page { facts, total, next })
}

/// The numbers of the names in a filter. A name without a number occurs in no fact.
struct Terms {
    entity: Option<i64>,
    relation: Option<i64>,
    source: Option<i64>,
}

impl Terms {
    fn find(db: &Connection, filter: &Filter) -> rusqlite::Result<Option<Self>> {
        let number = |name: &Option<String>| -> rusqlite::Result<Result<Option<i64>, ()>> {
            let Some(text) = name else {
                return Ok(Ok(None));
            };
            let mut find = db.prepare_cached("SELECT id FROM term WHERE text = ?")?;
            Ok(find.query_row([text], |row| row.get(0)).optional()?.map(Some).ok_or(()))
        };
        let numbers = (
            number(&filter.entity)?,
            number(&filter.relation)?,
            number(&filter.source)?,
        );
        let (Ok(entity), Ok(relation), Ok(source)) = numbers else {
            return Ok(None);
        };
        Ok(Some(Self {
            entity,
            relation,
            source,
        }))
    }
}

/// A query's conditions as text, the values in it, and the index that carries it. The text has few shapes, so that every
/// shape stays prepared.
#[derive(Clone)]
struct Conditions {
    index: &'static str,
    text: String,
    values: Vec<Sql>,
}

impl Conditions {
    fn of(filter: &Filter, terms: &Terms) -> Self {
        let mut conditions = Self {
            index: index(filter, terms),
            text: String::new(),
            values: Vec::new(),
        };
        conditions.states(filter.view);
        conditions.name("e.entity = ?", terms.entity, filter.entity.as_deref());
        conditions.name("e.relation = ?", terms.relation, filter.relation.as_deref());
        conditions.name("e.source = ?", terms.source, filter.source.as_deref());
        if filter.scopes != ScopeSet::ALL {
            let codes: Vec<String> = filter.scopes.iter().map(|scope| scope.code().to_string()).collect();
            conditions.and(&format!("e.scope IN ({})", codes.join(", ")));
        }
        // Every confidence is at least zero, the negative zero included.
        let asked = filter.min_confidence;
        let asked = asked.or_else(|| Threshold::now().unasked(filter.entity.as_deref()));
        if let Some(least) = asked.filter(|least| *least > 0.0) {
            conditions.and(match Threshold::now() {
                Threshold::AboveAsked => "e.confidence > ?",
                Threshold::AskedOrMore | Threshold::FairlySureUnasked => "e.confidence >= ?",
            });
            conditions.values.push(Sql::Real(least));
        }
        let later = match AfterBound::now() {
            AfterBound::Later => "f.timestamp > ?",
            AfterBound::ThenOrLater => "f.timestamp >= ?",
        };
        conditions.equals(later, filter.after);
        if let Some(condition) = ShownValues::now().condition() {
            conditions.and(condition);
        }
        conditions
    }

    /// The default query is the one that the partial indexes are made for, hence its own wording. A retracted fact that
    /// has expired as well is shown only to those who ask for both.
    fn states(&mut self, view: View) {
        if view.is_default() {
            self.and("e.state = 0");
            return;
        }
        let codes: Vec<String> = view.states().map(|state| state.code().to_string()).collect();
        let states = format!("e.state IN ({})", codes.join(", "));
        self.and(&DecayReduced::now().shown(view, states));
        if view.retracted && !view.expired {
            self.and("(e.state <> 3 OR e.expires_at IS NULL OR e.expires_at > ?)");
            self.values.push(Sql::Integer(crate::domain::instant::now_micros()));
        }
    }

    fn and(&mut self, condition: &str) {
        self.text.push_str(if self.text.is_empty() { "" } else { " AND " });
        self.text.push_str(condition);
    }

    /// A name is matched whole, by its number.
    fn name(&mut self, condition: &str, number: Option<i64>, text: Option<&str>) {
        match (NameMatch::now().instead_of(condition), text) {
            (Some(wider), Some(text)) => {
                self.and(wider);
                self.values.push(Sql::Text(text.to_owned()));
            }
            _ => self.equals(condition, number),
        }
    }

    fn equals(&mut self, condition: &str, value: Option<i64>) {
        if let Some(number) = value {
            self.and(condition);
            self.values.push(Sql::Integer(number));
        }
    }

    fn count(self, db: &Connection) -> rusqlite::Result<i64> {
        let record = if self.text.contains("f.") {
            "CROSS JOIN fact f ON f.seq = e.seq"
        } else {
            ""
        };
        let sql = format!(
            "SELECT count(*) FROM entry e INDEXED BY {} {record} WHERE {}",
            self.index, self.text
        );
        db.prepare_cached(&sql)?
            .query_row(params_from_iter(self.values), |row| row.get(0))
    }
}

/// The most selective index there is for a filter; each is in clock order within its names.
fn index(filter: &Filter, terms: &Terms) -> &'static str {
    match (filter.view.is_default(), terms.entity, terms.relation, terms.source) {
        (true, Some(_), Some(_), _) => "shown_by_entity_relation",
        (true, Some(_), None, _) => "shown_by_entity",
        (true, None, _, Some(_)) => "shown_by_source",
        (true, None, Some(_), None) => "shown_by_relation",
        (true, None, None, None) => "shown_all",
        (false, Some(_), _, _) => "entry_by_entity",
        (false, None, _, _) => "entry_all",
    }
}

/// The facts older than one, as far as nothing newer than another is about the same entity.
const SINCE_UNTOUCHED: &str = "(e.wall, e.counter, e.seq) < (SELECT wall, counter, seq FROM entry WHERE seq = ?) \
     AND NOT EXISTS (SELECT 1 FROM entry later WHERE later.entity = e.entity AND later.seq > ?)";
/// The joins of [`rows::joins`] with each record that equals the entry's and is no later.
const EQUAL_JOINS: &str = "CROSS JOIN fact own ON own.seq = e.seq CROSS JOIN fact f ON f.cid = own.cid AND f.seq <= own.seq \
     CROSS JOIN triple t ON t.id = e.triple";

fn page(
    db: &Connection,
    filter: &Filter,
    mut conditions: Conditions,
) -> rusqlite::Result<(Vec<Fact>, Option<Position>)> {
    let (order, beyond) = match PageOrder::now() {
        PageOrder::NewestFirst => ("DESC", "(e.wall, e.counter, e.seq) < (?, ?, ?)"),
        PageOrder::OldestFirst => ("ASC", "(e.wall, e.counter, e.seq) > (?, ?, ?)"),
    };
    if let Some(from) = filter.from {
        match PageStart::now() {
            PageStart::AfterTheLastFact => {
                conditions.and(beyond);
                conditions
                    .values
                    .extend([from.wall, from.counter, from.seq].map(Sql::Integer));
            }
            PageStart::AfterANumberOfFacts => {}
            PageStart::UntilTheNextWrite => {
                conditions.and(SINCE_UNTOUCHED);
                conditions.values.extend([from.seq, from.wall].map(Sql::Integer));
            }
        }
    }
    let joins = match ListedRecord::now() {
        ListedRecord::Own => rows::joins(),
        ListedRecord::EarlierEqualsToo => EQUAL_JOINS,
    };
    let sql = format!(
        "SELECT {} FROM entry e INDEXED BY {} {} WHERE {} \
         ORDER BY e.wall {order}, e.counter {order}, e.seq {order} LIMIT ?",
        rows::FACT,
        conditions.index,
        joins,
        conditions.text
    );
    let left_out = PageStart::now().left_out(filter.from);
    // One row more than asked for tells whether another page follows.
    let most = left_out + i64::from(filter.limit) + 1;
    conditions.values.push(Sql::Integer(most));
    let mut select = db.prepare_cached(&sql)?;
    let mut found = select.query(params_from_iter(conditions.values))?;
    for _ in 0..left_out {
        found.next()?;
    }
    let mut facts = Vec::new();
    let mut last = None;
    while let Some(row) = found.next()? {
        if facts.len() == filter.limit as usize {
            let next = last.map(|last| PageStart::now().next(db, filter, last));
            return Ok((facts, next.transpose()?));
        }
        let fact = rows::fact(row)?;
        last = Some(Position {
            wall: fact.hlc.wall,
            counter: fact.hlc.counter,
            seq: rows::seq(row)?,
        });
        facts.push(fact);
    }
    Ok((facts, None))
}

/// The number of matches where it is kept: default queries by one name, or by entity and relation, or by none.
fn tallied(db: &Connection, filter: &Filter, terms: &Terms) -> rusqlite::Result<Option<i64>> {
    if !filter.counted_alone() {
        return Ok(None);
    }
    let (kind, term) = match (terms.entity, terms.relation, terms.source) {
        (None, None, None) => (0, 0),
        (Some(entity), None, None) => (1, entity),
        (None, Some(relation), None) => (2, relation),
        (None, None, Some(source)) => (3, source),
        (Some(entity), Some(relation), None) => {
            let sql = "SELECT scope, shown FROM triple WHERE entity = ? AND relation = ?";
            return sum(db, sql, (entity, relation), filter.scopes).map(Some);
        }
        _ => return Ok(None),
    };
    sum(
        db,
        "SELECT scope, shown FROM tally WHERE kind = ? AND term = ?",
        (kind, term),
        filter.scopes,
    )
    .map(Some)
}

fn sum(db: &Connection, sql: &str, key: (i64, i64), scopes: ScopeSet) -> rusqlite::Result<i64> {
    let mut select = db.prepare_cached(sql)?;
    let mut counts = select.query(key)?;
    let mut total = 0;
    while let Some(row) = counts.next()? {
        if scopes.contains(rows::scope(row, 0)?) {
            total += row.get::<_, i64>(1)?;
        }
    }
    Ok(total)
}
