//! What lint tells about a scope (section 14): five checks, and the rules by which each of them judges.
//!
//! The store brings the facts; nothing here knows how it finds them.

pub(crate) mod reckoning;

use super::fact::Refusal;
use super::id::Id;
use super::instant::print;
use super::json::Json;
use super::members::Members;
use super::scope::Scope;
use super::uri::{self, UriError};
use crate::policy::{LintEntityFilter, LintLookahead, RelationForm};

/// How much of a text of somebody else's is repeated in a detail.
const LONGEST_QUOTE: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    Contradiction,
    Stale,
    Orphan,
    BrokenRef,
    Namespacing,
}

impl Check {
    /// In the order in which they run.
    pub(crate) const ALL: [Self; 5] = [
        Self::Contradiction,
        Self::Stale,
        Self::Orphan,
        Self::BrokenRef,
        Self::Namespacing,
    ];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.word() == word)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::Stale => "stale",
            Self::Orphan => "orphan",
            Self::BrokenRef => "broken_ref",
            Self::Namespacing => "namespacing",
        }
    }
}

/// Which checks run. A name that is given twice counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CheckSet(u8);

impl CheckSet {
    pub(crate) const ALL: Self = Self(0b1_1111);

    pub(crate) fn contains(self, check: Check) -> bool {
        self.0 & (1 << check as u8) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Check> {
        Check::ALL.into_iter().filter(move |check| self.contains(*check))
    }

    pub(crate) fn words(self) -> Vec<&'static str> {
        self.iter().map(Check::word).collect()
    }
}

/// Who asks for none asks for all.
impl FromIterator<Check> for CheckSet {
    fn from_iter<I: IntoIterator<Item = Check>>(checks: I) -> Self {
        match checks.into_iter().fold(0, |bits, check| bits | 1 << check as u8) {
            0 => Self::ALL,
            bits => Self(bits),
        }
    }
}

/// The less it matters, the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Error]
            .into_iter()
            .find(|severity| severity.word() == word)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LintRun {
    pub(crate) scope: Scope,
    pub(crate) checks: CheckSet,
    /// In the normal form.
    pub(crate) entity: Option<String>,
    pub(crate) relation: Option<String>,
    /// How far ahead an end is told, in seconds.
    pub(crate) lookahead_s: i64,
}

impl LintRun {
    /// All checks on all of a scope.
    #[cfg(test)]
    pub(crate) fn of(scope: Scope) -> Self {
        Self {
            scope,
            checks: CheckSet::ALL,
            entity: None,
            relation: None,
            lookahead_s: 0,
        }
    }

    /// Reads the body of a request. Members that a run does not have are ignored.
    pub(crate) fn from_json(body: &Json<'_>) -> Result<Self, Refusal> {
        let mut members = Members::of(body)?;
        let scope = members.scope();
        let checks = checks(&mut members);
        let lookahead_s = members.seconds("stale_lookahead_s").unwrap_or(0);
        let (entity, relation) = (members.text("entity"), members.text("relation"));
        let scope = members.finish(scope)?;
        let entity = entity.map(named).transpose();
        Ok(Self {
            scope,
            checks,
            entity: entity.map_err(|error| Refusal::EntityUri {
                member: "entity",
                error,
            })?,
            relation: relation.map(|sent| RelationForm::now().of(sent)),
            lookahead_s,
        })
    }

    /// The last instant at which an end is told that has not come, for a run at an instant; both in microseconds.
    pub(crate) fn horizon(&self, now: i64) -> i64 {
        let seconds = self.lookahead_s.saturating_mul(LintLookahead::now().seconds());
        now.saturating_add(seconds.saturating_mul(1_000_000))
    }
}

/// The name that a filter means.
pub(crate) fn named(sent: &str) -> Result<String, UriError> {
    uri::normalise(sent).map(|normal| LintEntityFilter::now().of(normal, sent))
}

fn checks(members: &mut Members<'_, '_>) -> CheckSet {
    let known = "the checks are contradiction, stale, orphan, broken_ref and namespacing";
    let words = match members.optional("checks") {
        None => return CheckSet::ALL,
        Some(Json::Array(words)) => words,
        Some(_) => {
            members.refuse("checks", "list_type", "this member is a list of names");
            return CheckSet::ALL;
        }
    };
    let checks: Option<CheckSet> = words.iter().map(|word| word.as_str().and_then(Check::parse)).collect();
    checks.unwrap_or_else(|| {
        members.refuse("checks", "literal_error", known);
        CheckSet::ALL
    })
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) check: Check,
    pub(crate) severity: Severity,
    pub(crate) entity: String,
    pub(crate) relation: Option<String>,
    pub(crate) facts: Vec<Id>,
    /// For people.
    pub(crate) detail: String,
}

/// What a finding about one fact says of it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) id: Id,
    pub(crate) entity: String,
    pub(crate) relation: String,
}

impl Subject {
    fn finding(self, check: Check, severity: Severity, detail: String) -> Finding {
        Finding {
            check,
            severity,
            entity: self.entity,
            relation: Some(self.relation),
            facts: vec![self.id],
            detail,
        }
    }
}

/// An unresolved conflict, `conflict` being its entity, between the subject and another fact.
pub(crate) fn contradiction(conflict: &str, subject: Subject, other: Id) -> Finding {
    let detail = format!("nobody has resolved {conflict}");
    let mut finding = subject.finding(Check::Contradiction, Severity::Error, detail);
    finding.facts.push(other);
    finding
}

/// What there is to tell of an end, for a run at `now` that looks ahead to `horizon`.
pub(crate) fn staleness(end: i64, now: i64, horizon: i64) -> Option<Severity> {
    if end <= now {
        Some(Severity::Warning)
    } else {
        (end <= horizon).then_some(Severity::Info)
    }
}

pub(crate) fn stale(severity: Severity, end: i64, subject: Subject) -> Finding {
    let verb = if severity == Severity::Warning {
        "ended"
    } else {
        "will end"
    };
    subject.finding(Check::Stale, severity, format!("{verb} at {}", print(end)))
}

/// An entity without live facts; `last` are facts that say so.
pub(crate) fn orphan(entity: String, scope: Scope, last: Vec<Id>) -> Finding {
    let detail = format!("nothing that is said of it in {} holds any more", scope.word());
    Finding {
        check: Check::Orphan,
        severity: Severity::Info,
        entity,
        relation: None,
        facts: last,
        detail,
    }
}

pub(crate) fn broken_ref(reference: &str, subject: Subject) -> Finding {
    let severity = match subject.relation.as_str() {
        "intent:handoff_to" | "intent:context_ref" => Severity::Error,
        _ => Severity::Warning,
    };
    let detail = format!("it refers to '{}', which has no live fact here", quote(reference));
    subject.finding(Check::BrokenRef, severity, detail)
}

/// Whether a relation has no namespace.
pub(crate) fn is_bare(relation: &str) -> bool {
    !relation.contains(':')
}

pub(crate) fn namespacing(subject: Subject) -> Finding {
    let detail = format!(
        "the relation has no namespace; name it 'your-prefix:{}' so that it collides with nothing",
        quote(&subject.relation)
    );
    subject.finding(Check::Namespacing, Severity::Warning, detail)
}

fn quote(text: &str) -> String {
    text.chars().take(LONGEST_QUOTE).collect()
}

/// Whether facts with this relation are the node's own notes, which lint and synthesis leave out.
pub(crate) fn is_bookkeeping(relation: &str) -> bool {
    relation.starts_with("stigmem:")
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The entity, as it was written and in the normal form. Facts of peers keep the names that they came with.
    pub(crate) spellings: Vec<String>,
    /// The fact with this id.
    pub(crate) fact: Option<Id>,
}

impl Target {
    /// Nothing for a URL of another kind, behind which there is something that no node knows.
    pub(crate) fn of(reference: &str) -> Option<Self> {
        let normal = uri::normalise(reference).unwrap_or_else(|_| reference.to_owned());
        let (scheme, rest) = normal.split_once("://").unwrap_or_default();
        if !rest.is_empty() && scheme != "stigmem" {
            return None;
        }
        let fact = Id::parse(&normal);
        let mut spellings = vec![normal];
        if spellings[0] != reference {
            spellings.push(reference.to_owned());
        }
        Some(Self { spellings, fact })
    }

    /// Whether notes of the node about the entity show that it is there. They do of what the node itself made, and not of a fact:
    /// what is noted about a fact is noted still when the fact is over.
    pub(crate) fn is_shown_by_notes(&self) -> bool {
        self.fact.is_none()
    }
}

#[cfg(test)]
mod tests;
