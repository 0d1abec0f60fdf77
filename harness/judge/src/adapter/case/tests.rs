//! What a vector file says about an adapter, and what is read from it.

use serde_json::json;

use super::*;

const FILE: &str = "vectors/adapter/some.json";

/// The cases that a case with these members, and what every case must have, is read as.
fn read(members: &Value) -> Result<Vec<Case>, InputError> {
    let mut case = json!({"id": "a-case", "covers": ["ADPT-01"], "why": "a sentence about what goes wrong"});
    for (name, value) in members.as_object().unwrap() {
        case[name] = value.clone();
    }
    let mut cases = Vec::new();
    read_file(FILE, &json!({ "cases": [case] }), &mut cases)?;
    Ok(cases)
}

fn read_one(members: &Value) -> Case {
    read(members).unwrap().remove(0)
}

/// The only step of a case.
fn step(step: &Value) -> Step {
    let case = read_one(&json!({ "steps": [step] }));
    case.adapter().unwrap().steps[0].clone()
}

#[test]
fn a_case_says_where_it_stands_and_what_it_is_about() {
    let case = read_one(&json!({"lacks": ["boot"], "steps": [{"do": "query", "expect": {"exit": 0}}]}));
    assert_eq!((case.id.as_str(), case.area.as_str()), ("a-case", "adapter"));
    assert_eq!((case.file.as_str(), case.pointer.as_str()), (FILE, "/cases/0"));
    assert_eq!(case.why, "a sentence about what goes wrong");
    assert_eq!(case.covers, ["ADPT-01"]);
    assert_eq!(
        (&case.needs[..], &case.lacks[..]),
        (&["query".to_owned()][..], &["boot".to_owned()][..])
    );
    assert!(case.row.is_empty() && case.world.is_none());
}

#[test]
fn a_case_plays_an_ordinary_node_to_an_ordinary_environment() {
    let case = read_one(&json!({"steps": [{"do": "query"}]}));
    let adapter = case.adapter().unwrap();
    assert_eq!(adapter.node, json!({}));
    assert!(adapter.env.is_empty());
    assert!(!case.is_witness());
}

#[test]
fn a_case_says_what_is_not_as_usual() {
    let case = read_one(&json!({
        "witness": true, "env": {"STIGMEM_API_KEY": null, "STIGMEM_URL": "{url}/"}, "node": {"absent": true},
        "steps": [{"do": "query"}],
    }));
    let adapter = case.adapter().unwrap();
    assert!(case.is_witness());
    assert_eq!(
        Value::Object(adapter.env.clone()),
        json!({"STIGMEM_API_KEY": null, "STIGMEM_URL": "{url}/"})
    );
    assert_eq!(adapter.node, json!({"absent": true}));
}

#[test]
fn a_row_is_a_case_of_its_own() {
    let cases = read(&json!({
        "needs": ["get"], "lacks": ["lint"],
        "rows": [
            {"id": "one", "url": "http://a", "status": 500},
            {"id": "two", "url": "http://b", "status": 503, "covers": ["ADPT-02"], "needs": ["conflicts"], "lacks": ["boot"]},
        ],
        "env": {"STIGMEM_URL": "{row.url}"},
        "node": {"answers": [{"status": "{row.status}"}]},
        "steps": [{"do": "query", "with": {"entity": "{ns}/{row.id}"}, "expect": {"output": "{row.status}"}}],
    }))
    .unwrap();
    let [one, two] = &cases[..] else { panic!("two rows") };
    assert_eq!((one.id.as_str(), two.id.as_str()), ("a-case/one", "a-case/two"));
    assert_eq!((one.pointer.as_str(), two.pointer.as_str()), ("/cases/0", "/cases/0"));
    assert_eq!(
        (&one.covers[..], &two.covers[..]),
        (&["ADPT-01".to_owned()][..], &["ADPT-02".to_owned()][..])
    );
    assert_eq!(one.needs, ["get", "query"]);
    assert_eq!(two.needs, ["conflicts", "get", "query"]);
    assert_eq!(one.lacks, ["lint"]);
    assert_eq!(two.lacks, ["lint", "boot"]);
    assert_eq!(two.row["status"], 503);
    let adapter = two.adapter().unwrap();
    assert_eq!(adapter.env["STIGMEM_URL"], "http://b");
    assert_eq!(adapter.node, json!({"answers": [{"status": 503}]}));
    let Deed::Do(_, with) = &adapter.steps[0].deed else {
        panic!("another deed");
    };
    assert_eq!(with["entity"], "{ns}/two");
    assert_eq!(adapter.steps[0].expect, Some(json!({"output": 503})));
    assert_eq!(adapter.steps[0].source["expect"], json!({"output": 503}));
}

#[test]
fn the_cases_of_a_file_are_numbered() {
    let case = |id: &str| json!({"id": id, "covers": ["ADPT-01"], "why": "w", "steps": [{"do": "query"}]});
    let mut cases = Vec::new();
    read_file(FILE, &json!({"cases": [case("one"), case("two")]}), &mut cases).unwrap();
    let places: Vec<_> = cases
        .iter()
        .map(|case| (case.id.as_str(), case.pointer.as_str()))
        .collect();
    assert_eq!(places, [("one", "/cases/0"), ("two", "/cases/1")]);
}

/// Only a table has rows, so the linter has something to say about the name.
#[test]
fn without_a_row_its_name_stays() {
    let found = step(&json!({"do": "query", "expect": {"output": "{row.x}"}}));
    assert_eq!(found.expect, Some(json!({"output": "{row.x}"})));
}

#[test]
fn a_step_has_one_of_five_verbs() {
    for (said, name) in [
        (json!({"do": "query"}), "query"),
        (json!({"start": true}), "start"),
        (json!({"tools": true}), "tools"),
        (json!({"close": true}), "close"),
        (json!({"node": {"absent": true}}), "node"),
    ] {
        assert_eq!(step(&said).name(), name);
    }
    let Deed::Node(node) = step(&json!({"node": {"absent": true}})).deed else {
        panic!("another deed");
    };
    assert_eq!(node, json!({"absent": true}));
}

#[test]
fn a_step_gives_values_to_the_names_of_its_operation() {
    let Deed::Do(operation, with) = step(&json!({"do": "blocked", "with": {"task": "eg-7", "by": null}})).deed else {
        panic!("another deed");
    };
    assert_eq!(
        (operation.as_str(), Value::Object(with)),
        ("blocked", json!({"task": "eg-7", "by": null}))
    );
}

#[test]
fn a_step_may_take_a_minute_unless_it_says_otherwise() {
    let ordinary = step(&json!({"do": "query"}));
    assert_eq!((ordinary.within_ms, ordinary.linger_ms), (60_000, 0));
    assert_eq!((ordinary.save, ordinary.premise, ordinary.expect), (None, None, None));
    let said = step(&json!({"do": "query", "within_ms": 5, "linger_ms": 7, "save": "one"}));
    assert_eq!(
        (said.within_ms, said.linger_ms, said.save.as_deref()),
        (5, 7, Some("one"))
    );
}

#[test]
fn the_patterns_of_a_step_have_a_place() {
    let (premise, expect) = (json!({"exit": 0}), json!({"output": "x"}));
    let both = step(&json!({"do": "query", "premise": premise, "expect": expect}));
    assert_eq!(
        both.patterns().collect::<Vec<_>>(),
        [("premise", &premise), ("expect", &expect)]
    );
    let one = step(&json!({"do": "query", "expect": expect}));
    assert_eq!(one.patterns().collect::<Vec<_>>(), [("expect", &expect)]);
    assert_eq!(step(&json!({"do": "query"})).patterns().count(), 0);
}

#[test]
fn what_the_steps_do_is_needed_with_all_that_follows_from_it() {
    for (said, needs) in [
        (
            json!({"do": "checkout"}),
            &["checkout", "events", "lifecycle", "task-status", "writes"][..],
        ),
        (json!({"do": "query"}), &["query"]),
        (json!({"tools": true}), &["mcp", "process", "standing"]),
        (json!({"start": true}), &["process", "standing"]),
        (json!({"close": true}), &["process", "standing"]),
        (json!({"node": {}}), &[]),
    ] {
        assert_eq!(read_one(&json!({ "steps": [said] })).needs, needs, "{said}");
    }
}

#[test]
fn a_slip_is_refused_with_its_place() {
    let query = json!({"do": "query"});
    for (members, pointer, words) in [
        (
            json!({"steps": [query, {"do": "chekout"}]}),
            "/cases/0/steps/1/do",
            "\"chekout\" is no operation",
        ),
        (
            json!({"steps": [{"do": "query", "with": {"task": "x"}}]}),
            "/cases/0/steps/0/with",
            "\"task\" is no name of query: [\"entity\", ",
        ),
        (
            json!({"steps": [{"expect": {"exit": 0}}]}),
            "/cases/0/steps/0",
            "a step has a verb",
        ),
        (
            json!({"steps": [query, {"node": {"absnt": true}}]}),
            "/cases/0/steps/1/node",
            "absnt",
        ),
        (
            json!({"steps": [{"do": "query", "within_ms": "soon"}]}),
            "/cases/0/steps/0/within_ms",
            "soon",
        ),
        (
            json!({"steps": [query], "node": {"answers": [{"sttus": 500}]}}),
            "/cases/0/node",
            "sttus",
        ),
        (json!({"steps": [query], "witness": "yes"}), "/cases/0/witness", "yes"),
        (
            json!({"steps": [query], "rows": [{"id": "one"}], "env": {"STIGMEM_URL": "{row.url}"}}),
            "/cases/0/env",
            "{row.url} has no value",
        ),
    ] {
        let error = read(&members).unwrap_err();
        assert_eq!(
            (error.place.as_str(), error.pointer.as_str()),
            (FILE, pointer),
            "{error}"
        );
        assert!(error.message.contains(words), "{error}");
    }
}

#[test]
fn a_node_may_answer_with_null() {
    let rule = |said: Value| serde_json::from_value::<Rule>(said).unwrap();
    assert_eq!(rule(json!({"json": null})).json, Some(Value::Null));
    assert_eq!(rule(json!({"json": {"a": 1}})).json, Some(json!({"a": 1})));
    assert_eq!(rule(json!({})), Rule::default());
    assert_eq!(rule(json!({})).json, None);
}
