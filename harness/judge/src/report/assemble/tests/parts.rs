//! A run of all profiles is what the runs of each would be.

use std::sync::LazyLock;

use super::super::*;
use crate::{
    data::Data,
    schemas::tests::SCHEMAS,
    trace::{Answer, Exchange, Request, Response, StepRecord},
    vectors::tests::VECTORS,
};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::load(&Data::embedded()).unwrap());

fn report(profile: &str, selection: &[&str], records: &[CaseRecord]) -> Report {
    let run = RunRecord {
        format: 1,
        kit: "0.1.0".to_owned(),
        seed: 1,
        started: "2026-01-02T03:04:05Z".to_owned(),
        profile: profile.to_owned(),
        selection: selection.iter().map(|selector| (*selector).to_owned()).collect(),
        target: TargetRecord {
            name: "a node".to_owned(),
            version: "1".to_owned(),
            how: "attached".to_owned(),
            features: Vec::new(),
            repeat: "stigmem-conformance run".to_owned(),
            expected: Vec::new(),
        },
        digests: BTreeMap::new(),
        left_out: Vec::new(),
    };
    let end = EndRecord {
        cases: records.len(),
        exchanges: records.len(),
        duration_ms: 1,
    };
    assemble(&run, records, &end, &VECTORS, &REGISTRY, &SCHEMAS)
}

/// A case that judges a requirement, in which the node answered once.
fn answered(id: &str, status: u16) -> CaseRecord {
    let mut cases = VECTORS.cases.iter().filter(|case| case.every().is_none());
    let case = cases.find(|case| case.covers[0] == id).unwrap();
    let exchange = Exchange {
        n: 1,
        on: None,
        request: Request::default(),
        answer: Answer::Response(Response {
            status,
            ..Response::default()
        }),
        took_us: 1,
    };
    CaseRecord {
        case: case.id.clone(),
        steps: vec![StepRecord {
            exchanges: vec![exchange],
            events: Vec::new(),
        }],
        ..CaseRecord::default()
    }
}

#[test]
fn the_parts_of_a_run_of_all_profiles_add_up() {
    let full = report(profiles::FULL, &[], &[]);
    let names: Vec<&str> = full.profiles.iter().map(|part| part.profile.as_str()).collect();
    assert_eq!(names, profiles::of_nodes(&REGISTRY));
    let sum: usize = full.profiles.iter().map(|part| part.coverage.musts).sum();
    assert_eq!(sum, full.coverage.musts);
    for part in &full.profiles {
        let alone = report(&part.profile, &[], &[]);
        assert!(alone.profiles.is_empty());
        assert_eq!(
            (alone.conclusion, alone.coverage, &alone.counts),
            (part.conclusion, part.coverage, &part.counts),
            "{}",
            part.profile
        );
    }
    assert_eq!(full.conclusion, Conclusion::Undetermined);
}

#[test]
fn a_selection_has_the_parts_that_it_touches() {
    let full = report(profiles::FULL, &["SYN", "SEM-07"], &[]);
    let names: Vec<&str> = full.profiles.iter().map(|part| part.profile.as_str()).collect();
    assert_eq!(names, ["core", "synthesis"]);
}

/// 503 is right for a relay that lags (BACK-13), and nowhere else.
#[test]
fn a_rule_of_one_profile_is_not_about_the_cases_of_another() {
    let rule = |records: &[CaseRecord]| {
        let full = report(profiles::FULL, &[], records);
        let found = full
            .cases
            .into_iter()
            .find(|case| case.id == "every-answer-is-below-500");
        found.unwrap().verdict
    };
    assert_eq!(rule(&[answered("BACK-13", 503)]), Verdict::Inconclusive);
    assert_eq!(rule(&[answered("SEM-07", 503)]), Verdict::Fail);
}
