//! The HTTP client. Every convenience is off, and everything that a node can send has a limit.

use std::{error::Error as _, sync::Arc, time::Duration};

use reqwest::{Client, Method, Url, redirect};

use super::clock::Deadline;
use crate::trace::{Answer, Body, Exchange, Request, Response, Silence};
pub use stigmem_judge::percent::encode as percent;

/// A request with its credentials still in it.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    pub method: String,
    /// Path and query, below the base URL.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The Authorization header, and how it is written down.
    pub authorization: Option<(String, String)>,
}

/// Limits on what is read and waited for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For one request, from connecting to the last byte of the answer.
    pub time: Duration,
    /// Bytes of a response body.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            body: 8 << 20,
        }
    }
}

/// Requests to one node.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: Arc<str>,
    limits: Limits,
}

impl Http {
    /// `base` has no trailing slash.
    pub fn new(base: &str, limits: Limits) -> Result<Self, String> {
        // No pool: a connection that the node closes while we write to it would be blamed on the case.
        let client = client(base, limits.time)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            client,
            base: base.trim_end_matches('/').into(),
            limits,
        })
    }

    /// The same limits for another node.
    pub fn elsewhere(&self, base: &str) -> Result<Self, String> {
        Self::new(base, self.limits)
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request and writes down what came of it. `n` is set by the caller.
    pub async fn send(&self, out: Outgoing) -> Result<Exchange, String> {
        let started = std::time::Instant::now();
        let url =
            Url::parse(&format!("{}{}", self.base, out.target)).map_err(|error| format!("{}: {error}", out.target))?;
        let method =
            Method::from_bytes(out.method.as_bytes()).map_err(|_| format!("{:?} is not a method", out.method))?;
        let mut request = self.client.request(method, url);
        for (name, value) in &out.headers {
            request = request.header(name, value);
        }
        if let Some((real, _)) = &out.authorization {
            request = request.header("authorization", real);
        }
        if !out.body.is_empty() {
            request = request.body(out.body.clone());
        }
        let request = request
            .build()
            .map_err(|error| format!("the case's request cannot be built: {error}"))?;
        let answer = match tokio::time::timeout(self.limits.time, self.receive(request)).await {
            Ok(answer) => answer,
            Err(_) => silence(
                Silence::TimedOut,
                format!("no complete answer within {} s", self.limits.time.as_secs()),
            ),
        };
        let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(Exchange {
            n: 0,
            on: None,
            request: written_down(out),
            answer,
            took_us,
        })
    }

    async fn receive(&self, request: reqwest::Request) -> Answer {
        let mut response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => return silence(kind_of(&error), explain(&error)),
        };
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let mut answer = Response {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: Body::Empty,
        };
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.limits.body => {
                    return silence(
                        Silence::Unreadable,
                        format!("a response body of more than {} bytes", self.limits.body),
                    );
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return silence(kind_of(&error), explain(&error)),
            }
        }
        answer.body = Body::of(body);
        Answer::Response(answer)
    }

    /// Whether the node answers at all, whatever it answers.
    pub async fn is_alive(&self) -> bool {
        let deadline = Deadline::after(self.limits.time.min(Duration::from_secs(3)));
        loop {
            let probe = Outgoing {
                method: "GET".to_owned(),
                target: "/.well-known/stigmem".to_owned(),
                ..Outgoing::default()
            };
            if self
                .send(probe)
                .await
                .is_ok_and(|exchange| matches!(exchange.answer, Answer::Response(_)))
            {
                return true;
            }
            if !deadline.another_look(Duration::from_millis(100)).await {
                return false;
            }
        }
    }
}

/// A client of the node at `base`, without redirects, proxies, retries, cookies or decompression.
pub fn client(base: &str, time: Duration) -> reqwest::ClientBuilder {
    // The process may have installed it already; either way one is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    // Reading the system's certificates takes longer than many a case, and without redirects only an https base asks for them.
    let builder = if base.starts_with("http://") {
        builder.tls_certs_only([])
    } else {
        builder
    };
    builder
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .connect_timeout(time)
        .user_agent(concat!("stigmem-conformance/", env!("CARGO_PKG_VERSION")))
}

fn silence(kind: Silence, message: String) -> Answer {
    Answer::None { kind, message }
}

fn kind_of(error: &reqwest::Error) -> Silence {
    if error.is_timeout() {
        Silence::TimedOut
    } else if error.is_connect() {
        Silence::Refused
    } else if chain(error).any(|cause| cause.contains("parse") || cause.contains("invalid")) {
        Silence::Unreadable
    } else {
        Silence::Closed
    }
}

/// The innermost causes say what happened; the outer ones only repeat the URL.
fn explain(error: &reqwest::Error) -> String {
    chain(error).last().unwrap_or_else(|| error.to_string())
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = String> {
    let first: Option<&(dyn std::error::Error + 'static)> = error.source();
    std::iter::successors(first, |error| (*error).source()).map(ToString::to_string)
}

fn written_down(out: Outgoing) -> Request {
    let mut headers = out.headers;
    headers.extend(out.authorization.map(|(_, shown)| ("authorization".to_owned(), shown)));
    let body = if out.body.len() > MAX_KEPT {
        let start = String::from_utf8_lossy(&out.body[..200]).into_owned();
        Body::Cut {
            bytes: out.body.len(),
            start,
        }
    } else {
        Body::of(out.body)
    };
    Request {
        method: out.method,
        target: out.target,
        headers,
        body,
    }
}

/// Request bodies up to this size are kept whole in the trace.
const MAX_KEPT: usize = 64 << 10;
