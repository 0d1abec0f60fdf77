//! A proxy right in front of a node that makes it look like one that breaks a rule. What can be seen of a mistake on the wire alone
//! needs no node that makes it.

pub(crate) mod edit;
mod rule;
mod strict;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{self, HeaderMap, HeaderName, HeaderValue},
    http::uri::PathAndQuery,
};

use super::{
    http::Limits,
    serve::{Answering, Body, Forwarder, HangUp, Passed, Received, Server, whole},
};
pub use rule::{Do, Instead, Rule, Where};

/// The rules that make a mask, and how often one of them held.
#[derive(Debug, Default)]
pub struct Pattern {
    rules: Vec<Rule>,
    applied: AtomicUsize,
}

impl Pattern {
    pub fn of(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            applied: AtomicUsize::new(0),
        }
    }

    /// How many exchanges looked otherwise for it.
    pub fn applied(&self) -> usize {
        self.applied.load(Ordering::Relaxed)
    }
}

/// A mask that a node wears. Dropping it takes it off, and nobody reaches the node through it any more.
#[derive(Debug)]
pub struct Mask {
    pub url: String,
    _server: Server,
}

impl Mask {
    pub async fn put_on(node: &str, pattern: &Arc<Pattern>, limits: Limits) -> Result<Self, String> {
        let face = Arc::new(Face {
            node: node.to_owned(),
            forwarder: Forwarder::new(limits)?,
            pattern: Arc::clone(pattern),
        });
        let server = Server::start(face)
            .await
            .map_err(|error| format!("a mask cannot listen: {error}"))?;
        Ok(Self {
            url: format!("http://{}", server.address),
            _server: server,
        })
    }
}

#[derive(Debug)]
struct Face {
    node: String,
    forwarder: Forwarder,
    pattern: Arc<Pattern>,
}

impl Answering for Face {
    async fn answer(&self, mut request: Received) -> Result<Response<Body>, HangUp> {
        let seen = rule::Seen::of(&request);
        let mut due: Vec<&Rule> = self.pattern.rules.iter().filter(|rule| rule.wants(&seen)).collect();
        let mut applied = false;
        for rule in &due {
            applied |= change_request(&rule.does, &mut request);
        }
        let mut passed = match due.iter().find_map(|rule| rule.does.instead.as_ref()) {
            Some(instead) => {
                applied = true;
                instead.answer()
            }
            None => self.forwarder.forward(&self.node, &request).await?,
        };
        let came = passed.clone();
        due.retain(|rule| rule.wants_answer(&came));
        for rule in due {
            applied |= change_answer(&rule.does, &mut passed);
        }
        self.pattern.applied.fetch_add(usize::from(applied), Ordering::Relaxed);
        let mut response = Response::new(whole(passed.body));
        *response.status_mut() = passed.status;
        *response.headers_mut() = passed.headers;
        Ok(response)
    }
}

/// Whether there was something to change.
fn change_request(does: &Do, request: &mut Received) -> bool {
    let mut changed = false;
    if !does.request_edits.is_empty()
        && let Some(body) = edit::edited(&request.body, &does.request_edits)
    {
        changed = body != request.body;
        request.body = body;
    }
    if !does.query_edits.is_empty() {
        let target = request.head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let asked = edit::asked(target, &does.query_edits);
        if asked != target
            && let Ok(uri) = asked.parse()
        {
            Arc::make_mut(&mut request.head).uri = uri;
            changed = true;
        }
    }
    changed
}

fn change_answer(does: &Do, passed: &mut Passed) -> bool {
    let before = (passed.status, passed.headers.clone(), passed.body.clone());
    if let Some(status) = does.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        passed.status = status;
    }
    if let Some(text) = &does.text {
        passed.body = Bytes::from(text.clone());
        passed
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if !does.edits.is_empty()
        && let Some(body) = edit::edited(&passed.body, &does.edits)
    {
        passed.body = body;
    }
    set_headers(&mut passed.headers, does.headers.iter());
    before != (passed.status, passed.headers.clone(), passed.body.clone())
}

fn set_headers<'a>(headers: &mut HeaderMap, wanted: impl Iterator<Item = (&'a String, &'a Option<String>)>) {
    for (name, value) in wanted {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        match value.as_deref().map(HeaderValue::from_str) {
            Some(Ok(value)) => drop(headers.insert(name, value)),
            Some(Err(_)) => {}
            None => drop(headers.remove(name)),
        }
    }
}

impl Instead {
    fn answer(&self) -> Passed {
        let mut headers = HeaderMap::new();
        if !self.text.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        set_headers(&mut headers, self.headers.iter());
        Passed {
            status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers,
            body: Bytes::from(self.text.clone()),
        }
    }
}
