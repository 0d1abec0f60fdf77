//! The way to a node, in the harness's hand: an HTTP proxy that cuts, delays, doubles, drops, truncates, spoils and forges, for
//! everybody or for what comes from one other node.

mod fate;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::{
    Response, StatusCode,
    header::{self, HeaderValue},
};

use super::{
    clock,
    http::{Limits, Outgoing},
    serve::{Answering, Body, Forwarder, HOP_BY_HOP, HangUp, Passed, Received, Server, cut, whole},
};
use crate::{protocol::peering, seed::Draw};
use fate::State;
pub use fate::{Counts, Rule};

#[derive(Debug)]
pub struct Link {
    /// The address under which others reach the node.
    pub url: String,
    way: Arc<Way>,
    _server: Server,
}

impl Link {
    /// What is left to chance is drawn from `draw`.
    pub async fn start(limits: Limits, draw: Draw) -> Result<Self, String> {
        let way = Arc::new(Way {
            forwarder: Forwarder::new(limits)?,
            state: Mutex::new(State::new(draw)),
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
        self.way.state().order(source, rule);
    }

    /// The last request of this sender's for this path, as it came.
    pub fn recorded(&self, source: &str, path: &str) -> Option<Outgoing> {
        let state = self.way.state();
        let request = state.recorded(source, path)?;
        let headers = request.head.headers.iter();
        let kept = headers.filter(|(name, _)| !HOP_BY_HOP.contains(name) && **name != header::AUTHORIZATION);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let authorization = request.head.headers.get(header::AUTHORIZATION).map(text);
        Some(Outgoing {
            method: request.head.method.to_string(),
            target: request
                .head
                .uri
                .path_and_query()
                .map_or("/", |target| target.as_str())
                .to_owned(),
            headers: kept.map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: request.body.to_vec(),
            authorization: authorization.map(|real| (real.clone(), real)),
        })
    }
}

#[derive(Debug)]
struct Way {
    forwarder: Forwarder,
    state: Mutex<State>,
}

impl Way {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answering for Way {
    async fn answer(&self, mut request: Received) -> Result<Response<Body>, HangUp> {
        let source = source(&request);
        let fate = self.state().fate(source.as_deref());
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
        if fate.spoil {
            fate::spoil(&mut request);
        }
        if fate.duplicate {
            let _ = self.forwarder.forward(&fate.node, &request).await;
        }
        let passed = self.forwarder.forward(&fate.node, &request).await?;
        let before = source.and_then(|source| self.state().remember(source, request, &passed));
        if fate.drop {
            return Err(HangUp);
        }
        let Passed { status, headers, body } = before.filter(|_| fate.stale).unwrap_or(passed);
        let body = fate::edited(body, &fate.edits);
        let sent = if fate.truncate {
            cut(body.clone(), body.len() / 2)
        } else {
            whole(body)
        };
        let mut response = Response::new(sent);
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
