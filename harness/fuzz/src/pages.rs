//! Pages of facts from peers, and what stands in a query: texts that the node takes apart by itself.

use serde_json::Value;
use stigmem_conformance::world::http::percent;
use stigmem_node::fuzzing as node;

use crate::assertions;

pub fn check(data: &[u8]) {
    page(data);
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(node::percent_decoded(&percent(text)).as_deref(), Some(text));
        let _ = node::percent_decoded(text);
        assert!(!node::opens(text), "nobody issued {text:?}");
    }
}

fn page(data: &[u8]) {
    let found = node::page(data);
    for fact in found.iter().flatten() {
        assertions::offer(fact);
    }
    // Names with escapes in them are other names to the outline, and a text that says a member twice says nothing.
    if node::json(data).is_none() || data.contains(&b'\\') {
        return;
    }
    let whole: Value = serde_json::from_slice(data).expect("what the node takes is JSON");
    let facts = whole["facts"].as_array().filter(|facts| facts.len() <= 1_000);
    let is_page = matches!(whole["cursor"], Value::Null | Value::String(_))
        && matches!(whole["has_more"], Value::Null | Value::Bool(_));
    match (facts.filter(|_| is_page), found) {
        (Some(facts), Some(found)) => {
            let found = found
                .iter()
                .map(|fact| serde_json::from_slice(fact).expect("a part of JSON"));
            assert_eq!(*facts, found.collect::<Vec<Value>>());
        }
        (expected, found) => assert_eq!(expected.is_some(), found.is_some()),
    }
}
