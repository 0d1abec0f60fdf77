//! The rules of lint, one by one.

use super::*;
use crate::domain::json;

fn run(text: &str) -> Result<LintRun, Refusal> {
    LintRun::from_json(&json::read(text.as_bytes()).unwrap())
}

fn subject(relation: &str) -> Subject {
    Subject {
        id: Id([7; 16]),
        entity: "user:a".to_owned(),
        relation: relation.to_owned(),
    }
}

#[test]
fn a_request_is_understood() {
    assert_eq!(run(r#"{"scope": "team"}"#), Ok(LintRun::of(Scope::Team)));
    let nulls =
        r#"{"scope": "team", "checks": null, "entity": null, "relation": null, "stale_lookahead_s": null, "x": 1}"#;
    assert_eq!(run(nulls), Ok(LintRun::of(Scope::Team)));
    assert_eq!(run(r#"{"scope": "team", "checks": []}"#).unwrap().checks, CheckSet::ALL);
    let all = run(
        r#"{"scope": "public", "checks": ["orphan", "stale", "orphan"], "entity": " User:Alice  Smith", "relation": "Memory:Role ",
            "stale_lookahead_s": 60}"#,
    );
    let all = all.unwrap();
    assert_eq!(all.checks.words(), ["stale", "orphan"]);
    assert_eq!(all.entity.as_deref(), Some("user:alice-smith"));
    assert_eq!(all.relation.as_deref(), Some("Memory:Role "));
    assert_eq!(all.horizon(5), 60_000_005);
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    for text in [
        "[]",
        "{}",
        r#"{"scope": null}"#,
        r#"{"scope": "Local"}"#,
        r#"{"scope": ["local"]}"#,
        r#"{"scope": "local", "checks": "stale"}"#,
        r#"{"scope": "local", "checks": ["stale", "spelling"]}"#,
        r#"{"scope": "local", "checks": ["stale", 1]}"#,
        r#"{"scope": "local", "entity": 5}"#,
        r#"{"scope": "local", "entity": "stigmem://a"}"#,
        r#"{"scope": "local", "relation": true}"#,
        r#"{"scope": "local", "stale_lookahead_s": -1}"#,
        r#"{"scope": "local", "stale_lookahead_s": 1.5}"#,
    ] {
        assert!(run(text).is_err(), "{text}");
    }
}

#[test]
fn no_lookahead_leaves_the_calendar() {
    let far = run(r#"{"scope": "local", "stale_lookahead_s": 100000000000000000000000000000}"#).unwrap();
    assert_eq!(far.horizon(i64::MAX - 1), i64::MAX);
}

#[test]
fn an_end_is_told_when_it_came_or_comes_soon() {
    for (end, told) in [
        (99, Some(Severity::Warning)),
        (100, Some(Severity::Warning)),
        (101, Some(Severity::Info)),
        (200, Some(Severity::Info)),
        (201, None),
    ] {
        assert_eq!(staleness(end, 100, 200), told, "{end}");
    }
    assert_eq!(staleness(101, 100, 100), None, "nobody looks ahead");
}

#[test]
fn a_lost_handoff_is_an_error_and_nothing_else_is() {
    for (relation, severity) in [
        ("intent:handoff_to", Severity::Error),
        ("intent:context_ref", Severity::Error),
        ("intent:Handoff_To", Severity::Warning),
        ("intent:handoff_to:copy", Severity::Warning),
        ("x:handoff_to", Severity::Warning),
        ("memory:boss", Severity::Warning),
    ] {
        assert_eq!(broken_ref("user:b", subject(relation)).severity, severity, "{relation}");
    }
}

#[test]
fn a_namespace_ends_with_a_colon() {
    for (relation, bare) in [
        ("status", true),
        ("memory/role", true),
        ("größe", true),
        ("x:y", false),
        ("https://example.com/status", false),
    ] {
        assert_eq!(is_bare(relation), bare, "{relation}");
    }
}

#[test]
fn a_reference_names_an_entity_or_a_fact() {
    let names = |reference| Target::of(reference).map(|target| target.spellings);
    assert_eq!(names("user:bob"), Some(vec!["user:bob".to_owned()]));
    assert_eq!(
        names("Stigmem://A/User/%42ob"),
        Some(vec![
            "stigmem://a/user/bob".to_owned(),
            "Stigmem://A/User/%42ob".to_owned()
        ])
    );
    assert_eq!(names("stigmem://broken"), Some(vec!["stigmem://broken".to_owned()]));
    assert_eq!(names("https://example.com/a"), None);
    let id = "3bdf8d18-66f0-4ecb-b9ac-f816cc991fea";
    let target = Target::of(&id.to_uppercase()).unwrap();
    assert_eq!(target.fact, Id::parse(id));
    assert!(!target.is_shown_by_notes());
    assert!(Target::of("stigmem:conflict:x").unwrap().is_shown_by_notes());
}

#[test]
fn a_detail_is_short_whatever_it_quotes() {
    let long = "x".repeat(70_000);
    for finding in [broken_ref(&long, subject("memory:boss")), namespacing(subject(&long))] {
        assert!(!finding.detail.is_empty() && finding.detail.len() < 400);
    }
    assert!(orphan("user:a".to_owned(), Scope::Team, vec![]).detail.contains("team"));
    assert!(stale(Severity::Info, 0, subject("a:b")).detail.contains("1970-01-01"));
}
