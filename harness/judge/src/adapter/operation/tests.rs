use super::*;

fn closed_over(conditions: &[&str]) -> Vec<String> {
    closed(conditions.iter().map(|one| (*one).to_owned()).collect())
        .into_iter()
        .collect()
}

#[test]
fn what_follows_from_an_operation_comes_with_it() {
    assert_eq!(
        closed_over(&["checkout"]),
        ["checkout", "events", "lifecycle", "task-status", "writes"]
    );
    assert_eq!(
        closed_over(&["query-min-confidence"]),
        ["query", "query-min-confidence"]
    );
    assert_eq!(
        closed_over(&["decision-summary"]),
        ["decision", "decision-summary", "events", "intents", "writes"]
    );
}

#[test]
fn what_follows_from_a_condition_comes_with_it() {
    for (condition, all) in [
        ("process", &["process"][..]),
        ("middleware", &["middleware"]),
        ("standing", &["process", "standing"]),
        ("mcp", &["mcp", "process", "standing"]),
        ("hooks", &["hooks", "middleware", "writes"]),
        ("pull-user", &["boot", "middleware", "pull-user", "renders"]),
        ("pull-project", &["boot", "middleware", "pull-project", "renders"]),
        ("pull-handoffs", &["boot", "middleware", "pull-handoffs"]),
        ("pull-escalations", &["boot", "middleware", "pull-escalations"]),
    ] {
        assert_eq!(closed_over(&[condition]), all, "{condition}");
    }
}

#[test]
fn middleware_that_writes_is_a_hook() {
    assert_eq!(
        closed_over(&["assert", "middleware"]),
        ["assert", "hooks", "middleware", "writes"]
    );
    assert_eq!(closed_over(&["assert", "process"]), ["assert", "process", "writes"]);
    assert_eq!(closed_over(&["query", "middleware"]), ["middleware", "query"]);
}

#[test]
fn an_operation_is_found_by_its_name() {
    for operation in OPERATIONS {
        let found = find(operation.name).unwrap();
        assert_eq!((found.name, found.names), (operation.name, operation.names));
    }
    assert!(find("chekout").is_none());
}

#[test]
fn a_value_is_made_of_its_parts() {
    let with = json!({"type": "null", "v": null});
    let values = values("assert", with.as_object().unwrap());
    assert_eq!(values["value"], json!({"type": "null", "v": null}));
    assert_eq!(values["scope"], "company");
    let values = super::values("assert", json!({"type": "text"}).as_object().unwrap());
    assert_eq!(values["value"], json!({"type": "text", "v": "helix"}));
    assert_eq!(super::values("retract", &Map::new()).get("value"), None);
}

/// `vectors/adapter/README.md` lists them.
#[test]
fn what_a_step_leaves_out_has_an_ordinary_value() {
    let of = |operation: &str| Value::Object(values(operation, &Map::new()));
    assert_eq!(of("boot"), json!({"user": "{ns}/user/alice", "projects": []}));
    for operation in ["checkout", "done", "blocked", "ping"] {
        assert_eq!(of(operation), json!({"task": "eg-42"}));
    }
    let handoff = of("handoff");
    assert_eq!(
        (&handoff["to"], &handoff["refs"]),
        (&json!("agent:reviewer"), &json!([]))
    );
    assert!(handoff["summary"].is_string());
    let decision = of("decision");
    assert_eq!(decision["entity"], "{ns}/decision/storage");
    assert!(decision["summary"].is_string());
    let escalation = of("escalate");
    assert_eq!(
        (&escalation["to"], &escalation["priority"]),
        (&json!("agent:lead"), &json!("high"))
    );
    assert!(escalation["goal"].is_string());
    assert_eq!(
        of("assert"),
        json!({
            "entity": "{ns}/user/alice", "relation": "preference:editor", "type": "string", "v": "helix",
            "value": {"type": "string", "v": "helix"}, "scope": "company", "confidence": 1.0, "source": "{source}",
        })
    );
    assert_eq!(of("query"), json!({"entity": "{ns}/user/alice"}));
    assert_eq!(of("retract"), json!({"source": "{source}"}));
    for operation in ["lint", "decay", "synthesize"] {
        assert_eq!(of(operation), json!({"scope": "company"}));
    }
    for operation in ["get", "conflicts", "resolve"] {
        assert_eq!(of(operation), json!({}));
    }
}

#[test]
fn every_condition_is_closed() {
    let all = conditions();
    assert_eq!(closed(all.clone()), all);
    for known in [
        "blocked-by",
        "handoff-continuation",
        "task-status",
        "process",
        "pull-user",
        "renders",
        "lint",
    ] {
        assert!(all.contains(known), "{known}");
    }
    assert!(!all.contains("chekout"));
}
