//! Policies as people write them, which of them governs, and what is left of a confidence.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::fact::Refusal;
use crate::domain::json as reader;
use crate::domain::scope::Scope;

fn read(policy: &Value) -> Result<DecayPolicy, Vec<(&'static str, &'static str)>> {
    let text = policy.to_string();
    DecayPolicy::from_json(&reader::read(text.as_bytes()).unwrap()).map_err(|refusal| match refusal {
        Refusal::Issues(issues) => issues
            .iter()
            .map(|issue| (issue.loc.first().copied().unwrap_or("body"), issue.kind))
            .collect(),
        other => panic!("{text}: {other:?}"),
    })
}

/// A policy about a relation and a scope that withdraws after an hour.
fn about(id: &str, relation: &str, scope: &str) -> DecayPolicy {
    read(&json!({ "id": id, "relation": relation, "scope": scope, "mode": "retract", "ttl_s": 3600 })).unwrap()
}

fn fading(half_life_s: u64, min_confidence: Option<f64>) -> DecayPolicy {
    DecayPolicy {
        mode: Mode::Confidence,
        ttl_s: None,
        half_life_s: Some(half_life_s),
        min_confidence,
        ..about("p", "*", "*")
    }
}

/// A fact that was asserted so many seconds before the instant that [`NOW`] is.
fn said(confidence: f64, age_s: i64) -> Trail {
    Trail {
        confidence,
        asserted: confidence,
        since: NOW - age_s * 1_000_000,
        ends: false,
        settled: false,
    }
}

const NOW: i64 = 1_790_000_000_000_000;

#[test]
fn a_policy_is_shown_as_it_was_sent() {
    for policy in [
        json!({ "id": "a", "relation": "memory:*", "scope": "company", "mode": "confidence", "ttl_s": 5, "half_life_s": 604800,
                "min_confidence": 0.125, "exempt_relations": ["memory:role", "memory:kept:*"] }),
        json!({ "id": "a b/c", "relation": "*", "scope": "*", "mode": "retract", "ttl_s": 9007199254740991_u64, "half_life_s": null,
                "min_confidence": null, "exempt_relations": [] }),
    ] {
        let read_once = read(&policy).unwrap();
        assert_eq!(read_once.to_json(), policy);
        assert_eq!(read(&read_once.to_json()), Ok(read_once));
    }
    let short = json!({ "id": "a", "relation": "r", "scope": "local", "mode": "retract", "ttl_s": 60.0, "new": {} });
    let short = read(&short).unwrap();
    assert_eq!((short.ttl_s, short.min_confidence), (Some(60), None));
    assert!(short.exempt_relations.is_empty());
}

#[test]
fn every_member_that_makes_no_sense_is_named() {
    assert_eq!(read(&json!([])), Err(vec![("body", "object_type")]));
    let missing = ["id", "relation", "scope", "mode"].map(|member| (member, "missing"));
    assert_eq!(read(&json!({})), Err(missing.to_vec()));
    let plain =
        json!({ "id": "a", "relation": "r", "scope": "local", "mode": "confidence", "half_life_s": 60, "ttl_s": 60 });
    assert!(read(&plain).is_ok());
    for (member, value, kind) in [
        ("id", json!(""), "string_too_short"),
        ("id", json!("i".repeat(257)), "string_too_long"),
        ("id", json!(5), "string_type"),
        ("relation", json!(""), "string_too_short"),
        ("relation", json!("r".repeat(4_097)), "string_too_long"),
        ("relation", Value::Null, "string_type"),
        ("scope", json!("Local"), "literal_error"),
        ("scope", json!(""), "string_too_short"),
        ("mode", json!("dry_run"), "literal_error"),
        ("mode", json!("Retract"), "literal_error"),
        ("half_life_s", Value::Null, "missing"),
        ("half_life_s", json!(0), "int_parsing"),
        ("half_life_s", json!(-1), "int_parsing"),
        ("half_life_s", json!(1.5), "int_parsing"),
        ("half_life_s", json!(1e300), "int_parsing"),
        ("half_life_s", json!("60"), "int_parsing"),
        ("half_life_s", json!(true), "int_parsing"),
        ("ttl_s", json!(0), "int_parsing"),
        ("min_confidence", json!(1.5), "out_of_range"),
        ("min_confidence", json!(-0.1), "out_of_range"),
        ("min_confidence", json!("0.5"), "number_type"),
        ("exempt_relations", json!("r"), "list_type"),
        ("exempt_relations", json!([5]), "list_type"),
        ("exempt_relations", json!(vec!["r"; 1_001]), "list_type"),
    ] {
        let mut policy = plain.clone();
        policy[member] = value;
        assert_eq!(read(&policy), Err(vec![(member, kind)]), "{policy}");
    }
}

#[test]
fn the_number_of_the_mode_has_to_be_there() {
    let without = json!({ "id": "a", "relation": "r", "scope": "local", "mode": "retract", "half_life_s": 60 });
    assert_eq!(read(&without), Err(vec![("ttl_s", "missing")]));
}

#[test]
fn a_pattern_ends_in_a_star_and_nothing_else_is_one() {
    for (pattern, relation, fits) in [
        ("memory:role", "memory:role", true),
        ("memory:role", "memory:roles", false),
        ("memory:role", "Memory:role", false),
        ("memory:*", "memory:role", true),
        ("memory:*", "memory:", true),
        ("memory:*", "memory", false),
        ("mood*", "mood", true),
        ("*", "anything", true),
        ("*", "*", true),
        ("a*b", "a*b", true),
        ("a*b", "axb", false),
        ("a_b%?[c].*", "a_b%?[c].1", true),
        ("a_b%?[c].*", "axb%?[c].1", false),
        ("Météo:*", "Météo:état", true),
    ] {
        let policies = Policies::new(vec![about("p", pattern, "*")]);
        assert_eq!(
            policies.governing(relation, Scope::Local).is_some(),
            fits,
            "{pattern} {relation}"
        );
    }
}

#[test]
fn the_most_special_policy_governs() {
    let all = [
        about("star", "*", "*"),
        about("star-team", "*", "team"),
        about("family", "memory:*", "*"),
        about("branch", "memory:role:*", "*"),
        about("branch-team", "memory:role:*", "team"),
        about("one", "memory:role:chief", "*"),
        about("one-public", "memory:role:chief", "public"),
    ];
    let mut backwards = all.to_vec();
    backwards.reverse();
    for policies in [Policies::new(all.to_vec()), Policies::new(backwards)] {
        for (relation, scope, id) in [
            ("note", Scope::Local, "star"),
            ("note", Scope::Team, "star-team"),
            ("memory:colour", Scope::Team, "family"),
            ("memory:role:deputy", Scope::Local, "branch"),
            ("memory:role:deputy", Scope::Team, "branch-team"),
            ("memory:role:chief", Scope::Team, "one"),
            ("memory:role:chief", Scope::Public, "one-public"),
        ] {
            let place = policies.governing(relation, scope).unwrap();
            assert_eq!(policies.all()[place].id, id, "{relation} {scope:?}");
        }
    }
}

#[test]
fn two_alike_are_told_apart_by_their_names() {
    let (a, b) = (about("a", "memory:*", "local"), about("b", "memory:*", "local"));
    for policies in [vec![a.clone(), b.clone()], vec![b, a]] {
        let policies = Policies::new(policies);
        assert_eq!(policies.governing("memory:role", Scope::Local), Some(0));
        assert_eq!(policies.all()[0].id, "a");
    }
}

#[test]
fn bookkeeping_and_exemptions_are_spared() {
    let mut general = about("general", "*", "*");
    let mut special = about("special", "memory:*", "*");
    special.exempt_relations = vec!["memory:kept".to_owned(), "memory:held:*".to_owned()];
    let governs = |policies: &Policies, relation: &str| {
        let place = policies.governing(relation, Scope::Local)?;
        Some(policies.all()[place].id.clone())
    };
    let policies = Policies::new(vec![general.clone(), special.clone()]);
    for relation in ["stigmem:ttl", "stigmem:", "rel:subject"] {
        assert_eq!(governs(&policies, relation), None, "{relation}");
    }
    for (relation, id) in [
        ("memory:role", "special"),
        ("memory:kept", "general"),
        ("memory:keptx", "special"),
        ("memory:held:x", "general"),
        ("stigmemory:x", "general"),
        ("relation", "general"),
    ] {
        assert_eq!(governs(&policies, relation).as_deref(), Some(id), "{relation}");
    }
    general.exempt_relations = vec!["*".to_owned()];
    assert_eq!(governs(&Policies::new(vec![general, special]), "memory:kept"), None);
}

#[test]
fn a_fact_is_overdue_when_it_is_older_than_the_policy_says() {
    let policy = about("p", "*", "*");
    assert!(!policy.is_overdue(&said(1.0, 3_600), NOW));
    assert!(policy.is_overdue(&said(1.0, 3_601), NOW));
    assert!(policy.is_overdue(&said(1.0, 3_600), NOW + 1));
    assert!(!policy.is_overdue(&said(1.0, -5), NOW));
    let ends = Trail {
        ends: true,
        ..said(1.0, 3_601)
    };
    assert!(!policy.is_overdue(&ends, NOW));
    let settled = Trail {
        settled: true,
        ..said(1.0, 3_601)
    };
    assert!(policy.is_overdue(&settled, NOW), "an old decision is old");
    assert!(!fading(1, None).is_overdue(&said(1.0, 3_601), NOW));
    let for_ever = DecayPolicy {
        ttl_s: Some(9_007_199_254_740_992),
        ..policy
    };
    assert!(!for_ever.is_overdue(&said(1.0, 3_601), NOW));
    let ancient = Trail {
        since: i64::MIN,
        ..said(1.0, 0)
    };
    assert!(about("p", "*", "*").is_overdue(&ancient, i64::MAX));
}

#[test]
fn belief_halves_with_the_half_life() {
    for (half_life, confidence, age, left) in [
        (3_600, 1.0, 7_200, 0.25),
        (3_600, 0.8, 3_600, 0.4),
        (3_600, 1.0, 1_800, std::f64::consts::FRAC_1_SQRT_2),
        (86_400, 0.5, 86_400, 0.25),
    ] {
        let due = fading(half_life, None).reduced(&said(confidence, age), NOW).unwrap();
        assert!((due - left).abs() < 1e-6, "{due} is not {left}");
    }
    let reduction = Trail {
        confidence: 0.5,
        asserted: 1.0,
        ..said(1.0, 7_200)
    };
    let due = fading(3_600, None).reduced(&reduction, NOW).unwrap();
    assert!(
        (due - 0.25).abs() < 1e-6,
        "what was reduced before counts from the start: {due}"
    );
}

#[test]
fn a_floor_is_reached_exactly_and_raises_nothing() {
    let policy = fading(1, Some(0.5));
    assert_eq!(policy.reduced(&said(1.0, 60), NOW), Some(0.5));
    assert_eq!(policy.reduced(&said(0.5, 60), NOW), None);
    assert_eq!(policy.reduced(&said(0.49, 60), NOW), None);
    assert_eq!(policy.reduced(&said(1.0, 0), NOW), None);
}

#[test]
fn the_oldest_belief_is_more_than_none() {
    let due = fading(1, None).reduced(&said(1.0, 10_000_000), NOW).unwrap();
    assert!(due > 0.0 && due < 0.001, "{due}");
    assert_eq!(
        fading(1, None).reduced(&said(due, 10_000_000), NOW),
        None,
        "and is not raised again"
    );
    assert_eq!(
        fading(1, Some(1e-300)).reduced(&said(1.0, 10_000_000), NOW),
        Some(1e-300)
    );
}

#[test]
fn a_breath_of_time_and_a_settled_question_change_nothing() {
    let policy = fading(86_400, None);
    assert_eq!(policy.reduced(&said(1.0, 60), NOW), None);
    assert!(policy.reduced(&said(1.0, 3_600), NOW).is_some());
    let settled = Trail {
        settled: true,
        ..said(1.0, 86_400)
    };
    assert_eq!(policy.reduced(&settled, NOW), None);
    assert_eq!(about("p", "*", "*").reduced(&said(1.0, 86_400), NOW), None);
}

#[test]
fn a_sweep_acts_by_the_policy_that_governs_and_by_no_other() {
    let exception = DecayPolicy {
        half_life_s: Some(60),
        ..about("exception", "memory:role", "*")
    };
    let plan = |mode: Option<&str>, only: Option<&str>| Plan {
        policies: Policies::new(vec![about("general", "memory:*", "*"), exception.clone()]),
        scope: Scope::Local,
        mode: mode.map(|word| SweepMode::parse(word).unwrap()),
        only: only.map(str::to_owned),
        now: NOW,
    };
    let acting = |plan: &Plan, relation: &str, mode| plan.acting(relation, mode).map(|(_, policy)| policy.id.clone());
    for (mode, only, relation, by) in [
        (None, None, "memory:role", Some("exception")),
        (None, None, "memory:colour", Some("general")),
        (None, None, "note", None),
        (None, Some("general"), "memory:role", None),
        (None, Some("general"), "memory:colour", Some("general")),
        (Some("dry_run"), None, "memory:role", Some("exception")),
        (Some("retract"), None, "memory:role", Some("exception")),
        (Some("confidence"), None, "memory:role", None),
    ] {
        let plan = plan(mode, only);
        assert_eq!(
            acting(&plan, relation, Mode::Retract).as_deref(),
            by,
            "{mode:?} {only:?} {relation}"
        );
    }
    let forced = plan(Some("confidence"), None);
    assert_eq!(
        acting(&forced, "memory:role", Mode::Confidence).as_deref(),
        Some("exception")
    );
    assert!(forced.has(Mode::Confidence) && !forced.has(Mode::Retract) && !forced.is_dry());
    assert!(!plan(Some("confidence"), Some("general")).has(Mode::Confidence));
    assert!(plan(Some("dry_run"), None).is_dry());
    assert_eq!(SweepMode::parse("Dry_run"), None);
}

proptest! {
    #[test]
    fn what_is_left_is_more_than_nothing_and_less_than_before(
        asserted in 0.0..=1.0_f64, age_s in -1_000_000..4_000_000_000_i64, half_life in 1..=9_007_199_254_740_992_u64,
        floor in proptest::option::of(0.0..=1.0_f64),
    ) {
        let policy = fading(half_life, floor);
        if let Some(due) = policy.reduced(&said(asserted, age_s), NOW) {
            prop_assert!(due > 0.0 && due < asserted, "{} of {}", due, asserted);
            prop_assert!(due >= floor.unwrap_or(0.0));
            // A sweep right after this one finds nothing to do.
            let after = Trail { confidence: due, ..said(asserted, age_s) };
            prop_assert_eq!(policy.reduced(&after, NOW), None);
        }
    }

    #[test]
    fn no_body_panics(text in r#"[\[\]{}",:0-9a-c.eE+\- truefalsnidcopm*\\]{0,40}"#) {
        if let Ok(body) = reader::read(text.as_bytes()) {
            let _ = DecayPolicy::from_json(&body);
        }
    }

    #[test]
    fn a_pattern_fits_what_it_begins(beginning in ".{0,12}", rest in ".{0,12}") {
        let relation = format!("{beginning}{rest}");
        prop_assume!(!relation.starts_with("stigmem:") && !relation.starts_with("rel:"));
        let policies = Policies::new(vec![about("p", &format!("{beginning}*"), "*")]);
        prop_assert_eq!(policies.governing(&relation, Scope::Public), Some(0));
    }
}
