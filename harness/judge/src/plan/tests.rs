use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::{data::Data, schemas::tests::SCHEMAS, vectors};

const SPEC: &str = "> **SEM-01** · MUST · node · core\n> Text.\n\n> **SEM-02** · MUST · node · core\n> Text.\n\n\
                    > **CID-01** · MUST · node · core\n> Text.\n\n> **PULL-01** · MUST · node · federation\n> Text.\n";

/// A case with these members, and what every case must have.
fn case(id: &str, covers: &str, members: &Value) -> Value {
    let mut case = json!({"id": id, "covers": [covers], "why": "people would act on it"});
    for (name, value) in members.as_object().unwrap() {
        case[name] = value.clone();
    }
    case
}

fn get(id: &str, covers: &str) -> Value {
    case(
        id,
        covers,
        &json!({"steps": [{"get": "/x", "expect": {"status": 200}}]}),
    )
}

fn rule(id: &str, covers: &str) -> Value {
    case(
        id,
        covers,
        &json!({"every": "fact", "expect": {"body": {"id": {"$type": "string"}}}}),
    )
}

/// Stores a fact and shows it again.
fn witness(id: &str, covers: &str) -> Value {
    let steps = json!([{"assert": {}, "save": "first"}, {"fact": "{first.id}", "expect": {"status": 200}}]);
    case(id, covers, &json!({ "steps": steps }))
}

fn with(mut case: Value, name: &str, value: Value) -> Value {
    case[name] = value;
    case
}

fn target(toml: &str) -> Target {
    Target::parse(toml, "target.toml", PathBuf::from("."), &SCHEMAS).unwrap()
}

fn attached() -> Target {
    target("name = \"x\"\nfeatures = [\"past-timestamp\"]\n[attach]\nurl = \"http://127.0.0.1:1\"\n")
}

fn launched() -> Target {
    target("name = \"x\"\n[launch]\ncommand = [\"node\"]\n[launch.variants.auth-off]\nA = \"1\"\n")
}

fn planned(cases: &[Value], target: &Target, profile: &str, selection: &[&str]) -> Plan {
    let file = json!({"area": "facts", "title": "Some cases", "cases": cases});
    let data = Data::of([
        ("spec/x.md".to_owned(), SPEC.to_owned()),
        ("vectors/facts/some.json".to_owned(), file.to_string()),
    ]);
    let vectors = vectors::load(&data, &SCHEMAS).unwrap();
    let selection: Vec<String> = selection.iter().map(ToString::to_string).collect();
    plan(
        &vectors,
        &Registry::load(&data).unwrap(),
        target,
        profile,
        &selection,
        7,
    )
    .unwrap()
}

/// The ids in the order of the letters.
fn ids(cases: &[Case]) -> Vec<&str> {
    let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_profile_has_the_cases_of_its_requirements() {
    let cases = [get("one", "SEM-01"), get("other", "PULL-01"), rule("all", "SEM-02")];
    let core = planned(&cases, &attached(), "core", &[]);
    assert_eq!((ids(&core.cases), ids(&core.rules)), (vec!["one"], vec!["all"]));
    assert_eq!((core.profile.as_str(), core.seed, core.left_out.len()), ("core", 7, 0));
    let federation = planned(&cases, &attached(), "federation", &[]);
    assert_eq!(
        (ids(&federation.cases), ids(&federation.rules)),
        (vec!["other"], vec![])
    );
    let registry = Registry::load(&Data::of([("spec/x.md".to_owned(), SPEC.to_owned())])).unwrap();
    let error = plan(&Vectors::default(), &registry, &attached(), "cores", &[], 7).unwrap_err();
    assert_eq!(error.place, "--profile");
    assert!(error.message.starts_with("\"cores\" is not a profile"), "{error}");
}

#[test]
fn all_profiles_of_nodes_are_played_under_one_name() {
    let cases = [get("one", "SEM-01"), get("other", "PULL-01"), rule("all", "SEM-02")];
    let full = planned(&cases, &attached(), "full", &[]);
    assert_eq!(
        (ids(&full.cases), ids(&full.rules)),
        (vec!["one", "other"], vec!["all"])
    );
    assert_eq!(full.profile, "full");
    assert_eq!(ids(&planned(&cases, &attached(), "full", &["PULL"]).cases), ["other"]);
}

#[test]
fn a_profile_about_adapters_is_played_by_another_command() {
    let spec = format!("{SPEC}\n> **ADPT-01** · MUST · adapter · adapter\n> Text.\n");
    let registry = Registry::load(&Data::of([("spec/x.md".to_owned(), spec)])).unwrap();
    let played = |profile: &str| plan(&Vectors::default(), &registry, &attached(), profile, &[], 7);
    assert_eq!(
        played("adapter").unwrap_err().to_string(),
        "--profile: \"adapter\" is about adapters: `stigmem-conformance adapter` judges them"
    );
    assert_eq!(
        played("cores").unwrap_err().to_string(),
        "--profile: \"cores\" is not a profile that nodes are judged by; there are core, federation, and full for all of them"
    );
    for profile in ["core", "federation", "full"] {
        assert!(played(profile).unwrap().is_empty(), "{profile}");
    }
}

#[test]
fn a_selector_is_a_case_a_table_an_area_a_requirement_or_its_letters() {
    let table = with(
        get("table", "SEM-02"),
        "rows",
        json!([{"id": "first"}, {"id": "second", "covers": ["CID-01"]}]),
    );
    let cases = [get("one", "SEM-01"), table];
    let all = ["one", "table/first", "table/second"];
    for (selector, chosen) in [
        ("one", &all[..1]),
        ("table", &all[1..]),
        ("table/second", &all[2..]),
        ("facts", &all[..]),
        ("SEM-01", &all[..1]),
        ("SEM", &all[..2]),
        ("CID", &all[2..]),
        ("first", &[]),
        ("SE", &[]),
        ("01", &[]),
    ] {
        let plan = planned(&cases, &attached(), "core", &[selector]);
        assert_eq!(ids(&plan.cases), chosen, "{selector}");
        assert_eq!(plan.selection, [selector]);
        assert_eq!(plan.is_empty(), chosen.is_empty(), "{selector}");
    }
    assert_eq!(
        ids(&planned(&cases, &attached(), "core", &["one", "CID"]).cases),
        ["one", "table/second"]
    );
}

#[test]
fn rules_alone_are_played_with_all_cases() {
    let cases = [
        get("one", "SEM-01"),
        get("other", "SEM-02"),
        rule("first", "SEM-01"),
        rule("second", "SEM-02"),
    ];
    let plan = planned(&cases, &attached(), "core", &["first"]);
    assert_eq!(
        (ids(&plan.cases), ids(&plan.rules)),
        (vec!["one", "other"], vec!["first"])
    );
    let plan = planned(&cases, &attached(), "core", &["first", "one"]);
    assert_eq!((ids(&plan.cases), ids(&plan.rules)), (vec!["one"], vec!["first"]));
    assert!(planned(&cases, &attached(), "core", &["nothing"]).is_empty());
}

#[test]
fn a_selection_brings_a_case_that_shows_that_the_node_does_anything() {
    let own = with(witness("alone", "SEM-01"), "node", json!({"own": true}));
    let needy = with(witness("needy", "SEM-01"), "needs", json!(["past-timestamp"]));
    let cases = [
        needy,
        own,
        witness("shared", "SEM-02"),
        witness("later", "SEM-02"),
        get("one", "CID-01"),
    ];
    assert_eq!(
        ids(&planned(&cases, &attached(), "core", &["one"]).cases),
        ["one", "shared"]
    );
    assert_eq!(
        ids(&planned(&cases, &attached(), "core", &["later"]).cases),
        ["later", "shared"]
    );
    // Better one with a node of its own than none.
    let plan = planned(
        &[cases[0].clone(), cases[1].clone(), cases[4].clone()],
        &launched(),
        "core",
        &["one"],
    );
    assert_eq!(ids(&plan.cases), ["alone", "one"]);
    assert!(planned(&cases, &attached(), "core", &["nothing"]).is_empty());
    assert!(planned(&cases, &attached(), "core", &["PULL"]).is_empty());
}

/// What became of a case: a word, and the reason where it is left out.
fn fate(case: &Value, target: &Target) -> String {
    let plan = planned(std::slice::from_ref(case), target, "core", &[]);
    assert_eq!(plan.cases.len() + plan.rules.len() + plan.left_out.len(), 1, "{case}");
    assert!(!plan.is_empty(), "{case}");
    match &plan.left_out[..] {
        [left] => format!("{:?}: {}", left.verdict, left.reason),
        _ => "played".to_owned(),
    }
}

#[test]
fn a_feature_must_be_declared_or_not() {
    for make in [get, rule] {
        for (member, feature, wanted) in [
            ("needs", "past-timestamp", "played"),
            (
                "needs",
                "push",
                "NotApplicable: the target does not declare the feature \"push\"",
            ),
            ("lacks", "push", "played"),
            (
                "lacks",
                "past-timestamp",
                "NotApplicable: the target declares the feature \"past-timestamp\", and this is about targets that do not",
            ),
        ] {
            let case = with(make("one", "SEM-01"), member, json!([feature]));
            assert_eq!(fate(&case, &attached()), wanted, "{case}");
        }
    }
}

#[test]
fn what_needs_a_node_that_can_be_started_is_left_out_where_none_can() {
    let one = || get("one", "SEM-01");
    let own = with(one(), "node", json!({"own": true}));
    let known = with(one(), "node", json!({"variant": "auth-off"}));
    let unknown = with(one(), "node", json!({"variant": "small-body"}));
    let (lonely, several) = (
        with(one(), "world", json!({"nodes": ["a"]})),
        with(one(), "world", json!({"nodes": ["a", "b"]})),
    );
    let attached = attached();
    assert_eq!(fate(&one(), &attached), "played");
    assert_eq!(
        fate(&own, &attached),
        "Inconclusive: needs a node that the kit can start and stop; this one is attached by URL"
    );
    assert_eq!(
        fate(&known, &attached),
        "Inconclusive: needs the node's settings changed (auth-off); this one is attached by URL"
    );
    assert_eq!(fate(&lonely, &attached), "played");
    assert_eq!(
        fate(&several, &attached),
        "Inconclusive: needs several nodes that the kit can start; this one is attached by URL"
    );
    let launched = launched();
    for case in [&one(), &own, &known] {
        assert_eq!(fate(case, &launched), "played", "{case}");
    }
    assert_eq!(
        fate(&unknown, &launched),
        "Inconclusive: the target file has no [launch.variants.small-body]"
    );
    for case in [&lonely, &several] {
        assert_eq!(
            fate(case, &launched),
            "Inconclusive: the target file has no [launch.variants.federation]"
        );
    }
    let federated = target("name = \"x\"\n[launch]\ncommand = [\"node\"]\n[launch.variants.federation]\nA = \"1\"\n");
    assert_eq!(
        (fate(&lonely, &federated), fate(&several, &federated)),
        ("played".to_owned(), "played".to_owned())
    );
}

#[test]
fn the_order_hangs_on_the_seed_alone() {
    let cases: Vec<Value> = (0..20).map(|n| get(&format!("case-{n}"), "SEM-01")).collect();
    let order = |plan: &Plan| -> Vec<String> { plan.cases.iter().map(|case| case.id.clone()).collect() };
    let plan = planned(&cases, &attached(), "core", &[]);
    assert_eq!(order(&plan), order(&planned(&cases, &attached(), "core", &[])));
    let written: Vec<String> = (0..20).map(|n| format!("case-{n}")).collect();
    assert_ne!(order(&plan), written);
}
