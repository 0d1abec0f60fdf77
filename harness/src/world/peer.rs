//! A federation peer that the kit plays: it has a key, publishes what it is told to, and writes down what it is asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::{Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{
    clock,
    serve::{Answering, Body, HangUp, Received, Server, cut, drip, whole},
};
use crate::{
    body,
    protocol::peering::Signer,
    trace::Asked,
    vectors::world::{Fault, Page},
};

#[derive(Debug)]
pub struct Peer {
    pub node_id: String,
    pub url: String,
    pub signer: Signer,
    /// In the order in which they are declared.
    pub scopes: Vec<String>,
    script: Arc<Script>,
    _server: Server,
}

impl Peer {
    pub async fn start(node_id: String, signer: Signer, scopes: Vec<String>) -> Result<Self, String> {
        let script = Arc::new(Script::default());
        let server = Server::start(Arc::clone(&script))
            .await
            .map_err(|error| format!("a peer cannot listen: {error}"))?;
        let url = format!("http://{}", server.address);
        script.state().discovery = json!({
            "version": "1.0", "node_id": node_id, "node_url": url, "auth": "required", "federation": "enabled",
            "namespaces": [], "federation_pubkey": signer.public(), "federation_version": "0.5",
            "federation_endpoints": {"peers": "/v1/federation/peers", "facts": "/v1/federation/facts", "push": null},
        });
        Ok(Self {
            node_id,
            url,
            signer,
            scopes,
            script,
            _server: server,
        })
    }

    /// The declaration as it would be sent now, not yet signed.
    pub fn declaration(&self, signed_at: &str) -> Map<String, Value> {
        Map::from_iter([
            ("node_id".to_owned(), self.node_id.as_str().into()),
            ("node_url".to_owned(), self.url.as_str().into()),
            ("federation_pubkey".to_owned(), self.signer.public().into()),
            ("allowed_scopes".to_owned(), self.scopes.clone().into()),
            ("signed_at".to_owned(), signed_at.into()),
        ])
    }

    /// Changes the discovery document.
    pub fn publish(&self, edit: impl FnOnce(&mut Value) -> Result<(), String>) -> Result<(), String> {
        edit(&mut self.script.state().discovery)
    }

    /// Answers this in place of the discovery document; `None` for the document again.
    pub fn discovery_fault(&self, fault: Option<Fault>) {
        self.script.state().discovery_fault = fault;
    }

    pub fn serve(&self, page: Page) {
        let mut state = self.script.state();
        let number = state.pages.len() + 1;
        let cursor = page.cursor.clone().unwrap_or_else(|| format!("page-{number}").into());
        state.pages.push(Served {
            cursor,
            faults: Fault::unrolled(&page.faults).collect(),
            page,
        });
    }

    /// Answers this to a push; `None` for the ordinary answer again.
    pub fn push_fault(&self, fault: Option<Fault>) {
        self.script.state().push_fault = fault;
    }

    /// Further facts, which it pages through as a publisher does.
    pub fn publish_facts(&self, facts: impl Iterator<Item = Value>) {
        self.script.state().facts.extend(facts);
    }

    /// What becomes of the next requests for those.
    pub fn fail_next(&self, faults: &[Fault]) {
        self.script.state().faults.extend(Fault::unrolled(faults));
    }

    /// What it was asked so far, oldest first.
    pub fn log(&self) -> Vec<Asked> {
        self.script.state().log.clone()
    }
}

#[derive(Debug, Default)]
struct Script(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    discovery: Value,
    discovery_fault: Option<Fault>,
    push_fault: Option<Fault>,
    pages: Vec<Served>,
    facts: Vec<Value>,
    faults: VecDeque<Fault>,
    log: Vec<Asked>,
}

#[derive(Debug)]
struct Served {
    page: Page,
    cursor: Value,
    faults: VecDeque<Fault>,
}

impl Script {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answering for Script {
    async fn answer(&self, request: Received) -> Result<Response<Body>, HangUp> {
        let (answer, fault) = self.state().answer(&request);
        let Some(fault) = fault else {
            return Ok(respond(200, &Map::new(), whole(answer)));
        };
        if let Some(wait) = fault.after_ms {
            clock::wait(Duration::from_millis(wait)).await;
        }
        let text = fault.text.unwrap_or(answer);
        let body = match (fault.cut, fault.drip_ms) {
            (Some(length), _) => cut(text, length),
            (None, Some(pause)) => drip(text, Duration::from_millis(pause)),
            (None, None) => whole(text),
        };
        Ok(respond(fault.status.unwrap_or(200), &fault.headers, body))
    }
}

impl State {
    fn answer(&mut self, request: &Received) -> (String, Option<Fault>) {
        let asked = written_down(request);
        let (method, path) = (asked.method.clone(), asked.path.clone());
        let cursor = asked.query.get("cursor").cloned().filter(|cursor| cursor != "");
        let limit = asked.query.get("limit").and_then(|limit| limit.as_str()?.parse().ok());
        if self.log.len() < LONGEST_LOG {
            self.log.push(asked);
        }
        match (method.as_str(), path.as_str()) {
            ("GET", "/.well-known/stigmem") => {
                let document = body::emit(&self.discovery).unwrap_or_else(|error| error);
                (document, self.discovery_fault.clone())
            }
            ("GET", "/v1/federation/facts") if !self.facts.is_empty() => {
                let page = self.publish(cursor.as_ref(), limit.unwrap_or(ORDINARY_LIMIT));
                (page, self.faults.pop_front())
            }
            ("GET", "/v1/federation/facts") => self.page(cursor.as_ref()),
            ("POST", "/v1/federation/facts/push") => {
                let pushed: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let accepted = pushed["facts"].as_array().map_or(0, Vec::len);
                let answer = json!({"accepted": accepted, "rejected": 0, "errors": []});
                let ordinary = Fault {
                    status: Some(202),
                    ..Fault::default()
                };
                (answer.to_string(), Some(self.push_fault.clone().unwrap_or(ordinary)))
            }
            _ => {
                let fault = Fault {
                    status: Some(404),
                    ..Fault::default()
                };
                (json!({"detail": "Not Found"}).to_string(), Some(fault))
            }
        }
    }

    /// A page of the facts after a cursor, which counts them.
    fn publish(&self, asked: Option<&Value>, limit: usize) -> String {
        let count = asked.and_then(|cursor| cursor.as_str()?.strip_prefix("after-")?.parse().ok());
        let from = count.unwrap_or(0).min(self.facts.len());
        let to = from.saturating_add(limit.clamp(1, LARGEST_LIMIT)).min(self.facts.len());
        let cursor = if to == from {
            asked.cloned()
        } else {
            Some(format!("after-{to}").into())
        };
        let page = json!({"facts": self.facts[from..to], "cursor": cursor, "has_more": to < self.facts.len()});
        body::emit(&page).unwrap_or_else(|error| error)
    }

    fn page(&mut self, asked: Option<&Value>) -> (String, Option<Fault>) {
        let at = match asked {
            None => Some(0),
            Some(cursor) => {
                let found = self.pages.iter().position(|served| served.cursor == *cursor);
                found.map(|n| if self.pages[n].page.stuck { n } else { n + 1 })
            }
        };
        let last = self.pages.len();
        let Some((n, served)) = at.and_then(|n| Some((n, self.pages.get_mut(n)?))) else {
            return (
                json!({"facts": [], "cursor": asked, "has_more": false}).to_string(),
                None,
            );
        };
        let has_more = served.page.has_more.unwrap_or(n + 1 < last);
        let facts = if served.page.facts.is_null() {
            json!([])
        } else {
            served.page.facts.clone()
        };
        let page = json!({"facts": facts, "cursor": served.cursor, "has_more": has_more});
        let text = body::emit(&page).unwrap_or_else(|error| error);
        (text, served.faults.pop_front())
    }
}

fn written_down(request: &Received) -> Asked {
    let query = request.head.uri.query().unwrap_or_default();
    // The base is only there because a query alone is no URL.
    let pairs = reqwest::Url::parse(&format!("http://peer/?{query}")).ok();
    let pairs = pairs.iter().flat_map(reqwest::Url::query_pairs);
    let headers = &request.head.headers;
    let authorization = headers.get(header::AUTHORIZATION);
    Asked {
        at_ms: clock::now_ms(),
        method: request.head.method.to_string(),
        path: request.head.uri.path().to_owned(),
        query: pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
            .collect(),
        authorization: authorization.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
    }
}

fn respond(status: u16, headers: &Map<String, Value>, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let all = response.headers_mut();
    all.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    for (name, value) in headers {
        let name = header::HeaderName::from_bytes(name.as_bytes());
        let value = header::HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            all.insert(name, value);
        }
    }
    response
}

const ORDINARY_LIMIT: usize = 100;
const LARGEST_LIMIT: usize = 500;

/// A node that asks more often than this in one case is not written down further.
const LONGEST_LOG: usize = 20_000;
