//! A node made of what a test wants it to answer. It writes down what it is asked.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Keeps the tasks of the server going, and ends them.
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query, as they were sent.
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Null where there was no JSON.
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

pub(crate) type Answer = (u16, String);

#[derive(Clone)]
struct Served {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<dyn Fn(&Asked) -> Answer + Send + Sync>,
}

impl Fake {
    /// Answers what is asked beside the discovery document, which is in order.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", move |asked| match asked.target.as_str() {
            "/.well-known/stigmem" => ok(&discovery()),
            _ => answer(asked),
        })
    }

    /// Answers everything, at an address of the test's choice.
    pub(crate) fn start_at(address: &str, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let served = Served {
            asked: Arc::clone(&asked),
            answer: Arc::new(answer),
        };
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(serve).with_state(served);
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
        Self {
            url,
            asked,
            _runtime: runtime,
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What it was asked to store, in order.
    pub(crate) fn writes(&self) -> Vec<Asked> {
        let asked = self.asked().into_iter();
        asked
            .filter(|asked| asked.method == "POST" && asked.target == "/v1/facts")
            .collect()
    }
}

async fn serve(State(served): State<Served>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let asked = Asked {
        method: method.to_string(),
        target: uri.to_string(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        at: Instant::now(),
    };
    let (status, text) = (served.answer)(&asked);
    served.asked.lock().unwrap().push(asked);
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], text).into_response()
}

pub(crate) fn discovery() -> Value {
    json!({
        "version": "0.8", "node_id": "stigmem:node:x", "node_url": "http://node.example", "auth": "none",
        "federation": "disabled", "namespaces": [], "spec": "https://example.com",
    })
}

pub(crate) fn ok(body: &Value) -> Answer {
    (200, body.to_string())
}

/// What a node answers to an assertion: the fact with what the node gives it.
pub(crate) fn stored(asked: &Asked) -> Answer {
    (201, record(&asked.body, 1).to_string())
}

/// A fact record made of the members of an assertion.
pub(crate) fn record(assertion: &Value, n: u32) -> Value {
    let mut record = json!({
        "id": format!("7d9f2c8e-3f0b-4a55-9d4e-{n:012x}"), "timestamp": "2026-11-22T06:10:15+00:00",
        "hlc": format!("1795327815729.{n}"), "valid_until": null, "confidence": 1.0, "scope": "company",
        "source": "agent:a", "contradicted": false, "received_from": null, "cid": null,
    });
    for (name, value) in assertion.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// A page of facts about entities, each of them entity, relation, value and confidence.
pub(crate) fn page(facts: &[(&str, &str, Value, f64)]) -> Answer {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let facts = facts.iter().map(|(entity, relation, v, confidence)| {
        let kind = if v.is_null() { "null" } else { "string" };
        let value = json!({ "type": kind, "v": v });
        let fact = json!({ "entity": entity, "relation": relation, "value": value, "confidence": confidence });
        record(&fact, LAST.fetch_add(1, Ordering::Relaxed))
    });
    let facts: Vec<Value> = facts.collect();
    ok(&json!({ "facts": facts, "total": facts.len(), "cursor": null }))
}

/// An address at which nobody listens but a node that a test starts there later.
pub(crate) fn nowhere() -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let held: &TcpSocket = Box::leak(Box::new(socket));
    format!("http://{}", held.local_addr().unwrap())
}
