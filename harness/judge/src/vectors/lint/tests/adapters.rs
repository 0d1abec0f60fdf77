//! The rules about cases in `vectors/adapter`.

use serde_json::{Value, json};

use crate::{
    data::Data,
    registry::Registry,
    schemas::tests::SCHEMAS,
    vectors::{lint::lint, load},
};

const OWED: &str = "> **ADPT-01** · MUST · adapter · adapter\n> Text.\n";

fn problems_under(spec: &str, members: &Value) -> Vec<String> {
    let mut case = json!({"id": "a-case", "covers": ["ADPT-01"], "why": "a sentence about what goes wrong"});
    for (name, value) in members.as_object().unwrap() {
        case[name] = value.clone();
    }
    let file = json!({"area": "adapter", "title": "Some cases", "cases": [case]}).to_string();
    let files = [
        ("spec/08-adapters.md", spec),
        ("vectors/adapter/some.json", file.as_str()),
    ];
    let data = Data::of(files.map(|(name, text)| (name.to_owned(), text.to_owned())));
    let registry = Registry::load(&data).unwrap();
    let problems = lint(
        &load(&data, &SCHEMAS).unwrap(),
        &registry,
        &SCHEMAS,
        &registry.features(),
    );
    problems.iter().map(ToString::to_string).collect()
}

fn problems(members: &Value) -> Vec<String> {
    problems_under(OWED, members)
}

#[test]
fn what_is_sound_has_no_problems() {
    let query = json!({"do": "query", "expect": {"exit": 0}});
    for members in [
        json!({"steps": [query]}),
        json!({"steps": [{"do": "ping"}, query]}),
        json!({"needs": ["hooks"], "lacks": ["mcp", "blocked-by"], "steps": [query]}),
        json!({
            "steps": [
                {"do": "assert", "with": {"v": "{ns}{tag}{key}{source}{url}{authority}{earlier}{later}"}, "save": "first"},
                {"do": "get", "with": {"id": "{first.writes.0.id}"}, "premise": {"exit": 0}, "expect": {"output": "{first.output}"}},
            ],
        }),
        json!({
            "node": {"answers": [{"to": {"path": "/v1/facts"}, "status": 503}, {"status": 500}]},
            "steps": [{"node": {"answers": [{"to": {"query": {"scope": {"$absent": true}}}, "hang": true}]}}, query],
        }),
        json!({"rows": [{"id": "one", "exit": 1}], "steps": [{"do": "query", "expect": {"exit": "{row.exit}"}}]}),
        json!({"steps": [{"do": "query", "expect": {"output": "{A.b} {1} {} {\"a\":1} {open"}}]}),
    ] {
        assert_eq!(problems(&members), [""; 0], "{members}");
    }
}

#[test]
fn each_slip_in_a_case_is_found_once_and_with_its_place() {
    let query = json!({"do": "query", "expect": {"exit": 0}});
    let slip = "is no operator; vectors/README.md lists them";
    for (members, problem) in [
        (
            json!({"steps": [{"do": "query", "premise": {"exit": 0}}]}),
            "no step judges anything: give one an `expect`".to_owned(),
        ),
        (
            json!({"why": "three words only", "steps": [query]}),
            "`why` says in a sentence what goes wrong for people".to_owned(),
        ),
        // A feature of nodes is no condition of adapters.
        (
            json!({"needs": ["push"], "steps": [query]}),
            "names the feature \"push\", which spec/ does not know".to_owned(),
        ),
        (
            json!({"lacks": ["push"], "steps": [query]}),
            "names the feature \"push\", which spec/ does not know".to_owned(),
        ),
        (
            json!({"steps": [query, {"do": "query", "expect": {"output": "{nobody.id}"}}]}),
            "step 2: names {nobody}, which nothing before it defines".to_owned(),
        ),
        (
            json!({"steps": [{"do": "query", "save": "first", "expect": {"output": "{first.output}"}}]}),
            "step 1: names {first}, which nothing before it defines".to_owned(),
        ),
        (
            json!({"steps": [{"do": "query", "with": {"entity": "{row.x}"}, "expect": {"exit": 0}}]}),
            "step 1: names {row}, which nothing before it defines".to_owned(),
        ),
        (
            json!({"steps": [query, {"do": "query", "expect": {"exit": {"$foo": 1}}}]}),
            format!("step 2: expect: the pattern at \"/exit/$foo\": {slip}"),
        ),
        (
            json!({"steps": [query, {"do": "query", "premise": {"$foo": 1}}]}),
            format!("step 2: premise: the pattern at \"/$foo\": {slip}"),
        ),
        (
            json!({"node": {"answers": [{"to": {"body": {"$foo": 1}}}]}, "steps": [query]}),
            format!("a rule of the node: the pattern at \"/body/$foo\": {slip}"),
        ),
        (
            json!({"steps": [{"node": {"answers": [{"status": 500}, {"to": {"$foo": 1}}]}}, query]}),
            format!("a rule of the node: the pattern at \"/$foo\": {slip}"),
        ),
    ] {
        let wanted = format!("vectors/adapter/some.json at /cases/0: a-case: {problem}");
        assert_eq!(problems(&members), [wanted], "{members}");
    }
}

#[test]
fn each_row_is_looked_at() {
    let rows = json!([{"id": "one", "wanted": {"$foo": 1}}, {"id": "two", "wanted": 1}]);
    let steps = json!([{"do": "query", "expect": {"exit": "{row.wanted}"}}]);
    assert_eq!(
        problems(&json!({"rows": rows, "steps": steps})),
        [
            "vectors/adapter/some.json at /cases/0: a-case/one: step 1: expect: the pattern at \"/exit/$foo\": is no operator; \
             vectors/README.md lists them"
        ]
    );
}

#[test]
fn a_case_about_an_adapter_covers_what_adapters_owe() {
    let query = json!({"steps": [{"do": "query", "expect": {"exit": 0}}]});
    assert_eq!(
        problems_under("> **ADPT-01** · MUST · node · core\n> Text.\n", &query),
        [
            "vectors/adapter/some.json at /cases/0: a-case: cases in vectors/adapter are about adapters, and all others about \
             nodes"
        ]
    );
}
