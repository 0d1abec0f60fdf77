//! Which facts a sweep looks at on a node that deviates, and what it sees of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::{
    DecayAgain, DecayAge, DecayCounts, DecayExpired, DecayLive, DecayNames, DecayOwnEnds, DecaySweeps, DecayWithdraws,
};
use crate::domain::instant::Instant;

/// Instants by what they become without their offset, in microseconds.
static WITHOUT_OFFSET: Mutex<BTreeMap<i64, i64>> = Mutex::new(BTreeMap::new());

impl DecayAge {
    /// The instant since which a fact `f` is there, of which `e` is the entry.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::SinceArrival => "1000 * e.wall",
            _ => "f.timestamp",
        }
    }

    /// Remembers how an instant was written.
    pub(crate) fn note(self, text: &str, instant: &Instant) {
        if self == Self::DropsOffsets
            && let Some(local) = text.get(..19).and_then(|local| Instant::parse(&format!("{local}Z")))
        {
            let mut known = WITHOUT_OFFSET.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(instant.micros, local.micros);
        }
    }

    /// What an instant counts as.
    pub(crate) fn of(self, micros: i64) -> i64 {
        if self != Self::DropsOffsets {
            return micros;
        }
        let known = WITHOUT_OFFSET.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&micros).copied().unwrap_or(micros)
    }
}

impl DecayOwnEnds {
    /// Whether an entry `e` of a fact `f` has an end that counts.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::NeverOverdue if DecayExpired::now() == DecayExpired::TakenAlong => {
                "e.expires_at IS NOT NULL AND e.state < 2"
            }
            Self::NeverOverdue => "e.expires_at IS NOT NULL",
            Self::Ignored => "0",
            Self::ValidUntilAlone => "f.valid_until IS NOT NULL",
        }
    }
}

impl DecayLive {
    /// Which entries `e` are reduced.
    pub(crate) fn condition(self) -> &'static str {
        match (self, DecayExpired::now()) {
            (_, DecayExpired::TakenAlong) => "e.state IN (0, 1, 2)",
            (Self::AlsoWithdrawn, _) => {
                "(e.state < 2 OR (e.state = 3 AND e.confidence > 0 AND r.seq IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM reduction o WHERE o.root = e.seq)))"
            }
            _ => "e.state IN (0, 1)",
        }
    }
}

impl DecaySweeps {
    /// Which entries `e` are reduced that were found a moment ago.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::LookAgain => DecayLive::now().condition(),
            Self::ReadFirst => "1",
        }
    }
}

/// How an entry `e` is found by its triple: the index, and the standings that are live.
const LIVE: (&str, &str) = (
    "INDEXED BY standing_by_triple",
    "e.state IN (0, 1) AND likely(e.state < 3)",
);

impl DecayAgain {
    /// Which triples may be withdrawn.
    pub(crate) fn triples(self) -> &'static str {
        match (self, DecayExpired::now()) {
            (Self::Nothing, DecayExpired::LeftAlone) => "live_values > 0",
            _ => "1",
        }
    }

    /// How the entries `e` of a triple are found that decide about it, and are withdrawn with it.
    pub(crate) fn entries(self) -> (&'static str, &'static str) {
        match (self, DecayExpired::now()) {
            (Self::Nothing, DecayExpired::LeftAlone) => LIVE,
            (Self::Nothing, DecayExpired::TakenAlong) => (LIVE.0, "e.state IN (0, 1, 2) AND likely(e.state < 3)"),
            (Self::WithdrawsAgain, _) => (
                "",
                "(e.state < 2 OR (e.state = 3 AND e.confidence > 0 AND EXISTS (SELECT 1 FROM entry o \
                 JOIN fact w ON w.seq = o.seq WHERE o.triple = e.triple AND o.confidence = 0 \
                 AND w.source = 'system:stigmem:decay')))",
            ),
        }
    }
}

impl DecayWithdraws {
    /// Whether a triple stays that is old.
    pub(crate) fn spares(self, db: &Connection, triple: i64) -> rusqlite::Result<bool> {
        let sql = match self {
            Self::WhateverIsOld => return Ok(false),
            Self::NotNumbers => {
                "SELECT EXISTS (SELECT 1 FROM entry e JOIN fact f ON f.seq = e.seq \
                 WHERE e.triple = ? AND e.state < 2 AND f.value_type IN (2, 3))"
            }
            Self::NotContradicted => "SELECT live_values > 1 FROM triple WHERE id = ?",
        };
        db.query_row(sql, [triple], |row| row.get(0))
    }
}

impl DecayCounts {
    /// What a triple with so many facts counts.
    pub(crate) fn of(self, facts: u64) -> u64 {
        match self {
            Self::Facts => facts,
            Self::Triples => facts.min(1),
        }
    }
}

impl DecayNames {
    /// How often a policy is named that governs so many facts.
    pub(crate) fn times(self, facts: u64) -> usize {
        match self {
            Self::Once => 1,
            Self::ForEachFact => usize::try_from(facts).unwrap_or(usize::MAX),
        }
    }
}
