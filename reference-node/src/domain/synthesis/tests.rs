//! Requests and counts of synthesis.

use super::*;
use crate::domain::json;

fn request(text: &str) -> Result<SynthesisRequest, Refusal> {
    SynthesisRequest::from_json(&json::read(text.as_bytes()).unwrap())
}

#[test]
fn a_request_is_understood() {
    let plain = SynthesisRequest::of(Scope::Team);
    assert_eq!(request(r#"{"scope": "team"}"#), Ok(plain.clone()));
    let nulls = r#"{"scope": "team", "entity": null, "min_confidence": null, "include_expired": null, "limit": 1}"#;
    assert_eq!(request(nulls), Ok(plain));
    let full = r#"{"scope": "local", "entity": "STIGMEM://A.Example/User/Bob B", "min_confidence": 0, "include_expired": true}"#;
    let full = request(full).unwrap();
    assert_eq!(full.entity.as_deref(), Some("stigmem://a.example/user/bob-b"));
    assert_eq!((full.min_confidence, full.include_expired), (Some(0.0), true));
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    for text in [
        "null",
        "[]",
        "{}",
        r#"{"scope": ""}"#,
        r#"{"scope": "local "}"#,
        r#"{"scope": "local", "min_confidence": -0.1}"#,
        r#"{"scope": "local", "min_confidence": 1.0000000000000002}"#,
        r#"{"scope": "local", "min_confidence": "0.5"}"#,
        r#"{"scope": "local", "min_confidence": true}"#,
        r#"{"scope": "local", "entity": ["user:a"]}"#,
        r#"{"scope": "local", "include_expired": 1}"#,
    ] {
        assert!(request(text).is_err(), "{text}");
    }
}

#[test]
fn a_threshold_leaves_entries_out_and_facts_in() {
    let entry = |confidence, contradicted| Entry {
        entity: "user:a".to_owned(),
        relation: "t:r".to_owned(),
        scope: Scope::Local,
        value: Value::string("x"),
        confidence,
        hlc: "0000000000001.000".to_owned(),
        contradicted,
        alternative: None,
    };
    let mut sure = SynthesisRequest::of(Scope::Local);
    sure.min_confidence = Some(0.5);
    let mut tally = Tally::default();
    assert!(tally.take(&sure, 3, entry(0.5, true)).is_some());
    assert!(tally.take(&sure, 2, entry(0.499_999, true)).is_none());
    assert!(tally.take(&sure, 1, entry(1.0, false)).is_some());
    let counted = Tally {
        facts: 6,
        contradictions: 1,
        filtered: 1,
    };
    assert_eq!(tally, counted);
    let mut all = Tally::default();
    assert!(
        all.take(&SynthesisRequest::of(Scope::Local), 1, entry(1e-9, false))
            .is_some()
    );
    all.add(tally);
    assert_eq!((all.facts, all.filtered), (7, 1));
}
