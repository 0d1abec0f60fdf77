use serde_json::{Value, json};

use super::*;
use crate::{
    adapter::{
        file::{AdapterFile, Kind},
        operation,
    },
    data::Data,
    schemas::tests::SCHEMAS,
    vectors,
};

const SPEC: &str = "> **ADPT-01** · MUST · adapter · adapter\n> Text.\n\n> **ADPT-02** · MUST · adapter · adapter\n> Text.\n\n\
                    > **SEM-01** · MUST · node · core\n> Text.\n";

fn case(id: &str, covers: &str, members: &Value) -> Value {
    let mut case = json!({
        "id": id, "covers": [covers], "why": "people would act on it", "steps": [{"do": "query", "expect": {"exit": 0}}],
    });
    for (name, value) in members.as_object().unwrap() {
        case[name] = value.clone();
    }
    case
}

fn loaded(cases: &[Value]) -> (Vectors, Registry) {
    let file = json!({"area": "adapter", "title": "Some cases", "cases": cases});
    let node =
        json!({"id": "a-node", "covers": ["ADPT-01"], "why": "it is about no adapter", "steps": [{"get": "/x"}]});
    let other = json!({"area": "facts", "title": "Other cases", "cases": [node]});
    let data = Data::of([
        ("spec/x.md".to_owned(), SPEC.to_owned()),
        ("vectors/adapter/some.json".to_owned(), file.to_string()),
        ("vectors/facts/other.json".to_owned(), other.to_string()),
    ]);
    (vectors::load(&data, &SCHEMAS).unwrap(), Registry::load(&data).unwrap())
}

/// What is planned for an adapter that takes queries.
fn planned(cases: &[Value], selection: &[&str]) -> Plan {
    let (vectors, registry) = loaded(cases);
    let conditions = BTreeSet::from(["query".to_owned()]);
    let selection: Vec<String> = selection.iter().map(ToString::to_string).collect();
    plan(&vectors, &registry, &conditions, &selection, 7)
}

/// The ids in the order of the letters.
fn ids(plan: &Plan) -> Vec<&str> {
    let mut ids: Vec<&str> = plan.cases.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn an_adapter_is_judged_by_cases_about_adapters() {
    let cases = [case("one", "ADPT-01", &json!({})), case("lost", "SEM-01", &json!({}))];
    let plan = planned(&cases, &[]);
    assert_eq!(ids(&plan), ["one"]);
    assert_eq!((plan.profile.as_str(), plan.seed), ("adapter", 7));
    assert!(plan.selection.is_empty() && plan.rules.is_empty() && plan.left_out.is_empty());
}

#[test]
fn a_case_is_left_out_where_a_condition_is_not_met() {
    let cases = [
        case("needy", "ADPT-01", &json!({"needs": ["boot"]})),
        case("jealous", "ADPT-01", &json!({"lacks": ["query"]})),
        case("content", "ADPT-01", &json!({"needs": ["query"], "lacks": ["boot"]})),
    ];
    let plan = planned(&cases, &[]);
    assert_eq!(ids(&plan), ["content"]);
    let left: Vec<_> = plan
        .left_out
        .iter()
        .map(|left| (left.case.as_str(), left.verdict, left.reason.as_str()))
        .collect();
    assert_eq!(
        left,
        [
            (
                "needy",
                LeftOutAs::NotApplicable,
                "the adapter does not declare \"boot\""
            ),
            (
                "jealous",
                LeftOutAs::NotApplicable,
                "the adapter declares \"query\", and this is about adapters that do not"
            ),
        ]
    );
}

#[test]
fn a_selection_brings_the_first_witness_that_applies() {
    let witness = |id: &str, needs: &[&str]| case(id, "ADPT-02", &json!({"witness": true, "needs": needs}));
    let cases = [
        case("mute", "ADPT-01", &json!({})),
        witness("needy", &["boot"]),
        witness("first", &[]),
        witness("second", &[]),
        case("chosen", "ADPT-01", &json!({})),
    ];
    let plan = planned(&cases, &["chosen"]);
    assert_eq!(ids(&plan), ["chosen", "first"]);
    assert_eq!(plan.selection, ["chosen"]);
    assert!(plan.left_out.is_empty());
    assert_eq!(ids(&planned(&cases, &["second"])), ["first", "second"]);
    assert_eq!(ids(&planned(&cases, &["first"])), ["first"]);
    assert_eq!(ids(&planned(&cases, &["ADPT-01"])), ["chosen", "first", "mute"]);
    assert!(planned(&cases, &["nobody"]).is_empty());
}

#[test]
fn the_seed_settles_the_order() {
    let cases: Vec<Value> = (0..20)
        .map(|n| case(&format!("case-{n}"), "ADPT-01", &json!({})))
        .collect();
    let (vectors, registry) = loaded(&cases);
    let conditions = BTreeSet::from(["query".to_owned()]);
    let order = |seed: u64| -> Vec<String> {
        let plan = plan(&vectors, &registry, &conditions, &[], seed);
        plan.cases.into_iter().map(|case| case.id).collect()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

/// Otherwise such an adapter could never be conformant.
#[test]
fn an_adapter_that_takes_one_thing_can_be_judged() {
    let data = Data::embedded();
    let registry = Registry::load(&data).unwrap();
    let vectors = vectors::load(&data, &SCHEMAS).unwrap();
    let musts = |conditions: &BTreeSet<String>| {
        let own = registry
            .requirements
            .iter()
            .filter(|one| one.profile == PROFILE && one.level.is_must());
        let held = own.filter(|one| one.feature.as_ref().is_none_or(|feature| conditions.contains(feature)));
        held.map(|one| one.id.clone()).collect::<Vec<_>>()
    };
    let alone = |kind: &[&str], name: &str| {
        let operation = operation::find(name).unwrap();
        let names = operation.names.iter().map(|used| operation::with_name(name, used));
        let all = kind
            .iter()
            .map(|one| (*one).to_owned())
            .chain([name.to_owned()])
            .chain(names);
        operation::closed(all.collect())
    };
    let events = [
        "checkout", "done", "blocked", "ping", "handoff", "decision", "escalate", "assert",
    ];
    let mut adapters: Vec<BTreeSet<String>> = events.iter().map(|name| alone(&["middleware"], name)).collect();
    adapters.extend(["assert", "query", "lint"].iter().map(|name| alone(&["mcp"], name)));
    adapters.push(alone(&["process"], "query"));
    adapters.extend(
        operation::PULLS
            .iter()
            .map(|pull| alone(&[&format!("pull-{pull}")], "boot")),
    );
    for conditions in adapters {
        for id in musts(&conditions) {
            let mut judged = vectors.cases.iter().filter(|case| case.covers.contains(&id));
            assert!(
                judged.any(|case| why_not(case, &conditions).is_none()),
                "{id} for {conditions:?}"
            );
        }
    }
}

#[test]
fn a_selection_of_the_vectors_brings_their_witness_along() {
    let data = Data::embedded();
    let registry = Registry::load(&data).unwrap();
    let vectors = vectors::load(&data, &SCHEMAS).unwrap();
    let bundled = AdapterFile::bundled(&data, &SCHEMAS).unwrap();
    let conditions = bundled.adapter(Kind::Middleware).unwrap().conditions();
    let chosen = plan(&vectors, &registry, &conditions, &["ADPT-35".to_owned()], 1);
    assert!(chosen.cases.iter().any(Case::is_witness));
    assert!(
        chosen
            .cases
            .iter()
            .any(|case| case.covers.contains(&"ADPT-35".to_owned()))
    );
    let nothing = plan(&vectors, &registry, &conditions, &["SEM-07".to_owned()], 1);
    assert!(nothing.is_empty());
    let all = plan(&vectors, &registry, &conditions, &[], 1);
    assert!(all.left_out.iter().any(|left| left.reason.contains("\"process\"")));
    assert!(all.cases.iter().all(|case| case.adapter().is_some()));
}
