//! Texts and JSON as strangers and nodes send them, dense in what the kit looks at.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::judge::pattern::OPERATORS;

/// Pieces that become something else somewhere: markup, quotes, escapes, controls, names in braces.
const PIECES: &[&str] = &[
    "<script>alert(1)</script>",
    "</pre>",
    "<!--",
    "]]>",
    "&amp;",
    "\"",
    "'",
    "`",
    "```",
    "\\",
    "|",
    "$(id)",
    "$'",
    "@file",
    "-o",
    "!",
    "%41",
    "{ns}",
    "{first.id}",
    "{row.x}",
    "[a]",
    "https://x.example/",
    "\u{1b}[2J",
    "\u{7}",
    "\u{85}",
    "\u{9b}",
    "\u{ad}",
    "\u{61c}",
    "\u{202e}",
    "\u{2028}",
    "\u{2066}",
    "\u{feff}",
    "\u{e0041}",
    "\u{130}",
    "𝄞",
    "\r\n",
    "\n",
    "\t",
    " ",
    "a",
    "5",
    "..",
    "/",
    "?",
    "#",
];

const MEMBERS: &[&str] = &[
    "id",
    "facts",
    "entity",
    "relation",
    "value",
    "type",
    "v",
    "source",
    "hlc",
    "timestamp",
    "valid_until",
    "cid",
    "confidence",
    "scope",
    "received_from",
    "cursor",
    "has_more",
    "total",
    "conflicts",
    "fact_a",
    "error",
    "a/b",
    "a~b",
    "",
];

/// What a body may hold in place of plain values, and what a pattern may have beside its operators.
const SPECIALS: &[&str] = &["$literal", "$repeat", "times", "$nested", "$absent", "$as", "by", "as"];

pub(super) fn texts() -> BoxedStrategy<String> {
    let dense = prop::collection::vec(select(PIECES), 0..8).prop_map(|pieces| pieces.concat());
    prop_oneof![3 => dense, 1 => any::<String>(), 1 => meaningful()].boxed()
}

/// Texts that some reader of the kit understands.
fn meaningful() -> BoxedStrategy<String> {
    prop_oneof![
        "[0-9]{1,14}([.][0-9]{1,4})?",
        "2026-0[1-9]-[0-3][0-9]T[0-2][0-9]:00:00([.][0-9]{1,9})?(Z|[+-]0[0-9]:00)",
        "stigmem://[a-z]{1,3}/[a-z]{1,3}/[a-zA-Z%41 ]{1,5}",
        "sha256:[0-9a-f]{64}",
        "(hlc|number|text|instant|ascending|descending|string|integer|object)",
        "/(facts|id|hlc|0|value/v)",
    ]
    .boxed()
}

pub(super) fn member_names() -> BoxedStrategy<String> {
    prop_oneof![8 => select(MEMBERS).prop_map(str::to_owned), 1 => texts()].boxed()
}

/// JSON of any kind, without what stands for something else.
pub(super) fn values() -> BoxedStrategy<Value> {
    nested(member_names())
}

/// JSON with everything that stands for something else in a body to be sent.
pub(super) fn bodies() -> BoxedStrategy<Value> {
    let names = prop_oneof![1 => select(SPECIALS).prop_map(str::to_owned), 2 => member_names()];
    nested(names.boxed())
}

/// JSON with the operators of patterns.
pub(super) fn patterns() -> BoxedStrategy<Value> {
    let operators = select(&OPERATORS[..]).prop_map(str::to_owned);
    let specials = select(SPECIALS).prop_map(str::to_owned);
    nested(prop_oneof![4 => operators, 1 => specials, 4 => member_names()].boxed())
}

fn nested(names: BoxedStrategy<String>) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => (-3_i64..1000).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        4 => texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let members = prop::collection::vec((names.clone(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

/// A fact record, most often with one member that is not as it should be.
pub(super) fn facts() -> BoxedStrategy<Value> {
    let change = prop::option::of((member_names(), values()));
    (0..4_u8, values(), change).prop_map(|(n, v, change)| {
        let value = match v {
            Value::Number(v) => json!({"type": "number", "v": v}),
            Value::Bool(v) => json!({"type": "boolean", "v": v}),
            Value::String(v) => json!({"type": "text", "v": v}),
            _ => json!({"type": "null", "v": null}),
        };
        let mut fact = json!({
            "id": format!("00000000-0000-4000-8000-00000000000{n}"), "entity": "stigmem://a.test/user/alice",
            "relation": "memory:role", "value": value, "source": "stigmem://a.test/agent/harness",
            "timestamp": "2026-01-02T03:04:05.678Z", "hlc": format!("1746230400000.00{n}"), "valid_until": null,
            "confidence": 1.0, "scope": "local", "contradicted": false, "cid": format!("sha256:{}", "5f".repeat(32)),
        });
        if let Some((name, value)) = change {
            fact[name.as_str()] = value;
        }
        fact
    })
    .boxed()
}

/// The body of an answer.
pub(super) fn answers() -> BoxedStrategy<Value> {
    let some_facts = || prop::collection::vec(facts(), 0..4);
    prop_oneof![
        3 => facts(),
        3 => (some_facts(), texts()).prop_map(|(facts, cursor)| json!({"facts": facts, "total": facts.len(), "cursor": cursor})),
        2 => some_facts().prop_map(|facts| json!({"facts": facts, "total": facts.len(), "cursor": null, "has_more": false})),
        1 => (facts(), facts()).prop_map(|(a, b)| json!({"conflicts": [{"id": "c", "fact_a": a, "fact_b": b}], "cursor": null})),
        1 => texts().prop_map(|detail| json!({"error": "bad_request", "detail": detail})),
        1 => values(),
    ]
    .boxed()
}
