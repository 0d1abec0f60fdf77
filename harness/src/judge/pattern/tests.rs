use serde_json::{Value, json};

use super::{matches, operators::NAMES};

/// For each operator: a pattern, values that match, values that do not.
#[expect(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<(&'static str, Value, Vec<Value>, Vec<Value>)> {
    let hlc = json!({"$ordered": {"by": "/h", "as": "hlc", "order": "ascending", "strict": true}});
    vec![
        (
            "$size",
            json!({"$size": 2}),
            vec![json!([1, 2]), json!("aé"), json!({"a": 1, "b": 2})],
            vec![json!([1]), json!(2)],
        ),
        (
            "$size",
            json!({"$size": {"$gte": 1}}),
            vec![json!([1, 2])],
            vec![json!([])],
        ),
        (
            "$contains",
            json!({"$contains": {"a": 1}}),
            vec![json!([{"a": 2}, {"a": 1, "b": 0}])],
            vec![json!([]), json!([{"a": 2}]), json!({"a": 1})],
        ),
        (
            "$excludes",
            json!({"$excludes": {"a": 1}}),
            vec![json!([]), json!([{"a": 2}])],
            vec![json!([{"a": 1}]), json!(null)],
        ),
        (
            "$each",
            json!({"$each": {"a": 1}}),
            vec![json!([{"a": 1}])],
            vec![json!([]), json!([{"a": 1}, {"a": 2}])],
        ),
        (
            "$unordered",
            json!({"$unordered": [{"$any": true}, 1]}),
            vec![json!([1, 2]), json!([2, 1])],
            vec![json!([2, 3]), json!([1])],
        ),
        (
            "$ordered",
            hlc,
            vec![json!([{"h": "9.5"}, {"h": "10.4"}])],
            vec![
                json!([{"h": "9.10"}, {"h": "9.9"}]),
                json!([{"h": "9.1"}, {"h": "9.1"}]),
                json!([{"h": "9.1"}]),
                json!([{"h": 1}, {"h": 2}]),
            ],
        ),
        (
            "$distinct",
            json!({"$distinct": "/id"}),
            vec![json!([{"id": 1}, {"id": 2}])],
            vec![json!([{"id": 1}, {"id": 1}]), json!([{}])],
        ),
        (
            "$covers",
            json!({"$covers": [{"id": 1, "x": 0}, {"id": 2}]}),
            vec![json!([{"id": 2}, {"id": 1}, {"id": 3}])],
            vec![json!([{"id": 1}])],
        ),
        (
            "$absent",
            json!({"a": {"$absent": true}}),
            vec![json!({})],
            vec![json!({"a": null})],
        ),
        (
            "$absent",
            json!({"a": {"$absent": false}}),
            vec![json!({"a": null})],
            vec![json!({})],
        ),
        (
            "$any",
            json!({"a": {"$any": true}}),
            vec![json!({"a": null})],
            vec![json!({})],
        ),
        (
            "$type",
            json!({"$type": "integer"}),
            vec![json!(5), json!(5.0)],
            vec![json!(5.5), json!("5")],
        ),
        ("$type", json!({"$type": "null"}), vec![json!(null)], vec![json!(0)]),
        (
            "$not",
            json!({"a": {"$not": 1}}),
            vec![json!({"a": 2}), json!({})],
            vec![json!({"a": 1})],
        ),
        (
            "$oneOf",
            json!({"$oneOf": [1, {"$type": "string"}]}),
            vec![json!(1), json!("x")],
            vec![json!(2)],
        ),
        (
            "$all",
            json!({"$all": [{"$type": "string"}, {"$matches": "^a"}]}),
            vec![json!("ab")],
            vec![json!("b"), json!(1)],
        ),
        (
            "$matches",
            json!({"$matches": "^a+$"}),
            vec![json!("aa")],
            vec![json!("ab"), json!(1)],
        ),
        (
            "$includes",
            json!({"$includes": "a.c"}),
            vec![json!("xa.cx")],
            vec![json!("abc"), json!(["a.c"])],
        ),
        ("$gt", json!({"$gt": 1}), vec![json!(2)], vec![json!(1), json!("2")]),
        ("$gte", json!({"$gte": 1}), vec![json!(1)], vec![json!(0.5)]),
        ("$lt", json!({"$lt": 1}), vec![json!(0)], vec![json!(1)]),
        ("$lte", json!({"$lte": 1}), vec![json!(1)], vec![json!(1.5)]),
        (
            "$literal",
            json!({"$literal": "5.0"}),
            vec![json!(5.0)],
            vec![json!(5), json!("5.0")],
        ),
        (
            "$instant",
            json!({"$instant": "2026-01-01T00:00:00Z"}),
            vec![json!("2026-01-01T01:00:00.000+01:00")],
            vec![json!("2026-01-01T00:00:00.001Z"), json!("2026-01-01T00:00:00")],
        ),
        (
            "$after",
            json!({"$after": "2026-01-01T00:00:00Z"}),
            vec![json!("2026-01-01T00:00:01Z")],
            vec![json!("2026-01-01T00:00:00Z"), json!(1)],
        ),
        (
            "$before",
            json!({"$before": "2026-01-01T00:00:00Z"}),
            vec![json!("2025-12-31T23:59:59Z")],
            vec![json!("2026-01-01T00:00:00Z"), json!("x")],
        ),
        (
            "$hlc_after",
            json!({"$hlc_after": "10.9"}),
            vec![json!("10.10")],
            vec![json!("10.9"), json!("9.99"), json!("x")],
        ),
        (
            "$normalised",
            json!({"$normalised": " User:A B "}),
            vec![json!("user:a-b")],
            vec![json!("User:A B")],
        ),
        (
            "$cid",
            json!({"$cid": true}),
            vec![json!({"cid": null})],
            vec![fact("sha256:00")],
        ),
        (
            "$cid",
            json!({"$cid": true}),
            vec![fact(
                "sha256:a719935a2f4018a6dbb0e704a856058a6de2d4749a94983211162f5dc168111b",
            )],
            vec![fact("")],
        ),
        (
            "$same",
            json!({"$same": ["/a", "/b/c"], "$as": {"a": 5, "b": {"c": "x"}}}),
            vec![json!({"a": 5.0, "b": {"c": "x"}})],
            vec![json!({"a": 5, "b": {}}), json!({"a": 6, "b": {"c": "x"}})],
        ),
        (
            "$as",
            json!({"$same": ["/a"], "$as": {}}),
            vec![],
            vec![json!({}), json!({"a": 1})],
        ),
    ]
}

fn fact(cid: &str) -> Value {
    json!({
        "entity": "user:alice", "relation": "memory:role", "value": {"type": "string", "v": "CEO"}, "source": "agent:a",
        "confidence": 1.0, "scope": "local", "cid": cid,
    })
}

#[test]
fn every_operator_accepts_and_refuses() {
    for (name, pattern, good, bad) in table() {
        for value in good {
            assert_eq!(
                matches(&pattern, Some(&value)),
                Ok(()),
                "{name}: {pattern} should match {value}"
            );
        }
        for value in bad {
            assert!(
                matches(&pattern, Some(&value)).is_err(),
                "{name}: {pattern} should not match {value}"
            );
        }
    }
}

#[test]
fn every_operator_stands_in_the_table() {
    // `$repeat` is a text, written out before matching.
    for name in NAMES.into_iter().filter(|name| *name != "$repeat") {
        assert!(table().iter().any(|row| row.0 == name), "{name} has no row");
    }
}

#[test]
fn an_operator_that_does_not_exist_never_holds() {
    assert!(matches(&json!({"$contians": 1}), Some(&json!([1]))).is_err());
}

#[test]
fn plain_patterns_match_by_subset_and_name_the_place() {
    let value = json!({"a": [{"b": 1, "c": 2}], "d/e": "x"});
    assert_eq!(matches(&json!({"a": [{"b": 1.0}]}), Some(&value)), Ok(()));
    assert_eq!(
        matches(&json!({"a": [{"b": 2}]}), Some(&value)).unwrap_err().pointer,
        "/a/0/b"
    );
    assert_eq!(
        matches(&json!({"d/e": "y"}), Some(&value)).unwrap_err().pointer,
        "/d~1e"
    );
    assert!(matches(&json!({"a": []}), Some(&value)).is_err());
    assert!(matches(&json!(null), None).is_err());
    assert!(
        matches(
            &json!(9_007_199_254_740_993_u64),
            Some(&json!(9_007_199_254_740_992_u64))
        )
        .is_err()
    );
}

#[test]
fn operators_and_members_stand_side_by_side() {
    let pattern = json!({"a": 1, "$same": ["/b"], "$as": {"b": 2}});
    assert_eq!(matches(&pattern, Some(&json!({"a": 1, "b": 2}))), Ok(()));
    assert!(matches(&pattern, Some(&json!({"a": 2, "b": 2}))).is_err());
    assert!(matches(&pattern, Some(&json!({"a": 1, "b": 3}))).is_err());
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let wrong = matches(&json!(1), Some(&json!("é".repeat(100_000)))).unwrap_err();
    assert!(wrong.got.len() < 500, "{}", wrong.got.len());
}
