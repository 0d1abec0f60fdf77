//! What sweeps write on a node that deviates, and what becomes of it.

use rusqlite::{Connection, OptionalExtension};

use super::{
    DecayEffects, DecayPreference, DecayRecord, DecayReduced, DecayReduction, DecayReductionAge, DecayReductionEnd,
    DecayRetractions,
};
use crate::domain::decay::{SOURCE, Trail};
use crate::domain::fact::{Draft, Fact};
use crate::domain::instant;
use crate::domain::scope::Scope;
use crate::domain::standing::{Rank, View};
use crate::domain::value::Value;

/// In microseconds.
const YEAR: i64 = 365 * 86_400 * 1_000_000;

impl DecayRetractions {
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::ByDecay => SOURCE,
            Self::BySystem => "system:stigmem",
        }
    }
}

impl DecayRecord {
    /// A stored fact as it is shown by its id.
    pub(crate) fn of(self, db: &Connection, seq: i64, mut fact: Fact) -> rusqlite::Result<Fact> {
        if self == Self::AsAsserted {
            return Ok(fact);
        }
        let reduced = "SELECT e.confidence FROM reduction r JOIN entry e ON e.seq = r.seq WHERE r.root = ? \
             ORDER BY r.seq DESC LIMIT 1";
        let withdrawn = "SELECT 0.0 FROM entry e JOIN entry o ON o.triple = e.triple JOIN fact w ON w.seq = o.seq \
             WHERE e.seq = ? AND e.state = 3 AND o.confidence = 0 AND w.source = 'system:stigmem:decay' LIMIT 1";
        for left in [reduced, withdrawn] {
            let left: Option<f64> = db.query_row(left, [seq], |row| row.get(0)).optional()?;
            fact.confidence = left.unwrap_or(fact.confidence);
        }
        Ok(fact)
    }
}

impl DecayReduction {
    /// The reduction that is stored where `draft` would be right.
    pub(crate) fn of(self, mut draft: Draft) -> Draft {
        match self {
            Self::TextsOfValues => draft.value = Value::string(draft.value.text),
            Self::InLocalScope => draft.scope = Scope::Local,
            Self::OfTheFact | Self::AfterARetraction | Self::OpensConflicts => {}
        }
        draft
    }
}

impl DecayReduced {
    /// The condition for what is shown of the entries `e`, where the rule has `states`.
    pub(crate) fn shown(self, view: View, states: String) -> String {
        if self == Self::ShownWithAllSides && view.contradicted {
            return format!("({states} OR EXISTS (SELECT 1 FROM reduction r WHERE r.root = e.seq))");
        }
        states
    }
}

impl DecayReductionEnd {
    /// The end of a reduction that is written `now`, as text and in microseconds, given that of its fact.
    pub(crate) fn of(self, end: (Option<String>, Option<i64>), now: i64) -> (Option<String>, Option<i64>) {
        match self {
            Self::WithTheFact => end,
            Self::Never => (None, None),
            Self::ValidUntilAlone => {
                let at = end.1.filter(|_| end.0.is_some());
                (end.0, at)
            }
            Self::InAYear if end.1.is_none() => (Some(instant::print(now + YEAR)), Some(now + YEAR)),
            Self::InAYear => end,
        }
    }
}

impl DecayReductionAge {
    /// Since when, and from which confidence, later sweeps reckon with a reduction that is written `now`.
    pub(crate) fn of(self, trail: Trail, reduction: &Draft, now: i64) -> (i64, f64) {
        match self {
            Self::ItsOwn => (now, reduction.confidence),
            Self::OfTheFact | Self::InMemory => (trail.since, trail.asserted),
        }
    }

    /// What is lost with the process.
    pub(crate) fn lost(self) -> &'static str {
        match self {
            Self::OfTheFact | Self::ItsOwn => "",
            Self::InMemory => {
                "UPDATE reduction SET since = (SELECT timestamp FROM fact WHERE fact.seq = reduction.seq), \
                 asserted = (SELECT confidence FROM entry WHERE entry.seq = reduction.seq);"
            }
        }
    }
}

impl DecayPreference {
    /// The rank of the preferred fact of a triple, where its confidence does not decide.
    pub(crate) fn best(self, db: &Connection, triple: i64) -> rusqlite::Result<Option<Rank>> {
        let order = match self {
            Self::ItsConfidence | Self::SettledSidesToo => return Ok(None),
            Self::AsBefore => "coalesce(r.asserted, e.confidence) DESC",
            Self::ReductionsLast => "r.seq IS NOT NULL, e.confidence DESC",
        };
        let sql = format!(
            "SELECT e.confidence, e.wall, e.counter FROM entry e LEFT JOIN reduction r ON r.seq = e.seq \
             WHERE e.triple = ? AND e.state < 2 ORDER BY {order}, e.wall DESC, e.counter DESC LIMIT 1"
        );
        db.prepare_cached(&sql)?.query_row([triple], Rank::of_row).optional()
    }
}

impl DecayEffects {
    /// What is lost with the process: what sweeps wrote goes, and what went comes back.
    pub(crate) fn lost(self) -> &'static str {
        match self {
            Self::Last => "",
            Self::InMemory => {
                "CREATE TEMP TABLE written AS SELECT e.seq, e.triple, e.confidence FROM entry e JOIN fact f ON f.seq = e.seq \
                 WHERE f.source = 'system:stigmem:decay'; \
                 UPDATE entry SET state = 3 WHERE seq IN (SELECT seq FROM written); \
                 UPDATE entry SET state = 0 WHERE state = 3 AND confidence > 0 AND seq NOT IN (SELECT seq FROM written) \
                 AND (seq IN (SELECT root FROM reduction) \
                 OR triple IN (SELECT triple FROM written WHERE confidence = 0)); \
                 DROP TRIGGER fact_is_never_deleted; \
                 DELETE FROM fact WHERE seq IN (SELECT seq FROM written); \
                 DELETE FROM entry WHERE seq IN (SELECT seq FROM written); DELETE FROM reduction; DROP TABLE written; \
                 UPDATE holding SET live = (SELECT count(*) FROM entry WHERE entry.holding = holding.id AND state < 2), \
                 open = (SELECT count(*) FROM entry WHERE entry.holding = holding.id AND state < 2 AND settled = 0); \
                 UPDATE triple SET \
                 live_values = (SELECT count(*) FROM holding WHERE holding.triple = triple.id AND live > 0), \
                 open_values = (SELECT count(*) FROM holding WHERE holding.triple = triple.id AND open > 0);"
            }
        }
    }
}
