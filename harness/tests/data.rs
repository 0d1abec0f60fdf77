//! Our own data files are what they say they are.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::path::Path;

use serde_json::Value;
use stigmem_conformance::{
    data::Data,
    registry::Registry,
    schemas::Schemas,
    target::Target,
    vectors::{self, lint},
};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the harness is a folder of the repository")
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
    let target = |url: &str| serde_json::json!({"name": "x", "attach": {"url": url}});
    assert_eq!(schemas.mismatch("target", &target("http://127.0.0.1:1")), None);
    assert_eq!(
        schemas.mismatch("target", &target("not a url")).unwrap().pointer,
        "/attach/url"
    );
}
