//! What cases say of themselves, and what the tests of reader and linter start from.

use std::sync::LazyLock;

use serde_json::json;

use super::*;
use crate::{data::Data, error::InputError, schemas::tests::SCHEMAS};

/// Our own, read once for all tests.
pub(crate) static VECTORS: LazyLock<Vectors> = LazyLock::new(|| load(&Data::embedded(), &SCHEMAS).unwrap());

/// A case with these members, and what every case must have.
pub(super) fn case(members: &Value) -> Value {
    let mut case = json!({"id": "a-case", "covers": ["FACT-01"], "why": "a sentence about what goes wrong"});
    for (name, value) in members.as_object().unwrap() {
        case[name] = value.clone();
    }
    case
}

/// Cases, read as from a file.
pub(super) fn read(cases: &[Value]) -> Result<Vectors, InputError> {
    let file = json!({"area": "facts", "title": "Some cases", "cases": cases});
    load(
        &Data::of([("vectors/facts/some.json".to_owned(), file.to_string())]),
        &SCHEMAS,
    )
}

pub(super) fn read_one(members: &Value) -> Case {
    read(&[case(members)]).unwrap().cases.remove(0)
}

#[test]
fn a_case_is_found_by_its_id() {
    let get = json!([{"get": "/x"}]);
    let vectors = read(&[
        case(&json!({"id": "one", "steps": get})),
        case(&json!({"id": "table", "steps": get, "rows": [{"id": "first"}, {"id": "second"}]})),
    ])
    .unwrap();
    for id in ["one", "table/first", "table/second"] {
        assert_eq!(vectors.find(id).map(|case| case.id.as_str()), Some(id));
    }
    assert!(vectors.find("table").is_none());
}

#[test]
fn a_case_weighs_on_the_node_when_it_reads_what_all_cases_share() {
    for (step, weighs) in [
        (json!({"conflicts": {"of": "user:a"}}), true),
        (json!({"walk": {"path": "/v1/conflicts"}}), true),
        (json!({"walk": {}}), false),
        (json!({"request": {"method": "POST", "path": "/v1/auth/keys"}}), true),
        (json!({"request": {"path": "/v1/facts"}}), false),
        (json!({"until": {"step": {"conflicts": {"of": "user:a"}}}}), true),
        (json!({"until": {"step": {"get": "/x"}}}), false),
        (json!({"get": "/v1/conflicts"}), false),
    ] {
        let case = read_one(&json!({"steps": [{"get": "/x"}, step]}));
        assert_eq!(case.weighs_on_the_node(), weighs, "{step}");
    }
}

#[test]
fn a_case_that_moves_its_node_wants_one_for_itself() {
    let get = json!([{"get": "/x"}]);
    assert!(!read_one(&json!({"steps": get})).wants_own_node());
    assert!(!read_one(&json!({"steps": get, "node": {"variant": "small"}})).wants_own_node());
    assert!(read_one(&json!({"steps": get, "node": {"own": true}})).wants_own_node());
    assert!(read_one(&json!({"steps": get, "world": {"nodes": ["a"]}})).wants_own_node());
    for step in [
        json!({"stop": {}}),
        json!({"kill": {}}),
        json!({"start": {}}),
        json!({"restart": {}}),
        json!({"pause": {}}),
        json!({"resume": {}}),
        json!({"lose": {}}),
        json!({"kill_during_writes": {"clients": 1, "kill_after": 1, "body": {}}}),
    ] {
        let case = read_one(&json!({"steps": [{"get": "/x"}, step]}));
        assert!(case.wants_own_node(), "{step}");
    }
}

#[test]
fn a_key_reaches_every_scope_unless_it_says_otherwise() {
    let all = ["local", "team", "company", "public"];
    let case = read_one(&json!({
        "steps": [{"get": "/x"}],
        "keys": {"reader": {"permissions": ["read"]}, "narrow": {"permissions": ["read"], "scopes": ["team"]}},
    }));
    assert_eq!(case.keys["reader"].scopes, all);
    assert_eq!(case.keys["narrow"].scopes, ["team"]);
    let ordinary = KeyWish::ordinary();
    assert_eq!(
        (&ordinary.permissions[..], &ordinary.scopes[..]),
        (&["read", "write"].map(str::to_owned)[..], &all.map(str::to_owned)[..])
    );
}

#[test]
fn a_witness_stores_a_fact_and_shows_it_again() {
    let assert = json!({"assert": {}, "save": "first"});
    let shown = json!({"fact": "{first.id}", "expect": {"status": 200}});
    for (steps, is_witness) in [
        (json!([assert, shown]), true),
        (json!([{"get": "/x"}, assert, {"get": "/x"}, shown]), true),
        (json!([shown, assert]), false),
        (json!([assert]), false),
        (json!([shown]), false),
        // Preparation shows nothing.
        (json!([assert, {"fact": "{first.id}"}]), false),
        (json!([assert, {"get": "/x", "expect": {"status": 200}}]), false),
    ] {
        assert_eq!(read_one(&json!({ "steps": steps })).is_witness(), is_witness, "{steps}");
    }
    assert!(!read_one(&json!({"every": "fact", "expect": {"body": {"a": 1}}})).is_witness());
}
