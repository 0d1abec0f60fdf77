//! A decay policy, and how one is read from JSON: from the body of a request, from the setting, and from the store.

use serde_json::{Value, json};

use crate::domain::fact::{LONGEST_RELATION, Refusal};
use crate::domain::json::Json;
use crate::domain::members::Members;
use crate::domain::scope::Scope;

/// In bytes.
const LONGEST_ID: usize = 256;
const MOST_EXEMPTIONS: usize = 1_000;
/// In seconds; every whole number up to here is a double.
const LONGEST_TIME: f64 = 9_007_199_254_740_992.0;
const ANY: &str = "*";

/// What a policy does to the facts that it governs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It withdraws what is older than `ttl_s`.
    Retract,
    /// It halves belief every `half_life_s`.
    Confidence,
}

impl Mode {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Retract, Self::Confidence]
            .into_iter()
            .find(|mode| mode.word() == word)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Retract => "retract",
            Self::Confidence => "confidence",
        }
    }

    /// The member that holds the number it counts with.
    const fn number(self) -> &'static str {
        match self {
            Self::Retract => "ttl_s",
            Self::Confidence => "half_life_s",
        }
    }
}

/// How long which kind of fact is worth believing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DecayPolicy {
    pub(crate) id: String,
    /// A relation, or a pattern with `*` at its end.
    pub(crate) relation: String,
    /// `None` is every scope.
    pub(crate) scope: Option<Scope>,
    pub(crate) mode: Mode,
    pub(crate) ttl_s: Option<u64>,
    pub(crate) half_life_s: Option<u64>,
    pub(crate) min_confidence: Option<f64>,
    /// Like `relation`.
    pub(crate) exempt_relations: Vec<String>,
}

impl DecayPolicy {
    /// Members that no policy has are ignored.
    pub(crate) fn from_json(body: &Json<'_>) -> Result<Self, Refusal> {
        let mut members = Members::of(body)?;
        let id = members.name("id", LONGEST_ID);
        let relation = members.name("relation", LONGEST_RELATION);
        let scope = scope(&mut members);
        let mode = mode(&mut members);
        let ttl_s = seconds(&mut members, "ttl_s");
        let half_life_s = seconds(&mut members, "half_life_s");
        // A zero has no sign here.
        let min_confidence = members.confidence("min_confidence").map(f64::abs);
        let exempt_relations = relations(&mut members, "exempt_relations");
        let needed = mode
            .map(Mode::number)
            .filter(|number| members.optional(number).is_none());
        if let Some(number) = needed {
            members.refuse(number, "missing", "the mode needs this member");
        }
        let policy = match (id, relation, scope, mode) {
            (Some(id), Some(relation), Some(scope), Some(mode)) => Some(Self {
                id: id.to_owned(),
                relation: relation.to_owned(),
                scope,
                mode,
                ttl_s,
                half_life_s,
                min_confidence,
                exempt_relations,
            }),
            _ => None,
        };
        members.finish(policy)
    }

    /// The form that [`Self::from_json`] reads, and that answers show.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "relation": self.relation,
            "scope": self.scope.map_or(ANY, Scope::word),
            "mode": self.mode.word(),
            "ttl_s": self.ttl_s,
            "half_life_s": self.half_life_s,
            "min_confidence": self.min_confidence,
            "exempt_relations": self.exempt_relations,
        })
    }

    /// Whether it has the number that a mode counts with.
    pub(crate) fn can(&self, mode: Mode) -> bool {
        match mode {
            Mode::Retract => self.ttl_s.is_some(),
            Mode::Confidence => self.half_life_s.is_some(),
        }
    }
}

/// A scope, or all of them.
fn scope(members: &mut Members<'_, '_>) -> Option<Option<Scope>> {
    let word = members.name("scope", LONGEST_ID)?;
    if word == ANY {
        return Some(None);
    }
    let scope = Scope::parse(word);
    if scope.is_none() {
        let message = "a scope is one of local, team, company, public, or * for all of them";
        members.refuse("scope", "literal_error", message);
    }
    scope.map(Some)
}

fn mode(members: &mut Members<'_, '_>) -> Option<Mode> {
    let mode = Mode::parse(members.name("mode", LONGEST_ID)?);
    if mode.is_none() {
        members.refuse("mode", "literal_error", "the mode is retract or confidence");
    }
    mode
}

fn seconds(members: &mut Members<'_, '_>, member: &'static str) -> Option<u64> {
    let seconds = match members.optional(member)? {
        Json::Number(literal) => whole(literal),
        _ => None,
    };
    if seconds.is_none() {
        let message = "this member is a whole number of seconds from 1 on";
        members.refuse(member, "int_parsing", message);
    }
    seconds
}

/// A list of relations and patterns, which is empty where it is left out.
fn relations(members: &mut Members<'_, '_>, member: &'static str) -> Vec<String> {
    let relation = |item: &Json<'_>| {
        item.as_str()
            .filter(|text| text.len() <= LONGEST_RELATION)
            .map(str::to_owned)
    };
    let relations: Option<Vec<String>> = match members.optional(member) {
        None => return Vec::new(),
        Some(Json::Array(items)) if items.len() <= MOST_EXEMPTIONS => items.iter().map(relation).collect(),
        Some(_) => None,
    };
    relations.unwrap_or_else(|| {
        let message = "this member is a list of at most 1000 relations or patterns";
        members.refuse(member, "list_type", message);
        Vec::new()
    })
}

/// A whole number from 1 on, however it is written.
fn whole(literal: &str) -> Option<u64> {
    let double: f64 = literal.parse().ok()?;
    (double.fract() == 0.0 && (1.0..=LONGEST_TIME).contains(&double)).then_some(double as u64)
}
