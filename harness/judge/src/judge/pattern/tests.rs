//! What JSON files cannot say well: messages, and numbers that some readers of JSON would spoil. The rest is in `vectors/pure/`.

use serde_json::{Value, json};

use super::{check, equal, matches};

fn wrong(pattern: &Value, value: &Value) -> (String, String) {
    let wrong = matches(pattern, Some(value)).unwrap_err();
    (wrong.expected, wrong.got)
}

fn said(expected: &str, got: &str) -> (String, String) {
    (expected.to_owned(), got.to_owned())
}

#[test]
fn integers_are_compared_with_all_their_digits() {
    let (one, next) = (9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64);
    assert!(matches(&json!(one), Some(&json!(next))).is_err());
    assert_eq!(matches(&json!({"$gt": one}), Some(&json!(next))), Ok(()));
    assert_eq!(matches(&json!({"$lt": next}), Some(&json!(one))), Ok(()));
    assert_eq!(matches(&json!({"$distinct": ""}), Some(&json!([one, next]))), Ok(()));
    assert!(matches(&json!({"$covers": [one]}), Some(&json!([next]))).is_err());
    let rising = json!({"$ordered": {"by": "", "as": "number", "order": "ascending", "strict": true}});
    assert_eq!(matches(&rising, Some(&json!([one, next]))), Ok(()));
    assert!(matches(&rising, Some(&json!([next, one]))).is_err());
}

#[test]
fn large_doubles_are_the_integers_that_they_are() {
    let same = json!([9_007_199_254_740_992.0, 9_007_199_254_740_992_u64]);
    assert!(matches(&json!({"$distinct": ""}), Some(&same)).is_err());
    assert_eq!(matches(&json!({"$distinct": ""}), Some(&json!([1e300, 1e301]))), Ok(()));
    assert_eq!(matches(&json!({"$type": "integer"}), Some(&json!(1e300))), Ok(()));
}

#[test]
fn equality_is_by_value_and_of_the_whole() {
    assert!(equal(&json!({"a": [1, {"b": 2.0}]}), &json!({"a": [1.0, {"b": 2}]})));
    for (one, other) in [
        (json!([1]), json!([1, 2])),
        (json!([1, 2]), json!([1])),
        (json!({"a": 1}), json!({"a": 1, "b": 2})),
        (json!({"a": 1, "b": 2}), json!({"a": 1})),
        (json!({"a": 1}), json!({"b": 1})),
        (json!("1"), json!(1)),
    ] {
        assert!(!equal(&one, &other), "{one} {other}");
    }
}

#[test]
fn messages_say_what_was_expected_and_what_was_there() {
    assert_eq!(
        wrong(&json!({"a": 1}), &json!({})),
        said("1", "nothing: the member is not there")
    );
    assert_eq!(
        wrong(&json!({"a": 1}), &json!(2)),
        said("an object like {\"a\":1}", "2")
    );
    assert_eq!(wrong(&json!([1]), &json!(2)), said("an array like [1]", "2"));
    assert_eq!(
        wrong(&json!([1]), &json!([1, 2])),
        said("1 elements", "2 elements: [1,2]")
    );
    assert_eq!(
        wrong(&json!({"$size": {"$gte": 3}}), &json!("ab")),
        said("size gte 3", "size 2: \"ab\"")
    );
    assert_eq!(wrong(&json!({"$not": 1}), &json!(1)), said("anything but 1", "1"));
    assert_eq!(wrong(&json!({"$oneOf": [1]}), &json!(2)), said("one of [1]", "2"));
    assert_eq!(
        wrong(&json!({"$repeat": "ab", "times": 2}), &json!("ab")),
        said("\"abab\"", "\"ab\"")
    );
    assert_eq!(
        wrong(&json!({"$matches": "^a"}), &json!("b")),
        said("matches \"^a\"", "\"b\"")
    );
    assert_eq!(
        wrong(&json!({"$contains": 1}), &json!([2])),
        said("an element like 1", "1 elements, none like it: [2]")
    );
    assert_eq!(
        wrong(&json!({"$unordered": [1]}), &json!([2, 3])),
        said("1 elements, in any order", "2: [2,3]")
    );
    assert_eq!(
        wrong(&json!({"$covers": [{"id": 1}, {"id": 2}]}), &json!([{"id": 2}])),
        said("all 2 of these", "1 of 2 are missing, first 1")
    );
    assert_eq!(
        wrong(&json!({"$same": ["/a"], "$as": {}}), &json!({"a": 1})),
        said("a member to compare with", "1")
    );
    assert_eq!(
        wrong(&json!({"$matches": "1"}), &json!(1)),
        said("matches \"1\"", "1"),
        "no text, where a text is wanted"
    );
    assert_eq!(
        wrong(&json!({"$literal": 5}), &json!(5)),
        said(
            "an operator that exists, with an argument that it takes",
            "$literal with 5 in the vector"
        )
    );
    let falling = json!({"$ordered": {"by": "/n", "as": "number", "order": "descending"}});
    assert_eq!(
        wrong(&falling, &json!([{"n": 1}, {"n": 2}])),
        said("/n descending", "1 before 2")
    );
}

#[test]
fn times_is_a_member_like_any_other_where_nothing_is_repeated() {
    let pattern = json!({"times": 2, "$size": 1});
    assert_eq!(matches(&pattern, Some(&json!({"times": 2}))), Ok(()));
    let wrong = matches(&pattern, Some(&json!({"times": 3}))).unwrap_err();
    assert_eq!(wrong.pointer, "/times");
}

/// A row of a table may bring a pattern that nobody has looked at before it is filled in.
#[test]
fn nothing_matches_what_cannot_be_judged() {
    for (pattern, value) in [
        (json!({"$contians": 1}), json!([1])),
        (json!({"$contians": "a"}), json!("a")),
        (json!({"$absent": "yes"}), json!(1)),
        (json!({"$any": false}), json!(1)),
        (json!({"$oneOf": {"a": 1}}), json!({"a": 1})),
        (json!({"$all": {"a": 1}}), json!({"a": 1})),
        (json!({"$all": []}), json!(1)),
        (json!({"$unordered": {}}), json!([])),
        (json!({"$distinct": true}), json!([1])),
        (json!({"$covers": {"id": 1}}), json!([{"id": 1}])),
        (json!({"$same": "/a", "$as": {"a": 1}}), json!({"a": 1})),
        (json!({"$same": [], "$as": {"a": 1}}), json!({"a": 1})),
        (json!({"$same": ["/a", 1], "$as": {"a": 1}}), json!({"a": 1})),
        (json!({"$same": ["/a"]}), json!({"a": 1})),
        (json!({"$as": {"a": 1}}), json!({"a": 1})),
        (json!({"$cid": false}), json!({"cid": null})),
        (json!({"$repeat": "a", "times": "1"}), json!("a")),
        (json!({"$matches": "("}), json!("(")),
        (json!({"$type": "float"}), json!(1.5)),
        (json!({"$gt": "0"}), json!(1)),
        (json!({"$literal": 5}), json!(5)),
        (
            json!({"$ordered": {"by": "/n", "as": "number"}}),
            json!([{"n": 1}, {"n": 2}]),
        ),
        (
            json!({"$ordered": {"by": "/n", "as": "count", "order": "ascending"}}),
            json!([{"n": 1}, {"n": 2}]),
        ),
        (
            json!({"$ordered": {"by": "/n", "as": "number", "order": "up"}}),
            json!([{"n": 1}, {"n": 2}]),
        ),
    ] {
        assert!(
            matches(&pattern, Some(&value)).is_err(),
            "{pattern} should not match {value}"
        );
        assert!(check(&pattern).is_err(), "{pattern} should not be taken");
    }
}

#[test]
fn a_pattern_is_looked_at_before_its_names_are_filled_in() {
    for pattern in [
        json!({"$size": "{row.count}"}),
        json!({"$covers": "{made.facts}"}),
        json!({"$oneOf": "{row.shown}"}),
        json!({"$hlc_after": "{first.hlc}"}),
        json!({"$matches": "^{ns}/x$"}),
        json!({"$repeat": "{row.unit}", "times": "{row.times}"}),
        json!({"$repeat": "ab", "times": "{row.times}"}),
        json!({"$same": "{row.members}", "$as": "{first}"}),
    ] {
        assert_eq!(check(&pattern), Ok(()), "{pattern}");
    }
    for pattern in [
        json!({"$as": "{first}"}),
        json!({"$contians": "{first}"}),
        json!({"$all": ["{a}", {"$foo": 1}]}),
    ] {
        assert!(check(&pattern).is_err(), "{pattern}");
    }
}

#[test]
fn what_is_wrong_with_a_pattern_is_said_with_its_place() {
    let malformed = check(&json!({"a": [{"$not": {"$size": "2"}}]})).unwrap_err();
    assert_eq!(malformed.pointer, "/a/0/$not/$size");
    assert_eq!(
        malformed.to_string(),
        "the pattern at \"/a/0/$not/$size\": wants a number or a pattern"
    );
    let unknown = check(&json!({"$oneOf": [1, {"$foo": 1}]})).unwrap_err();
    assert_eq!(unknown.pointer, "/$oneOf/1/$foo");
}

#[test]
fn an_operator_says_what_it_wants() {
    for (pattern, wants) in [
        (json!({"$size": true}), "a number or a pattern"),
        (json!({"$all": "a"}), "a list of patterns that is not empty"),
        (json!({"$oneOf": "a"}), "a list of patterns"),
        (json!({"$unordered": "a"}), "a list of patterns"),
        (json!({"$ordered": "/h"}), "`by`, `as`, `order` and perhaps `strict`"),
        (json!({"$distinct": "id"}), "a JSON Pointer"),
        (json!({"$covers": "a"}), "a list"),
        (json!({"$absent": "true"}), "true or false"),
        (json!({"$any": "true"}), "true"),
        (json!({"$cid": "true"}), "true"),
        (json!({"$type": "float"}), "the name of a JSON type"),
        (json!({"$matches": "("}), "a regular expression"),
        (json!({"$gt": "1"}), "a number"),
        (json!({"$gte": "1"}), "a number"),
        (json!({"$lt": "1"}), "a number"),
        (json!({"$lte": "1"}), "a number"),
        (json!({"$instant": "today"}), "an instant"),
        (json!({"$after": "today"}), "an instant"),
        (json!({"$before": "today"}), "an instant"),
        (
            json!({"$same": "/a", "$as": {"a": 1}}),
            "a list of JSON Pointers and `$as`",
        ),
        (json!({"$repeat": "a"}), "a text and `times`"),
        (json!({"$hlc_after": "later"}), "a clock value"),
        (json!({"$includes": 1}), "a text"),
        (json!({"$literal": 1}), "a text"),
        (json!({"$normalised": 1}), "a text"),
    ] {
        let malformed = check(&pattern).unwrap_err();
        assert_eq!(malformed.message, format!("wants {wants}"), "{pattern}");
    }
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let wrong = matches(&json!(1), Some(&json!("é".repeat(100_000)))).unwrap_err();
    assert!(wrong.got.len() < 500, "{}", wrong.got.len());
}
