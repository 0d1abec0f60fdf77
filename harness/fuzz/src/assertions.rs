//! Bodies of assertions and facts of peers: the node's strict JSON against serde_json, and its content ids against the harness's.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use stigmem_conformance::protocol::{
    cid::{self, Content},
    uri,
};
use stigmem_node::fuzzing as node;

pub fn check(data: &[u8]) {
    json(data);
    content_id(data);
    offer(data);
}

/// The node refuses more than serde_json, and never understands a text otherwise.
fn json(data: &[u8]) {
    if let Some(text) = node::json(data) {
        let theirs: Value = serde_json::from_slice(data).expect("what the node takes is JSON");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("it was written"), theirs);
    }
}

#[derive(Deserialize)]
struct Assertion<'a> {
    entity: String,
    relation: String,
    source: String,
    #[serde(borrow)]
    value: Tagged<'a>,
    #[serde(borrow, default)]
    confidence: Option<&'a RawValue>,
    #[serde(default)]
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Tagged<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    v: Option<&'a RawValue>,
}

fn content_id(data: &[u8]) {
    let Some(id) = node::content_id(data) else { return };
    let read: Assertion<'_> = serde_json::from_slice(data).expect("what the node takes has these members");
    let name = |text: &str| uri::normalise(text).expect("a name that the node takes");
    let (entity, source) = (name(&read.entity), name(&read.source));
    let literal = read.value.v.map_or("null", RawValue::get);
    let value_text = cid::storage_text(&read.value.kind, literal).expect("a value that the node takes");
    let confidence = match read.confidence.map(RawValue::get) {
        None => 1.0,
        Some("-0") => 0.0,
        Some(literal) => literal.parse().expect("a number that the node takes"),
    };
    let content = Content {
        confidence,
        entity: &entity,
        relation: &read.relation,
        scope: read.scope.as_deref().unwrap_or("local"),
        source: &source,
        value_type: &read.value.kind,
        value_text: &value_text,
    };
    assert_eq!(cid::cid(&content), id);
    let v: Value = serde_json::from_str(literal).expect("a part of JSON");
    let shown = json!({
        "entity": entity, "relation": read.relation, "value": {"type": read.value.kind, "v": v}, "source": source,
        "scope": content.scope, "confidence": confidence,
    });
    is_candidate(&shown, &id);
}

/// A fact of a peer's, as it stands in a page or in a push.
pub(crate) fn offer(fact: &[u8]) {
    if let Some((_, id)) = node::offered(fact) {
        let shown: Value = serde_json::from_slice(fact).expect("what the node takes is JSON");
        is_candidate(&shown, &id);
    }
}

/// The judge takes this id for right, or says that it cannot tell.
fn is_candidate(fact: &Value, id: &String) {
    if let Some(candidates) = cid::candidates(fact) {
        assert!(candidates.contains(id), "{id} is none of {candidates:?} for {fact}");
    }
}
