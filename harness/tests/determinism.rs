//! Two runs with one seed give one report, save for what no seed can decide.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use std::sync::LazyLock;

use common::kit;
use serde_json::Value;
use stigmem_conformance::{
    data::Data,
    schemas::Schemas,
    vectors::{self, Vectors},
};

static VECTORS: LazyLock<Vectors> = LazyLock::new(|| {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    vectors::load(&data, &schemas).unwrap()
});

/// A report without times, without how often a poll had to look, and without how much of each other the cases on one node saw, which is
/// what rules about everything count.
fn settled(arguments: &[&str]) -> Value {
    let outcome = kit(arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.said);
    let mut report = outcome.report.unwrap();
    for name in ["started", "duration_ms", "requests", "trace"] {
        report.as_object_mut().unwrap().remove(name).unwrap();
    }
    for case in report["cases"].as_array_mut().unwrap() {
        let is_rule = VECTORS.find(case["id"].as_str().unwrap()).unwrap().every().is_some();
        let case = case.as_object_mut().unwrap();
        case.remove("duration_ms").unwrap();
        if is_rule {
            case.remove("subjects").unwrap();
        }
    }
    report
}

#[test]
fn two_runs_with_one_seed_give_one_report() {
    let arguments = ["run", "--select", "SEM,CNF,RES,PAGE,CON,AUTH", "--seed", "20261122"];
    let (one, other) = (settled(&arguments), settled(&arguments));
    assert!(one["cases"].as_array().unwrap().len() > 100, "{}", one["counts"]);
    assert_eq!(one, other);
}

#[test]
fn worlds_of_several_nodes_are_no_exception() {
    let arguments = [
        "run",
        "--profile",
        "federation",
        "--select",
        "FAUD,PULL-01,RLY-01,TOK-13",
        "--seed",
        "20261122",
    ];
    assert_eq!(settled(&arguments), settled(&arguments));
}
