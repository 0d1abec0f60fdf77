//! The fact record, and the draft of one as a client sends it (section 2).

use super::cid::{Cid, Covered};
use super::hlc::Hlc;
use super::id::Id;
use super::instant::Instant;
use super::json::Json;
use super::scope::Scope;
use super::uri::{self, UriError};
use super::value::Value;
use crate::policy::{ConfidenceSteps, DecayAge, OffsetOfEnds, RelationForm, SourceForm, UnknownMembers, ValueLimit};

/// Relations are kept byte for byte; the bound only keeps index entries small.
pub(crate) const LONGEST_RELATION: usize = 4_096;

/// A stored fact, as every response shows it.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) id: Id,
    pub(crate) cid: Cid,
    pub(crate) entity: String,
    pub(crate) relation: String,
    pub(crate) value: Value,
    pub(crate) source: String,
    pub(crate) timestamp: i64,
    pub(crate) hlc: Hlc,
    pub(crate) valid_until: Option<String>,
    pub(crate) confidence: f64,
    pub(crate) scope: Scope,
    pub(crate) received_from: Option<String>,
    pub(crate) contradicted: bool,
    /// The origin's own words, where the fact came from a peer.
    pub(crate) hlc_text: Option<String>,
    pub(crate) timestamp_text: Option<String>,
}

/// A fact before the node has stamped it. Every field is valid and in its stored form.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) entity: String,
    pub(crate) relation: String,
    pub(crate) value: Value,
    pub(crate) source: String,
    pub(crate) confidence: f64,
    pub(crate) scope: Scope,
    pub(crate) valid_until: Option<String>,
    /// `valid_until` in microseconds.
    pub(crate) expires_at: Option<i64>,
    /// A timestamp that the node takes over instead of its clock; only callers with `admin` may suggest one.
    pub(crate) timestamp: Option<i64>,
}

/// One thing that is wrong with a request, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    pub(crate) loc: Vec<&'static str>,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Issue {
    pub(crate) fn new(loc: &[&'static str], kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            loc: loc.to_vec(),
            kind,
            message: message.into(),
        }
    }
}

/// Why a draft was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Issues(Vec<Issue>),
    EntityUri { member: &'static str, error: UriError },
    ValueTooLarge { limit: usize },
}

impl Draft {
    /// Reads the body of an assertion. Server-owned and unknown members are ignored.
    pub(crate) fn from_json(body: &Json<'_>, value_limit: usize) -> Result<Self, Refusal> {
        if !matches!(body, Json::Object(_)) {
            return Err(Refusal::Issues(vec![Issue::new(
                &[],
                "object_type",
                "the body is a JSON object",
            )]));
        }
        let mut members = Members {
            body,
            issues: Vec::new(),
        };
        if UnknownMembers::now() == UnknownMembers::Refused {
            members.refuse_unknown();
        }
        let entity = members.text("entity");
        let relation = members.text("relation");
        let source = members.text("source");
        let value = members.value();
        let confidence = members.confidence();
        let scope = members.scope();
        let (valid_until, expires_at) = members.valid_until();
        let (Some(entity), Some(relation), Some(source), Some(value)) = (entity, relation, source, value) else {
            return Err(Refusal::Issues(members.issues));
        };
        if relation.is_empty() {
            members.refuse("relation", "string_too_short", "a relation has at least one character");
        } else if relation.len() > LONGEST_RELATION {
            members.refuse("relation", "string_too_long", "a relation has at most 4096 bytes");
        }
        if !members.issues.is_empty() {
            return Err(Refusal::Issues(members.issues));
        }
        let value_limit = ValueLimit::now().of(value_limit);
        if value.text.len() > value_limit {
            return Err(Refusal::ValueTooLarge { limit: value_limit });
        }
        let name = |member, raw: &str| uri::normalise(raw).map_err(|error| Refusal::EntityUri { member, error });
        Ok(Self {
            entity: name("entity", entity)?,
            relation: RelationForm::now().of(relation),
            value,
            source: SourceForm::now().of(name("source", source)?, source),
            confidence,
            scope,
            valid_until,
            expires_at,
            timestamp: None,
        })
    }

    /// Takes over the `timestamp` that a caller with `admin` suggests.
    pub(crate) fn suggest_timestamp(&mut self, body: &Json<'_>) -> Result<(), Refusal> {
        let issue = |kind, message| Refusal::Issues(vec![Issue::new(&["timestamp"], kind, message)]);
        self.timestamp = match body.member("timestamp") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => {
                let instant = Instant::parse(text)
                    .ok_or_else(|| issue("datetime_parsing", "a timestamp is RFC 3339 with an explicit offset"))?;
                DecayAge::now().note(text, &instant);
                Some(instant.micros)
            }
            Some(_) => return Err(issue("string_type", "a timestamp is a string")),
        };
        Ok(())
    }

    /// A fact of the node's own: certain, without an expiry.
    pub(crate) fn certain(entity: String, relation: &str, value: Value, source: &str, scope: Scope) -> Self {
        Self {
            entity,
            relation: relation.to_owned(),
            value,
            source: source.to_owned(),
            confidence: 1.0,
            scope,
            valid_until: None,
            expires_at: None,
            timestamp: None,
        }
    }

    pub(crate) fn cid(&self) -> Cid {
        Covered {
            entity: &self.entity,
            relation: &self.relation,
            value: &self.value,
            source: &self.source,
            confidence: self.confidence,
            scope: self.scope,
        }
        .cid()
    }

    /// Confidence zero, with either sign, retracts.
    pub(crate) fn is_retraction(&self) -> bool {
        self.confidence == 0.0
    }

    /// Advice about names, given once, in the answer to the assertion.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        warnings.extend(uri::informal_warning("entity", &self.entity));
        warnings.extend(uri::informal_warning("source", &self.source));
        if !self.relation.contains(':') {
            warnings.push(format!(
                "relation '{}' has no namespace prefix (section 9); name it 'your-prefix:{}' so that it collides with nothing",
                self.relation, self.relation
            ));
        } else if self.relation.starts_with("stigmem:") {
            warnings.push(format!(
                "relation '{}' uses the prefix 'stigmem:' that section 9 reserves for the system",
                self.relation
            ));
        }
        warnings
    }
}

/// Reads the members of a body one by one and collects everything that is wrong with them.
struct Members<'b, 'a> {
    body: &'b Json<'a>,
    issues: Vec<Issue>,
}

/// The members of a record.
const KNOWN: [&str; 13] = [
    "entity",
    "relation",
    "value",
    "source",
    "confidence",
    "scope",
    "valid_until",
    "id",
    "timestamp",
    "hlc",
    "cid",
    "received_from",
    "contradicted",
];

impl<'b, 'a> Members<'b, 'a> {
    fn refuse(&mut self, member: &'static str, kind: &'static str, message: &str) {
        self.issues.push(Issue::new(&[member], kind, message));
    }

    /// What a deviating node does; others leave alone what they do not know.
    fn refuse_unknown(&mut self) {
        let Json::Object(members) = self.body else { return };
        if members.iter().any(|(name, _)| !KNOWN.contains(&name.as_ref())) {
            self.issues
                .push(Issue::new(&[], "extra_forbidden", "there is no such member"));
        }
    }

    fn text(&mut self, member: &'static str) -> Option<&'b str> {
        match self.body.member(member) {
            Some(Json::String(text)) => return Some(text),
            Some(_) => self.refuse(member, "string_type", "this member is a string"),
            None => self.refuse(member, "missing", "this member is required"),
        }
        None
    }

    fn value(&mut self) -> Option<Value> {
        let Some(json) = self.body.member("value") else {
            self.refuse("value", "missing", "this member is required");
            return None;
        };
        match Value::from_json(json) {
            Ok(value) => Some(value),
            Err(error) => {
                let loc: Vec<_> = std::iter::once("value").chain(error.at).collect();
                self.issues.push(Issue::new(&loc, error.kind, error.what));
                None
            }
        }
    }

    fn confidence(&mut self) -> f64 {
        match self.body.member("confidence") {
            None => return 1.0,
            // An integer zero has no sign.
            Some(Json::Number("-0")) => return 0.0,
            Some(Json::Number(literal)) => match literal.parse::<f64>() {
                Ok(confidence) if (0.0..=1.0).contains(&confidence) => {
                    return ConfidenceSteps::now().of(confidence);
                }
                _ => self.refuse("confidence", "out_of_range", "a confidence is between 0 and 1"),
            },
            Some(_) => self.refuse("confidence", "float_type", "a confidence is a number"),
        }
        1.0
    }

    fn scope(&mut self) -> Scope {
        match self.body.member("scope") {
            None => return Scope::Local,
            Some(Json::String(word)) => match Scope::parse(word) {
                Some(scope) => return scope,
                None => self.refuse(
                    "scope",
                    "literal_error",
                    "a scope is one of local, team, company, public",
                ),
            },
            Some(_) => self.refuse("scope", "string_type", "a scope is a string"),
        }
        Scope::Local
    }

    fn valid_until(&mut self) -> (Option<String>, Option<i64>) {
        match self.body.member("valid_until") {
            None | Some(Json::Null) => {}
            Some(Json::String(text)) => {
                let text = OffsetOfEnds::now().of(text);
                match Instant::parse(&text) {
                    Some(instant) => return (Some(text.into_owned()), Some(instant.micros)),
                    None => self.refuse(
                        "valid_until",
                        "datetime_parsing",
                        "valid_until is RFC 3339 with an explicit offset",
                    ),
                }
            }
            Some(_) => self.refuse("valid_until", "string_type", "valid_until is a string or null"),
        }
        (None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json;

    const PLAIN: &str = r#""entity":"user:a","relation":"memory:role","value":{"type":"null"},"source":"agent:a""#;

    fn draft(extra: &str) -> Result<Draft, Refusal> {
        let body = format!("{{{PLAIN}{extra}}}");
        Draft::from_json(&json::read(body.as_bytes()).unwrap(), 100)
    }

    fn issues(body: &str) -> Vec<(Vec<&'static str>, &'static str)> {
        match Draft::from_json(&json::read(body.as_bytes()).unwrap(), 100) {
            Err(Refusal::Issues(issues)) => issues.into_iter().map(|issue| (issue.loc, issue.kind)).collect(),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn defaults_hold_and_server_owned_members_are_ignored() {
        let draft = draft(r#","id":7,"hlc":[],"cid":"x","timestamp":"never","received_from":{},"new":1"#).unwrap();
        assert_eq!(
            (draft.confidence, draft.scope, draft.valid_until),
            (1.0, Scope::Local, None)
        );
        assert_eq!(draft.timestamp, None);
    }

    #[test]
    fn every_bad_member_is_named() {
        assert_eq!(issues("[]"), [(vec![], "object_type")]);
        let missing: Vec<_> = ["entity", "relation", "source", "value"]
            .map(|m| (vec![m], "missing"))
            .to_vec();
        assert_eq!(issues("{}"), missing);
        for (member, value, kind) in [
            ("confidence", "null", "float_type"),
            ("confidence", "\"1\"", "float_type"),
            ("confidence", "1.1", "out_of_range"),
            ("confidence", "-1e-9", "out_of_range"),
            ("scope", "null", "string_type"),
            ("scope", "\"Local\"", "literal_error"),
            ("valid_until", "\"soon\"", "datetime_parsing"),
            ("valid_until", "5", "string_type"),
        ] {
            assert_eq!(
                issues(&format!("{{{PLAIN},\"{member}\":{value}}}")),
                [(vec![member], kind)],
                "{member} {value}"
            );
        }
    }

    #[test]
    fn zero_keeps_the_sign_that_its_literal_has() {
        for (literal, sign) in [("0", false), ("-0", false), ("0.0", false), ("-0.0", true)] {
            let draft = draft(&format!(",\"confidence\":{literal}")).unwrap();
            assert!(draft.is_retraction());
            assert_eq!(draft.confidence.is_sign_negative(), sign, "{literal}");
        }
    }

    #[test]
    fn names_values_and_relations_are_bounded() {
        let with = |entity: &str, relation: &str, v: &str| {
            let body = format!(
                r#"{{"entity":"{entity}","relation":"{relation}","value":{{"type":"text","v":"{v}"}},"source":"agent:a"}}"#
            );
            Draft::from_json(&json::read(body.as_bytes()).unwrap(), 100).err()
        };
        assert_eq!(with("user:a", "r", &"v".repeat(100)), None);
        assert_eq!(
            with("user:a", "r", &"v".repeat(101)),
            Some(Refusal::ValueTooLarge { limit: 100 })
        );
        assert_eq!(
            with(" ", "r", ""),
            Some(Refusal::EntityUri {
                member: "entity",
                error: UriError::Empty
            })
        );
        assert!(matches!(with("user:a", "", ""), Some(Refusal::Issues(_))));
        assert!(matches!(
            with("user:a", &"r".repeat(4_097), ""),
            Some(Refusal::Issues(_))
        ));
    }

    #[test]
    fn only_a_date_time_can_be_suggested_as_timestamp() {
        let mut plain = draft("").unwrap();
        let suggest = |draft: &mut Draft, body: &str| draft.suggest_timestamp(&json::read(body.as_bytes()).unwrap());
        assert_eq!(suggest(&mut plain, r#"{"timestamp":"1970-01-01T00:00:01Z"}"#), Ok(()));
        assert_eq!(plain.timestamp, Some(1_000_000));
        assert!(suggest(&mut plain, r#"{"timestamp":"never"}"#).is_err());
        assert!(suggest(&mut plain, r#"{"timestamp":5}"#).is_err());
    }

    #[test]
    fn warnings_name_the_rule() {
        assert_eq!(draft("").unwrap().warnings().len(), 2);
        let system = Draft::certain(
            "stigmem:conflict:x".into(),
            "bare",
            Value::text(""),
            "stigmem://a/b/c",
            Scope::Local,
        );
        assert!(
            system
                .warnings()
                .iter()
                .all(|warning| warning.contains("no namespace prefix"))
        );
        assert_eq!(system.warnings().len(), 1);
    }
}
