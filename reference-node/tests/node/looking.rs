//! Lint, synthesis and jobs from outside, over HTTP and by the operator's command line.

use serde_json::{Value, json};

use crate::support::{Answer, Node, fact};

const ALL: &str = "local,team,company,public";
const OPEN: (&str, &str) = ("STIGMEM_AUTH_REQUIRED", "false");

fn told(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    let findings = body["findings"].as_array().unwrap();
    let line = |finding: &Value| {
        let word = |name: &str| finding[name].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {}",
            word("check"),
            word("severity"),
            word("entity"),
            word("relation")
        )
    };
    findings.iter().map(line).collect()
}

/// One thing of each kind that lint tells, in `company`.
fn untidy(node: &Node, key: &str) {
    node.assert(key, "user:a", "CEO", "company");
    node.assert(key, "user:a", "CTO", "company");
    let post = |body: Value| {
        let mut whole = fact("user:b", "x", "company");
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        assert_eq!(node.post("/v1/facts", key, &whole).status, 201);
    };
    post(json!({ "valid_until": "2020-01-01T00:00:00Z" }));
    post(json!({ "relation": "intent:handoff_to", "value": { "type": "ref", "v": "user:nobody" } }));
    post(json!({ "relation": "status" }));
    post(json!({ "entity": "user:c", "confidence": 0 }));
}

const UNTIDY: [&str; 5] = [
    "contradiction error user:a memory:role",
    "stale warning user:b memory:role",
    "orphan info user:c -",
    "broken_ref error user:b intent:handoff_to",
    "namespacing warning user:b status",
];

#[test]
fn lint_tells_what_is_untidy_and_changes_nothing() {
    let node = Node::start(&[]);
    let (key, reader) = (node.key("read,write", ALL), node.key("read", "company"));
    untidy(&node, &key);
    let everything = "/v1/facts?include_contradicted=1&include_expired=1&min_confidence=0&include_retracted=1";
    let before = node.get(everything, &key).json();
    let answer = node.post("/v1/lint", &reader, &json!({ "scope": "company" }));
    assert_eq!(told(&answer), UNTIDY);
    let body = answer.json();
    assert_eq!((&body["scope"], &body["fact_count"]), (&json!("company"), &json!(6)));
    assert_eq!(body["checks_run"].as_array().unwrap().len(), 5);
    assert_eq!(node.get(everything, &key).json(), before);

    let some = json!({ "scope": "company", "checks": ["namespacing", "stale"], "entity": "User:B" });
    assert_eq!(told(&node.post("/v1/lint", &reader, &some)), [UNTIDY[1], UNTIDY[4]]);
    let one = json!({ "scope": "company", "relation": "status", "checks": null });
    assert_eq!(told(&node.post("/v1/lint", &reader, &one)), [UNTIDY[4]]);
    assert_eq!(told(&node.post("/v1/lint", &key, &json!({ "scope": "team" }))), [""; 0]);
}

#[test]
fn what_ends_soon_is_told_when_it_is_asked_for() {
    let node = Node::start(&[OPEN]);
    let mut soon = fact("user:a", "x", "local");
    soon["valid_until"] = json!("2999-01-01T00:00:00+02:00");
    assert_eq!(node.post("/v1/facts", "", &soon).status, 201);
    for (ahead, expected) in [
        (json!(0), vec![]),
        (json!(3_600), vec![]),
        (json!(40_000_000_000_u64), vec!["stale info user:a memory:role"]),
        (json!(i64::MAX), vec!["stale info user:a memory:role"]),
    ] {
        let body = json!({ "scope": "local", "stale_lookahead_s": ahead });
        assert_eq!(told(&node.post("/v1/lint", "", &body)), expected, "{body}");
    }
}

#[test]
fn lint_and_synthesis_ask_who_is_calling() {
    let node = Node::start(&[("STIGMEM_ASYNC_JOB_THRESHOLD", "0")]);
    let (writer, public) = (node.key("write,admin", ALL), node.key("read", "public"));
    let (writer, public) = (writer.as_str(), public.as_str());
    node.assert(writer, "user:a", "x", "company");
    for target in ["/v1/lint", "/v1/synthesis"] {
        let scope = |scope: Value| json!({ "scope": scope });
        for (key, body, status) in [
            ("", scope(json!("nowhere")), 401),
            ("stigmem_wrong", scope(json!("company")), 401),
            (writer, scope(json!("company")), 403),
            (public, scope(json!("company")), 403),
            (public, scope(json!("team")), 403),
            (public, scope(json!("Public")), 422),
            (public, scope(Value::Null), 422),
            (public, json!({ "scope": "public", "entity": 5 }), 422),
            (public, json!({ "scope": "public", "entity": "stigmem://a" }), 400),
            (public, json!([]), 422),
            (public, json!({ "scope": "public", "later": 1 }), 200),
        ] {
            let answer = node.post(target, key, &body);
            assert_eq!(answer.status, status, "{target} {body}: {}", answer.text);
            answer.json();
        }
    }
}

/// Waits for the end of a job.
fn outcome(node: &Node, job: &Value) -> Value {
    let target = format!("/v1/lint/jobs/{}", job["job_id"].as_str().unwrap());
    node.until(&target, |seen| seen["status"] == "done" || seen["status"] == "failed")
}

#[test]
fn a_large_scope_is_linted_by_a_job() {
    let node = Node::start(&[OPEN, ("STIGMEM_ASYNC_JOB_THRESHOLD", "5")]);
    untidy(&node, "");
    let body = json!({ "scope": "company" });
    let accepted = node.post("/v1/lint", "", &body);
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let job = accepted.json();
    assert!(job["estimated_s"].is_u64() && job["status"] == "pending");
    let done = outcome(&node, &job);
    assert_eq!((&done["status"], &done["job_id"]), (&json!("done"), &job["job_id"]));
    assert_eq!((&done["fact_count"], &done["scope"]), (&json!(6), &json!("company")));
    let names: Vec<_> = done["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["check"])
        .collect();
    assert_eq!(names, ["contradiction", "stale", "orphan", "broken_ref", "namespacing"]);

    let small = json!({ "scope": "company", "entity": "user:b" });
    assert_eq!(
        told(&node.post("/v1/lint", "", &small)).len(),
        3,
        "one entity is no large scope"
    );
    let wrong = json!({ "scope": "company", "checks": ["spelling"] });
    assert_eq!(node.post("/v1/lint", "", &wrong).status, 422);

    let target = format!("/v1/lint/jobs/{}", job["job_id"].as_str().unwrap());
    let (insider, outsider, writer) = (
        node.key("read", "company"),
        node.key("read", "public"),
        node.key("write", ALL),
    );
    for (key, target, status) in [
        (&insider, target.as_str(), 200),
        (&outsider, target.as_str(), 404),
        (&writer, target.as_str(), 403),
        (&insider, "/v1/lint/jobs/7d9c4f00-5f1e-4b0a-9a63-0f6f1f2c9b11", 404),
        (&insider, "/v1/lint/jobs/x", 404),
    ] {
        assert_eq!(node.get(target, key).status, status, "{target}");
    }

    let again = node.crash_and_restart_with(&[OPEN]);
    let kept = again.get(&target, "").json();
    assert_eq!(
        (&kept["status"], &kept["findings"]),
        (&json!("done"), &done["findings"])
    );
    assert_eq!(told(&again.post("/v1/lint", "", &body)), UNTIDY);
}

#[test]
fn a_job_says_that_it_did_not_survive() {
    let node = Node::start(&[OPEN, ("STIGMEM_ASYNC_JOB_THRESHOLD", "0")]);
    untidy(&node, "");
    let jobs: Vec<Value> = (0..20)
        .map(|_| node.post("/v1/lint", "", &json!({ "scope": "company" })).json())
        .collect();
    let node = node.crash_and_restart_with(&[OPEN]);
    for job in &jobs {
        let seen = outcome(&node, job);
        assert!(seen["status"] == "done" || seen["error"].is_string(), "{seen}");
    }
}

fn entries(node: &Node, body: &Value) -> (Vec<String>, Value) {
    let answer = node.post("/v1/synthesis", "", body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    let line = |entry: &Value| {
        let other = entry.get("alt_value").map(|value| format!(" not {}", value["v"]));
        format!(
            "{} {}{}",
            entry["entity"],
            entry["value"]["v"],
            other.unwrap_or_default()
        )
    };
    let entries = body["summary"].as_array().unwrap().iter().map(line).collect();
    let counts = json!([body["fact_count"], body["contradiction_count"], body["filtered_count"]]);
    (entries, counts)
}

#[test]
fn a_synthesis_has_the_best_value_of_each_triple() {
    let node = Node::start(&[OPEN]);
    for (entity, value, confidence, scope) in [
        ("user:a", "CEO", 0.9, "company"),
        ("user:a", "CEO", 0.5, "company"),
        ("user:a", "CTO", 0.4, "company"),
        ("user:b", "CFO", 0.2, "company"),
        ("user:c", "gone", 1.0, "company"),
        ("user:c", "gone", 0.0, "company"),
        ("user:a", "elsewhere", 1.0, "public"),
    ] {
        let mut body = fact(entity, value, scope);
        body["confidence"] = json!(confidence);
        assert_eq!(node.post("/v1/facts", "", &body).status, 201);
    }
    let mut past = fact("user:d", "was", "company");
    past["valid_until"] = json!("2020-01-01T00:00:00Z");
    assert_eq!(node.post("/v1/facts", "", &past).status, 201);

    let (a, b, d) = (r#""user:a" "CEO" not "CTO""#, r#""user:b" "CFO""#, r#""user:d" "was""#);
    for (body, lines, counts) in [
        (json!({ "scope": "company" }), vec![a, b], json!([4, 1, 0])),
        (
            json!({ "scope": "company", "min_confidence": 0.5 }),
            vec![a],
            json!([4, 1, 1]),
        ),
        (
            json!({ "scope": "company", "min_confidence": 1 }),
            vec![],
            json!([4, 0, 2]),
        ),
        (
            json!({ "scope": "company", "entity": "User:B" }),
            vec![b],
            json!([1, 0, 0]),
        ),
        (
            json!({ "scope": "company", "include_expired": true }),
            vec![a, b, d],
            json!([5, 1, 0]),
        ),
        (json!({ "scope": "team" }), vec![], json!([0, 0, 0])),
        (
            json!({ "scope": "company", "entity": "user:nobody" }),
            vec![],
            json!([0, 0, 0]),
        ),
    ] {
        let (seen, counted) = entries(&node, &body);
        assert_eq!(
            (seen, counted),
            (lines.into_iter().map(str::to_owned).collect(), counts),
            "{body}"
        );
    }
    let conflict = node.get("/v1/conflicts?status=unresolved", "").json()["conflicts"][0]["conflict_id"].clone();
    let resolve = format!("/v1/conflicts/{}/resolve", conflict.as_str().unwrap());
    let decision = json!({ "new_value": { "type": "string", "v": "CTO" } });
    assert_eq!(node.post(&resolve, "", &decision).status, 200);
    assert_eq!(
        entries(&node, &json!({ "scope": "company", "entity": "user:a" })).0,
        [r#""user:a" "CTO""#]
    );
    node.assert("", "user:a", "COO", "company");
    let (seen, _) = entries(&node, &json!({ "scope": "company", "entity": "user:a" }));
    assert_eq!(
        seen,
        [r#""user:a" "COO" not "CTO""#],
        "both are certain, and the newer wins"
    );
}

/// The content of a body that was sent in chunks.
fn joined(chunks: &str) -> String {
    let (mut rest, mut whole) = (chunks, String::new());
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&tail[..size]);
        rest = tail[size..].trim_start_matches("\r\n");
    }
    whole
}

#[test]
fn a_long_answer_is_sent_while_it_is_made() {
    let node = Node::start(&[OPEN]);
    let long = "x".repeat(4_000);
    for n in 0..160 {
        node.assert("", &format!("user:{n}"), &long, "local");
    }
    let answer = node.post("/v1/synthesis", "", &json!({ "scope": "local" }));
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"), "{}", answer.head);
    let body: Value = serde_json::from_str(&joined(&answer.text)).unwrap();
    assert_eq!(
        (body["summary"].as_array().unwrap().len(), &body["fact_count"]),
        (160, &json!(160))
    );
    let short = node.post("/v1/synthesis", "", &json!({ "scope": "local", "entity": "user:7" }));
    assert!(short.header("content-length").is_some(), "{}", short.head);
}

#[test]
fn the_operator_lints_and_synthesizes() {
    let node = Node::start(&[OPEN]);
    untidy(&node, "");
    let lint = |more: &[&str]| node.operator(&[&["lint", "--scope", "company"], more].concat());
    let said = |output: &std::process::Output| String::from_utf8(output.stdout.clone()).unwrap();

    let document = lint(&["--json"]);
    assert!(document.status.success(), "{document:?}");
    let document: Value = serde_json::from_slice(&document.stdout).unwrap();
    let over_http = node.post("/v1/lint", "", &json!({ "scope": "company" })).json();
    for member in ["findings", "scope", "checks_run", "fact_count"] {
        assert_eq!(document[member], over_http[member], "{member}");
    }
    let lines = said(&lint(&[]));
    assert_eq!(lines.lines().count(), 6, "{lines}");
    assert!(
        lines.starts_with("error   contradiction user:a memory:role: "),
        "{lines}"
    );
    assert!(
        lines.ends_with("company: 6 facts, 2 errors, 2 warnings, 1 infos\n"),
        "{lines}"
    );
    assert_eq!(
        said(&lint(&["--checks", "stale,orphan", "--entity", "User:B"]))
            .lines()
            .count(),
        2
    );
    for (severity, scope, code) in [("error", "company", 3), ("info", "company", 3), ("info", "team", 0)] {
        let output = node.operator(&["lint", "--scope", scope, "--fail-on", severity]);
        assert_eq!(output.status.code(), Some(code), "{severity} in {scope}");
    }
    assert_eq!(
        lint(&["--checks", "orphan", "--fail-on", "warning"]).status.code(),
        Some(0)
    );
    for wrong in [
        ["--scope", "world"],
        ["--checks", "spelling"],
        ["--stale-lookahead-s", "-1"],
    ] {
        assert_eq!(
            node.operator(&[&["lint", "--scope", "team"], &wrong[..]].concat())
                .status
                .code(),
            Some(2)
        );
    }

    let synthesize = |more: &[&str]| node.operator(&[&["synthesize", "--scope", "company"], more].concat());
    let document = synthesize(&["--json", "--entity", "user:a"]);
    let document: Value = serde_json::from_slice(&document.stdout).unwrap();
    let over_http = node
        .post("/v1/synthesis", "", &json!({ "scope": "company", "entity": "user:a" }))
        .json();
    assert_eq!(document["summary"], over_http["summary"]);
    let lines = said(&synthesize(&[]));
    assert!(
        lines.starts_with("user:a\n  memory:role = \"CTO\" (1), but also \"CEO\" (1)\n"),
        "{lines}"
    );
    assert!(
        lines.ends_with("company: 4 facts, 3 entries, 1 contradicted, 0 not sure enough\n"),
        "{lines}"
    );
    assert_eq!(synthesize(&["--min-confidence", "2"]).status.code(), Some(2));

    let nowhere = node.operator(&["lint", "--scope", "local", "--db", "/nowhere/at/all.db"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(
        String::from_utf8(nowhere.stderr)
            .unwrap()
            .contains("there is no database")
    );
}
