//! What the node says about itself: `/.well-known/stigmem`, `/healthz`, `/metrics`, `/openapi.json`, `/docs`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json as object;

use super::App;
use super::errors::ApiError;
use super::render::json;
use crate::policy::PublishedAddress;

/// The version of the specification text whose sections the node implements.
const SPEC_VERSION: &str = "0.8";
const FEDERATION_VERSION: &str = "0.5";
const SPEC: &str =
    "https://github.com/Eidetic-Labs/stigmem/blob/main/spec/archive/evolution/stigmem-spec-v0.8-draft.md";
const NAMESPACES: [&str; 6] = ["stigmem:", "rel:", "memory:", "intent:", "roadmap:", "preference:"];
/// Optional parts of the protocol that this node has.
const FEATURES: [&str; 3] = ["include-retracted", "jobs", "past-timestamp"];

pub(super) const OPENAPI: &str = include_str!("../../../schemas/openapi.json");
const DOCS: &str = include_str!("docs.html");

pub(super) async fn well_known(State(app): State<Arc<App>>) -> Response {
    let federation = &app.settings.federation;
    let mut body = object!({
        "version": SPEC_VERSION,
        "node_id": app.store.node_id,
        "node_url": PublishedAddress::now().of(&app.node_url),
        "auth": if app.settings.auth_required { "required" } else { "none" },
        "federation": if federation.enabled { "enabled" } else { "disabled" },
        "namespaces": NAMESPACES,
        "spec": SPEC,
        "features": FEATURES,
    });
    if federation.enabled {
        body["federation_pubkey"] = app.exchange.key.public_text().into();
        body["federation_version"] = FEDERATION_VERSION.into();
        body["federation_endpoints"] = object!({
            "peers": "/v1/federation/peers",
            "facts": "/v1/federation/facts",
            "push": federation.push.then_some("/v1/federation/facts/push"),
        });
        if federation.speaks_of_lag() {
            let lag = app.exchange.lag(federation.pull_interval).as_millis();
            body["replication_lag_ms"] = u64::try_from(lag).unwrap_or(u64::MAX).into();
        }
    }
    json(StatusCode::OK, &body)
}

/// Answers only while the database does.
pub(super) async fn healthz(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    app.store.check().await?;
    Ok(json(StatusCode::OK, &object!({ "status": "ok" })))
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        app.metrics.text(),
    )
        .into_response()
}

pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// A page that reads `/openapi.json` and can send requests. It loads nothing from anywhere else, and may not.
pub(super) async fn docs() -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, DOCS).into_response()
}
