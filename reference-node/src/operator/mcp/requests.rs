//! What the tools take. Members that no tool has are refused: a name that is misspelt would be ignored otherwise.

use rmcp::schemars;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::scope;
use crate::operator::record::FactValue;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssertFact {
    /// What the fact is about, such as stigmem://company.example/user/alice.
    pub(super) entity: String,
    /// What kind of statement it is, with a namespace before a colon, such as memory:role.
    pub(super) relation: String,
    pub(super) value: TypedValue,
    /// How sure you are, from 0 to 1; 1 when left out. A fact with 0 withdraws, see retract_fact.
    #[schemars(range(min = 0, max = 1))]
    pub(super) confidence: Option<f64>,
    /// Who may read it; local when left out.
    pub(super) scope: Option<Scope>,
    /// RFC 3339 date-time with offset at which it stops to hold; never when left out.
    pub(super) valid_until: Option<String>,
    /// Who says so; you, by the name that your host gave you, when left out.
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QueryFacts {
    /// Only facts about this entity.
    pub(super) entity: Option<String>,
    /// Only facts with exactly this relation.
    pub(super) relation: Option<String>,
    /// Only facts by this source.
    pub(super) source: Option<String>,
    /// Only facts of this scope.
    pub(super) scope: Option<Scope>,
    /// Only facts that are at least so sure, from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub(super) min_confidence: Option<f64>,
    /// Only facts asserted after this RFC 3339 date-time.
    pub(super) after: Option<String>,
    /// Also the facts that lost against a surer or later one; without it each disputed statement has one answer.
    pub(super) include_contradicted: Option<bool>,
    /// Also facts that do not hold any more.
    pub(super) include_expired: Option<bool>,
    /// Also facts that were withdrawn, and what withdrew them; needs min_confidence 0, and not every node can.
    pub(super) include_retracted: Option<bool>,
    /// The cursor of the answer before, to go on where it ended.
    pub(super) cursor: Option<String>,
    /// The most facts of one answer, from 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    pub(super) limit: Option<u16>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetFact {
    /// The fact's id, or its content id (sha256:...).
    pub(super) id: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetractFact {
    /// The entity of the facts to withdraw.
    pub(super) entity: String,
    /// Their relation.
    pub(super) relation: String,
    /// Their scope.
    pub(super) scope: Scope,
    /// Who withdraws them; you, by the name that your host gave you, when left out.
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListConflicts {
    /// Only conflicts with this status; both when left out.
    pub(super) status: Option<ConflictStatus>,
    /// The cursor of the answer before, to go on where it ended.
    pub(super) cursor: Option<String>,
    /// The most conflicts of one answer, from 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    pub(super) limit: Option<u16>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveContradiction {
    /// The conflict_id that list_conflicts tells.
    pub(super) conflict_id: String,
    /// The id of the side that is right. Either this or new_value is needed.
    pub(super) winning_fact_id: Option<String>,
    /// What is right instead of either side.
    pub(super) new_value: Option<TypedValue>,
    /// Why.
    pub(super) resolution_note: Option<String>,
}

/// Also the body of `POST /v1/lint`.
#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LintScope {
    /// The scope to sweep.
    pub(super) scope: Scope,
    /// Which checks to run; all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checks: Option<Vec<Check>>,
    /// Only findings about this entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entity: Option<String>,
    /// Only findings about this relation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) relation: Option<String>,
    /// Also tell facts that expire within so many seconds; 0 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stale_lookahead_s: Option<u32>,
}

/// Also the body of `POST /v1/decay/sweep`.
#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecayScope {
    /// The scope to sweep.
    pub(super) scope: Scope,
    /// Instead of the modes of the policies; dry_run writes nothing and tells what would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<DecayMode>,
    /// Only what this policy governs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy_id: Option<String>,
}

/// Also the body of `POST /v1/synthesis`.
#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SynthesizeScope {
    /// The scope to synthesize.
    pub(super) scope: Scope,
    /// Only this entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entity: Option<String>,
    /// Only entries that are at least so sure, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub(super) min_confidence: Option<f64>,
    /// Expired facts take part, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) include_expired: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Scope {
    Local,
    Team,
    Company,
    Public,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Check {
    Contradiction,
    Stale,
    Orphan,
    BrokenRef,
    Namespacing,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum DecayMode {
    Retract,
    Confidence,
    DryRun,
}

#[derive(Clone, Copy, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ConflictStatus {
    Unresolved,
    Resolved,
}

#[derive(Clone, Copy, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ValueType {
    String,
    Text,
    Number,
    Boolean,
    Datetime,
    Ref,
    Null,
}

/// What the fact says. Use string for labels, text for prose, ref for the name of another entity.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct TypedValue {
    #[serde(rename = "type")]
    kind: ValueType,
    /// The value, of the JSON type that belongs to its type; a datetime is an RFC 3339 text with offset.
    #[serde(default, deserialize_with = "scalar")]
    #[schemars(schema_with = "scalars")]
    v: Value,
}

impl From<TypedValue> for FactValue {
    fn from(value: TypedValue) -> Self {
        let kind = match value.kind {
            ValueType::String => "string",
            ValueType::Text => "text",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::Datetime => "datetime",
            ValueType::Ref => "ref",
            ValueType::Null => "null",
        };
        Self::new(kind, value.v)
    }
}

impl From<Scope> for scope::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Local => Self::Local,
            Scope::Team => Self::Team,
            Scope::Company => Self::Company,
            Scope::Public => Self::Public,
        }
    }
}

impl Scope {
    pub(super) fn word(self) -> &'static str {
        scope::Scope::from(self).word()
    }
}

impl ConflictStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Resolved => "resolved",
        }
    }
}

fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Array(_) | Value::Object(_) => Err(D::Error::custom("v is a text, a number, a boolean or null")),
        scalar => Ok(scalar),
    }
}

fn scalars(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "number", "boolean", "null"] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_keeps_the_kind_of_its_number() {
        for (v, kept) in [
            ("5", "5"),
            ("5.0", "5.0"),
            ("-7", "-7"),
            ("12345678901234567890", "12345678901234567890"),
        ] {
            let value: TypedValue = serde_json::from_str(&format!(r#"{{"type":"number","v":{v}}}"#)).unwrap();
            assert_eq!(FactValue::from(value).v.to_string(), kept);
        }
    }

    #[test]
    fn requests_are_strict() {
        let value: Result<TypedValue, _> = serde_json::from_value(json!({"type": "null"}));
        assert_eq!(FactValue::from(value.unwrap()), FactValue::new("null", Value::Null));
        for value in [
            json!({"type": "json", "v": "x"}),
            json!({"type": "text", "v": ["x"]}),
            json!({"type": "text", "v": "x", "w": 1}),
            json!("x"),
        ] {
            assert!(serde_json::from_value::<TypedValue>(value.clone()).is_err(), "{value}");
        }
        for request in [
            json!({}),
            json!({"scope": "Company"}),
            json!({"scope": "company", "check": ["stale"]}),
            json!({"scope": "company", "checks": ["rot"]}),
            json!({"scope": "company", "stale_lookahead_s": -1}),
        ] {
            assert!(
                serde_json::from_value::<LintScope>(request.clone()).is_err(),
                "{request}"
            );
        }
    }

    #[test]
    fn a_body_has_what_was_given() {
        for request in [
            json!({"scope": "local"}),
            json!({"scope": "company", "checks": ["broken_ref", "stale"], "stale_lookahead_s": 60}),
        ] {
            let read: LintScope = serde_json::from_value(request.clone()).unwrap();
            assert_eq!(json!(read), request);
        }
        let read: DecayScope =
            serde_json::from_value(json!({"scope": "team", "mode": "dry_run", "policy_id": null})).unwrap();
        assert_eq!(json!(read), json!({"scope": "team", "mode": "dry_run"}));
    }
}
