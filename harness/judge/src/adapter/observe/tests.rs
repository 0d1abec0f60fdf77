//! Requests and answers as a trace has them, and what patterns get to see of them.

use super::*;
use crate::trace::{Body, Request, Response, Silence};

fn body(value: &Value) -> Body {
    if value.is_null() {
        Body::Empty
    } else {
        Body::Text(value.to_string())
    }
}

fn answered(status: u16, value: &Value) -> Answer {
    Answer::Response(Response {
        status,
        body: body(value),
        ..Response::default()
    })
}

fn exchange(method: &str, target: &str, sent: Body, answer: Answer) -> Exchange {
    Exchange {
        n: 1,
        on: None,
        request: Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("X-Agent".to_owned(), "Me".to_owned())],
            body: sent,
        },
        answer,
        took_us: 0,
    }
}

fn asked(method: &str, target: &str) -> Exchange {
    exchange(method, target, Body::Empty, answered(200, &json!({})))
}

fn written(fact: &Value) -> Exchange {
    exchange("POST", "/v1/facts", body(fact), answered(201, &Value::Null))
}

/// What is seen of a step in which an operation was asked for.
fn seen_of(operation: &str, exchanges: Vec<Exchange>, hosted: Hosted) -> Value {
    let step = Step {
        deed: Deed::Do(operation.to_owned(), Map::new()),
        premise: None,
        expect: None,
        save: None,
        within_ms: 0,
        linger_ms: 0,
        source: Value::Null,
    };
    let events = vec![Event::Hosted(Box::new(hosted))];
    observe(&step, &StepRecord { exchanges, events }).unwrap()
}

fn seen(exchanges: Vec<Exchange>) -> Value {
    seen_of("query", exchanges, Hosted::default())
}

#[test]
fn a_query_is_decoded_and_the_last_of_two_counts() {
    let query = pairs("a=1&b=x%20y+z&a=2&c");
    assert_eq!(Value::Object(query), json!({"a": "2", "b": "x y z", "c": ""}));
    assert!(pairs("").is_empty());
}

#[test]
fn each_request_counts_as_what_it_is() {
    let fact = json!({"entity": "e"});
    let seen = seen(vec![
        asked("GET", "/.well-known/stigmem"),
        asked("HEAD", "/.well-known/stigmem"),
        asked("GET", "/v1/facts?entity=e"),
        written(&fact),
        asked("PUT", "/v1/facts"),
        asked("GET", "/v1/facts/7"),
        asked("POST", "/v1/lint"),
    ]);
    let lines = |member: &str| -> Vec<String> {
        let requests = seen[member].as_array().unwrap().iter();
        let line = |one: &Value| format!("{} {}", one["method"].as_str().unwrap(), one["path"].as_str().unwrap());
        requests.map(line).collect()
    };
    assert_eq!(lines("requests").len(), 7);
    assert_eq!(seen["first"], seen["requests"][0]);
    assert_eq!(
        lines("api"),
        [
            "GET /v1/facts",
            "POST /v1/facts",
            "PUT /v1/facts",
            "GET /v1/facts/7",
            "POST /v1/lint"
        ]
    );
    assert_eq!(lines("posts"), ["POST /v1/facts", "PUT /v1/facts", "POST /v1/lint"]);
    assert_eq!(seen["queries"], json!([{"entity": "e"}]));
    assert_eq!(seen["probes"], 1);
    assert_eq!(seen["writes"], json!([fact]));
}

#[test]
fn a_request_is_seen_in_its_parts() {
    let hosted = Hosted {
        arrivals_ms: vec![30],
        ..Hosted::default()
    };
    let sent = exchange("POST", "/v1/x?a=b", body(&json!([1])), answered(503, &Value::Null));
    let seen = seen_of("query", vec![sent, asked("GET", "/")], hosted);
    assert_eq!(
        seen["requests"],
        json!([
            {"method": "POST", "path": "/v1/x", "query": {"a": "b"}, "headers": {"x-agent": "Me"}, "body": [1], "status": 503, "at_ms": 30},
            {"method": "GET", "path": "/", "query": {}, "headers": {"x-agent": "Me"}, "body": null, "status": 200, "at_ms": null},
        ])
    );
}

#[test]
fn a_body_that_is_no_json_is_seen_as_text() {
    let sent =
        |body: Body| seen(vec![exchange("POST", "/v1/x", body, answered(200, &json!({})))])["first"]["body"].clone();
    assert_eq!(sent(Body::Text("entity=e".to_owned())), "entity=e");
    assert_eq!(sent(Body::Text("null".to_owned())), Value::Null);
    assert_eq!(sent(Body::Empty), Value::Null);
}

#[test]
fn a_request_without_an_answer_has_no_status() {
    let silence = Answer::None {
        kind: Silence::Closed,
        message: "the node hung up".to_owned(),
    };
    let seen = seen(vec![exchange("GET", "/", Body::Empty, silence)]);
    assert_eq!(seen["first"]["status"], Value::Null);
}

#[test]
fn only_facts_that_answered_a_query_were_handed_over() {
    let page = json!({"facts": [{"id": "1"}, {}, {"id": "2"}]});
    let handed = |method: &str, target: &str, status: u16| {
        seen(vec![exchange(method, target, Body::Empty, answered(status, &page))])["handed"].clone()
    };
    assert_eq!(handed("GET", "/v1/facts", 200), json!(["1", "2"]));
    assert_eq!(handed("GET", "/v1/facts?entity=e", 200), json!(["1", "2"]));
    for (method, target, status) in [
        ("POST", "/v1/facts", 200),
        ("GET", "/v1/facts", 503),
        ("GET", "/v1/facts/1", 200),
        ("GET", "/v1/conflicts", 200),
    ] {
        assert_eq!(handed(method, target, status), json!([]), "{method} {target} {status}");
    }
}

#[test]
fn an_attempt_is_the_same_when_it_says_the_same() {
    let write = |relation: &str, value: &Value| written(&json!({"entity": "e", "relation": relation, "value": value}));
    let (x, y) = (json!({"type": "string", "v": "x"}), json!({"type": "string", "v": "y"}));
    let now = |second: u64| json!({"type": "datetime", "v": format!("2026-03-01T09:30:0{second}Z")});
    let hosted = Hosted {
        arrivals_ms: vec![0, 10, 30, 60, 100, 150],
        ..Hosted::default()
    };
    let exchanges = vec![
        write("a:b", &x),
        write("a:b", &y),
        write("a:b", &x),
        write("a:c", &now(1)),
        write("a:b", &x),
        write("a:c", &now(2)),
    ];
    assert_eq!(
        seen_of("query", exchanges, hosted)["attempts"],
        json!([
            {"relation": "a:b", "times": 3, "gaps_ms": [30, 70]},
            {"relation": "a:b", "times": 1, "gaps_ms": []},
            {"relation": "a:c", "times": 2, "gaps_ms": [90]},
        ])
    );
}

#[test]
fn to_take_something_back_is_no_attempt_to_write_it() {
    let sure = |confidence: f64| written(&json!({"relation": "a:b", "value": 1, "confidence": confidence}));
    let times = |exchanges: Vec<Exchange>| seen(exchanges)["attempts"].as_array().unwrap().len();
    assert_eq!(times(vec![sure(1.0), sure(0.5)]), 1);
    assert_eq!(times(vec![sure(1.0), sure(0.0)]), 2);
    assert_eq!(times(vec![sure(0.0), sure(0.0)]), 1);
}

#[test]
fn what_is_written_about_an_entity_is_gathered() {
    let write = |entity: &str, relation: &str, value: u64| {
        written(&json!({"entity": entity, "relation": relation, "value": value}))
    };
    let exchanges = vec![
        write("two", "a:b", 1),
        write("one", "a:b", 1),
        write("two", "a:c", 1),
        write("two", "a:b", 2),
        write("two", "a:b", 1),
        written(&json!({"entity": "three"})),
    ];
    assert_eq!(
        seen(exchanges)["about"],
        json!([
            {"entity": "two", "values": {"a:b": [1, 2], "a:c": [1]}},
            {"entity": "one", "values": {"a:b": [1]}},
        ])
    );
}

#[test]
fn nothing_is_seen_where_the_host_saw_nothing() {
    let step = Step {
        deed: Deed::Tools,
        premise: None,
        expect: None,
        save: None,
        within_ms: 0,
        linger_ms: 0,
        source: Value::Null,
    };
    let record = StepRecord {
        exchanges: vec![asked("GET", "/")],
        events: vec![Event::Started],
    };
    assert_eq!(observe(&step, &record), None);
}

#[test]
fn the_last_word_of_the_host_counts() {
    let did = |did: &str| {
        Event::Hosted(Box::new(Hosted {
            did: did.to_owned(),
            ..Hosted::default()
        }))
    };
    let record = StepRecord {
        exchanges: Vec::new(),
        events: vec![did("first"), did("last"), Event::Set],
    };
    assert_eq!(hosted(&record).map(|found| found.did.as_str()), Some("last"));
}

fn ended(ended: Ended, exit: Option<i32>, answer: Value) -> Hosted {
    Hosted {
        ended,
        exit,
        stdout: "written".to_owned(),
        answer,
        ..Hosted::default()
    }
}

#[test]
fn an_adapter_that_stays_is_ready_when_it_has_answered() {
    let flags = |hosted: Hosted| {
        let seen = seen_of("query", Vec::new(), hosted);
        (seen["unharmed"].clone(), seen["ready"].clone())
    };
    let (yes, no) = (json!(true), json!(false));
    for (hosted, unharmed, ready) in [
        (ended(Ended::Stays, None, json!({"how": "result"})), &yes, &yes),
        (ended(Ended::Stays, None, json!({"how": "none"})), &no, &no),
        (ended(Ended::Stays, None, Value::Null), &no, &no),
        (ended(Ended::Exited, Some(0), json!({"how": "exit"})), &yes, &no),
        (ended(Ended::Exited, Some(3), json!({"how": "exit"})), &no, &no),
        (ended(Ended::Signalled, None, json!({"how": "exit"})), &no, &no),
        (ended(Ended::RanOut, Some(0), json!({"how": "none"})), &no, &no),
    ] {
        assert_eq!(flags(hosted.clone()), (unharmed.clone(), ready.clone()), "{hosted:?}");
    }
}

#[test]
fn the_output_is_what_an_agent_would_read() {
    let summary = json!({"how": "exit", "text": "all of it", "summary": "in short"});
    let output = |operation: &str, hosted: Hosted| seen_of(operation, Vec::new(), hosted)["output"].clone();
    assert_eq!(
        output("query", ended(Ended::Exited, Some(0), summary.clone())),
        "written"
    );
    assert_eq!(output("query", ended(Ended::Stays, None, summary.clone())), "");
    assert_eq!(
        output("boot", ended(Ended::Exited, Some(0), summary.clone())),
        "in short"
    );
    assert_eq!(output("boot", ended(Ended::Stays, None, summary)), "in short");
    let text = json!({"how": "exit", "text": "all of it"});
    assert_eq!(output("boot", ended(Ended::Exited, Some(0), text)), "all of it");
}

#[test]
fn boot_alone_has_a_context() {
    let block = json!({"how": "exit", "text": "## Stigmem context — e\n"});
    let seen = |operation: &str, answer: &Value| {
        let seen = seen_of(operation, Vec::new(), ended(Ended::Exited, Some(0), answer.clone()));
        (seen["context"]["headings"].clone(), seen["empty"].clone())
    };
    assert_eq!(seen("boot", &block), (json!(1), json!(false)));
    assert_eq!(seen("query", &block), (Value::Null, json!(false)));
    for (answer, empty) in [
        (json!({"text": " \n"}), true),
        (json!({"text": "{}", "summary": "", "facts": []}), true),
        (json!({"text": "{}", "summary": "", "facts": [{"id": "1"}]}), false),
    ] {
        assert_eq!(seen("boot", &answer), (Value::Null, json!(empty)), "{answer}");
        assert_eq!(seen("query", &answer).1, json!(false), "{answer}");
    }
}

#[test]
fn what_the_host_recorded_is_seen_as_it_is() {
    let hosted = Hosted {
        did: "hook done".to_owned(),
        ended: Ended::RanOut,
        exit: None,
        stderr: "late".to_owned(),
        answer: json!({"how": "none", "tools": [{"name": "a"}]}),
        stray: vec!["hello".to_owned()],
        took_ms: 60_000,
        ..Hosted::default()
    };
    let seen = seen_of("query", Vec::new(), hosted);
    for (member, value) in [
        ("did", json!("hook done")),
        ("ended", json!("ran-out")),
        ("exit", Value::Null),
        ("stdout", json!("")),
        ("stderr", json!("late")),
        ("tools", json!([{"name": "a"}])),
        ("stray", json!(["hello"])),
        ("took_ms", json!(60_000)),
        ("first", Value::Null),
    ] {
        assert_eq!(seen[member], value, "{member}");
    }
}
