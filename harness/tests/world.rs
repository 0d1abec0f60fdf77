//! The links and peers of a world do what steps say, and each fault can be seen from outside.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::time::Duration;

use serde_json::{Value, json};
use stigmem_conformance::{
    protocol::peering::{self, HEADER, Signer},
    vectors::world::{Fault, Page},
    world::{
        http::Limits,
        link::{Link, Rule},
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
    let (peer, link) = (peer().await, Link::start(Limits::default()).await.unwrap());
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
        link.order(
            None,
            Rule {
                duplicate,
                truncate,
                refuse,
                ..Rule::default()
            },
        );
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
