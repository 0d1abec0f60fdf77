mod adapters;

use serde_json::{Value, json};

use super::lint;
use crate::{
    data::Data,
    registry::Registry,
    schemas::tests::SCHEMAS,
    vectors::tests::{case, read},
};

const MUST: &str = "> **FACT-01** · MUST · node · core\n> Text.\n";

fn problems(spec: &str, cases: &[Value]) -> Vec<String> {
    let files = [("spec/01-facts.md", spec), ("spec/retired-ids.txt", "FACT-99\n")];
    let data = Data::of(files.map(|(name, text)| (name.to_owned(), text.to_owned())));
    let registry = Registry::load(&data).unwrap();
    let problems = lint(&read(cases).unwrap(), &registry, &SCHEMAS, &registry.features());
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_sound_has_no_problems() {
    let get = json!({"get": "/x", "expect": {"status": 200}});
    for members in [
        json!({"steps": [get]}),
        json!({"why": "four words are enough", "steps": [get]}),
        json!({"steps": [{"assert": {}, "control": true}, {"get": "/x"}, {"refuse": {"/json/a": 1}}]}),
        json!({"keys": {"reader": {"permissions": ["read"]}}, "steps": [{"get": "/x", "as": "reader", "expect": {"status": 200}}]}),
        json!({
            "times": {"soon": "+1s"},
            "steps": [
                {"get": "/x", "save": "first"},
                {"observe": ["{first.id}", {"{soon}": "{ns}{tag}{url}{host}{port}{i}"}], "expect": {"body": "{first.id}"}},
            ],
        }),
        json!({
            "world": {"nodes": ["a", "b"], "peers": {"p": {}}},
            "steps": [{"observe": "{a.url}{b.outside}{p.key}{token}", "expect": {"body": 1}}],
        }),
        json!({"rows": [{"id": "one", "x": 1}], "steps": [{"observe": "{row.x}", "expect": {"body": {"a": "{row.x}"}}}]}),
        json!({"steps": [{"observe": "{a b} {A.b} {1} {} {\"a\":1} {open", "expect": {"body": 1}}]}),
        json!({"steps": [{"until": {"step": {"get": "/x", "expect": {"schema": "wire/fact"}}}}]}),
        json!({"every": "fact", "where": {"schema": "wire/fact"}, "expect": {"body": {"a": 1}}}),
        json!({"every": "fact", "constant": {"by": "/id", "members": ["/entity"]}}),
    ] {
        assert_eq!(problems(MUST, &[case(&members)]), [""; 0], "{members}");
    }
}

#[test]
fn each_slip_in_a_case_is_found_once_and_with_its_place() {
    let get = json!({"get": "/x", "expect": {"status": 200}});
    for (members, problem) in [
        (
            json!({"why": "three words only", "steps": [get]}),
            "`why` says in a sentence what goes wrong for people",
        ),
        (
            json!({"needs": ["push"], "steps": [get]}),
            "names the feature \"push\", which spec/ does not know",
        ),
        (
            json!({"lacks": ["push"], "steps": [get]}),
            "names the feature \"push\", which spec/ does not know",
        ),
        (
            json!({"steps": [{"get": "/x"}]}),
            "no step judges anything: give one an `expect`",
        ),
        (
            json!({"every": "fact", "expect": {"headers": {}}}),
            "a rule about everything expects something",
        ),
        (
            json!({"steps": [{"assert": {}}, {"refuse": {"/json/a": 1}}]}),
            "step 2: refuses an edit of a control, but no step before is marked `control`",
        ),
        (
            json!({"steps": [get, {"get": "/x", "as": "reader"}]}),
            "step 2: uses the key \"reader\", which the case does not define",
        ),
        (
            json!({"steps": [{"observe": "{nobody.id}", "expect": {"body": 1}}]}),
            "step 1: names {nobody}, which nothing before it defines",
        ),
        (
            json!({"steps": [{"observe": [1, "a{nobody}"], "expect": {"body": 1}}]}),
            "step 1: names {nobody}, which nothing before it defines",
        ),
        (
            json!({"steps": [{"observe": {"{no-body}": 1}, "expect": {"body": 1}}]}),
            "step 1: names {no-body}, which nothing before it defines",
        ),
        (
            json!({"steps": [{"observe": "{first}", "expect": {"body": 1}}, {"get": "/x", "save": "first"}]}),
            "step 1: names {first}, which nothing before it defines",
        ),
        (
            json!({"steps": [{"observe": "{row.x}", "expect": {"body": 1}}]}),
            "step 1: names {row}, which nothing before it defines",
        ),
        (
            json!({"steps": [{"observe": "{token}", "expect": {"body": 1}}]}),
            "step 1: names {token}, which nothing before it defines",
        ),
        (
            json!({"steps": [{"get": "/x", "expect": {"schema": "wire/nothing"}}]}),
            "expects the schema \"wire/nothing\", which schemas/ does not hold",
        ),
        (
            json!({"every": "fact", "where": {"schema": "wire/nothing"}, "expect": {"body": 1}}),
            "expects the schema \"wire/nothing\", which schemas/ does not hold",
        ),
        (
            json!({"steps": [{"until": {"step": {"get": "/x", "expect": {"body": {"$foo": 1}}}}}]}),
            "expect/body: the pattern at \"/$foo\": is no operator; vectors/README.md lists them",
        ),
        (
            json!({"every": "fact", "expect": {"body": {"a": {"$foo": 1}}}}),
            "expect/body: the pattern at \"/a/$foo\": is no operator; vectors/README.md lists them",
        ),
    ] {
        let wanted = format!("vectors/facts/some.json at /cases/0: a-case: {problem}");
        assert_eq!(problems(MUST, &[case(&members)]), [wanted], "{members}");
    }
}

#[test]
fn a_row_brings_patterns_of_its_own() {
    let rows = json!([{"id": "one", "wanted": {"$foo": 1}}, {"id": "two", "wanted": 1}, {"id": "three"}]);
    let steps = json!([{"get": "/x", "expect": {"body": "{row.wanted}"}}]);
    assert_eq!(
        problems(MUST, &[case(&json!({"rows": rows, "steps": steps}))]),
        [
            "vectors/facts/some.json at /cases/0: a-case/one: expect/body: the pattern at \"/$foo\": is no operator; \
             vectors/README.md lists them",
            "vectors/facts/some.json at /cases/0: a-case/three: expect/body: {row.wanted} has no value: an earlier \
             answer does not hold that member",
        ]
    );
}

#[test]
fn an_id_is_used_once() {
    let one = case(&json!({"steps": [{"get": "/x", "expect": {"status": 200}}]}));
    assert_eq!(
        problems(MUST, &[one.clone(), one]),
        ["vectors/facts/some.json at /cases/1: a-case: the id \"a-case\" is also used in vectors/facts/some.json"]
    );
}

/// A case that covers these, and has or lacks features besides.
fn covering(ids: &[&str], members: &Value) -> Value {
    let mut case = case(members);
    case["covers"] = json!(ids);
    case["steps"] = json!([{"get": "/x", "expect": {"status": 200}}]);
    case
}

#[test]
fn a_case_covers_what_there_is_on_one_level() {
    let both = |one: &str, other: &str| {
        let spec =
            format!("> **FACT-01** · {one} · node · core\n> Text.\n\n> **FACT-02** · {other} · node · core\n> Text.\n");
        problems(&spec, &[covering(&["FACT-01", "FACT-02"], &json!({}))])
    };
    assert_eq!(both("MUST", "MUST NOT"), [""; 0]);
    assert_eq!(both("SHOULD", "SHOULD"), [""; 0]);
    let place = "vectors/facts/some.json at /cases/0: a-case: ";
    for (one, other) in [("MUST", "SHOULD"), ("MUST", "MAY"), ("SHOULD", "MAY")] {
        assert_eq!(
            both(one, other),
            [format!("{place}covers requirements of different levels")]
        );
    }
    assert_eq!(
        problems(MUST, &[covering(&["FACT-01", "FACT-07"], &json!({}))]),
        [format!("{place}covers FACT-07, which no block in spec/ defines")]
    );
}

#[test]
fn a_case_hangs_on_the_features_of_what_it_covers() {
    let with = |condition: &str, members: &Value| {
        let spec = format!("> **FACT-01** · MUST · node · core · {condition} push\n> Text.\n");
        problems(&spec, &[covering(&["FACT-01"], members)])
    };
    assert_eq!(with("when", &json!({"needs": ["push"]})), [""; 0]);
    assert_eq!(with("unless", &json!({"lacks": ["push"]})), [""; 0]);
    let place = "vectors/facts/some.json at /cases/0: a-case: ";
    assert_eq!(
        with("when", &json!({"lacks": ["push"]})),
        [format!(
            "{place}covers FACT-01, which holds when \"push\": the case must need it too"
        )]
    );
    assert_eq!(
        with("unless", &json!({"needs": ["push"]})),
        [format!(
            "{place}covers FACT-01, which holds unless \"push\": the case must lack it too"
        )]
    );
}

#[test]
fn a_requirement_has_a_case_or_says_why_not() {
    let beside = |id: &str, line: &str| {
        let spec = format!("{MUST}\n> **{id}** · MUST · node · core\n> Text.\n{line}");
        problems(&spec, &[covering(&["FACT-01"], &json!({}))])
    };
    assert_eq!(beside("FACT-02", "> not judged: nobody can see it\n"), [""; 0]);
    assert_eq!(beside("FACT-02", "> pending: a second node\n"), [""; 0]);
    let uncovered = |id: &str| {
        format!(
            "spec/01-facts.md: {id} has no case; write one, or add a line `> not judged: <reason>` or `> pending: <what is \
             missing>`"
        )
    };
    assert_eq!(beside("FACT-02", ""), [uncovered("FACT-02")]);
    assert_eq!(
        beside("FACT-99", ""),
        [
            "spec/01-facts.md: FACT-99 is retired and must not come back".to_owned(),
            uncovered("FACT-99")
        ]
    );
    for line in ["> not judged: nobody can see it\n", "> pending: a second node\n"] {
        assert_eq!(
            problems(&format!("{MUST}{line}"), &[covering(&["FACT-01"], &json!({}))]),
            ["spec/01-facts.md: FACT-01 is marked as not judged or pending, but has a case"]
        );
    }
}

#[test]
fn a_time_of_the_case_is_not_saved_over() {
    let members = json!({
        "times": {"soon": "+1s"}, "steps": [{"get": "/x", "save": "soon"}, {"observe": "{soon}", "expect": {"body": 1}}],
    });
    assert_eq!(
        problems(MUST, &[case(&members)]),
        ["vectors/facts/some.json at /cases/0: a-case: step 1: saves as \"soon\", which is one of the case's times"]
    );
}

#[test]
fn a_case_about_a_node_covers_what_nodes_owe() {
    let get = json!({"steps": [{"get": "/x", "expect": {"status": 200}}]});
    assert_eq!(
        problems("> **FACT-01** · MUST · adapter · adapter\n> Text.\n", &[case(&get)]),
        [
            "vectors/facts/some.json at /cases/0: a-case: cases in vectors/adapter are about adapters, and all others about \
             nodes"
        ]
    );
}

/// A step that asks for this, in a case with these members.
fn asking(path: &str, body: &Value, members: &Value) -> Value {
    let mut case = case(members);
    let request = json!({"method": "POST", "path": path, "json": body});
    case["steps"] = json!([{"request": request, "expect": {"status": 200}}]);
    case
}

#[test]
fn a_shared_node_is_asked_about_what_is_the_cases_own() {
    let none = json!({});
    for sound in [
        asking(
            "/v1/lint",
            &json!({"scope": "team", "entity": "{ns}/user/alice"}),
            &none,
        ),
        asking("/v1/lint", &json!({"relation": "{tag}:likes"}), &none),
        asking("/v1/decay/sweep", &json!({"policy_id": "{tag}"}), &none),
        asking("/v1/synthesis", &json!({"entity": "{ns}"}), &none),
        asking("/v1/lint", &json!({"scope": "team"}), &json!({"node": {"own": true}})),
        asking("/v1/facts", &json!({"scope": "team"}), &none),
        case(&json!({"steps": [{"get": "/v1/lint", "expect": {"status": 405}}]})),
    ] {
        assert_eq!(problems(MUST, std::slice::from_ref(&sound)), [""; 0], "{sound}");
    }
}

#[test]
fn a_whole_scope_is_looked_at_on_a_node_of_the_cases_own() {
    let whole = json!({"method": "POST", "path": "/v1/lint", "json": {"scope": "team"}});
    for wide in [
        json!({"request": whole, "expect": {"status": 200}}),
        json!({"request": {"path": "/v1/lint"}, "expect": {"status": 200}}),
        json!({"request": {"path": "/v1/lint", "json": {"entity": "user:alice"}}, "expect": {"status": 200}}),
        json!({"request": {"path": "/v1/lint", "json": {"policy_id": "{tag}"}}, "expect": {"status": 200}}),
        json!({"request": {"path": "/v1/decay/sweep", "json": {"entity": "{ns}"}}, "expect": {"status": 200}}),
        json!({"request": {"path": "/v1/synthesis", "json": {"relation": "{tag}:a"}}, "expect": {"status": 200}}),
        json!({"at_once": {"count": 2, "request": whole}, "expect": {"body": 1}}),
        json!({"until": {"step": {"request": whole, "expect": {"status": 200}}}}),
    ] {
        assert_eq!(
            problems(MUST, &[case(&json!({ "steps": [wide] }))]),
            [
                "vectors/facts/some.json at /cases/0: a-case: step 1: looks at a whole scope, in which other cases write too: \
                 give it a filter that is its own, or the case a node"
            ],
            "{wide}"
        );
    }
}
