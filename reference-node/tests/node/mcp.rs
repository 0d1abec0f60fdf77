//! `stigmem mcp`, spoken to over its standard input and output.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::adapters::stigmem;
use crate::fake::{Fake, nowhere, ok, page, stored};
use crate::support::{Node, PATIENCE};

const ME: &str = "stigmem://acme.example/agent/me";

struct Session {
    child: Child,
    input: Option<ChildStdin>,
    /// The lines of standard output.
    lines: Receiver<String>,
    last: u32,
}

impl Session {
    fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = stigmem(variables);
        let command = command
            .arg("mcp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let mut session = Self {
            input: child.stdin.take(),
            child,
            lines,
            last: 0,
        };
        let hello = session.request(
            "initialize",
            &json!({
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "0" },
            }),
        );
        assert_eq!(hello["serverInfo"]["name"], "stigmem");
        session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        session
    }

    fn at(url: &str) -> Self {
        Self::start(&[
            ("STIGMEM_URL", url),
            ("STIGMEM_API_KEY", "k-1"),
            ("STIGMEM_SOURCE_ENTITY", ME),
        ])
    }

    fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{message}").unwrap();
        input.flush().unwrap();
    }

    fn request(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": parameters }));
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        assert_eq!(answer["id"], self.last, "{answer}");
        answer.get("result").unwrap_or_else(|| panic!("{answer}")).clone()
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    /// What a call brings that has to succeed.
    fn get(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(text).unwrap(),
            result["structuredContent"]
        );
        result["structuredContent"].clone()
    }

    /// What a call says that has to fail.
    fn fail(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Closes standard input, and waits for what the process leaves: its exit status, and what it said on standard error.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.input.take());
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code(), said)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_a_url_it_ends_and_says_why() {
    for variables in [&[("STIGMEM_URL", "")][..], &[], &[("STIGMEM_URL", "node.example")]] {
        let output = stigmem(variables).arg("mcp").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("STIGMEM_URL"));
    }
}

#[test]
fn it_offers_its_tools_and_ends_with_its_host() {
    let node = Fake::start(stored);
    let mut session = Session::at(&node.url);
    let tools = session.request("tools/list", &json!({}));
    let tools = tools["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 9);
    for tool in tools {
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{tool}");
        }
    }
    let deadline = Instant::now() + PATIENCE;
    while node.asked().is_empty() {
        assert!(Instant::now() < deadline, "the node is not asked who it is");
        std::thread::yield_now();
    }
    assert_eq!(node.asked()[0].target, "/.well-known/stigmem");
    assert_eq!(session.end(), (Some(0), String::new()));
}

#[test]
fn it_ends_with_a_host_that_says_nothing() {
    let url = nowhere();
    let mut child = stigmem(&[("STIGMEM_URL", &url)]).arg("mcp").spawn().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn calls_are_requests_to_the_node() {
    let conflict = json!({
        "conflict_id": "stigmem:conflict:1", "fact_a": null, "fact_b": null, "status": "unresolved", "resolved_by": null,
        "detected_at": "2026-11-22T06:10:15+00:00",
    });
    let answers = [
        ("/v1/facts?", page(&[("user:a", "memory:role", json!("CEO"), 1.0)])),
        (
            "/v1/conflicts/",
            ok(&json!({ "resolution_fact_id": "f", "conflict_status": "resolved" })),
        ),
        (
            "/v1/conflicts",
            ok(&json!({ "conflicts": [conflict], "cursor": null, "has_more": false })),
        ),
        (
            "/v1/lint",
            ok(&json!({
                "findings": [{
                    "check": "orphan", "severity": "info", "entity": "user:a", "relation": null, "fact_ids": [], "detail": "x",
                }],
                "checked_at": "2026-11-22T06:10:15+00:00", "scope": "company", "checks_run": ["orphan"], "fact_count": 3,
            })),
        ),
        (
            "/v1/decay/sweep",
            ok(&json!({
                "swept_at": "2026-11-22T06:10:15+00:00", "scope": "company", "facts_evaluated": 3, "facts_retracted": 0,
                "facts_reduced": 0, "dry_run_would_retract": 2, "dry_run_would_reduce": 1, "policies_applied": ["p"],
            })),
        ),
        (
            "/v1/synthesis",
            ok(&json!({
                "summary": [{
                    "entity": "user:a", "relation": "memory:role", "scope": "company", "value": { "type": "string", "v": "CEO" },
                    "confidence": 0.9, "hlc": "1795327815729.000", "contradicted": true,
                    "alt_value": { "type": "number", "v": 5 }, "alt_confidence": 0.4, "extra": 1,
                }],
                "synthesized_at": "2026-11-22T06:10:15+00:00", "scope": "company", "fact_count": 2, "contradiction_count": 1,
                "filtered_count": 0,
            })),
        ),
    ];
    let node = Fake::start(move |asked| {
        let answer = answers.iter().find(|(start, _)| asked.target.starts_with(start));
        answer.map_or_else(|| stored(asked), |(_, answer)| answer.clone())
    });
    let mut session = Session::at(&node.url);

    let value = json!({ "type": "number", "v": 5 });
    let fact =
        json!({ "entity": "user:a", "relation": "memory:age", "value": value, "scope": "company", "confidence": 0.5 });
    assert_eq!(session.get("assert_fact", &fact)["value"], value);
    session.get(
        "assert_fact",
        &json!({ "entity": "user:a", "relation": "memory:age", "value": { "type": "null" } }),
    );
    session.get(
        "retract_fact",
        &json!({ "entity": "user:a", "relation": "memory:age", "scope": "team" }),
    );
    let query = json!({ "entity": "user:a b", "min_confidence": 0.5, "include_contradicted": true, "scope": "public", "limit": 7 });
    assert_eq!(session.get("query_facts", &query)["facts"][0]["value"]["v"], "CEO");
    let conflicts = session.get("list_conflicts", &json!({ "status": "unresolved" }));
    assert_eq!(conflicts["conflicts"][0]["conflict_id"], "stigmem:conflict:1");
    let resolution =
        json!({ "conflict_id": "stigmem:conflict:1", "winning_fact_id": "f-1", "resolution_note": "asked her" });
    assert_eq!(
        session.get("resolve_contradiction", &resolution)["conflict_status"],
        "resolved"
    );
    let resolution = json!({ "conflict_id": "a/b", "new_value": { "type": "text", "v": "both" } });
    session.get("resolve_contradiction", &resolution);
    let lint = session.get("lint_scope", &json!({ "scope": "company", "checks": ["orphan"] }));
    assert_eq!(lint["findings"][0]["check"], "orphan");
    let sweep = session.get("decay_scope", &json!({ "scope": "company", "mode": "dry_run" }));
    assert_eq!(
        (&sweep["dry_run_would_retract"], &sweep["mode"]),
        (&json!(2), &Value::Null)
    );
    let synthesis = session.get("synthesize_scope", &json!({ "scope": "company", "entity": "user:a" }));
    assert_eq!(synthesis["summary"][0]["alt_value"]["v"], 5);

    let asked: Vec<(String, String, Value)> = node
        .asked()
        .into_iter()
        .filter(|asked| asked.target.starts_with("/v1/"))
        .inspect(|asked| assert_eq!(asked.authorization.as_deref(), Some("Bearer k-1")))
        .map(|asked| (asked.method, asked.target, asked.body))
        .collect();
    let written = |scope: &str, v: Value, confidence: f64| {
        let value = if v.is_null() {
            json!({ "type": "null", "v": null })
        } else {
            json!({ "type": "number", "v": v })
        };
        json!({
            "entity": "user:a", "relation": "memory:age", "value": value, "source": ME, "confidence": confidence, "scope": scope,
        })
    };
    let expected = [
        ("POST", "/v1/facts", written("company", json!(5), 0.5)),
        ("POST", "/v1/facts", written("local", Value::Null, 1.0)),
        ("POST", "/v1/facts", written("team", Value::Null, 0.0)),
        (
            "GET",
            "/v1/facts?entity=user%3Aa%20b&scope=public&min_confidence=0.5&include_contradicted=true&limit=7",
            Value::Null,
        ),
        ("GET", "/v1/conflicts?status=unresolved", Value::Null),
        (
            "POST",
            "/v1/conflicts/stigmem:conflict:1/resolve",
            json!({ "winning_fact_id": "f-1", "resolution_note": "asked her" }),
        ),
        (
            "POST",
            "/v1/conflicts/a%2Fb/resolve",
            json!({ "new_value": { "type": "text", "v": "both" } }),
        ),
        ("POST", "/v1/lint", json!({ "scope": "company", "checks": ["orphan"] })),
        (
            "POST",
            "/v1/decay/sweep",
            json!({ "scope": "company", "mode": "dry_run" }),
        ),
        (
            "POST",
            "/v1/synthesis",
            json!({ "scope": "company", "entity": "user:a" }),
        ),
    ];
    let expected: Vec<(String, String, Value)> = expected
        .into_iter()
        .map(|(method, target, body)| (method.to_owned(), target.to_owned(), body))
        .collect();
    assert_eq!(asked, expected);
}

#[test]
fn a_node_that_comes_back_is_served_again() {
    let url = nowhere();
    let mut session = Session::at(&url);
    let fact = json!({ "entity": "user:a", "relation": "memory:role", "value": { "type": "string", "v": "x" } });
    assert!(session.fail("assert_fact", &fact).contains("no answer from the node"));
    assert!(
        session
            .fail("query_facts", &json!({}))
            .contains("no answer from the node")
    );
    let node = Fake::start_at(url.trim_start_matches("http://"), stored);
    assert_eq!(session.get("assert_fact", &fact)["relation"], "memory:role");
    assert_eq!(node.writes().len(), 1);
    let (code, said) = session.end();
    assert_eq!(code, Some(0));
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.contains("a fact was not written: no answer"), "{said}");
}

#[test]
fn what_the_node_refuses_or_garbles_is_an_answer() {
    let calls = AtomicUsize::new(0);
    let node = Fake::start(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => (404, json!({ "error": "not_found", "detail": "no\nfact" }).to_string()),
        1 => (500, "<html>".to_owned()),
        2 => (200, "<html>".to_owned()),
        3 => (200, "[".repeat(100_000)),
        4 => (200, json!({ "facts": 7 }).to_string()),
        5 => (302, String::new()),
        _ => (
            200,
            crate::fake::record(
                &json!({ "entity": "e", "relation": "r:r", "value": { "type": "null" } }),
                1,
            )
            .to_string(),
        ),
    });
    let mut session = Session::at(&node.url);
    let id = json!({ "id": "sha256:00" });
    for said in [
        "the node answered 404: not_found: no\\nfact",
        "the node answered 500",
        "the node's answer cannot be used",
        "the node's answer cannot be used",
        "the node's answer cannot be used",
        "the node answered 302",
    ] {
        let told = session.fail("get_fact", &id);
        assert!(told.starts_with(said), "{told}");
    }
    assert_eq!(session.get("get_fact", &id)["entity"], "e");
    let targets = node.asked().into_iter().map(|asked| asked.target);
    let calls: Vec<String> = targets.filter(|target| target != "/.well-known/stigmem").collect();
    assert_eq!(calls, ["/v1/facts/sha256:00"; 7]);
}

#[test]
fn a_failing_write_is_sent_once_more() {
    let node = Fake::start(|_| (500, String::new()));
    let mut session = Session::at(&node.url);
    let fact = json!({ "entity": "user:a", "relation": "memory:role", "scope": "local" });
    assert!(session.fail("retract_fact", &fact).contains("500"));
    let writes = node.writes();
    assert_eq!(writes.len(), 2);
    assert!(writes[1].at - writes[0].at >= Duration::from_secs(2));
    assert_eq!(session.end().1.lines().count(), 1);
}

#[test]
fn arguments_that_are_none_are_told_and_reach_nobody() {
    let node = Fake::start(stored);
    let mut session = Session::at(&node.url);
    for (tool, arguments, said) in [
        ("assert_fact", json!({ "entity": "user:a" }), "relation"),
        (
            "assert_fact",
            json!({ "entity": "a", "relation": "b:c", "value": { "type": "json", "v": 1 } }),
            "json",
        ),
        ("query_facts", json!({ "scope": "galaxy" }), "galaxy"),
        ("query_facts", json!({ "minConfidence": 1 }), "minConfidence"),
        ("lint_scope", json!({}), "scope"),
        ("get_fact", json!({ "id": ".." }), "not an id"),
        (
            "retract_fact",
            json!({ "entity": "a", "relation": "b:c", "scope": "local", "source": "stigmem://acme.example/user/bob" }),
            "leave the source out",
        ),
    ] {
        let told = session.fail(tool, &arguments);
        assert!(told.contains(said), "{told}");
    }
    assert!(node.asked().iter().all(|asked| asked.target == "/.well-known/stigmem"));
}

#[test]
fn a_job_is_waited_for() {
    let looks = AtomicUsize::new(0);
    let node = Fake::start(move |asked| match asked.target.as_str() {
        "/v1/lint" => (
            202,
            json!({ "job_id": "j/1", "status": "pending", "estimated_s": 1 }).to_string(),
        ),
        "/v1/lint/jobs/j%2F1" if looks.fetch_add(1, Ordering::Relaxed) == 0 => {
            ok(&json!({ "job_id": "j/1", "status": "running" }))
        }
        "/v1/lint/jobs/j%2F1" => ok(&json!({
            "job_id": "j/1", "status": "done", "findings": [], "checked_at": "2026-11-22T06:10:15+00:00", "scope": "company",
            "checks_run": ["stale"], "fact_count": 1_000_000,
        })),
        "/v1/decay/sweep" => (202, json!({ "job_id": "j2", "status": "pending" }).to_string()),
        _ => ok(&json!({ "job_id": "j2", "status": "failed", "error": "disk\nfull" })),
    });
    let mut session = Session::at(&node.url);
    assert_eq!(
        session.get("lint_scope", &json!({ "scope": "company" }))["fact_count"],
        1_000_000
    );
    let told = session.fail("decay_scope", &json!({ "scope": "company" }));
    assert!(told.contains("disk\\nfull"), "{told}");
}

#[test]
fn an_agent_works_with_a_real_node() {
    let node = Node::start(&[]);
    let key = node.key("read,write", "local,company");
    let url = node.url();
    let mut session = Session::start(&[("STIGMEM_URL", &url), ("STIGMEM_API_KEY", &key)]);
    let fact = |v: &str| json!({ "entity": "stigmem://a/user/b", "relation": "memory:role", "value": { "type": "string", "v": v }, "scope": "company" });
    let first = session.get("assert_fact", &fact("CEO"));
    assert_eq!(first["source"], "stigmem://127.0.0.1/agent/stigmem-mcp");
    let second = session.get("assert_fact", &fact("CTO"));
    let conflicts = session.get("list_conflicts", &json!({ "status": "unresolved" }));
    let conflict = &conflicts["conflicts"][0];
    let mut sides = [&conflict["fact_a"]["id"], &conflict["fact_b"]["id"]].map(Value::to_string);
    let mut asserted = [&first["id"], &second["id"]].map(Value::to_string);
    sides.sort();
    asserted.sort();
    assert_eq!(sides, asserted);
    let resolution = json!({ "conflict_id": conflict["conflict_id"], "winning_fact_id": first["id"] });
    session.get("resolve_contradiction", &resolution);
    let about = json!({ "entity": "stigmem://A/user/B" });
    assert_eq!(session.get("query_facts", &about)["facts"][0]["value"]["v"], "CEO");
    session.get(
        "retract_fact",
        &json!({ "entity": "stigmem://a/user/b", "relation": "memory:role", "scope": "company" }),
    );
    assert_eq!(session.get("query_facts", &about)["facts"], json!([]));
    assert_eq!(
        session.get("get_fact", &json!({ "id": first["id"] }))["value"]["v"],
        "CEO"
    );
    assert!(
        session
            .fail("query_facts", &json!({ "scope": "public" }))
            .contains("403")
    );
    assert_eq!(session.end().0, Some(0));
}
