//! The way to a node, in the harness's hand: an HTTP proxy that can cut, delay, double and truncate, for everybody or for what comes
//! from one other node.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{self, HeaderMap, HeaderName},
};

use super::{
    clock,
    http::{self, Limits},
    serve::{Answering, Body, HangUp, Received, Server, cut, whole},
};
use crate::protocol::peering;

/// What happens to requests of one sender.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    pub cut: bool,
    pub delay: Duration,
    /// So many of the next requests reach the node twice.
    pub duplicate: usize,
    /// So many of the next answers end in the middle.
    pub truncate: usize,
    /// So many of the next requests get 503 in place of an answer.
    pub refuse: usize,
}

#[derive(Debug)]
pub struct Link {
    /// The address under which others reach the node.
    pub url: String,
    way: Arc<Way>,
    _server: Server,
}

impl Link {
    pub async fn start(limits: Limits) -> Result<Self, String> {
        let client = http::client("http://", limits.time)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| error.to_string())?;
        let way = Arc::new(Way {
            client,
            longest: limits.body,
            state: Mutex::default(),
        });
        let server = Server::start(Arc::clone(&way))
            .await
            .map_err(|error| format!("a link cannot listen: {error}"))?;
        Ok(Self {
            url: format!("http://{}", server.address),
            way,
            _server: server,
        })
    }

    /// Where the node itself listens.
    pub fn lead_to(&self, base: &str) {
        base.clone_into(&mut self.way.state().node);
    }

    /// From now on, for what `source` sends (a node id), or for everybody.
    pub fn order(&self, source: Option<String>, rule: Rule) {
        self.way.state().rules.insert(source, rule);
    }
}

#[derive(Debug)]
struct Way {
    client: reqwest::Client,
    longest: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    node: String,
    rules: BTreeMap<Option<String>, Rule>,
}

/// What happens to one request.
#[derive(Debug, Default)]
struct Fate {
    node: String,
    cut: bool,
    delay: Duration,
    duplicate: bool,
    truncate: bool,
    refuse: bool,
}

impl Way {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self, source: Option<String>) -> Fate {
        let mut state = self.state();
        let mut fate = Fate {
            node: state.node.clone(),
            ..Fate::default()
        };
        for of in std::iter::once(None).chain(source.map(Some)) {
            let Some(rule) = state.rules.get_mut(&of) else { continue };
            let one = |left: &mut usize| {
                let some = *left > 0;
                *left -= usize::from(some);
                some
            };
            fate.cut |= rule.cut;
            fate.delay = fate.delay.max(rule.delay);
            fate.refuse |= one(&mut rule.refuse);
            fate.duplicate |= one(&mut rule.duplicate);
            fate.truncate |= one(&mut rule.truncate);
        }
        fate
    }

    async fn forward(&self, node: &str, request: &Received) -> Result<(StatusCode, HeaderMap, Bytes), HangUp> {
        let target = request.head.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut headers = request.head.headers.clone();
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        let sent = self
            .client
            .request(request.head.method.clone(), format!("{node}{target}"))
            .headers(headers)
            .body(request.body.clone())
            .send();
        let mut answer = sent.await.map_err(|_unreachable| HangUp)?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|_broken| HangUp)? {
            if body.len() + part.len() > self.longest {
                return Err(HangUp);
            }
            body.extend_from_slice(&part);
        }
        Ok((status, headers, body.into()))
    }
}

impl Answering for Way {
    async fn answer(&self, request: Received) -> Result<Response<Body>, HangUp> {
        let fate = self.fate(source(&request));
        if fate.cut {
            return Err(HangUp);
        }
        if !fate.delay.is_zero() {
            clock::wait(fate.delay).await;
        }
        if fate.refuse {
            let mut response = Response::new(whole(""));
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(response);
        }
        if fate.duplicate {
            let _ = self.forward(&fate.node, &request).await;
        }
        let (status, headers, bytes) = self.forward(&fate.node, &request).await?;
        let body = if fate.truncate {
            cut(bytes.clone(), bytes.len() / 2)
        } else {
            whole(bytes)
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The node that a request says it comes from.
fn source(request: &Received) -> Option<String> {
    let authorization = request.head.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let claims = peering::claims(authorization.strip_prefix("Bearer ")?)?;
    claims["iss"].as_str().map(str::to_owned)
}

const HOP_BY_HOP: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
