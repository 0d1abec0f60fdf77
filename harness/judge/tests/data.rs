//! Our own data files are what they say they are.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::path::Path;

use serde_json::{Value, json};
use stigmem_judge::{
    data::Data,
    registry::Registry,
    schemas::Schemas,
    target::Target,
    vectors::{self, lint},
};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the judge is a folder of the harness, which is one of the repository")
}

#[test]
fn the_embedded_data_is_the_data_in_the_folders() {
    let (embedded, read) = (Data::embedded(), Data::read(top()).unwrap());
    for folder in ["spec/", "schemas/", "vectors/"] {
        assert_eq!(embedded.digest(folder), read.digest(folder), "{folder}");
    }
}

#[test]
fn spec_and_vectors_fit_each_other() {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    let registry = Registry::load(&data).unwrap();
    let vectors = vectors::load(&data, &schemas).unwrap();
    let problems = lint::lint(&vectors, &registry, &schemas, &registry.features());
    assert!(
        problems.is_empty(),
        "{}",
        problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect::<String>()
    );
}

#[test]
fn every_schema_is_a_valid_schema_with_a_title() {
    let data = Data::embedded();
    for (name, text) in data
        .below("schemas/", ".json")
        .filter(|(name, _)| !name.ends_with("openapi.json"))
    {
        let schema: Value = serde_json::from_str(text).unwrap();
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            schema["title"].is_string() && schema["$id"].as_str().is_some_and(|id| id.starts_with("urn:stigmem:")),
            "{name}"
        );
    }
}

#[test]
fn every_target_file_is_accepted() {
    let schemas = Schemas::load(&Data::embedded()).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(top().join("harness/targets")).unwrap().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "toml") {
            Target::read(&entry.path(), &schemas).unwrap_or_else(|error| panic!("{error}"));
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn a_format_is_an_assertion() {
    let schemas = Schemas::load(&Data::embedded()).unwrap();
    let target = |url: &str| json!({"name": "x", "attach": {"url": url}});
    assert_eq!(schemas.mismatch("target", &target("http://127.0.0.1:1")), None);
    assert_eq!(
        schemas.mismatch("target", &target("not a url")).unwrap().pointer,
        "/attach/url"
    );
}

/// A vector file with one case of these members.
fn file(members: &Value) -> Data {
    let mut case = json!({"id": "a-case", "covers": ["FACT-01"], "why": "a sentence about what goes wrong"});
    for (name, value) in members.as_object().unwrap() {
        case[name] = value.clone();
    }
    let file = json!({"area": "facts", "title": "One case", "cases": [case]});
    Data::of([("vectors/facts/one.json".to_owned(), file.to_string())])
}

/// A slip inside of `$not` would hold for every node.
#[test]
fn a_pattern_that_cannot_be_judged_is_found_wherever_it_stands() {
    let data = Data::embedded();
    let (schemas, registry) = (Schemas::load(&data).unwrap(), Registry::load(&data).unwrap());
    let slip = json!({"$not": {"$foo": 1}});
    let step = |expect: &Value| json!({"get": "/x", "expect": expect});
    for members in [
        json!({"steps": [step(&json!({"body": {"a": [slip]}}))]}),
        json!({"steps": [step(&json!({"text": slip}))]}),
        json!({"steps": [step(&json!({"headers": {"x-a": slip}}))]}),
        json!({"steps": [{"until": {"step": step(&json!({"body": slip}))}}]}),
        json!({"steps": [step(&json!({"body": "{row.wanted}"}))], "rows": [{"id": "a", "wanted": slip}]}),
        json!({"every": "fact", "expect": {"body": slip}}),
        json!({"every": "fact", "where": {"path": slip}, "expect": {"body": {"a": 1}}}),
        json!({"every": "fact", "where": {"method": slip}, "constant": {"by": "/id", "members": ["/a"]}}),
    ] {
        let vectors = vectors::load(&file(&members), &schemas).unwrap();
        let problems = lint::lint(&vectors, &registry, &schemas, &registry.features());
        let found = problems.iter().any(|problem| problem.to_string().contains("$not/$foo"));
        assert!(found, "{members}");
    }
}

/// Otherwise a case is judged by what its neighbours wrote, or withdraws it.
#[test]
fn a_whole_scope_is_looked_at_on_a_node_of_the_cases_own() {
    let data = Data::embedded();
    let (schemas, registry) = (Schemas::load(&data).unwrap(), Registry::load(&data).unwrap());
    let sweep = |body: &Value| json!({"request": {"method": "POST", "path": "/v1/decay/sweep", "json": body}, "expect": {"status": 200}});
    let (all, own) = (
        sweep(&json!({"scope": "local"})),
        sweep(&json!({"scope": "local", "policy_id": "p-{tag}"})),
    );
    for (members, is_wrong) in [
        (json!({"steps": [all]}), true),
        (json!({"steps": [{"until": {"step": all}}]}), true),
        (
            json!({"steps": [sweep(&json!({"scope": "local", "policy_id": "p"}))]}),
            true,
        ),
        (json!({"steps": [own]}), false),
        (json!({"steps": [all], "node": {"own": true}}), false),
    ] {
        let vectors = vectors::load(&file(&members), &schemas).unwrap();
        let problems = lint::lint(&vectors, &registry, &schemas, &registry.features());
        let found = problems
            .iter()
            .any(|problem| problem.to_string().contains("a whole scope"));
        assert_eq!(found, is_wrong, "{members}");
    }
}

/// The time would be found under that name, and what was saved would not.
#[test]
fn what_is_saved_has_not_the_name_of_a_time() {
    let data = Data::embedded();
    let (schemas, registry) = (Schemas::load(&data).unwrap(), Registry::load(&data).unwrap());
    for (name, is_wrong) in [("soon", true), ("later", false)] {
        let step = json!({"get": "/x", "save": name, "expect": {"status": 200}});
        let members = json!({"times": {"soon": "+1s"}, "steps": [step]});
        let vectors = vectors::load(&file(&members), &schemas).unwrap();
        let problems = lint::lint(&vectors, &registry, &schemas, &registry.features());
        let found = problems
            .iter()
            .any(|problem| problem.to_string().contains("one of the case's times"));
        assert_eq!(found, is_wrong, "{name}");
    }
}

#[test]
fn an_expectation_beside_until_is_refused() {
    let schemas = Schemas::load(&Data::embedded()).unwrap();
    let step = json!({"until": {"step": {"get": "/x"}}, "expect": {"status": 200}});
    let error = vectors::load(&file(&json!({"steps": [step]})), &schemas).unwrap_err();
    assert!(error.to_string().contains("has its `expect` inside"), "{error}");
}
