//! What a node shows that deviates.

use rusqlite::{Connection, OptionalExtension};

use super::{FlagsWithin, Preference, ReadableById, ShownValues, Views};
use crate::domain::standing::{Rank, Values, View};
use crate::store::Filter;

/// The size of a page that nobody asked for.
const USUAL_PAGE: u32 = 50;

impl Preference {
    /// The values that count when it is asked whether a triple shows one fact alone.
    pub(crate) fn values(self, db: &Connection, triple: i64, values: Values) -> rusqlite::Result<Values> {
        let count = match self {
            Self::SurestEver => "SELECT count(*) FROM holding WHERE triple = ?",
            Self::AmongAgreeingToo => "SELECT coalesce(sum(live), 0) FROM holding WHERE triple = ?",
            _ => return Ok(values),
        };
        let live = db.prepare_cached(count)?.query_row([triple], |row| row.get(0))?;
        Ok(Values { live, ..values })
    }

    /// The rank of the preferred fact of a triple.
    pub(crate) fn best(self, db: &Connection, triple: i64) -> rusqlite::Result<Option<Rank>> {
        let order = match self {
            Self::Newest => "wall DESC, counter DESC",
            Self::Oldest => "wall, counter",
            Self::SurestThenOldest => "confidence DESC, wall, counter",
            Self::SurestAsText => "CAST(confidence AS TEXT) DESC, wall DESC, counter DESC",
            Self::SurestInHundredths => "round(confidence, 2) DESC, wall DESC, counter DESC",
            Self::MostRepeated => {
                "(SELECT live FROM holding WHERE holding.id = entry.holding) DESC, confidence DESC, wall DESC, counter DESC"
            }
            Self::SurestThenNewest | Self::SurestEver | Self::AmongAgreeingToo => {
                "confidence DESC, wall DESC, counter DESC"
            }
        };
        let among = match self {
            Self::SurestEver => "confidence > 0",
            _ => "state < 2",
        };
        let sql = format!(
            "SELECT confidence, wall, counter FROM entry WHERE triple = ? AND {among} ORDER BY {order} LIMIT 1"
        );
        db.prepare_cached(&sql)?.query_row([triple], Rank::of_row).optional()
    }
}

impl FlagsWithin {
    /// The joins of an entry `e` with its record and its triple `t`, which has the numbers of values that decide about
    /// the flag.
    pub(crate) fn joins(self, within_the_triple: &'static str) -> &'static str {
        match self {
            Self::TheTriple => within_the_triple,
            Self::EveryScope => {
                "CROSS JOIN fact f ON f.seq = e.seq CROSS JOIN (SELECT t.id, \
                 (SELECT sum(o.live_values) FROM triple o WHERE o.entity = t.entity AND o.relation = t.relation) \
                 AS live_values, \
                 (SELECT sum(o.open_values) FROM triple o WHERE o.entity = t.entity AND o.relation = t.relation) \
                 AS open_values FROM triple t) t ON t.id = e.triple"
            }
        }
    }
}

impl Views {
    pub(crate) fn of(self, filter: &Filter) -> View {
        let mut view = filter.view;
        match self {
            Self::AsAsked => {}
            Self::EverySide => view.contradicted = true,
            Self::EverySideBySource => view.contradicted |= filter.source.is_some(),
            Self::WithdrawnBySource => {
                view.retracted |= filter.source.is_some() && filter.entity.is_none() && filter.relation.is_none();
            }
            Self::WithdrawnOnPages => view.retracted |= filter.limit != USUAL_PAGE,
            Self::WithdrawnBesideContradicted => view.retracted |= view.contradicted,
            Self::WithdrawnBesideExpired => view.retracted |= view.expired,
        }
        view
    }
}

impl ShownValues {
    /// A condition on the record `f` of a fact that is shown.
    pub(crate) fn condition(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Truthy => Some("f.value_text NOT IN ('', '0', 'false', 'null')"),
        }
    }
}

impl ReadableById {
    pub(crate) fn includes(self, db: &Connection, seq: i64) -> rusqlite::Result<bool> {
        let sql = match self {
            Self::All => return Ok(true),
            Self::NotWithdrawn => "SELECT state <> 3 OR confidence = 0 FROM entry WHERE seq = ?",
            Self::NotExpired => "SELECT state <> 2 FROM entry WHERE seq = ?",
        };
        db.prepare_cached(sql)?.query_row([seq], |row| row.get(0))
    }
}
