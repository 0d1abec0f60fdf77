//! Who becomes a peer, who is let in, and what is written down about the others.

use serde_json::{Value, json};

use crate::peer::{Peer, now_millis};
use crate::support::{FEDERATING, Node, fact};

fn events(node: &Node, query: &str) -> Vec<Value> {
    let page = node.get(&format!("/v1/federation/audit{query}"), "").json();
    page["entries"].as_array().unwrap().clone()
}

fn reasons(node: &Node) -> Vec<String> {
    let reason = |event: &Value| event["detail"]["reason"].as_str().map(str::to_owned);
    let mut reasons: Vec<String> = events(node, "?limit=500").iter().filter_map(reason).collect();
    reasons.reverse();
    reasons
}

#[test]
fn the_node_introduces_itself() {
    let node = Node::federating(&[]);
    let about = node.get("/.well-known/stigmem", "").json();
    assert_eq!(about["federation"], "enabled");
    assert_eq!(about["federation_version"], "0.5");
    assert_eq!(about["federation_pubkey"].as_str().unwrap().len(), 43);
    assert_eq!(
        about["federation_endpoints"],
        json!({ "peers": "/v1/federation/peers", "facts": "/v1/federation/facts", "push": null })
    );
    assert_eq!(about["node_url"], node.url());
    let key = about["federation_pubkey"].clone();
    let node = node.crash_and_restart_with(&FEDERATING);
    assert_eq!(node.get("/.well-known/stigmem", "").json()["federation_pubkey"], key);

    let own = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
    let node = Node::federating(&[
        ("STIGMEM_FEDERATION_PUBKEY", own),
        (
            "STIGMEM_FEDERATION_PRIVKEY",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ),
        ("STIGMEM_FEDERATION_PUSH_ENABLED", "true"),
        ("STIGMEM_NODE_URL", "http://node.example/"),
    ]);
    let about = node.get("/.well-known/stigmem", "").json();
    assert_eq!(about["federation_pubkey"], own);
    assert_eq!(about["node_url"], "http://node.example");
    assert_eq!(about["federation_endpoints"]["push"], "/v1/federation/facts/push");
}

#[test]
fn a_declaration_that_agrees_makes_a_peer() {
    let (node, peer) = (Node::federating(&[]), Peer::start(1));
    let answer = peer.register_at(&node);
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["status"], "active");
    assert!(answer["verified_at"].is_string());
    let listed = node.get("/v1/federation/peers", "").json()["peers"][0].clone();
    assert_eq!(listed["peer_id"], answer["peer_id"]);
    assert_eq!(listed["node_id"], peer.node_id);
    assert_eq!(listed["allowed_scopes"], json!(["company", "public"]));
    assert_eq!(peer.register_at(&node).status, 409);
    // Another key never takes the place of the one that is active.
    let mut other = Peer::start(2);
    other.node_id.clone_from(&peer.node_id);
    other.publish("node_id", json!(peer.node_id));
    assert_eq!(other.register_at(&node).status, 409);
    assert_eq!(peer.pull(&node, "").status, 200);

    let id = answer["peer_id"].as_str().unwrap();
    let capabilities = node.get(&format!("/v1/federation/peers/{id}/capabilities"), "").json();
    assert_eq!(capabilities["federation_mode"], "pull");
    assert!(capabilities["relations_understood"].is_array());

    let row = format!("/v1/federation/peers/{id}");
    assert_eq!(node.send("DELETE", &row, "", None).status, 204);
    let refused = peer.pull(&node, "");
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (401, &json!("peer_not_active"))
    );
    assert_eq!(peer.register_at(&node).status, 409);
    let forget = ["federation", "forget-peer", &peer.node_id];
    assert!(node.operator(&forget).status.success());
    assert!(!node.operator(&forget).status.success());
    assert_eq!(peer.register_at(&node).json()["status"], "active");
}

#[test]
fn a_declaration_that_does_not_agree_is_rejected_and_can_be_sent_again() {
    let (node, peer) = (Node::federating(&[]), Peer::start(3));
    let honest = peer.url.clone();
    for (member, lie, reason) in [
        ("federation_pubkey", json!("x"), "federation_pubkey_differs"),
        ("node_id", json!("stigmem:node:other"), "node_id_differs"),
        ("node_url", json!("http://127.0.0.1:1"), "node_url_differs"),
        ("node_url", json!(5), "discovery_unreadable"),
    ] {
        let truth = match member {
            "node_url" => json!(honest),
            _ => peer.declaration()[member].clone(),
        };
        peer.publish(member, lie);
        let answer = peer.register_at(&node);
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (201, &json!("rejected")),
            "{reason}"
        );
        assert_eq!(answer.json()["verified_at"], Value::Null);
        assert_eq!(events(&node, "?limit=1")[0]["detail"]["reason"], reason);
        peer.publish(member, truth);
    }
    let mut forged = peer.declaration();
    forged["allowed_scopes"] = json!(["public"]);
    let answer = node.post("/v1/federation/peers", "", &forged).json();
    assert_eq!(answer["status"], "rejected");
    assert_eq!(events(&node, "?limit=1")[0]["detail"]["reason"], "invalid_signature");
    peer.publish("node_url", json!(format!("{honest}/")));
    assert_eq!(peer.register_at(&node).json()["status"], "active");

    for (member, bad) in [
        ("allowed_scopes", json!(["galaxy"])),
        ("federation_pubkey", json!("AAAA")),
        ("declaration_sig", json!("!")),
        ("node_url", Value::Null),
    ] {
        let mut declaration = Peer::start(4).declaration();
        declaration[member] = bad;
        let answer = node.post("/v1/federation/peers", "", &declaration);
        assert_eq!(answer.status, 422, "{member}");
    }
    let peers = node.get("/v1/federation/peers", "").json();
    assert_eq!(peers["peers"].as_array().unwrap().len(), 1);
}

#[test]
fn a_public_node_asks_nothing_of_its_own_machine() {
    let node = Node::federating(&[("STIGMEM_NODE_URL", "http://node.example")]);
    let peer = Peer::start(5);
    assert_eq!(peer.register_at(&node).json()["status"], "rejected");
    assert_eq!(reasons(&node), ["node_url_is_loopback"]);
}

#[test]
fn operators_need_the_permission() {
    let node = Node::start(&[("STIGMEM_FEDERATION_ENABLED", "true")]);
    let scopes = "local,team,company,public";
    let (operator, other) = (node.key("federate", scopes), node.key("read,write,admin", scopes));
    let peer = Peer::start(6);
    for target in [
        "/v1/federation/peers",
        "/v1/federation/audit",
        "/v1/federation/peers/x/capabilities",
    ] {
        assert_eq!(node.get(target, "").status, 401, "{target}");
        assert_eq!(node.get(target, &other).status, 403, "{target}");
    }
    assert_eq!(
        node.post("/v1/federation/peers", &other, &peer.declaration()).status,
        403
    );
    assert_eq!(
        node.post("/v1/federation/peers", &operator, &peer.declaration()).json()["status"],
        "active"
    );
    let bare =
        format!("GET /v1/federation/peers HTTP/1.1\r\nHost: n\r\nConnection: close\r\nX-API-Key: {operator}\r\n\r\n");
    assert_eq!(node.raw(bare.as_bytes()).status, 200);
    let elsewhere = bare.replace("/v1/federation/peers", "/v1/me");
    assert_eq!(node.raw(elsewhere.as_bytes()).status, 401);
    assert_eq!(
        node.get("/v1/federation/facts", &operator).json()["error"],
        "malformed_token"
    );

    let alone = Node::start(&[]);
    let operator = alone.key("federate", scopes);
    assert_eq!(alone.get("/v1/federation/peers", &operator).status, 404);
    assert_eq!(alone.get("/v1/federation/facts", "").status, 401);
}

#[test]
fn tokens_are_told_apart_and_written_down() {
    let (node, peer, stranger) = (Node::federating(&[]), Peer::start(7), Peer::start(8));
    peer.register_at(&node);
    let now = now_millis();
    let ask = |token: &str| node.get("/v1/federation/facts?limit=0", token);
    for (changes, code) in [
        (json!({ "exp": now - 1 }), "token_expired"),
        (json!({ "exp": now / 1_000 + 60 }), "token_expired"),
        (json!({ "sub": "stigmem:node:other" }), "invalid_sub"),
        (json!({ "sub": null }), "invalid_sub"),
        (json!({ "iat": now + 120_000, "exp": now + 180_000 }), "iat_in_future"),
        (json!({ "nbf": now + 120_000 }), "nbf_in_future"),
        (json!({ "exp": now + 4_000_000 }), "token_lifetime_exceeded"),
        (json!({ "nonce": "" }), "missing_nonce"),
        (json!({ "sub": 5 }), "invalid_token"),
    ] {
        let answer = ask(&peer.token(&node, &changes));
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (401, &json!(code)),
            "{changes}"
        );
    }
    let answer = ask(&stranger.token(&node, &json!({})));
    assert_eq!(answer.json()["error"], "peer_not_registered");
    let answer = ask(&stranger.token(&node, &json!({ "iss": peer.node_id })));
    assert_eq!(answer.json()["error"], "invalid_signature");
    for malformed in ["x", "stigmem_key", &format!(" {}", peer.token(&node, &json!({})))] {
        assert_eq!(ask(malformed).json()["error"], "malformed_token");
    }
    for scopes in [json!([]), json!(["local"]), json!(["team"])] {
        let answer = ask(&peer.token(&node, &json!({ "scopes": scopes })));
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (403, &json!("no_permitted_scopes"))
        );
    }
    // The token is judged before the query, and its nonce is used up all the same.
    let token = peer.token(&node, &json!({}));
    assert_eq!(ask(&token).status, 422);
    assert_eq!(ask(&token).json()["error"], "nonce_already_seen");
    let node = node.crash_and_restart_with(&FEDERATING);
    let replayed = node.get("/v1/federation/facts", &token);
    assert_eq!(replayed.json()["error"], "nonce_already_seen");

    assert_eq!(
        reasons(&node),
        [
            "token_expired",
            "token_expired",
            "invalid_sub",
            "invalid_sub",
            "iat_in_future",
            "nbf_in_future",
            "token_lifetime_exceeded",
            "missing_nonce",
            "peer_not_registered",
            "invalid_signature",
            "nonce_already_seen",
            "nonce_already_seen",
        ]
    );
    assert_eq!(events(&node, "?limit=1")[0]["event_type"], "replay_attempt");
    let of_stranger = events(&node, &format!("?peer_id={}", stranger.node_id));
    assert_eq!(of_stranger.len(), 1);

    // The pages of the audit, put together, are the audit.
    let (all, mut walked, mut query) = (events(&node, "?limit=500"), Vec::new(), "?limit=5".to_owned());
    loop {
        let page = node.get(&format!("/v1/federation/audit{query}"), "").json();
        walked.extend(page["entries"].as_array().unwrap().clone());
        let Some(cursor) = page["cursor"].as_str() else { break };
        query = format!("?limit=5&cursor={cursor}");
    }
    assert_eq!(walked, all);
}

#[test]
fn a_peer_that_asks_too_often_has_to_wait() {
    let (node, peer) = (Node::federating(&[]), Peer::start(9));
    let mut declaration = peer.declaration();
    declaration["rate_limit"] = json!({ "facts_per_second": 0.01, "burst": 2 });
    assert_eq!(
        node.post("/v1/federation/peers", "", &declaration).json()["status"],
        "active"
    );
    node.post("/v1/facts", "", &fact("user:a", "x", "public"));
    assert_eq!(peer.pull(&node, "").status, 200);
    assert_eq!(peer.pull(&node, "").status, 200);
    for _ in 0..2 {
        let answer = peer.pull(&node, "");
        assert_eq!(answer.status, 429);
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=100).contains(&wait), "{wait}");
    }
    assert_eq!(reasons(&node), ["rate_limit_exceeded"]);
}
