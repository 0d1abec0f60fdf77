//! The server from outside: who is let in, what is refused and how, what the routes promise.

use std::io::{Read, Write};

use crate::support::{Node, fact};
use serde_json::{Value, json};

const ALL: &str = "local,team,company,public";

#[test]
fn a_stranger_is_refused_before_anything_is_said_about_the_body() {
    let node = Node::start(&[]);
    for (key, body) in [("", "{"), ("stigmem_wrong", "{"), ("", "{}"), ("stigmem_wrong", "[]")] {
        let answer = node.send("POST", "/v1/facts", key, Some(body.as_bytes()));
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, Some("Bearer")),
            "{key} {body}"
        );
        assert!(answer.json()["error"].is_string());
    }
    let reader = node.key("read", ALL);
    assert_eq!(node.send("POST", "/v1/facts", &reader, Some(b"{")).status, 403);
    let writer = node.key("write", ALL);
    assert_eq!(node.get("/v1/facts", &writer).status, 403);
    assert_eq!(node.get("/v1/auth/keys", &writer).status, 403);
}

#[test]
fn every_documented_route_is_served() {
    let node = Node::start(&[]);
    let document = node.get("/openapi.json", "").json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 10);
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            let answer = node.send(&method.to_uppercase(), &path.replace("{id}", "x"), "", None);
            // Pushes are refused before anything else while they are switched off.
            let switched_off = path.ends_with("/push") && answer.status == 405;
            let served = matches!(answer.status, 200 | 401) || switched_off;
            assert!(served, "{method} {path}: {}", answer.status);
        }
    }
    let page = node.get("/docs", "");
    assert!(
        page.text.contains("/openapi.json") && !page.text.contains("src="),
        "the page stands alone"
    );
    assert!(node.get("/metrics", "").text.contains("stigmem_requests_total"));
}

#[test]
fn a_fact_is_answered_as_it_was_asserted() {
    let node = Node::start(&[]);
    let key = node.key("read,write", ALL);
    for literal in ["5", "5.0", "1e+21", "12345678901234567890", "0.1"] {
        let body = format!(
            r#"{{"entity":"Stigmem://Test.example/Thing/A B","relation":"t:n","value":{{"type":"number","v":{literal}}},
            "source":"stigmem://test.example/agent/t","confidence":0.5,"scope":"team"}}"#
        );
        let answer = node.send("POST", "/v1/facts", &key, Some(body.as_bytes()));
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert!(
            answer.text.contains(&format!("\"v\":{literal}}}")),
            "{literal}: {}",
            answer.text
        );
        let stored = answer.json();
        assert_eq!(stored["entity"], "stigmem://test.example/thing/a-b");
        for name in ["id", "cid"] {
            let read = node
                .get(&format!("/v1/facts/{}", stored[name].as_str().unwrap()), &key)
                .json();
            assert_eq!((&read["id"], &read["cid"]), (&stored["id"], &stored["cid"]), "{name}");
        }
    }
    assert_eq!(
        node.get("/v1/facts/00000000-0000-7000-8000-000000000000", &key).status,
        404
    );
    assert_eq!(node.get("/v1/facts/sha256:12", &key).json()["error"], "cid_malformed");
}

#[test]
fn wrong_requests_get_the_answer_that_names_the_mistake() {
    let node = Node::start(&[]);
    let key = node.key("read,write,admin", ALL);
    for (method, target, status) in [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/facts/", 404),
        ("PUT", "/v1/facts", 405),
        ("POST", "/healthz", 405),
        ("GET", "/v1/facts?limit=0", 422),
        ("GET", "/v1/facts?limit=501", 422),
        ("GET", "/v1/facts?scope=world", 400),
        ("GET", "/v1/facts?cursor=abc", 400),
        ("GET", "/v1/facts?entity=%FF", 400),
        ("GET", "/v1/conflicts?status=open", 422),
        ("GET", "/v1/conflicts?cursor=abc", 400),
        ("GET", "/v1/facts/%FF", 400),
        ("POST", "/v1/facts", 415),
        ("DELETE", "/v1/auth/keys/none", 404),
    ] {
        let answer = node.send(method, target, &key, None);
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.text);
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{method} {target}"
        );
        assert!(answer.json()["error"].is_string() && !answer.json()["detail"].is_null());
        assert_eq!(answer.header("allow").is_some(), status == 405, "{method} {target}");
    }
    let long = node.get(&format!("/v1/facts?entity={}", "a".repeat(20_000)), &key);
    assert_eq!(long.status, 414);
    let head = node.send("HEAD", "/healthz", "", None);
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

#[test]
fn no_body_brings_the_node_down() {
    let node = Node::start(&[]);
    let key = node.key("read,write,admin", ALL);
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 16] = [
        b"",
        b"{",
        b"null",
        b"\"\"",
        b"\xff\xfe",
        b"{\"entity\":1}",
        b"{\"entity\":\"a\",\"entity\":\"b\"}",
        b"{\"v\":\"\\ud800\"}",
        b"{\"v\":NaN}",
        b"{\"v\":1e999}",
        b"{\"v\":-Infinity}",
        deep.as_bytes(),
        br#"{"entity":"a","relation":"","value":{"type":"null"},"source":"b"}"#,
        br#"{"entity":"stigmem://a","relation":"r","value":{"type":"null"},"source":"b"}"#,
        br#"{"entity":"a","relation":"r","value":{"type":"null"},"source":"b","confidence":null}"#,
        br#"{"entity":"a","relation":"r","value":{"type":"ref","v":" "},"source":"b"}"#,
    ];
    for body in bodies {
        for target in ["/v1/facts", "/v1/auth/keys", "/v1/conflicts/stigmem:conflict:x/resolve"] {
            let answer = node.send("POST", target, &key, Some(body));
            assert!(
                (400..500).contains(&answer.status),
                "{target} {:?}: {}",
                body.get(..60),
                answer.status
            );
            assert!(answer.json()["error"].is_string());
        }
    }
    assert_eq!(node.get("/healthz", "").status, 200);
    assert_eq!(node.get("/v1/facts", &key).json()["total"], 0);
}

#[test]
fn a_large_body_is_refused_without_being_read() {
    let node = Node::start(&[("STIGMEM_MAX_BODY_BYTES", "131072")]);
    let key = node.key("write", ALL);
    let head = format!(
        "POST /v1/facts HTTP/1.1\r\nHost: n\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    );
    // Nothing follows the head: an answer can only come from a node that does not wait for the body.
    let mut stream = node.connect();
    stream
        .write_all(format!("{head}Content-Length: 1000000000\r\n\r\n").as_bytes())
        .unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");

    // Chunks without an announced length: refused as soon as the limit is passed.
    let mut stream = node.connect();
    stream
        .write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())
        .unwrap();
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..9 {
        stream.write_all(chunk.as_bytes()).unwrap();
    }
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");

    let value = "v".repeat(65_536);
    assert_eq!(
        node.post("/v1/facts", &key, &fact("user:a", &value, "local")).status,
        201
    );
    assert_eq!(
        node.post("/v1/facts", &key, &fact("user:a", &(value + "v"), "local"))
            .status,
        413
    );
}

#[test]
fn what_a_key_may_not_see_does_not_show() {
    let node = Node::start(&[]);
    let all = node.key("read,write", ALL);
    let public = node.key("read,write", "public");
    let none = node.key("read,write", "");
    let hidden = node.assert(&all, "user:a", "x", "company");
    node.assert(&all, "user:a", "y", "company");
    let open = node.assert(&all, "user:a", "z", "public");

    for name in ["id", "cid"] {
        assert_eq!(
            node.get(&format!("/v1/facts/{}", hidden[name].as_str().unwrap()), &public)
                .status,
            404
        );
        assert_eq!(
            node.get(&format!("/v1/facts/{}", open[name].as_str().unwrap()), &public)
                .status,
            200
        );
    }
    let seen = node
        .get("/v1/facts?entity=user:a&include_contradicted=true", &public)
        .json();
    assert_eq!((&seen["total"], &seen["facts"][0]["id"]), (&json!(1), &open["id"]));
    assert_eq!(node.get("/v1/facts", &public).json()["total"], 1);
    assert_eq!(node.get("/v1/facts?scope=company", &public).status, 403);
    assert_eq!(
        node.post("/v1/facts", &public, &fact("user:a", "x", "company")).status,
        403
    );
    assert_eq!(node.get("/v1/facts", &none).json()["total"], 0);
    assert_eq!(
        node.post("/v1/facts", &none, &fact("user:a", "x", "public")).status,
        403
    );

    let conflict = node.get("/v1/conflicts", &all).json()["conflicts"][0]["conflict_id"].clone();
    let resolve = format!("/v1/conflicts/{}/resolve", conflict.as_str().unwrap());
    let winner = json!({ "winning_fact_id": hidden["id"] });
    assert_eq!(node.get("/v1/conflicts", &public).json()["conflicts"], json!([]));
    assert_eq!(node.post(&resolve, &public, &winner).status, 404);
    assert_eq!(
        node.post(&resolve, &all, &json!({ "winning_fact_id": open["id"] }))
            .status,
        422
    );
    assert_eq!(node.post(&resolve, &all, &json!({})).status, 422);
    assert_eq!(node.post(&resolve, &all, &winner).status, 200);
    assert_eq!(node.post(&resolve, &all, &winner).status, 409);
    let shown = node.get("/v1/facts?entity=user:a&scope=company", &all).json();
    assert_eq!(
        (&shown["total"], &shown["facts"][0]["value"]["v"]),
        (&json!(1), &json!("x"))
    );
}

#[test]
fn walking_the_pages_yields_every_fact_once() {
    let node = Node::start(&[]);
    let key = node.key("read,write", ALL);
    let mut written: Vec<Value> = (0..23)
        .map(|n| node.assert(&key, &format!("user:{n}"), "x", "local")["id"].clone())
        .collect();
    let mut read = Vec::new();
    let mut target = "/v1/facts?limit=5".to_owned();
    loop {
        let page = node.get(&target, &key).json();
        assert_eq!(page["total"], 23);
        read.extend(page["facts"].as_array().unwrap().iter().map(|fact| fact["id"].clone()));
        let Some(cursor) = page["cursor"].as_str() else { break };
        target = format!("/v1/facts?limit=5&cursor={cursor}");
        assert_eq!(node.get(&format!("/v1/conflicts?cursor={cursor}"), &key).status, 400);
    }
    written.reverse();
    assert_eq!(read, written);
}

#[test]
fn keys_live_and_die_over_http() {
    let node = Node::start(&[]);
    let admin = node.key("admin", ALL);
    let wish =
        json!({ "entity_uri": "agent:b", "permissions": ["read"], "allowed_scopes": ["team"], "description": "d" });
    let made = node.post("/v1/auth/keys", &admin, &wish);
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let key = made["key"].as_str().unwrap();
    let me = node.get("/v1/me", key).json();
    assert_eq!(
        (&me["entity_uri"], &me["permissions"], &me["allowed_scopes"]),
        (&json!("agent:b"), &json!(["read"]), &json!(["team"]))
    );
    let listed = node.get("/v1/auth/keys", &admin);
    assert!(!listed.text.contains(key) && listed.json().as_array().unwrap().len() == 2);
    let path = format!("/v1/auth/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(node.send("DELETE", &path, &admin, None).status, 204);
    assert_eq!(node.send("DELETE", &path, &admin, None).status, 404);
    assert_eq!(node.get("/v1/me", key).status, 401);

    let stale = json!({ "entity_uri": "agent:b", "expires_at": "2001-01-01T00:00:00Z" });
    let stale = node.post("/v1/auth/keys", &admin, &stale).json();
    assert_eq!(node.get("/v1/me", stale["key"].as_str().unwrap()).status, 401);
    for wish in [
        json!({}),
        json!({ "entity_uri": "a", "permissions": ["own"] }),
        json!({ "entity_uri": "a", "allowed_scopes": "local" }),
    ] {
        assert_eq!(node.post("/v1/auth/keys", &admin, &wish).status, 422, "{wish}");
    }
}
