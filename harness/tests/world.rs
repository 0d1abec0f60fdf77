//! The links and peers of a world do what steps say, and each fault can be seen from outside.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::time::Duration;

use serde_json::{Value, json};
use stigmem_conformance::{
    protocol::peering::{self, HEADER, Signer},
    seed::Draw,
    vectors::world::{Fault, Page},
    world::{
        http::Limits,
        link::{Counts, Link, Rule},
        peer::Peer,
    },
};

async fn peer() -> Peer {
    let scopes = vec!["public".to_owned()];
    Peer::start("stigmem:node:p".to_owned(), Signer::from_seed([1; 32]), scopes)
        .await
        .unwrap()
}

/// A peer behind a link: the peer's log says what came through.
async fn behind_a_link() -> (Peer, Link) {
    let (peer, link) = (
        peer().await,
        Link::start(Limits::default(), Draw::new(1, "link")).await.unwrap(),
    );
    link.lead_to(&peer.url);
    (peer, link)
}

fn client() -> reqwest::Client {
    stigmem_conformance::world::http::client("http://", Duration::from_secs(10))
        .build()
        .unwrap()
}

async fn get(url: &str, token: Option<&str>) -> Result<(u16, Value), reqwest::Error> {
    let mut request = client().get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

fn token(iss: &str) -> String {
    peering::token(HEADER, &[("iss".to_owned(), iss.into())], &Signer::from_seed([2; 32]))
}

async fn page(peer: &Peer, query: &str) -> Value {
    let url = format!("{}/v1/federation/facts{query}", peer.url);
    get(&url, None).await.unwrap().1
}

#[tokio::test]
async fn pages_follow_their_cursors() {
    let peer = peer().await;
    assert_eq!(
        page(&peer, "").await,
        json!({"facts": [], "cursor": null, "has_more": false})
    );
    for id in ["one", "two"] {
        peer.serve(Page {
            facts: json!([{"id": id, "v": {"$literal": "42.0"}}]),
            ..Page::default()
        });
    }
    let first = page(&peer, "").await;
    assert_eq!(first["facts"][0]["id"], "one");
    assert_eq!(first["facts"][0]["v"].to_string(), "42.0");
    assert_eq!((&first["cursor"], &first["has_more"]), (&json!("page-1"), &json!(true)));
    let second = page(&peer, "?cursor=page-1").await;
    assert_eq!(
        (&second["facts"][0]["id"], &second["has_more"]),
        (&json!("two"), &json!(false))
    );
    assert_eq!(
        page(&peer, "?cursor=page-1").await,
        second,
        "a repeated cursor repeats the page"
    );
    let end = json!({"facts": [], "cursor": "page-2", "has_more": false});
    assert_eq!(page(&peer, "?cursor=page-2").await, end);
    peer.serve(Page {
        stuck: true,
        has_more: Some(true),
        ..Page::default()
    });
    for _ in 0..3 {
        assert_eq!(page(&peer, "?cursor=page-3").await["cursor"], "page-3");
    }
    assert_eq!(peer.log()[2].query.get("cursor"), Some(&json!("page-1")));
}

#[tokio::test]
async fn a_fault_comes_once_and_then_the_page() {
    let peer = peer().await;
    let fault = |fault: Fault| fault;
    peer.serve(Page {
        facts: json!([{"id": "one"}]),
        faults: vec![
            fault(Fault {
                status: Some(429),
                text: Some("slow down".to_owned()),
                ..Fault::default()
            }),
            fault(Fault {
                cut: Some(5),
                ..Fault::default()
            }),
            fault(Fault {
                drip_ms: Some(1),
                ..Fault::default()
            }),
        ],
        ..Page::default()
    });
    let url = format!("{}/v1/federation/facts", peer.url);
    assert_eq!(get(&url, None).await.unwrap(), (429, json!("slow down")));
    assert!(get(&url, None).await.is_err(), "the body ends after five bytes");
    assert_eq!(get(&url, None).await.unwrap().1["facts"][0]["id"], "one");
    assert_eq!(get(&url, None).await.unwrap().1["facts"][0]["id"], "one");
    assert_eq!(peer.log().len(), 4);
}

#[tokio::test]
async fn a_discovery_document_can_be_edited_and_replaced() {
    let peer = peer().await;
    let url = format!("{}/.well-known/stigmem", peer.url);
    let found = get(&url, None).await.unwrap().1;
    assert_eq!(found["node_id"], "stigmem:node:p");
    assert_eq!(found["federation_pubkey"], peer.signer.public());
    peer.publish(|document| {
        document["node_id"] = "somebody else".into();
        Ok(())
    })
    .unwrap();
    peer.discovery_fault(Some(Fault {
        status: Some(302),
        headers: serde_json::from_value(json!({"location": "/elsewhere"})).unwrap(),
        ..Fault::default()
    }));
    assert_eq!(get(&url, None).await.unwrap().0, 302);
    peer.discovery_fault(None);
    assert_eq!(get(&url, None).await.unwrap().1["node_id"], "somebody else");
}

#[tokio::test]
async fn a_cut_link_hangs_up_until_it_is_whole() {
    let (peer, link) = behind_a_link().await;
    let url = format!("{}/.well-known/stigmem", link.url);
    assert_eq!(get(&url, None).await.unwrap().0, 200);
    link.order(
        None,
        Rule {
            cut: true,
            ..Rule::default()
        },
    );
    assert!(get(&url, None).await.is_err());
    link.order(None, Rule::default());
    assert_eq!(get(&url, None).await.unwrap().0, 200);
    assert_eq!(peer.log().len(), 2, "nothing came through the cut link");
}

#[tokio::test]
async fn a_link_can_be_cut_for_one_sender() {
    let (_peer, link) = behind_a_link().await;
    link.order(
        Some("stigmem:node:b".to_owned()),
        Rule {
            cut: true,
            ..Rule::default()
        },
    );
    let url = format!("{}/v1/federation/facts", link.url);
    assert!(get(&url, Some(&token("stigmem:node:b"))).await.is_err());
    assert_eq!(get(&url, Some(&token("stigmem:node:c"))).await.unwrap().0, 200);
    assert_eq!(get(&url, None).await.unwrap().0, 200);
}

#[tokio::test]
async fn links_double_truncate_and_refuse_as_often_as_they_are_told() {
    let (peer, link) = behind_a_link().await;
    let url = format!("{}/.well-known/stigmem", link.url);
    let order = |duplicate, truncate, refuse| {
        let next = Counts {
            duplicate,
            truncate,
            refuse,
            ..Counts::default()
        };
        link.order(None, rule(next));
    };
    order(1, 0, 0);
    for expected in [2, 3] {
        assert_eq!(get(&url, None).await.unwrap().0, 200);
        assert_eq!(peer.log().len(), expected);
    }
    order(0, 1, 0);
    assert!(get(&url, None).await.is_err());
    assert_eq!(get(&url, None).await.unwrap().0, 200);
    order(0, 0, 1);
    assert_eq!(get(&url, None).await.unwrap().0, 503);
    assert_eq!(get(&url, None).await.unwrap().0, 200);
}

fn rule(next: Counts) -> Rule {
    Rule {
        next,
        ..Rule::default()
    }
}

#[tokio::test]
async fn a_link_lets_some_pass_and_loses_the_answer_of_the_next() {
    let (peer, link) = behind_a_link().await;
    let url = format!("{}/.well-known/stigmem", link.url);
    link.order(
        None,
        Rule {
            skip: 2,
            ..rule(Counts {
                drop: 1,
                ..Counts::default()
            })
        },
    );
    let mut came = Vec::new();
    for _ in 0..4 {
        came.push(get(&url, None).await.is_ok());
    }
    assert_eq!(came, [true, true, false, true]);
    assert_eq!(peer.log().len(), 4, "the request arrived, only its answer is lost");
}

#[tokio::test]
async fn a_link_serves_the_answer_of_the_time_before() {
    let (peer, link) = behind_a_link().await;
    let url = |limit: usize| format!("{}/v1/federation/facts?limit={limit}", link.url);
    peer.publish_facts((0..3).map(|n| json!({"id": n})));
    let token = token("stigmem:node:b");
    let ask = async |limit: usize| {
        get(&url(limit), Some(&token)).await.unwrap().1["facts"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(ask(1).await, 1);
    link.order(
        None,
        rule(Counts {
            stale: 1,
            ..Counts::default()
        }),
    );
    assert_eq!(ask(2).await, 1, "the page of the first request");
    assert_eq!(ask(3).await, 3);
}

#[tokio::test]
async fn a_link_spoils_one_signature_and_leaves_the_rest() {
    let (peer, link) = behind_a_link().await;
    let url = format!("{}/v1/federation/facts", link.url);
    let token = token("stigmem:node:b");
    link.order(
        None,
        rule(Counts {
            spoil: 1,
            ..Counts::default()
        }),
    );
    for _ in 0..2 {
        get(&url, Some(&token)).await.unwrap();
    }
    let log = peer.log();
    let key = Signer::from_seed([2; 32]).public();
    let genuine: Vec<bool> = log
        .iter()
        .filter_map(|asked| asked.authorization.as_deref()?.strip_prefix("Bearer "))
        .map(|token| peering::is_signed_by(token, &key))
        .collect();
    assert_eq!(genuine, [false, true]);
    let claims = peering::claims(
        log[0]
            .authorization
            .as_deref()
            .unwrap()
            .strip_prefix("Bearer ")
            .unwrap(),
    );
    assert_eq!(claims.unwrap()["iss"], "stigmem:node:b", "the claims are still read");
}

#[tokio::test]
async fn a_link_replaces_members_of_answers() {
    let (peer, link) = behind_a_link().await;
    peer.publish_facts([json!({"id": "f", "value": {"type": "number", "v": 42.0}})].into_iter());
    let edits = json!({"/facts/0/id": "g", "/facts/7/id": "nowhere"});
    link.order(
        None,
        Rule {
            edits: edits.as_object().unwrap().clone(),
            ..Rule::default()
        },
    );
    let page = get(&format!("{}/v1/federation/facts", link.url), None).await.unwrap().1;
    assert_eq!(
        page["facts"],
        json!([{"id": "g", "value": {"type": "number", "v": 42.0}}])
    );
}

#[tokio::test]
async fn a_recorded_request_can_be_sent_again() {
    let (peer, link) = behind_a_link().await;
    let token = token("stigmem:node:b");
    assert!(link.recorded("stigmem:node:b", "/v1/federation/facts").is_none());
    let url = format!("{}/v1/federation/facts?limit=7", link.url);
    get(&url, Some(&token)).await.unwrap();
    let again = link.recorded("stigmem:node:b", "/v1/federation/facts").unwrap();
    assert_eq!(again.target, "/v1/federation/facts?limit=7");
    assert_eq!(again.authorization.unwrap().0, format!("Bearer {token}"));
    assert_eq!(peer.log().len(), 1, "looking sends nothing");
}

#[tokio::test]
async fn chaos_is_the_same_for_the_same_seed() {
    let mut fates = Vec::new();
    for seed in [5, 5, 6] {
        let peer = peer().await;
        let link = Link::start(Limits::default(), Draw::new(seed, "link")).await.unwrap();
        link.lead_to(&peer.url);
        link.order(
            None,
            Rule {
                chaos: 0.5,
                ..Rule::default()
            },
        );
        let url = format!("{}/.well-known/stigmem", link.url);
        let mut came = Vec::new();
        for _ in 0..24 {
            came.push(get(&url, None).await.map(|(status, _)| status).ok());
        }
        fates.push(came);
    }
    assert_eq!(fates[0], fates[1]);
    assert_ne!(fates[0], fates[2]);
    assert!(fates[0].contains(&Some(200)) && fates[0].iter().any(|fate| *fate != Some(200)));
}

#[tokio::test]
async fn a_publisher_pages_by_the_limit_it_is_asked_with() {
    let peer = peer().await;
    peer.publish_facts((0..5).map(|n| json!({"id": n})));
    let first = page(&peer, "?limit=2").await;
    assert_eq!(
        (first["facts"].as_array().unwrap().len(), &first["has_more"]),
        (2, &json!(true))
    );
    let rest = page(
        &peer,
        &format!("?limit=500&cursor={}", first["cursor"].as_str().unwrap()),
    )
    .await;
    assert_eq!(rest["facts"], json!([{"id": 2}, {"id": 3}, {"id": 4}]));
    assert_eq!(rest["has_more"], false);
    let end = page(&peer, &format!("?cursor={}", rest["cursor"].as_str().unwrap())).await;
    assert_eq!((&end["facts"], &end["cursor"]), (&json!([]), &rest["cursor"]));
}

#[tokio::test]
async fn a_peer_answers_a_push() {
    let peer = peer().await;
    let url = format!("{}/v1/federation/facts/push", peer.url);
    let push = async || {
        let sent = client().post(&url).body(r#"{"facts":[{},{}]}"#).send().await.unwrap();
        (sent.status().as_u16(), sent.text().await.unwrap())
    };
    let (status, text) = push().await;
    assert_eq!(status, 202);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["accepted"], 2);
    peer.push_fault(Some(Fault {
        status: Some(405),
        ..Fault::default()
    }));
    assert_eq!(push().await.0, 405);
}
