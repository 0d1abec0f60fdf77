//! The node that an adapter talks to: a server of ours that may also be absent, and writes down what it is asked.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hyper::{
    Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use tokio::net::TcpStream;

use super::{
    case::{PlayedNode, Rule},
    pairs,
    script::{Asked, Reply, Script},
};
use crate::{
    seed::Draw,
    trace::{Answer, Body, Exchange, Request, Silence},
    world::{
        clock::{self, Deadline},
        port::Port,
        serve::{self, Answering, HangUp, Received, Server},
    },
};

/// What stands in the trace for the key.
pub(super) const KEY: &str = "{key:host}";

#[derive(Debug)]
pub(super) struct Played {
    port: Port,
    shared: Arc<Shared>,
    server: Option<Server>,
}

/// An exchange, and when it began.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    pub at: Instant,
    pub exchange: Exchange,
}

#[derive(Debug)]
struct Shared {
    key: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    script: Script,
    log: Vec<Logged>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Played {
    /// A node that nobody has started yet. `wants_key`: it is set up with authentication.
    pub(super) fn new(key: String, wants_key: bool, draw: Draw) -> Result<Self, String> {
        let port = Port::free().map_err(|error| format!("no free port: {error}"))?;
        let url = format!("http://127.0.0.1:{}", port.number);
        let script = Script::new(&url, wants_key, draw, clock::now_ms());
        let state = Mutex::new(State {
            script,
            log: Vec::new(),
        });
        Ok(Self {
            port,
            shared: Arc::new(Shared { key, state }),
            server: None,
        })
    }

    pub(super) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port.number)
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// From now on it is like this.
    pub(super) async fn set(&mut self, node: &PlayedNode) -> Result<(), String> {
        self.shared.state().script.set(node);
        match (node.absent, self.server.is_some()) {
            (true, true) => self.leave().await,
            (false, false) => {
                let server = Server::start_at(self.port.number, Arc::clone(&self.shared)).await;
                self.server = Some(server.map_err(|error| format!("port {}: {error}", self.port.number))?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns when nobody listens any more.
    async fn leave(&mut self) -> Result<(), String> {
        self.server = None;
        let deadline = Deadline::after(Duration::from_secs(5));
        while TcpStream::connect(("127.0.0.1", self.port.number)).await.is_ok() {
            if !deadline.another_look(Duration::from_millis(5)).await {
                return Err(format!("port {} is still listened at", self.port.number));
            }
        }
        Ok(())
    }

    /// How many requests there were.
    pub(super) fn count(&self) -> usize {
        self.shared.state().log.len()
    }

    /// The requests after the first `from`.
    pub(super) fn log(&self, from: usize) -> Vec<Logged> {
        let state = self.shared.state();
        state.log[from.min(state.log.len())..].to_vec()
    }
}

impl Answering for Shared {
    async fn answer(&self, request: Received) -> Result<Response<serve::Body>, HangUp> {
        let reply = self.write_down(&request);
        let Some(fault) = &reply.fault else {
            let body = serve::whole(reply.body.clone());
            return Ok(respond(&reply, body));
        };
        if let Some(wait) = fault.after_ms {
            clock::wait(Duration::from_millis(wait)).await;
        }
        if fault.hang {
            std::future::pending::<()>().await;
        }
        if fault.hang_up {
            return Err(HangUp);
        }
        let text = reply.body.clone();
        let body = match (fault.cut, fault.drip_ms) {
            _ if fault.endless => serve::endless("{\"facts\":[", ENDLESS_PAUSE),
            (Some(length), _) => serve::cut(text, length),
            (None, Some(pause)) => serve::drip(text, Duration::from_millis(pause)),
            (None, None) => serve::whole(text),
        };
        Ok(respond(&reply, body))
    }
}

impl Shared {
    fn write_down(&self, request: &Received) -> Reply {
        let at = Instant::now();
        let head = &request.head;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let knows = format!("Bearer {}", self.key);
        let mut knows_key = false;
        let mut headers = Vec::new();
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            knows_key |= *name == header::AUTHORIZATION && value == knows;
            headers.push((name.to_string(), value.replace(&self.key, KEY)));
        }
        let asked = Asked {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: pairs(head.uri.query().unwrap_or_default()),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            knows_key,
        };
        let mut state = self.state();
        let reply = state.script.answer(&asked);
        if state.log.len() < LONGEST_LOG {
            let n = state.log.len() + 1;
            let request = Request {
                method: asked.method,
                target: target.replace(&self.key, KEY),
                headers,
                body: kept(request.body.to_vec()),
            };
            state.log.push(Logged {
                at,
                exchange: Exchange {
                    n,
                    on: None,
                    request,
                    answer: answered(&reply),
                    took_us: 0,
                },
            });
        }
        reply
    }
}

/// What the adapter gets, as far as it can be written down.
fn answered(reply: &Reply) -> Answer {
    let silent = |kind, message: &str| Answer::None {
        kind,
        message: format!("{message}, as the case wants it"),
    };
    let fault = reply.fault.clone().unwrap_or_default();
    match fault {
        Rule { hang: true, .. } => silent(Silence::TimedOut, "never answered"),
        Rule { hang_up: true, .. } => silent(Silence::Closed, "the connection was closed"),
        Rule { endless: true, .. } => silent(Silence::Unreadable, "a body without end"),
        Rule { cut: Some(_), .. } => silent(Silence::Closed, "the connection was closed in the middle"),
        _ => Answer::Response(crate::trace::Response {
            status: reply.status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: kept(reply.body.clone().into_bytes()),
        }),
    }
}

fn kept(bytes: Vec<u8>) -> Body {
    if bytes.len() <= LONGEST_BODY {
        return Body::of(bytes);
    }
    Body::Cut {
        bytes: bytes.len(),
        start: String::from_utf8_lossy(&bytes[..200]).into_owned(),
    }
}

fn respond(reply: &Reply, body: serve::Body) -> Response<serve::Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let all = response.headers_mut();
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &reply.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            all.insert(name, value);
        }
    }
    response
}

const ENDLESS_PAUSE: Duration = Duration::from_millis(20);

/// An adapter that asks more often than this in one case is not written down further.
const LONGEST_LOG: usize = 5_000;

/// Bytes of a body that is kept whole in the trace: a text of 64 KiB with what is around it.
const LONGEST_BODY: usize = 160 << 10;
