//! The deviation files, the specification and the node's policies fit each other.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;
use stigmem_conformance::{
    data::Data,
    deviations::{self, Deviation},
    matrix, profiles,
    registry::Registry,
    schemas::Schemas,
    vectors,
};

fn loaded() -> (Vec<Deviation>, Registry, vectors::Vectors) {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    let registry = Registry::load(&data).unwrap();
    let vectors = vectors::load(&data, &schemas).unwrap();
    let deviations = deviations::load(None, &data, &schemas, &registry).unwrap_or_else(|error| panic!("{error}"));
    (deviations, registry, vectors)
}

#[test]
fn every_requirement_that_is_judged_can_be_broken() {
    let (deviations, registry, vectors) = loaded();
    for profile in profiles::of_nodes(&registry) {
        let unbroken = matrix::unbroken(&registry, &vectors, profile, &deviations);
        assert!(unbroken.is_empty(), "{profile}: no deviation breaks {unbroken:?}");
    }
}

/// By policy, its values; the first is the right one.
fn policies() -> BTreeMap<String, Vec<String>> {
    let declaration = Regex::new(r"(?m)^    ([A-Z]\w+) \{\n((?:        (?:///.*|#\[.*|[A-Z]\w*,)\n)+)    \}").unwrap();
    let value = Regex::new(r"(?m)^        ([A-Z]\w*),$").unwrap();
    let mut found = BTreeMap::new();
    for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference-node/src/policy")) {
        let text = fs::read_to_string(&path).unwrap();
        if !text.contains("policies! {") {
            continue;
        }
        for part in declaration.captures_iter(&text) {
            let values: Vec<String> = value.captures_iter(&part[2]).map(|value| value[1].to_owned()).collect();
            assert!(
                found.insert(part[1].to_owned(), values).is_none(),
                "{} is there twice",
                &part[1]
            );
        }
    }
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_wrong_value_of_the_node_is_some_deviations() {
    let (deviations, _, _) = loaded();
    let policies = policies();
    let wrong: BTreeSet<(&str, &str)> = policies
        .iter()
        .flat_map(|(policy, values)| {
            values
                .iter()
                .skip(1)
                .map(move |value| (policy.as_str(), value.as_str()))
        })
        .collect();
    let told: BTreeSet<(&str, &str)> = deviations
        .iter()
        .flat_map(|deviation| &deviation.node)
        .map(|(policy, value)| (policy.as_str(), value.as_str()))
        .collect();
    let unknown: Vec<_> = told.difference(&wrong).collect();
    assert!(unknown.is_empty(), "the node has no such wrong values: {unknown:?}");
    let unused: Vec<_> = wrong.difference(&told).collect();
    assert!(unused.is_empty(), "no deviation tells the node to: {unused:?}");
}
