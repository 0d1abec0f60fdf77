//! A decay policy, and how one is read from JSON: from the body of a request, from the setting, and from the store.

use serde_json::{Value, json};

use crate::domain::fact::{Issue, LONGEST_RELATION};
use crate::domain::json::Json;
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
    /// Members that no policy has are ignored, and a null counts as absent where a member may be.
    pub(crate) fn from_json(body: &Json<'_>) -> Result<Self, Vec<Issue>> {
        if !matches!(body, Json::Object(_)) {
            return Err(vec![Issue::new(&[], "object_type", "a policy is a JSON object")]);
        }
        let mut members = Members {
            body,
            issues: Vec::new(),
        };
        let id = members.name("id", LONGEST_ID);
        let relation = members.name("relation", LONGEST_RELATION);
        let scope = members.scope();
        let mode = members.mode();
        let (ttl_s, half_life_s) = (members.seconds("ttl_s"), members.seconds("half_life_s"));
        let min_confidence = members.floor();
        let exempt_relations = members.exemptions();
        let (Some(id), Some(relation), Some(scope), Some(mode)) = (id, relation, scope, mode) else {
            return Err(members.issues);
        };
        members.needs(mode);
        if !members.issues.is_empty() {
            return Err(members.issues);
        }
        Ok(Self {
            id,
            relation,
            scope,
            mode,
            ttl_s,
            half_life_s,
            min_confidence,
            exempt_relations,
        })
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

/// Reads the members of a policy one by one and collects everything that is wrong with them.
struct Members<'b, 'a> {
    body: &'b Json<'a>,
    issues: Vec<Issue>,
}

impl<'b> Members<'b, '_> {
    fn refuse(&mut self, member: &'static str, kind: &'static str, message: &str) {
        self.issues.push(Issue::new(&[member], kind, message));
    }

    /// A member that may be left out.
    fn optional(&self, member: &str) -> Option<&'b Json<'b>> {
        self.body.member(member).filter(|value| !matches!(value, Json::Null))
    }

    fn text(&mut self, member: &'static str) -> Option<&'b str> {
        match self.body.member(member) {
            Some(Json::String(text)) => return Some(text),
            Some(_) => self.refuse(member, "string_type", "this member is a string"),
            None => self.refuse(member, "missing", "this member is required"),
        }
        None
    }

    fn name(&mut self, member: &'static str, longest: usize) -> Option<String> {
        let text = self.text(member)?;
        if text.is_empty() {
            self.refuse(member, "string_too_short", "this member has at least one character");
        } else if text.len() > longest {
            let message = format!("this member has at most {longest} bytes");
            self.refuse(member, "string_too_long", &message);
        } else {
            return Some(text.to_owned());
        }
        None
    }

    fn scope(&mut self) -> Option<Option<Scope>> {
        let word = self.text("scope")?;
        if word == ANY {
            return Some(None);
        }
        let scope = Scope::parse(word);
        if scope.is_none() {
            let message = "a scope is one of local, team, company, public, or * for all of them";
            self.refuse("scope", "literal_error", message);
        }
        scope.map(Some)
    }

    fn mode(&mut self) -> Option<Mode> {
        let mode = Mode::parse(self.text("mode")?);
        if mode.is_none() {
            self.refuse("mode", "literal_error", "the mode is retract or confidence");
        }
        mode
    }

    fn seconds(&mut self, member: &'static str) -> Option<u64> {
        let seconds = match self.optional(member)? {
            Json::Number(literal) => whole(literal),
            _ => None,
        };
        if seconds.is_none() {
            self.refuse(
                member,
                "int_parsing",
                "this member is a whole number of seconds from 1 on",
            );
        }
        seconds
    }

    fn floor(&mut self) -> Option<f64> {
        let floor = match self.optional("min_confidence")? {
            Json::Number(literal) => literal.parse::<f64>().ok().filter(|floor| (0.0..=1.0).contains(floor)),
            _ => None,
        };
        if floor.is_none() {
            self.refuse("min_confidence", "out_of_range", "a confidence is a number from 0 to 1");
        }
        // A zero has no sign here.
        floor.map(f64::abs)
    }

    fn exemptions(&mut self) -> Vec<String> {
        let relation = |item: &Json<'_>| {
            item.as_str()
                .filter(|text| text.len() <= LONGEST_RELATION)
                .map(str::to_owned)
        };
        let relations: Option<Vec<String>> = match self.optional("exempt_relations") {
            None => return Vec::new(),
            Some(Json::Array(items)) if items.len() <= MOST_EXEMPTIONS => items.iter().map(relation).collect(),
            Some(_) => None,
        };
        relations.unwrap_or_else(|| {
            let message = "this member is a list of at most 1000 relations or patterns";
            self.refuse("exempt_relations", "list_type", message);
            Vec::new()
        })
    }

    /// The number that a mode counts with has to be there; that it is one has been said already.
    fn needs(&mut self, mode: Mode) {
        let member = match mode {
            Mode::Retract => "ttl_s",
            Mode::Confidence => "half_life_s",
        };
        if self.optional(member).is_none() {
            let message = format!("the mode {} needs this member", mode.word());
            self.refuse(member, "missing", &message);
        }
    }
}

/// A whole number from 1 on, however it is written.
fn whole(literal: &str) -> Option<u64> {
    let double: f64 = literal.parse().ok()?;
    (double.fract() == 0.0 && (1.0..=LONGEST_TIME).contains(&double)).then_some(double as u64)
}
