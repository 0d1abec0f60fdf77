use std::sync::LazyLock;

use serde_json::json;

use super::*;

/// Our own, compiled once for all tests.
pub(crate) static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| Schemas::load(&Data::embedded()).unwrap());

fn load(files: &[(&str, Value)]) -> Result<Schemas, InputError> {
    Schemas::load(&Data::of(
        files
            .iter()
            .map(|(name, schema)| (format!("schemas/{name}.json"), schema.to_string())),
    ))
}

#[test]
fn schemas_are_known_by_the_end_of_their_uri() {
    let schemas = load(&[
        ("a", json!({"$id": "urn:stigmem:wire:thing", "type": "object"})),
        (
            "b",
            json!({"$id": "urn:stigmem:list", "items": {"$ref": "urn:stigmem:wire:thing"}}),
        ),
        // A document that is no schema, as that of the API.
        ("c", json!({"openapi": "3.1.0"})),
    ])
    .unwrap();
    assert!(schemas.contains("wire/thing") && schemas.contains("list"));
    assert!(!schemas.contains("thing") && !schemas.contains("c"));
    assert_eq!(format!("{schemas:?}"), "{\"list\", \"wire/thing\"}");
    assert_eq!(schemas.mismatch("list", &json!([{}])), None);
    assert_eq!(schemas.mismatch("list", &json!([{}, 7])).unwrap().pointer, "/1");
}

#[test]
fn a_mismatch_names_the_rule_and_not_the_value() {
    let schemas = load(&[(
        "a",
        json!({"$id": "urn:stigmem:a", "properties": {"n": {"type": "integer"}}}),
    )])
    .unwrap();
    let wrong = schemas.mismatch("a", &json!({"n": "x".repeat(1000)})).unwrap();
    assert_eq!(wrong.pointer, "/n");
    assert_eq!(
        wrong.message,
        "the value is not of type \"integer\" (schema a, /properties/n/type)"
    );
    let none = schemas.mismatch("b", &json!(1)).unwrap();
    assert_eq!(
        (none.pointer.as_str(), none.message.as_str()),
        ("", "there is no schema \"b\"")
    );
}

#[test]
fn a_format_is_an_assertion_and_must_be_known() {
    let schema = |format: &str| load(&[("a", json!({"$id": "urn:stigmem:a", "type": "string", "format": format}))]);
    let known = schema("date-time").unwrap();
    assert_eq!(known.mismatch("a", &json!("2026-01-01T00:00:00Z")), None);
    assert!(known.mismatch("a", &json!("tomorrow")).is_some());
    assert_eq!(schema("moment").unwrap_err().place, "schemas/a.json");
}

#[test]
fn a_file_is_refused_where_it_is_wrong() {
    let schemas = load(&[("a", json!({"$id": "urn:stigmem:a", "required": ["x"]}))]).unwrap();
    assert_eq!(schemas.check_file("a", "f.json", &json!({"x": 1})), Ok(()));
    let error = schemas.check_file("a", "f.json", &json!({})).unwrap_err();
    assert_eq!((error.place.as_str(), error.pointer.as_str()), ("f.json", ""));
}

#[test]
fn a_schema_that_cannot_be_used_is_refused() {
    let text = |text: &str| Schemas::load(&Data::of([("schemas/a.json".to_owned(), text.to_owned())])).unwrap_err();
    assert!(text("{").message.starts_with("is not JSON: "));
    assert_eq!(
        text("{\"$id\": \"urn:stigmem:a\", \"type\": \"thing\"}").place,
        "schemas/a.json"
    );
}
