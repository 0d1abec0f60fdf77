//! Facts on their way between nodes.

use serde_json::{Value, json};

use crate::peer::{Peer, page, shared};
use crate::support::{FEDERATING, Node, fact};

fn befriend(a: &Node, b: &Node) {
    a.introduce_to(b);
    b.introduce_to(a);
}

fn id(fact: &Value) -> &str {
    fact["id"].as_str().unwrap()
}

fn assert_fact(node: &Node, body: &Value) -> Value {
    let answer = node.post("/v1/facts", "", body);
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// Waits until `node` has the fact.
fn arrives(node: &Node, fact: &Value) -> Value {
    node.until(&format!("/v1/facts/{}", id(fact)), |seen| seen["id"] == fact["id"])
}

fn is_absent(node: &Node, fact: &Value) -> bool {
    node.get(&format!("/v1/facts/{}", id(fact)), "").status == 404
}

fn audited(node: &Node, fact_id: &str) -> Option<String> {
    let page = node.get("/v1/federation/audit?limit=500", "").json();
    let found = page["entries"].as_array().unwrap().iter();
    let mut found = found.filter(|event| event["detail"]["fact_id"] == fact_id);
    found
        .next()
        .map(|event| event["detail"]["reason"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn facts_travel_as_they_are() {
    let (a, b) = (Node::federating(&[]), Node::federating(&[]));
    befriend(&a, &b);
    a.introduce_to(&b); // A second time is 409, which the command takes for success.
    let local = assert_fact(&a, &fact("user:l", "x", "local"));
    let team = assert_fact(&a, &fact("user:t", "x", "team"));
    let company = assert_fact(&a, &fact("user:c", "x", "company"));
    let mut numbers = Vec::new();
    for literal in ["42", "42.0", "1e+21", "12345678901234567890"] {
        let text = format!(
            r#"{{"entity":"user:n","relation":"t:{}","value":{{"type":"number","v":{literal}}},"source":"agent:a",
            "scope":"public","valid_until":"2099-01-01T00:00:00+02:00","confidence":0.7}}"#,
            numbers.len()
        );
        let answer = a.send("POST", "/v1/facts", "", Some(text.as_bytes()));
        assert_eq!(answer.status, 201, "{}", answer.text);
        numbers.push((answer.json(), literal));
    }
    for (sent, literal) in &numbers {
        arrives(&b, sent);
        let answer = b.get(&format!("/v1/facts/{}", id(sent)), "");
        assert!(answer.text.contains(&format!("\"v\":{literal}}}")), "{}", answer.text);
        let got = answer.json();
        for member in [
            "cid",
            "hlc",
            "timestamp",
            "source",
            "valid_until",
            "confidence",
            "scope",
        ] {
            assert_eq!(got[member], sent[member], "{member}");
        }
        assert_eq!(got["received_from"], a.node_id());
        let provenance = b.get(
            &format!("/v1/facts?entity={}&relation=stigmem:received_from", id(sent)),
            "",
        );
        let provenance = provenance.json();
        assert_eq!(provenance["total"], 1);
        assert_eq!(
            provenance["facts"][0]["value"],
            json!({ "type": "ref", "v": a.node_id() })
        );
        assert_eq!(provenance["facts"][0]["scope"], "local");
        assert_eq!(provenance["facts"][0]["source"], "system:stigmem");
    }
    assert_eq!(arrives(&b, &company)["scope"], "company");
    assert!(is_absent(&b, &local) && is_absent(&b, &team));
    let later = assert_fact(&b, &fact("user:later", "x", "public"));
    assert!(
        later["hlc"].as_str() > numbers[3].0["hlc"].as_str(),
        "the clock follows what arrived"
    );
    arrives(&a, &later);
}

#[test]
fn disagreement_and_retraction_travel() {
    let (a, b) = (Node::federating(&[]), Node::federating(&[]));
    befriend(&a, &b);
    let x = assert_fact(&a, &fact("user:a", "x", "public"));
    let y = assert_fact(&b, &fact("user:a", "y", "public"));
    arrives(&b, &x);
    arrives(&a, &y);
    let preferred = |node: &Node| {
        let seen = node.until("/v1/facts?entity=user:a", |seen| {
            seen["facts"][0]["contradicted"] == true
        });
        assert_eq!(seen["total"], 1);
        seen["facts"][0]["id"].clone()
    };
    assert_eq!(preferred(&a), preferred(&b));
    for node in [&a, &b] {
        let conflicts = node.get("/v1/conflicts?status=unresolved", "").json();
        assert_eq!(conflicts["conflicts"].as_array().unwrap().len(), 1);
    }
    let mut retraction = fact("user:a", "gone", "public");
    retraction["confidence"] = json!(0);
    let retraction = assert_fact(&a, &retraction);
    arrives(&b, &retraction);
    assert_eq!(
        b.get("/v1/facts?entity=user:a&include_contradicted=true", "").json()["total"],
        0
    );
    // Conflict records stay where they are made.
    let conflicts = b.get("/v1/facts?relation=stigmem:conflict:between", "").json();
    assert_eq!(conflicts["total"], 1);
}

#[test]
fn public_facts_are_passed_on_and_company_ones_are_not() {
    let nodes = [(); 3].map(|()| Node::federating(&[]));
    let [a, b, c] = &nodes;
    befriend(a, b);
    befriend(b, c);
    let company = assert_fact(a, &fact("user:a", "x", "company"));
    let public = assert_fact(a, &fact("user:b", "x", "public"));
    arrives(b, &company);
    let got = arrives(c, &public);
    assert_eq!(
        (&got["received_from"], &got["hlc"]),
        (&json!(b.node_id()), &public["hlc"])
    );
    // What came later has arrived, so the other one would have.
    let last = assert_fact(a, &fact("user:c", "x", "public"));
    arrives(c, &last);
    assert!(is_absent(c, &company));

    let leaf = Node::federating(&[("STIGMEM_FEDERATION_RELAY_ENABLED", "false")]);
    let (sender, reader) = (Peer::start(20), Peer::start(21));
    sender.register_at(&leaf);
    reader.register_at(&leaf);
    let theirs = shared(1, "user:a", "x", "public");
    sender.serve(vec![page(&[theirs.to_string()], Some("1"), false)]);
    arrives(&leaf, &theirs);
    assert_eq!(reader.pull(&leaf, "").json()["facts"], json!([]));
}

#[test]
fn a_page_is_served_in_order_of_arrival() {
    let (node, reader, writer) = (Node::federating(&[]), Peer::start(22), Peer::start(23));
    reader.register_at(&node);
    writer.register_at(&node);
    let empty = reader.pull(&node, "").json();
    assert_eq!(empty, json!({ "facts": [], "cursor": null, "has_more": false }));
    let mut expected = Vec::new();
    for n in 0..5 {
        assert_fact(&node, &fact(&format!("user:{n}"), "x", "local"));
        let sent = assert_fact(
            &node,
            &fact(&format!("user:{n}"), "x", if n % 2 == 0 { "public" } else { "company" }),
        );
        expected.push(sent["id"].clone());
    }
    // What arrives late is served late, however old its clock is; what is nobody's business is not served at all.
    let mut old = shared(1, "user:old", "x", "public");
    old["hlc"] = json!("5.0");
    writer.serve(vec![page(
        &[old.to_string(), shared(2, "user:old", "x", "company").to_string()],
        Some("1"),
        false,
    )]);
    arrives(&node, &old);
    expected.push(old["id"].clone());
    let instruction = assert_fact(&node, &fact("instruction:do", "x", "public"));

    let (mut walked, mut query) = (Vec::new(), "?limit=2".to_owned());
    let end = loop {
        let first = reader.pull(&node, &query).json();
        assert_eq!(
            reader.pull(&node, &query).json(),
            first,
            "a repeated cursor repeats the page"
        );
        let facts = first["facts"].as_array().unwrap();
        walked.extend(facts.iter().map(|fact| fact["id"].clone()));
        for fact in facts {
            assert_eq!(
                (&fact["received_from"], &fact["origin_node_id"]),
                (&Value::Null, &Value::Null)
            );
        }
        let cursor = first["cursor"].as_str().unwrap().to_owned();
        query = format!("?limit=2&cursor={cursor}");
        if first["has_more"] == false {
            break cursor;
        }
    };
    assert_eq!(walked, expected);
    let rest = reader.pull(&node, &query).json();
    assert_eq!(rest, json!({ "facts": [], "cursor": end, "has_more": false }));
    let back = writer.pull(&node, "?scope=public").json();
    let back = back["facts"].as_array().unwrap();
    assert_eq!(back.len(), 3, "nothing goes back to where it came from");
    assert_eq!(
        audited(&node, id(&instruction)).as_deref(),
        Some("instructions_not_supported")
    );

    for (query, status) in [
        ("?limit=0", 422),
        ("?limit=501", 422),
        ("?cursor=abc", 400),
        ("?scope=galaxy", 400),
        ("?scope=local", 403),
        ("?scope=team", 403),
        ("?cursor=&limit=500", 200),
    ] {
        assert_eq!(reader.pull(&node, query).status, status, "{query}");
    }
    let violations = node.get("/v1/federation/audit?limit=2", "").json();
    assert_eq!(violations["entries"][0]["event_type"], "scope_violation");
    assert_eq!(violations["entries"][0]["detail"]["requested_scope"], "team");
}

#[test]
fn one_bad_fact_keeps_no_other_out() {
    let (node, peer, other) = (Node::federating(&[]), Peer::start(24), Peer::start(25));
    other.register_at(&node);
    // It is asked again once what it said is in: from then on it speaks for itself.
    node.until("/v1/federation/peers", |_| other.asked().len() > 1);
    let fact = |n, change: &dyn Fn(&mut Value)| {
        let mut fact = shared(n, &format!("user:{n}"), "x", "public");
        change(&mut fact);
        fact.to_string()
    };
    let mine = node.node_id();
    let facts = [
        fact(1, &|_| {}),
        "5".to_owned(),
        "{\"id\":NaN}".to_owned(),
        "[".repeat(10_000) + &"]".repeat(10_000),
        fact(2, &|fact| fact["scope"] = json!("local")),
        fact(3, &|fact| fact["scope"] = json!("team")),
        fact(4, &|fact| fact["source"] = json!("system:stigmem")),
        fact(5, &|fact| fact["source"] = json!(mine)),
        fact(6, &|fact| {
            fact["source"] = json!(format!("stigmem://{}/agent/a", &node.url()[7..]));
        }),
        fact(7, &|fact| fact["source"] = json!(other.node_id)),
        fact(8, &|fact| fact["cid"] = json!(format!("sha256:{}", "0".repeat(64)))),
        fact(9, &|fact| fact["relation"] = json!("stigmem:ttl")),
        fact(10, &|fact| fact["confidence"] = json!(2)),
        fact(11, &|fact| fact["value"]["v"] = json!("v".repeat(65_537))),
        fact(12, &|fact| fact["hlc"] = json!("99999999999999999.0")),
        fact(13, &|fact| fact["hlc"] = Value::Null),
        fact(1, &|fact| fact["value"]["v"] = json!("changed")),
        fact(14, &|_| {}),
    ];
    peer.serve(vec![
        page(&facts, Some("after"), false),
        page(&[], Some("after"), false),
    ]);
    assert_eq!(peer.register_at(&node).json()["status"], "active");
    arrives(&node, &shared(14, "", "", ""));
    arrives(&node, &shared(13, "", "", ""));
    assert_eq!(arrives(&node, &shared(1, "", "", ""))["value"]["v"], "x");
    let name = |n: u32| shared(n, "", "", "")["id"].as_str().unwrap().to_owned();
    for (n, reason) in [
        (2, "scope_not_permitted"),
        (3, "scope_not_permitted"),
        (4, "source_not_owned"),
        (5, "source_not_owned"),
        (6, "source_not_owned"),
        (7, "source_not_owned"),
        (8, "cid_mismatch"),
        (9, "reserved_name"),
        (10, "malformed_fact"),
        (11, "value_too_large"),
        (12, "hlc_skew"),
    ] {
        assert_eq!(audited(&node, &name(n)).as_deref(), Some(reason), "{n}");
        assert_eq!(node.get(&format!("/v1/facts/{}", name(n)), "").status, 404);
    }
    assert_eq!(audited(&node, &name(1)), None);
    node.until("/healthz", |_| {
        peer.asked()
            .last()
            .is_some_and(|target| target.ends_with("cursor=after"))
    });
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let (node, peer) = (Node::federating(&[]), Peer::start(26));
    let first = page(&[shared(1, "user:1", "x", "public").to_string()], Some("a b+/é"), true);
    let second = page(&[shared(2, "user:2", "x", "public").to_string()], Some("two"), false);
    peer.serve(vec![first, second, page(&[], Some("two"), false)]);
    peer.register_at(&node);
    arrives(&node, &shared(2, "", "", ""));
    let asked = peer.asked();
    assert!(asked[0].ends_with("limit=200"), "{asked:?}");
    assert!(asked[1].ends_with("&cursor=a%20b%2B%2F%C3%A9"), "{asked:?}");
    let before = peer.asked().len();
    let node = node.crash_and_restart_with(&FEDERATING);
    node.until("/healthz", |_| peer.asked().len() > before);
    assert!(peer.asked().last().unwrap().ends_with("&cursor=two"));
    assert_eq!(node.get("/v1/facts?relation=memory:role", "").json()["total"], 2);
    assert_eq!(node.stop(), Some(0));
}

#[test]
fn a_difficult_peer_is_asked_again_and_delays_nobody() {
    let node = Node::federating(&[]);
    let (good, bad) = (Peer::start(27), Peer::start(28));
    let fine = page(&[shared(1, "user:1", "x", "public").to_string()], Some("1"), false);
    let huge = (200, String::new(), vec![b' '; 9 << 20]);
    bad.serve(vec![
        (302, "Location: http://127.0.0.1:1/\r\n".to_owned(), Vec::new()),
        (200, String::new(), b"<html>".to_vec()),
        page(&["5".to_owned()], Some("x"), false),
        (400, String::new(), Vec::new()),
        (401, String::new(), Vec::new()),
        (429, "Retry-After: 1\r\n".to_owned(), Vec::new()),
        huge,
        fine,
    ]);
    bad.register_at(&node);
    good.serve(vec![page(
        &[shared(2, "user:2", "x", "public").to_string()],
        Some("1"),
        false,
    )]);
    good.register_at(&node);
    arrives(&node, &shared(2, "", "", ""));
    arrives(&node, &shared(1, "", "", ""));
    let asked = bad.asked();
    assert!(
        asked[3].ends_with("cursor=x") && asked[4].ends_with("limit=200"),
        "{asked:?}"
    );
    assert!(
        asked[6].ends_with("limit=200") && asked[7].ends_with("limit=25"),
        "{asked:?}"
    );
}

#[test]
fn a_push_brings_what_is_the_senders_own() {
    let peer = Peer::start(29);
    let quiet = Node::federating(&[]);
    peer.register_at(&quiet);
    assert_eq!(peer.push(&quiet, &[]).status, 405);
    let node = Node::federating(&[("STIGMEM_FEDERATION_PUSH_ENABLED", "true")]);
    assert_eq!(
        node.post("/v1/federation/facts/push", "", &json!({ "facts": [] }))
            .status,
        401
    );
    peer.register_at(&node);
    let fact = |n, source: &str, scope: &str| {
        let mut fact = shared(n, &format!("user:{n}"), "x", scope);
        fact["source"] = json!(source);
        fact
    };
    let facts = [
        fact(1, &peer.node_id, "public"),
        fact(2, "agent:x", "public"),
        fact(3, &peer.node_id, "local"),
        fact(1, "agent:x", "local"),
        json!(5),
        fact(4, &format!("stigmem://{}/agent/a", &peer.url[7..]), "company"),
    ];
    let answer = peer.push(&node, &facts);
    assert_eq!(answer.status, 202, "{}", answer.text);
    let answer = answer.json();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(3), &json!(3)));
    let codes: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["error"].clone())
        .collect();
    assert_eq!(codes, ["source_not_owned", "scope_not_permitted", "malformed_fact"]);
    assert_eq!(arrives(&node, &facts[0])["received_from"], peer.node_id);
    assert_eq!(audited(&node, id(&facts[1])).as_deref(), Some("source_not_owned"));
    let token = peer.token(&node, &json!({}));
    for (body, status) in [(json!({}), 422), (json!([]), 401)] {
        assert_eq!(node.post("/v1/federation/facts/push", &token, &body).status, status);
    }
}

#[test]
fn a_checkpoint_brings_everything_back_without_doubles() {
    let (publisher, reader) = (Node::federating(&[]), Node::federating(&[]));
    befriend(&publisher, &reader);
    let early = assert_fact(&publisher, &fact("user:1", "x", "public"));
    arrives(&reader, &early);
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("checkpoint.json");
    let path = path.to_str().unwrap();
    // The cursor is stored with the page, so it is there as soon as the fact is.
    assert!(
        reader
            .operator(&["federation", "cursor-export", "--out", path])
            .status
            .success()
    );
    let checkpoint: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(checkpoint["cursors"][0]["peer_node_id"], publisher.node_id());
    assert_eq!(checkpoint["cursors"][0]["peer_status"], "active");
    drop(reader);

    let reader = Node::federating(&[]);
    let import = ["federation", "cursor-import", path];
    assert!(reader.operator(&import).status.success());
    befriend(&reader, &publisher);
    let late = assert_fact(&publisher, &fact("user:2", "x", "public"));
    arrives(&reader, &late);
    arrives(&reader, &early);
    assert_eq!(reader.get("/v1/facts?relation=memory:role", "").json()["total"], 2);
    let absent = ["federation", "cursor-import", "/nowhere/checkpoint.json"];
    assert_eq!(reader.operator(&absent).status.code(), Some(1));
    let refused = reader.operator(&[
        "federation",
        "register-peer",
        "--local-url",
        &reader.url(),
        "--remote-url",
        &reader.url(),
    ]);
    assert_eq!(refused.status.code(), Some(1), "a node is no peer of its own");
}

#[test]
fn a_node_that_is_behind_says_so() {
    let node = Node::federating(&[
        ("STIGMEM_FEDERATION_RELAY_LAG_WARNING_MS", "1"),
        ("STIGMEM_FEDERATION_PULL_INTERVAL_S", "0.1"),
    ]);
    let (down, reader) = (Peer::start(30), Peer::start(31));
    down.serve(vec![(500, String::new(), Vec::new())]);
    down.register_at(&node);
    reader.register_at(&node);
    node.until("/.well-known/stigmem", |about| {
        about["replication_lag_ms"].as_u64() > Some(1)
    });
    let answer = reader.pull(&node, "");
    assert_eq!(answer.status, 200);
    assert!(answer.header("x-stigmem-replication-lag").is_some(), "{}", answer.head);

    let node =
        node.crash_and_restart_with(&[&FEDERATING[..], &[("STIGMEM_FEDERATION_RELAY_LAG_HARD_MS", "1")]].concat());
    node.until("/.well-known/stigmem", |about| {
        about["replication_lag_ms"].as_u64() > Some(1)
    });
    let answer = reader.pull(&node, "");
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (503, &json!("relay_lag_exceeded"))
    );
    assert!(answer.json()["retry_after_s"].is_u64() && answer.header("retry-after").is_some());
}
