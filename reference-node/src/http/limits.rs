//! What surrounds every request: its id, bounds on its head, the time it may take, a line in the log, a count.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;
use super::errors::ApiError;
use crate::domain::id::Id;
use crate::domain::instant::now_micros;
use crate::policy::{HostWithoutPort, LongHeads};

const LONGEST_TARGET: usize = 16_384;
const LARGEST_HEAD: usize = 32_768;
const REQUEST_ID: &str = "x-request-id";

pub(super) async fn surround(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    HostWithoutPort::now().look(request.headers());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let mut response = match head_refused(&request) {
        Some(refusal) => refusal.into_response(),
        None => match tokio::time::timeout(app.settings.request_timeout, next.run(request)).await {
            Ok(response) => response,
            Err(_) => timed_out().into_response(),
        },
    };
    let (status, took) = (response.status(), started.elapsed());
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    app.metrics
        .request(known(method.as_str()), &route, status.as_u16(), took);
    // Being asked to come back later is an answer, not a failure.
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(request = id, %method, route, status = status.as_u16(), micros, "request failed");
    } else {
        tracing::debug!(request = id, %method, route, status = status.as_u16(), micros, "request answered");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Any token is a legal method; the metrics only tell the usual ones apart.
fn known(method: &str) -> &str {
    let usual = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    if usual.contains(&method) { method } else { "other" }
}

fn timed_out() -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "request_timeout",
        "the request took too long",
    )
}

fn head_refused(request: &Request) -> Option<ApiError> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > LONGEST_TARGET {
        return Some(ApiError::new(
            LongHeads::now().status(StatusCode::URI_TOO_LONG),
            "uri_too_long",
            "the request target is too long",
        ));
    }
    let head: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    (head > LARGEST_HEAD).then(|| {
        let status = LongHeads::now().status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        ApiError::new(status, "headers_too_large", "the header fields are too large")
    })
}

/// The caller's own id if it is short and plain, else a fresh one.
fn request_id(headers: &HeaderMap) -> String {
    let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |id: &&str| !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_graphic());
    sent.filter(plain)
        .map_or_else(|| Id::fresh(now_micros() / 1_000).text(), str::to_owned)
}
