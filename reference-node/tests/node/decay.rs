//! Decay from outside: policies, sweeps, jobs, and the command that asks for them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Node, PATIENCE, server};

const ALL: &str = "local,team,company,public";
const OLD: &str = "2020-01-01T00:00:00Z";

/// A node with a key that may do everything.
fn node(settings: &[(&str, &str)]) -> (Node, String) {
    let node = Node::start(settings);
    let key = node.key("read,write,admin", ALL);
    (node, key)
}

fn make(node: &Node, key: &str, policy: &Value) {
    let made = node.post("/v1/decay/policies", key, policy);
    assert_eq!(made.status, 201, "{}", made.text);
}

/// Asserts a fact of long ago.
fn say(node: &Node, key: &str, entity: &str, relation: &str, scope: &str) -> Value {
    let body = json!({
        "entity": entity, "relation": relation, "value": { "type": "string", "v": "x" }, "source": "agent:a",
        "scope": scope, "timestamp": OLD,
    });
    let answer = node.post("/v1/facts", key, &body);
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

fn sweep(node: &Node, key: &str, order: &Value) -> Value {
    let answer = node.post("/v1/decay/sweep", key, order);
    assert_eq!(answer.status, 200, "{order}: {}", answer.text);
    answer.json()
}

fn shown(node: &Node, key: &str, entity: &str) -> Vec<Value> {
    let page = node.get(&format!("/v1/facts?entity={entity}"), key).json();
    page["facts"].as_array().unwrap().clone()
}

#[test]
fn policies_come_and_go_and_outlive_a_crash() {
    let configured = r#"[{"id":"set","relation":"memory:*","scope":"*","mode":"retract","ttl_s":60}]"#;
    let settings = [("STIGMEM_DECAY_POLICIES", configured)];
    let (node, key) = node(&settings);
    let fading = json!({
        "id": "fade / slowly", "relation": "*", "scope": "team", "mode": "confidence", "half_life_s": 604800,
        "min_confidence": 0.125, "exempt_relations": ["memory:role"],
    });
    make(&node, &key, &fading);
    make(
        &node,
        &key,
        &json!({ "id": "gone", "relation": "r", "scope": "local", "mode": "retract", "ttl_s": 1 }),
    );
    for taken in ["gone", "set"] {
        let again = json!({ "id": taken, "relation": "s", "scope": "local", "mode": "retract", "ttl_s": 2 });
        assert_eq!(node.post("/v1/decay/policies", &key, &again).status, 409, "{taken}");
    }
    let delete = |node: &Node, id: &str| {
        node.send("DELETE", &format!("/v1/decay/policies/{id}"), &key, None)
            .status
    };
    assert_eq!(delete(&node, "gone"), 204);
    assert_eq!(delete(&node, "gone"), 404);
    assert_eq!(delete(&node, "set"), 409);

    let node = node.crash_and_restart_with(&settings);
    let listed = node.get("/v1/decay/policies", &key).json()["policies"].clone();
    let ids: Vec<&Value> = listed.as_array().unwrap().iter().map(|policy| &policy["id"]).collect();
    assert_eq!(ids, ["set", "fade / slowly"]);
    for (member, value) in fading.as_object().unwrap() {
        assert_eq!(&listed[1][member], value, "{member}");
    }
    assert_eq!(
        (&listed[0]["configured"], &listed[1]["configured"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(delete(&node, "fade%20%2F%20slowly"), 204);
    assert_eq!(
        node.get("/v1/decay/policies", &key).json()["policies"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_setting_that_is_no_list_of_policies_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (setting, told) in [
        ("{", "byte 1"),
        ("{}", "no JSON array"),
        (r#"[{"id":"a"}]"#, "policy 0: relation: this member is required"),
        (
            r#"[{"id":"a","relation":"r","scope":"*","mode":"retract","ttl_s":1},{"id":"a","relation":"r","scope":"*","mode":"retract","ttl_s":1}]"#,
            "policy 1: the id 'a' is there already",
        ),
    ] {
        let output = server(folder.path(), &[("STIGMEM_DECAY_POLICIES", setting)])
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{setting}: {message}");
        assert!(
            message.contains("STIGMEM_DECAY_POLICIES") && message.contains(told),
            "{message}"
        );
    }
}

#[test]
fn a_sweep_withdraws_and_reduces() {
    let (node, key) = node(&[]);
    make(
        &node,
        &key,
        &json!({ "id": "a", "relation": "note:*", "scope": "*", "mode": "retract", "ttl_s": 3600 }),
    );
    make(
        &node,
        &key,
        &json!({ "id": "b", "relation": "*", "scope": "team", "mode": "confidence", "half_life_s": 3600, "min_confidence": 0.25 }),
    );
    let gone = say(&node, &key, "user:a", "note:x", "team");
    let faded = say(&node, &key, "user:a", "memory:role", "team");
    say(&node, &key, "user:a", "rel:subject", "team");
    let elsewhere = say(&node, &key, "user:a", "note:x", "local");

    let dry = sweep(&node, &key, &json!({ "scope": "team", "mode": "dry_run" }));
    assert_eq!(
        (
            &dry["dry_run_would_retract"],
            &dry["dry_run_would_reduce"],
            &dry["facts_retracted"]
        ),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!((&dry["mode"], &dry["scope"]), (&json!("dry_run"), &json!("team")));
    assert_eq!(shown(&node, &key, "user:a").len(), 4, "nothing was written");

    let only = sweep(&node, &key, &json!({ "scope": "team", "policy_id": "b" }));
    assert_eq!(
        (&only["facts_retracted"], &only["facts_reduced"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(only["policies_applied"], json!(["b"]));
    let rest = sweep(
        &node,
        &key,
        &json!({ "scope": "team", "mode": null, "policy_id": null }),
    );
    assert_eq!(
        (&rest["facts_retracted"], &rest["facts_reduced"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(rest["facts_evaluated"], 2);
    assert_eq!(rest["mode"], json!(null));

    let facts = shown(&node, &key, "user:a");
    assert_eq!(facts.len(), 3);
    let reduction = facts.iter().find(|fact| fact["relation"] == "memory:role").unwrap();
    assert_eq!(
        (&reduction["source"], &reduction["confidence"], &reduction["value"]),
        (&json!("system:stigmem:decay"), &json!(0.25), &faded["value"])
    );
    assert!(facts.iter().any(|fact| fact["id"] == elsewhere["id"]));
    for before in [&gone, &faded] {
        let path = format!("/v1/facts/{}", before["id"].as_str().unwrap());
        let mut now = node.get(&path, &key).json();
        now["warnings"] = before["warnings"].clone();
        assert_eq!(&now, before, "no record changes");
    }
    let metrics = node.get("/metrics", "").text;
    for line in ["stigmem_decay_retracted_total 1", "stigmem_decay_reduced_total 1"] {
        assert!(metrics.lines().any(|have| have == line), "{line} is not in\n{metrics}");
    }

    let node = node.crash_and_restart();
    assert_eq!(shown(&node, &key, "user:a").len(), 3, "what was answered is on disk");
    let again = sweep(&node, &key, &json!({ "scope": "team" }));
    assert_eq!(
        (&again["facts_retracted"], &again["facts_reduced"]),
        (&json!(0), &json!(0))
    );
}

#[test]
fn who_may_not_write_may_not_sweep() {
    let (node, key) = node(&[]);
    let policy = json!({ "id": "a", "relation": "*", "scope": "*", "mode": "retract", "ttl_s": 60 });
    make(&node, &key, &policy);
    say(&node, &key, "user:a", "note:x", "company");
    let order = json!({ "scope": "company" });
    for (permissions, scopes, status) in [
        ("read,admin", ALL, 403),
        ("write", "local,team,public", 403),
        ("write", "", 403),
        ("write", "company", 200),
    ] {
        let other = node.key(permissions, scopes);
        let answer = node.post("/v1/decay/sweep", &other, &order);
        assert_eq!(answer.status, status, "{permissions} {scopes}");
    }
    let writer = node.key("read,write,federate", ALL);
    for (method, target) in [
        ("GET", "/v1/decay/policies"),
        ("POST", "/v1/decay/policies"),
        ("DELETE", "/v1/decay/policies/a"),
    ] {
        let body = policy.to_string();
        let body = (method == "POST").then_some(body.as_bytes());
        assert_eq!(
            node.send(method, target, &writer, body).status,
            403,
            "{method} {target}"
        );
        assert_eq!(
            node.send(method, target, "", Some(b"{")).status,
            401,
            "{method} {target}"
        );
    }
    assert_eq!(node.send("POST", "/v1/decay/sweep", "", Some(b"{")).status, 401);
}

#[test]
fn wrong_orders_are_refused_and_change_nothing() {
    let (node, key) = node(&[]);
    make(
        &node,
        &key,
        &json!({ "id": "a", "relation": "*", "scope": "*", "mode": "retract", "ttl_s": 60 }),
    );
    let fact = say(&node, &key, "user:a", "note:x", "local");
    for (order, status) in [
        (json!({}), 422),
        (json!([]), 422),
        (json!(null), 422),
        (json!({ "scope": null }), 422),
        (json!({ "scope": "*" }), 422),
        (json!({ "scope": 5 }), 422),
        (json!({ "scope": "local", "mode": "dry-run" }), 422),
        (json!({ "scope": "local", "mode": true }), 422),
        (json!({ "scope": "local", "policy_id": 5 }), 422),
        (json!({ "scope": "local", "policy_id": "b" }), 404),
        (json!({ "scope": "local", "policy_id": "a", "mode": "confidence" }), 422),
    ] {
        let answer = node.post("/v1/decay/sweep", &key, &order);
        assert_eq!(answer.status, status, "{order}: {}", answer.text);
        assert!(answer.json()["error"].is_string());
    }
    let forced = sweep(&node, &key, &json!({ "scope": "local", "mode": "confidence" }));
    assert_eq!(
        (&forced["facts_retracted"], &forced["facts_reduced"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(shown(&node, &key, "user:a")[0]["id"], fact["id"]);
    assert_eq!(
        sweep(&node, &key, &json!({ "scope": "local", "later": 1 }))["facts_retracted"],
        1
    );
}

#[test]
fn a_large_scope_is_swept_by_a_job() {
    let (node, key) = node(&[("STIGMEM_ASYNC_JOB_THRESHOLD", "3")]);
    make(
        &node,
        &key,
        &json!({ "id": "a", "relation": "note:*", "scope": "*", "mode": "retract", "ttl_s": 60 }),
    );
    for n in 0..4 {
        say(&node, &key, &format!("user:{n}"), "note:x", "team");
    }
    let dry = sweep(&node, &key, &json!({ "scope": "team", "mode": "dry_run" }));
    assert_eq!(dry["dry_run_would_retract"], 4, "a dry run waits for nobody");
    assert_eq!(sweep(&node, &key, &json!({ "scope": "local" }))["facts_evaluated"], 0);

    let taken = node.post("/v1/decay/sweep", &key, &json!({ "scope": "team" }));
    assert_eq!(taken.status, 202, "{}", taken.text);
    let taken = taken.json();
    assert!(taken["estimated_s"].is_u64() && taken["status"] == "pending", "{taken}");
    let path = format!("/v1/decay/jobs/{}", taken["job_id"].as_str().unwrap());
    let done = finished(&node, &key, &path);
    for (member, value) in [
        ("job_id", &taken["job_id"]),
        ("status", &json!("done")),
        ("scope", &json!("team")),
        ("mode", &json!(null)),
        ("facts_retracted", &json!(4)),
        ("dry_run_would_retract", &json!(0)),
        ("policies_applied", &json!(["a"])),
    ] {
        assert_eq!(&done[member], value, "{member} in {done}");
    }
    assert!(shown(&node, &key, "user:0").is_empty());

    for (permissions, scopes, status) in [("write", "team", 200), ("write", "local", 404), ("read", "team", 403)] {
        let other = node.key(permissions, scopes);
        assert_eq!(node.get(&path, &other).status, status, "{permissions} {scopes}");
    }
    assert_eq!(
        node.get("/v1/decay/jobs/4c5e07bb-60a1-4a24-8d1f-0a5f5d3c6a11", &key)
            .status,
        404
    );
    assert_eq!(node.get("/v1/decay/jobs/none", &key).status, 404);
    assert_eq!(node.get(&path.replace("/decay/", "/lint/"), &key).status, 404);
    assert_eq!(node.get(&path, "").status, 401);
    let node = node.crash_and_restart();
    assert_eq!(
        node.get(&path, &key).json()["status"],
        "done",
        "a result outlives a crash"
    );
}

#[test]
fn a_job_that_a_crash_cut_off_says_so() {
    let settings = [("STIGMEM_ASYNC_JOB_THRESHOLD", "0")];
    let (node, key) = node(&settings);
    make(
        &node,
        &key,
        &json!({ "id": "a", "relation": "*", "scope": "*", "mode": "retract", "ttl_s": 60 }),
    );
    for n in 0..300 {
        say(&node, &key, &format!("user:{n}"), "note:x", "local");
    }
    let taken = node.post("/v1/decay/sweep", &key, &json!({ "scope": "local" })).json();
    let path = format!("/v1/decay/jobs/{}", taken["job_id"].as_str().unwrap());
    let node = node.crash_and_restart_with(&settings);
    let job = node.get(&path, &key).json();
    // The machine may have been quick enough.
    let ended = job["status"] == "done" || (job["status"] == "failed" && job["error"].is_string());
    assert!(ended, "{job}");
    let rest = node.post("/v1/decay/sweep", &key, &json!({ "scope": "local" }));
    if rest.status == 202 {
        let path = format!("/v1/decay/jobs/{}", rest.json()["job_id"].as_str().unwrap());
        assert_eq!(finished(&node, &key, &path)["status"], "done");
    }
    assert_eq!(node.get("/v1/facts?relation=note:x", &key).json()["total"], 0);
}

/// Asks for a job until it has ended.
fn finished(node: &Node, key: &str, path: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let job = node.get(path, key).json();
        if job["status"] != "pending" && job["status"] != "running" {
            return job;
        }
        assert!(Instant::now() < deadline, "the job does not end: {job}");
        // Asking without a pause would keep the node from getting there.
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn cron_and_people_sweep_with_one_command() {
    // Whether a sweep is done at once or by a job makes no difference to the command.
    let (node, key) = node(&[("STIGMEM_ASYNC_JOB_THRESHOLD", "0")]);
    make(
        &node,
        &key,
        &json!({ "id": "a", "relation": "*", "scope": "*", "mode": "retract", "ttl_s": 60 }),
    );
    say(&node, &key, "user:a", "note:x", "local");
    let url = node.url();
    let command = |more: &[&str]| {
        let given = ["decay", "sweep", "--url", &url, "--api-key", &key, "--scope", "local"];
        node.operator(&[&given[..], more].concat())
    };
    let dry = command(&["--dry-run"]);
    assert!(dry.status.success(), "{dry:?}");
    assert!(String::from_utf8(dry.stdout).unwrap().contains("to be retracted 1\n"));
    let done = command(&["--json"]);
    assert!(done.status.success(), "{done:?}");
    let done: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (&done["facts_retracted"], &done["policies_applied"]),
        (&json!(1), &json!(["a"]))
    );
    let unknown = command(&["--policy-id", "b"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("404: not_found"));
    assert_eq!(command(&["--dry-run", "--mode", "retract"]).status.code(), Some(2));
    assert_eq!(command(&["--scope", "world"]).status.code(), Some(2));

    let address = node.url();
    assert_eq!(node.stop(), Some(0));
    let folder = tempfile::tempdir().unwrap();
    let gone = std::process::Command::new(env!("CARGO_BIN_EXE_stigmem"))
        .args(["decay", "sweep", "--url", &address, "--scope", "local"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(gone.status.code(), Some(1), "{gone:?}");
    assert!(
        String::from_utf8(gone.stderr)
            .unwrap()
            .contains("no answer from the node")
    );
}
