//! What is known of a scope right now (section 16): one entry for each triple that live facts speak about, with the value to act
//! upon and the best one that speaks against it.
//!
//! The store brings the facts; nothing here knows how it finds them.

pub(crate) mod reckoning;

use super::fact::Refusal;
use super::json::Json;
use super::members::Members;
use super::scope::Scope;
use super::uri::{self, UriError};
use super::value::Value;
use crate::policy::SynthesisEntity;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SynthesisRequest {
    pub(crate) scope: Scope,
    /// In the normal form.
    pub(crate) entity: Option<String>,
    /// How sure the winner of an entry has to be.
    pub(crate) min_confidence: Option<f64>,
    /// Whether expired facts take part.
    pub(crate) include_expired: bool,
}

impl SynthesisRequest {
    /// Everything that holds in a scope.
    #[cfg(test)]
    pub(crate) fn of(scope: Scope) -> Self {
        Self {
            scope,
            entity: None,
            min_confidence: None,
            include_expired: false,
        }
    }

    /// Reads the body of a request. Members that a request does not have are ignored.
    pub(crate) fn from_json(body: &Json<'_>) -> Result<Self, Refusal> {
        let mut members = Members::of(body)?;
        let scope = members.scope();
        let min_confidence = members.confidence("min_confidence");
        let include_expired = members.boolean("include_expired").unwrap_or(false);
        let entity = members.text("entity");
        let scope = members.finish(scope)?;
        let entity = entity.map(named).transpose();
        Ok(Self {
            scope,
            entity: entity.map_err(|error| Refusal::EntityUri {
                member: "entity",
                error,
            })?,
            min_confidence,
            include_expired,
        })
    }

    /// Whether an entry is sure enough to be told.
    pub(crate) fn admits(&self, entry: &Entry) -> bool {
        self.min_confidence.is_none_or(|least| entry.confidence >= least)
    }
}

/// The name that a filter means.
pub(crate) fn named(sent: &str) -> Result<String, UriError> {
    uri::normalise(sent).map(|normal| SynthesisEntity::now().of(normal, sent))
}

/// What is known on one triple.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) entity: String,
    pub(crate) relation: String,
    pub(crate) scope: Scope,
    /// What the winner says, how sure it is, and its clock as facts show it.
    pub(crate) value: Value,
    pub(crate) confidence: f64,
    pub(crate) hlc: String,
    /// Whether somebody disagrees.
    pub(crate) contradicted: bool,
    pub(crate) alternative: Option<Alternative>,
}

/// The best that speaks against a winner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alternative {
    pub(crate) value: Value,
    pub(crate) confidence: f64,
}

/// The counts of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Facts that took part.
    pub(crate) facts: i64,
    /// Entries that are contradicted.
    pub(crate) contradictions: i64,
    /// Entries that are not sure enough.
    pub(crate) filtered: i64,
}

impl Tally {
    /// Counts the entry of a triple in that so many facts speak about, and gives it back where it is told.
    pub(crate) fn take(&mut self, request: &SynthesisRequest, facts: i64, entry: Entry) -> Option<Entry> {
        self.facts += facts;
        if !request.admits(&entry) {
            self.filtered += 1;
            return None;
        }
        self.contradictions += i64::from(entry.contradicted);
        Some(entry)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.facts += other.facts;
        self.contradictions += other.contradictions;
        self.filtered += other.filtered;
    }
}

#[cfg(test)]
mod tests;
