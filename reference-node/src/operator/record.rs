//! Facts on their way to a node, and fact records as a node returns them.

use rmcp::schemars;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::scope::Scope;

/// A fact that a client asserts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assertion {
    pub(crate) entity: String,
    pub(crate) relation: String,
    pub(crate) value: FactValue,
    pub(crate) source: String,
    pub(crate) confidence: f64,
    pub(crate) scope: Scope,
    pub(crate) valid_until: Option<String>,
}

impl Assertion {
    /// The body of `POST /v1/facts`.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "entity": self.entity,
            "relation": self.relation,
            "value": self.value,
            "source": self.source,
            "confidence": self.confidence,
            "scope": self.scope,
        });
        if let Some(end) = &self.valid_until {
            body["valid_until"] = json!(end);
        }
        body
    }
}

/// A value with its type; of which types a node knows is the node's affair.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[schemars(inline)]
pub(crate) struct FactValue {
    /// string, text, number, boolean, datetime, ref or null.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The value itself.
    #[serde(default)]
    pub(crate) v: Value,
}

impl FactValue {
    pub(crate) fn new(kind: &str, v: impl Into<Value>) -> Self {
        Self {
            kind: kind.to_owned(),
            v: v.into(),
        }
    }
}

/// A fact record. What else a node puts into one is left out.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
pub(crate) struct FactRecord {
    /// Given by the node.
    pub(crate) id: String,
    /// What the fact is about.
    pub(crate) entity: String,
    /// What kind of statement it is.
    pub(crate) relation: String,
    pub(crate) value: FactValue,
    /// Who says so.
    pub(crate) source: String,
    /// Wall clock of the node at the write.
    pub(crate) timestamp: String,
    /// Hybrid logical clock; decides between facts of equal confidence.
    pub(crate) hlc: Option<String>,
    /// When it stops to hold; null: never.
    pub(crate) valid_until: Option<String>,
    /// How sure the source is, 0 to 1; 0 withdraws.
    pub(crate) confidence: f64,
    /// local, team, company or public.
    pub(crate) scope: String,
    /// Whether other live facts about the same entity and relation disagree.
    #[serde(default)]
    pub(crate) contradicted: bool,
    /// The node that it came from; null: it was asserted at this one.
    pub(crate) received_from: Option<String>,
    /// Content id.
    pub(crate) cid: Option<String>,
    /// Remarks on an assertion.
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_says_what_it_was_given() {
        let mut assertion = Assertion {
            entity: "stigmem://node.example/issue/7".to_owned(),
            relation: "paperclip:checkout".to_owned(),
            value: FactValue::new("string", "in_progress"),
            source: "stigmem://node.example/agent/hook".to_owned(),
            confidence: 1.0,
            scope: Scope::Company,
            valid_until: None,
        };
        let body = json!({
            "entity": "stigmem://node.example/issue/7", "relation": "paperclip:checkout",
            "value": { "type": "string", "v": "in_progress" }, "source": "stigmem://node.example/agent/hook",
            "confidence": 1.0, "scope": "company",
        });
        assert_eq!(assertion.body(), body);
        assertion.valid_until = Some("2030-01-01T00:00:00Z".to_owned());
        assert_eq!(assertion.body()["valid_until"], "2030-01-01T00:00:00Z");
    }

    #[test]
    fn a_record_is_read_from_what_nodes_send() {
        // The member `hlc` may be null, `contradicted` and `warnings` may be missing, others may be there.
        let record: FactRecord = serde_json::from_str(
            r#"{"id":"3bdf8d18-66f0-4ecb-b9ac-f816cc991fea","entity":"user:alice","relation":"memory:age",
                "value":{"type":"number","v":5.0},"source":"agent:a","timestamp":"2026-11-22T06:10:15+00:00","hlc":null,
                "valid_until":null,"confidence":1,"scope":"local","attested":true}"#,
        )
        .unwrap();
        assert_eq!(record.value, FactValue::new("number", 5.0));
        assert_eq!(record.confidence, 1.0);
        assert!(!record.contradicted && record.cid.is_none());
        let null: FactValue = serde_json::from_str(r#"{"type":"null"}"#).unwrap();
        assert_eq!(null, FactValue::new("null", Value::Null));
    }
}
