//! Facts, conflicts, findings and entries as JSON.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::fact::Fact;
use crate::domain::instant;
use crate::domain::lint::Finding;
use crate::domain::synthesis::Entry;
use crate::domain::value::{Value, ValueType};
use crate::policy::{Neighbours, PrintedNumbers, SynthesisValues};
use crate::store::ConflictRecord;

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Serialize)]
pub(crate) struct FactBody<'a> {
    id: String,
    entity: &'a str,
    relation: &'a str,
    value: ValueBody<'a>,
    source: &'a str,
    timestamp: String,
    hlc: String,
    received_from: Option<&'a str>,
    valid_until: Option<&'a str>,
    confidence: f64,
    scope: &'static str,
    contradicted: bool,
    cid: String,
    /// Only in the answer to the assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
    /// Only on the way to peers, and empty there.
    #[serde(flatten)]
    origin: Option<Origin>,
}

#[derive(Default, Serialize)]
struct Origin {
    origin_node_id: Option<()>,
    origin_allowed_scopes: Option<()>,
}

impl<'a> FactBody<'a> {
    pub(crate) fn of(fact: &'a Fact) -> Self {
        Self {
            id: fact.id.text(),
            entity: &fact.entity,
            relation: &fact.relation,
            value: ValueBody(&fact.value),
            source: &fact.source,
            timestamp: fact
                .timestamp_text
                .clone()
                .unwrap_or_else(|| instant::print(fact.timestamp)),
            hlc: fact.hlc_text.clone().unwrap_or_else(|| fact.hlc.to_string()),
            received_from: fact.received_from.as_deref(),
            valid_until: fact.valid_until.as_deref(),
            confidence: fact.confidence,
            scope: fact.scope.word(),
            contradicted: fact.contradicted,
            cid: fact.cid.text(),
            warnings: None,
            origin: None,
        }
    }

    /// The fact as peers see it: what this node has made of it stays here.
    pub(crate) fn for_peers(mut self) -> Self {
        if Neighbours::now() == Neighbours::Unseen {
            self.received_from = None;
        }
        self.contradicted = false;
        self.origin = Some(Origin::default());
        self
    }

    pub(crate) fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings = Some(warnings);
        self
    }
}

#[derive(Serialize)]
struct Tagged<V: Serialize> {
    r#type: &'static str,
    v: V,
}

/// `{"type", "v"}`, with a number as the literal that the storage text is.
struct ValueBody<'a>(&'a Value);

impl Serialize for ValueBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value { kind, text } = self.0;
        let r#type = kind.word();
        match kind {
            ValueType::Number => {
                let literal = PrintedNumbers::now().of(text);
                let v: &RawValue = serde_json::from_str(&literal).map_err(serde::ser::Error::custom)?;
                Tagged { r#type, v }.serialize(serializer)
            }
            ValueType::Boolean => Tagged {
                r#type,
                v: text == "true",
            }
            .serialize(serializer),
            ValueType::Null => Tagged { r#type, v: () }.serialize(serializer),
            _ => Tagged {
                r#type,
                v: text.as_str(),
            }
            .serialize(serializer),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ConflictBody<'a> {
    conflict_id: &'a str,
    fact_a: Option<FactBody<'a>>,
    fact_b: Option<FactBody<'a>>,
    status: &'static str,
    resolved_by: Option<String>,
    detected_at: String,
}

impl<'a> ConflictBody<'a> {
    pub(crate) fn of(conflict: &'a ConflictRecord) -> Self {
        Self {
            conflict_id: &conflict.entity,
            fact_a: conflict.fact_a.as_ref().map(FactBody::of),
            fact_b: conflict.fact_b.as_ref().map(FactBody::of),
            status: if conflict.resolved_by.is_some() {
                "resolved"
            } else {
                "unresolved"
            },
            resolved_by: conflict.resolved_by.map(crate::domain::id::Id::text),
            detected_at: instant::print(conflict.detected_at),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct FindingBody<'a> {
    check: &'static str,
    severity: &'static str,
    entity: &'a str,
    relation: Option<&'a str>,
    fact_ids: Vec<String>,
    detail: &'a str,
}

impl<'a> FindingBody<'a> {
    pub(crate) fn of(finding: &'a Finding) -> Self {
        Self {
            check: finding.check.word(),
            severity: finding.severity.word(),
            entity: &finding.entity,
            relation: finding.relation.as_deref(),
            fact_ids: finding.facts.iter().map(|id| id.text()).collect(),
            detail: &finding.detail,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct EntryBody<'a> {
    entity: &'a str,
    relation: &'a str,
    scope: &'static str,
    value: EntryValue<'a>,
    confidence: f64,
    hlc: &'a str,
    contradicted: bool,
    /// These two are left out where nobody disagrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_value: Option<EntryValue<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_confidence: Option<f64>,
}

impl<'a> EntryBody<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        let alternative = entry.alternative.as_ref();
        Self {
            entity: &entry.entity,
            relation: &entry.relation,
            scope: entry.scope.word(),
            value: EntryValue(&entry.value),
            confidence: entry.confidence,
            hlc: &entry.hlc,
            contradicted: entry.contradicted,
            alt_value: alternative.map(|other| EntryValue(&other.value)),
            alt_confidence: alternative.map(|other| other.confidence),
        }
    }
}

/// A value as an entry shows it.
struct EntryValue<'a>(&'a Value);

impl Serialize for EntryValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match SynthesisValues::now() {
            SynthesisValues::AsAsserted => ValueBody(self.0).serialize(serializer),
            SynthesisValues::AsText => Tagged {
                r#type: self.0.kind.word(),
                v: self.0.text.as_str(),
            }
            .serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_with_the_kind_they_were_asserted_with() {
        for (kind, text, json) in [
            (ValueType::Number, "5", r#"{"type":"number","v":5}"#),
            (ValueType::Number, "5.0", r#"{"type":"number","v":5.0}"#),
            (ValueType::Number, "1e+21", r#"{"type":"number","v":1e+21}"#),
            (
                ValueType::Number,
                "12345678901234567890",
                r#"{"type":"number","v":12345678901234567890}"#,
            ),
            (ValueType::Boolean, "false", r#"{"type":"boolean","v":false}"#),
            (ValueType::Null, "null", r#"{"type":"null","v":null}"#),
            (
                ValueType::Text,
                "a\"\u{7f}é",
                "{\"type\":\"text\",\"v\":\"a\\\"\u{7f}é\"}",
            ),
        ] {
            let value = Value {
                kind,
                text: text.to_owned(),
            };
            assert_eq!(serde_json::to_string(&ValueBody(&value)).unwrap(), json);
        }
    }
}
