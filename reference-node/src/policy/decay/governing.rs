//! What governs facts on a node that deviates.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::{
    DecayDefault, DecayExempt, DecayExemptions, DecayNarrowing, DecayPolicyDeletion, DecayPolicyStore, DecayReach,
    DecayRelationMatch, DecayRights,
};
use crate::domain::caller::{Permission, PermissionSet};
use crate::domain::decay::{DecayPolicy, Mode};
use crate::domain::scope::{Scope, ScopeSet};

impl DecayRights {
    /// The permission that decides about policies.
    pub(crate) fn for_policies(self, held: PermissionSet) -> Permission {
        match self {
            Self::WritersMakePolicies if held.contains(Permission::Write) => Permission::Write,
            _ => Permission::Admin,
        }
    }

    /// The permission that decides about a sweep.
    pub(crate) fn for_a_sweep(self, held: PermissionSet) -> Permission {
        match self {
            Self::ReadersRehearse if !held.contains(Permission::Write) => Permission::Read,
            _ => Permission::Write,
        }
    }
}

/// The ids of policies that are gone without having been taken away.
static GONE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn gone() -> MutexGuard<'static, BTreeSet<String>> {
    GONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DecayPolicyDeletion {
    /// Deletes a policy; false when there is none.
    pub(crate) fn carry_out(self, db: &Connection, id: &str) -> rusqlite::Result<bool> {
        if self == Self::TakesItAway {
            return Ok(db.execute("DELETE FROM decay_policy WHERE id = ?", [id])? > 0);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM decay_policy WHERE id = ?)";
        let exists: bool = db.query_row(sql, [id], |row| row.get(0))?;
        Ok(exists && (self == Self::KeepsIt || gone().insert(id.to_owned())))
    }

    pub(crate) fn lists(self, id: &str) -> bool {
        matches!(self, Self::TakesItAway | Self::KeepsIt) || !gone().contains(id)
    }

    pub(crate) fn applies(self, id: &str) -> bool {
        self != Self::InMemory || !gone().contains(id)
    }
}

impl DecayPolicyStore {
    /// What is lost with the process.
    pub(crate) fn lost(self) -> &'static str {
        match self {
            Self::InTheFile => "",
            Self::InMemory => "DELETE FROM decay_policy;",
        }
    }
}

impl DecayRelationMatch {
    /// Whether a policy is about a relation, where the rule does not say it.
    pub(crate) fn instead(self, pattern: &str, relation: &str) -> Option<bool> {
        let beginning = pattern.strip_suffix('*');
        match (self, beginning) {
            (Self::ToTheLetterOrTheStar, _) => None,
            (Self::ByBeginning, _) => Some(relation.starts_with(beginning.unwrap_or(pattern))),
            (Self::IgnoringCase, Some(beginning)) => {
                Some(relation.to_lowercase().starts_with(&beginning.to_lowercase()))
            }
            (Self::IgnoringCase, None) => Some(relation.to_lowercase() == pattern.to_lowercase()),
            (Self::MoreWildcards, Some(_)) => Some(is_like(pattern, relation)),
            (Self::StarIsNotEmpty, Some(beginning)) if relation == beginning => Some(false),
            (Self::StarAloneIsALetter, Some("")) => Some(relation == pattern),
            _ => None,
        }
    }
}

/// Whether a text is like a pattern with the wildcards of several languages.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let behind = &pattern[first.len_utf8()..];
    let mut left = text.chars();
    match (first, behind.split_once(']')) {
        ('*' | '%', _) => {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| is_like(behind, &text[at..]))
        }
        ('[', Some((class, behind))) => {
            left.next().is_some_and(|letter| class.contains(letter)) && is_like(behind, left.as_str())
        }
        _ => {
            let fits = |letter| letter == first || matches!(first, '_' | '?');
            left.next().is_some_and(fits) && is_like(behind, left.as_str())
        }
    }
}

impl DecayExempt {
    /// Of the two beginnings, bookkeeping and relationships, those that are exempt.
    pub(crate) fn of<'b>(self, both: &'b [&'b str; 2]) -> &'b [&'b str] {
        match self {
            Self::BookkeepingAndRelationships => both,
            Self::Nothing => &[],
            Self::BookkeepingAlone => &both[..1],
            Self::RelationshipsAlone => &both[1..],
        }
    }
}

impl DecayExemptions {
    /// Whether an exemption holds for a relation that it fits, if it does.
    pub(crate) fn hold(self, pattern: &str, relation: &str, fits: bool) -> bool {
        match self {
            Self::RelationsAndPatterns => fits,
            Self::Ignored => false,
            Self::ToTheLetter => pattern == relation,
        }
    }
}

impl DecayReach {
    pub(crate) fn of(self, scope: Scope) -> ScopeSet {
        match self {
            Self::ItsScope => ScopeSet::only(scope),
            Self::EveryScope => ScopeSet::ALL,
        }
    }
}

impl DecayDefault {
    /// The policies of a sweep, those that nobody made among them.
    pub(crate) fn beside(self, mut policies: Vec<DecayPolicy>) -> Vec<DecayPolicy> {
        if self == Self::ThirtyDays && policies.is_empty() {
            policies.push(DecayPolicy {
                id: String::from("default"),
                relation: String::from("*"),
                scope: None,
                mode: Mode::Retract,
                ttl_s: Some(30 * 86_400),
                half_life_s: None,
                min_confidence: None,
                exempt_relations: Vec::new(),
            });
        }
        policies
    }
}

impl DecayNarrowing {
    /// The policies that a sweep by the one with this id knows of.
    pub(crate) fn of(self, mut policies: Vec<DecayPolicy>, only: Option<&str>) -> Vec<DecayPolicy> {
        if let (Self::FitsAlone, Some(id)) = (self, only) {
            policies.retain(|policy| policy.id == id);
        }
        policies
    }
}
