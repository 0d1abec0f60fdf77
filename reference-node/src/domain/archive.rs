//! Everything that a store holds, as plain records in memory. Only tests and deviating nodes look at facts like this; a store may
//! hold more than memory does.

use super::hlc::Hlc;
use super::id::Id;
use super::scope::Scope;
use super::value::Value;

/// A fact with its standing at the moment.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Its row, in the order of arrival.
    pub(crate) seq: i64,
    pub(crate) id: Id,
    pub(crate) entity: String,
    pub(crate) relation: String,
    pub(crate) source: String,
    pub(crate) scope: Scope,
    pub(crate) value: Value,
    pub(crate) confidence: f64,
    pub(crate) hlc: Hlc,
    /// The origin's own words, where the fact came from a peer.
    pub(crate) hlc_text: Option<String>,
    pub(crate) valid_until: Option<String>,
    /// Its end, whatever set it, in microseconds.
    pub(crate) expires_at: Option<i64>,
    /// A retraction, or withdrawn by one.
    pub(crate) withdrawn: bool,
    /// A side of a resolved conflict.
    pub(crate) settled: bool,
    /// What resolved a conflict.
    pub(crate) decides: bool,
}

impl Record {
    pub(crate) fn is_retraction(&self) -> bool {
        self.confidence == 0.0
    }

    /// Whether both are about one entity, relation and scope.
    pub(crate) fn shares_triple(&self, other: &Self) -> bool {
        self.scope == other.scope && self.entity == other.entity && self.relation == other.relation
    }

    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.value.equality_key() == other.value.equality_key()
    }
}

/// A conflict between two facts, told by their rows.
#[derive(Clone, Debug)]
pub(crate) struct Dispute {
    /// `stigmem:conflict:<uuid>`.
    pub(crate) entity: String,
    pub(crate) newer: i64,
    pub(crate) older: i64,
    pub(crate) resolved: bool,
}

/// In the order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archive {
    pub(crate) records: Vec<Record>,
    pub(crate) disputes: Vec<Dispute>,
}

impl Archive {
    pub(crate) fn record(&self, seq: i64) -> Option<&Record> {
        self.records.iter().find(|record| record.seq == seq)
    }
}
