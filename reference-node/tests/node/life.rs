//! The server's life: how it starts, refuses to start, stops, and what survives a crash.

use std::io::{Read, Write};

use crate::support::{Node, fact, server};
use serde_json::json;

const ALL: &str = "local,team,company,public";

#[test]
fn settings_that_make_no_sense_stop_it_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("STIGMEM_FEDERATION_ENABLED", "perhaps"),
        ("STIGMEM_PORT", "many"),
        ("STIGMEM_AUTH_REQUIRED", "perhaps"),
        ("STIGMEM_LOG_LEVEL", "loud"),
    ] {
        let output = server(folder.path(), &[(name, value)]).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {message}");
        assert!(message.contains(name), "{message}");
    }
    let open_door = [("STIGMEM_AUTH_REQUIRED", "false"), ("STIGMEM_HOST", "0.0.0.0")];
    let output = server(folder.path(), &open_door).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && message.contains("loopback"),
        "{message}"
    );
}

#[test]
fn help_lists_the_settings_and_version_the_version() {
    let folder = tempfile::tempdir().unwrap();
    let help = server(folder.path(), &[]).arg("--help").output().unwrap();
    assert!(help.status.success());
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("STIGMEM_MAX_BODY_BYTES")
    );
    let version = server(folder.path(), &[]).arg("--version").output().unwrap();
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .contains(env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        server(folder.path(), &[]).arg("--port").output().unwrap().status.code(),
        Some(2)
    );
}

#[test]
fn without_authentication_the_loopback_is_trusted() {
    let node = Node::start(&[("STIGMEM_AUTH_REQUIRED", "false")]);
    let about = node.get("/.well-known/stigmem", "").json();
    assert_eq!(
        (&about["auth"], &about["federation"]),
        (&json!("none"), &json!("disabled"))
    );
    assert_eq!(
        node.get("/v1/me", "").json()["permissions"],
        json!(["federate", "read", "write"])
    );
    assert_eq!(node.post("/v1/facts", "", &fact("user:a", "x", "local")).status, 201);
    assert_eq!(node.get("/v1/auth/keys", "").status, 403);
    let reader = node.key("read", "public");
    assert_eq!(node.get("/v1/me", &reader).json()["permissions"], json!(["read"]));
    assert_eq!(node.get("/v1/me", "stigmem_unknown").status, 401);
}

#[test]
fn what_was_acknowledged_survives_a_crash() {
    let node = Node::start(&[]);
    let key = node.key("read,write", ALL);
    let ids: Vec<String> = std::thread::scope(|scope| {
        let (node, key) = (&node, &key);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let write = move |n| {
                    node.assert(key, &format!("user:{writer}-{n}"), "x", "local")["id"]
                        .as_str()
                        .map(str::to_owned)
                };
                scope.spawn(move || (0..10).filter_map(write).collect::<Vec<_>>())
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let node = node.crash_and_restart();
    assert_eq!(ids.len(), 40);
    for id in &ids {
        assert_eq!(node.get(&format!("/v1/facts/{id}"), &key).status, 200, "{id}");
    }
    assert_eq!(node.get("/v1/facts", &key).json()["total"], 40);
}

#[test]
fn a_conflict_is_counted_once_however_many_cause_it() {
    let node = Node::start(&[]);
    let key = node.key("read,write", ALL);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (node, key) = (&node, &key);
            scope.spawn(move || {
                for _ in 0..5 {
                    node.assert(key, "user:a", if writer % 2 == 0 { "x" } else { "y" }, "local");
                }
            });
        }
    });
    assert_eq!(
        node.get("/v1/conflicts", &key).json()["conflicts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let shown = node.get("/v1/facts?entity=user:a", &key).json();
    assert_eq!(
        (&shown["total"], &shown["facts"][0]["contradicted"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(
        node.get("/v1/facts?entity=user:a&include_contradicted=1", &key).json()["total"],
        40
    );
}

#[test]
fn it_stops_when_it_is_told_to() {
    let node = Node::start(&[]);
    let key = node.key("write", ALL);
    node.assert(&key, "user:a", "x", "local");
    // An idle connection is no reason to stay.
    let idle = node.connect();
    assert_eq!(node.stop(), Some(0));
    drop(idle);
}

#[test]
fn a_connection_that_says_too_little_is_closed() {
    let node = Node::start(&[("STIGMEM_HEADER_TIMEOUT_S", "1"), ("STIGMEM_MAX_CONNECTIONS", "1")]);
    let mut slow = node.connect();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost:").unwrap();
    // The slow connection holds the only slot, so this is answered only after the slow one was closed.
    assert_eq!(node.get("/healthz", "").status, 200);
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn the_operator_manages_keys() {
    let node = Node::start(&[]);
    let key = node.key("read", "public");
    let listed = node.operator(&["keys", "list"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["allowed_scopes"], json!(["public"]));
    assert_eq!(node.get("/v1/me", &key).status, 200);
    let id = listed["id"].as_str().unwrap();
    assert!(node.operator(&["keys", "revoke", id]).status.success());
    assert_eq!(node.get("/v1/me", &key).status, 401);
    assert!(!node.operator(&["keys", "revoke", id]).status.success());
    assert!(
        !node
            .operator(&["keys", "create", "--entity-uri", "a:b", "--scopes", "world"])
            .status
            .success()
    );
}
