//! Records as adapters leave them, and what must come of them.

mod telling;

use serde_json::{Value, json};

use super::*;
use crate::trace::{Answer, Body, Ended, Event, Exchange, Hosted, Request, Response};

/// A case with these steps, as a vector file has them.
fn case(steps: &Value) -> AdapterCase {
    let mut cases = Vec::new();
    let file = json!({"cases": [{"id": "x", "covers": ["ADPT-01"], "why": "because", "steps": steps}]});
    super::super::case::read_file("vectors/adapter/x.json", &file, &mut cases).unwrap();
    cases[0].adapter().unwrap().clone()
}

fn exchange(n: usize, method: &str, target: &str, body: &Value, status: u16, answer: &Value) -> Exchange {
    let text = |value: &Value| {
        if value.is_null() {
            Body::Empty
        } else {
            Body::Text(value.to_string())
        }
    };
    Exchange {
        n,
        on: None,
        request: Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("Authorization".to_owned(), "Bearer {key:host}".to_owned())],
            body: text(body),
        },
        answer: Answer::Response(Response {
            status,
            headers: Vec::new(),
            body: text(answer),
        }),
        took_us: 0,
    }
}

fn write(n: usize, relation: &str, value: &Value, status: u16) -> Exchange {
    let body = json!({"entity": format!("e-{n}"), "relation": relation, "value": value, "source": "s"});
    exchange(n, "POST", "/v1/facts", &body, status, &Value::Null)
}

fn exited(exit: i32, stdout: &str, arrivals_ms: &[u64]) -> Hosted {
    Hosted {
        did: "hook".to_owned(),
        ended: Ended::Exited,
        exit: Some(exit),
        stdout: stdout.to_owned(),
        answer: json!({"failed": exit != 0, "how": "exit", "text": stdout, "shown": stdout}),
        took_ms: 5,
        arrivals_ms: arrivals_ms.to_vec(),
        ..Hosted::default()
    }
}

fn record(steps: Vec<(Vec<Exchange>, Hosted)>) -> CaseRecord {
    let steps = steps.into_iter().map(|(exchanges, hosted)| StepRecord {
        exchanges,
        events: vec![Event::Hosted(Box::new(hosted))],
    });
    CaseRecord {
        case: "x".to_owned(),
        names: json!({"ns": "stigmem://a.example", "key": "{key:host}"})
            .as_object()
            .cloned()
            .unwrap(),
        steps: steps.collect(),
        ..CaseRecord::default()
    }
}

#[track_caller]
fn verdict(steps: &Value, record: &CaseRecord, wanted: Verdict) -> String {
    let found = judge(&case(steps), record);
    assert_eq!(found.verdict, wanted, "{}", found.message);
    found.message
}

fn string(v: &str) -> Value {
    json!({"type": "string", "v": v})
}

#[test]
fn a_write_is_seen_and_a_missing_one_is_missed() {
    let steps = json!([{"do": "checkout", "expect": {"writes": {"$contains": {"relation": "paperclip:checkout", "value": {"v": "in_progress"}}}, "api": {"$each": {"headers": {"authorization": "Bearer {key}"}}}}}]);
    let good = record(vec![(
        vec![write(1, "paperclip:checkout", &string("in_progress"), 201)],
        exited(0, "", &[3]),
    )]);
    verdict(&steps, &good, Verdict::Pass);
    let other = record(vec![(
        vec![write(1, "paperclip:checkout", &string("done"), 201)],
        exited(0, "", &[3]),
    )]);
    let message = verdict(&steps, &other, Verdict::Fail);
    assert!(
        message.contains("/writes") && message.contains("exited with 0"),
        "{message}"
    );
    verdict(&steps, &record(vec![(vec![], exited(0, "", &[]))]), Verdict::Fail);
}

#[test]
fn attempts_are_counted_by_what_they_say() {
    let steps = |most: u64| json!([{"do": "ping", "expect": {"attempts": {"$each": {"times": {"$lte": most}}}}}]);
    let now = |n: usize| {
        write(
            n,
            "paperclip:last_active",
            &json!({"type": "datetime", "v": format!("2026-03-01T09:30:0{n}Z")}),
            503,
        )
    };
    let thrice = record(vec![(vec![now(1), now(2), now(3)], exited(0, "", &[0, 2000, 4000]))]);
    verdict(&steps(2), &thrice, Verdict::Fail);
    verdict(&steps(3), &thrice, Verdict::Pass);
    let two = record(vec![(
        vec![write(1, "a:b", &string("x"), 503), write(2, "a:b", &string("y"), 503)],
        exited(0, "", &[0, 1]),
    )]);
    verdict(&steps(1), &two, Verdict::Pass);
    let back = json!({"entity": "e-1", "relation": "a:b", "value": string("x"), "source": "s", "confidence": 0});
    let back = exchange(1, "POST", "/v1/facts", &back, 201, &Value::Null);
    let replaced = record(vec![(
        vec![back, write(2, "a:b", &string("x"), 201)],
        exited(0, "", &[0, 1]),
    )]);
    verdict(&steps(1), &replaced, Verdict::Pass);
    let gaps = json!([{"do": "ping", "expect": {"attempts": {"$each": {"gaps_ms": {"$excludes": {"$lt": 1900}}}}}}]);
    verdict(&gaps, &thrice, Verdict::Pass);
    let hasty = record(vec![(vec![now(1), now(2)], exited(0, "", &[0, 100]))]);
    verdict(&gaps, &hasty, Verdict::Fail);
}

#[test]
fn a_premise_that_does_not_hold_is_no_failure() {
    let steps = json!([{"do": "checkout", "premise": {"writes": {"$size": {"$gte": 1}}}, "expect": {"exit": 7}}]);
    let silent = record(vec![(vec![], exited(0, "", &[]))]);
    let message = verdict(&steps, &silent, Verdict::Inconclusive);
    assert!(message.contains("situation"), "{message}");
    let steps = json!([{"do": "checkout"}, {"do": "done", "expect": {"unharmed": true}}]);
    let failed = record(vec![(vec![], exited(1, "", &[])), (vec![], exited(0, "", &[]))]);
    verdict(&steps, &failed, Verdict::Inconclusive);
    let fine = record(vec![(vec![], exited(0, "", &[])), (vec![], exited(0, "", &[]))]);
    verdict(&steps, &fine, Verdict::Pass);
}

#[test]
fn a_host_is_unharmed_by_the_status_0_alone() {
    let steps = json!([{"do": "checkout", "expect": {"unharmed": true}}]);
    for (ended, exit, wanted) in [
        (Ended::Exited, Some(0), Verdict::Pass),
        (Ended::Exited, Some(1), Verdict::Fail),
        (Ended::Signalled, None, Verdict::Fail),
        (Ended::RanOut, None, Verdict::Fail),
        (Ended::Stays, None, Verdict::Fail),
    ] {
        let hosted = Hosted {
            ended,
            exit,
            ..Hosted::default()
        };
        verdict(&steps, &record(vec![(vec![], hosted)]), wanted);
    }
    let answered = Hosted {
        answer: json!({"failed": true, "how": "tool-error"}),
        ..Hosted::default()
    };
    verdict(&steps, &record(vec![(vec![], answered)]), Verdict::Pass);
}

#[test]
fn a_block_is_compared_by_what_is_not_free() {
    let steps = json!([{"do": "boot", "premise": {"handed": {"$size": 1}}, "expect": {"block": "## Stigmem context — {ns}/user/a\n\n### preference\n- **preference:x** on `e`: y"}}]);
    let page = json!({"facts": [{"id": "1"}]});
    let asked = || vec![exchange(1, "GET", "/v1/facts?entity=e", &Value::Null, 200, &page)];
    let block = "## Stigmem context - stigmem://a.example/user/a\n### preference\n- **preference:x** on `e`: y\n";
    verdict(&steps, &record(vec![(asked(), exited(0, block, &[1]))]), Verdict::Pass);
    verdict(
        &steps,
        &record(vec![(asked(), exited(0, &block.replace(": y", ": z"), &[1]))]),
        Verdict::Fail,
    );
    verdict(&steps, &record(vec![(asked(), exited(0, "", &[1]))]), Verdict::Fail);
    verdict(
        &steps,
        &record(vec![(vec![], exited(0, block, &[]))]),
        Verdict::Inconclusive,
    );
}

#[test]
fn emptiness_is_of_boot_alone() {
    let empty = |wanted: bool| json!([{"do": "boot", "expect": {"empty": wanted, "context": if wanted { Value::Null } else { json!({"headings": 1}) }}}]);
    verdict(
        &empty(true),
        &record(vec![(vec![], exited(0, "\n", &[]))]),
        Verdict::Pass,
    );
    verdict(
        &empty(false),
        &record(vec![(vec![], exited(0, "## Stigmem context — e\n", &[]))]),
        Verdict::Pass,
    );
    let mut json_form = exited(0, "{}", &[]);
    json_form.answer = json!({"failed": false, "how": "exit", "text": "{}", "summary": "", "facts": [{"id": "1"}]});
    verdict(
        &json!([{"do": "boot", "expect": {"empty": true}}]),
        &record(vec![(vec![], json_form)]),
        Verdict::Fail,
    );
}

#[test]
fn facts_are_grouped_by_what_they_are_about() {
    let steps = json!([
        {"do": "handoff", "save": "one", "premise": {"writes": {"$size": {"$gte": 1}}}},
        {"do": "handoff", "expect": {"writes": {"$excludes": {"entity": "{one.writes.0.entity}"}}, "about": {"$contains": {"values": {"intent:handoff_to": [{"v": "x"}], "intent:handoff_summary": [{"v": "y"}]}}}}},
    ]);
    let about = |entity: &str, n: usize, relation: &str, v: &str| {
        let body = json!({"entity": entity, "relation": relation, "value": string(v)});
        exchange(n, "POST", "/v1/facts", &body, 201, &Value::Null)
    };
    let handoff = |entity: &str, n: usize| {
        vec![
            about(entity, n, "intent:handoff_to", "x"),
            about(entity, n + 1, "intent:handoff_summary", "y"),
            about(entity, n + 2, "intent:handoff_summary", "y"),
        ]
    };
    let done = || exited(0, "", &[0, 1, 2]);
    verdict(
        &steps,
        &record(vec![(handoff("h-1", 1), done()), (handoff("h-2", 4), done())]),
        Verdict::Pass,
    );
    verdict(
        &steps,
        &record(vec![(handoff("h-1", 1), done()), (handoff("h-1", 4), done())]),
        Verdict::Fail,
    );
    let parted = vec![
        about("h-2", 4, "intent:handoff_to", "x"),
        about("h-3", 5, "intent:handoff_summary", "y"),
    ];
    verdict(
        &steps,
        &record(vec![(handoff("h-1", 1), done()), (parted, done())]),
        Verdict::Fail,
    );
}

#[test]
fn whose_mistake_it_is_is_kept_apart() {
    let steps = json!([{"do": "checkout", "expect": {"unharmed": true}}]);
    let mut gone = record(vec![(vec![], exited(1, "", &[]))]);
    gone.gone = Some(Gone {
        what: "it cannot be started".to_owned(),
        log: Vec::new(),
    });
    verdict(&steps, &gone, Verdict::Unreachable);
    let mut ours = record(vec![]);
    ours.harness_error = Some("no port".to_owned());
    verdict(&steps, &ours, Verdict::Error);
    verdict(&steps, &record(vec![]), Verdict::Inconclusive);
    let slip = json!([{"do": "checkout", "expect": {"exit": {"$foo": 1}}}]);
    verdict(&slip, &record(vec![(vec![], exited(0, "", &[]))]), Verdict::Error);
    let unbound = json!([{"do": "checkout", "expect": {"exit": "{key.x}"}}]);
    verdict(&unbound, &record(vec![(vec![], exited(0, "", &[]))]), Verdict::Error);
}
