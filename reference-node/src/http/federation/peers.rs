//! `/v1/federation/peers`: registering, listing and revoking peers, and what this node can do for them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json as object;

use super::enabled;
use crate::domain::caller::Permission;
use crate::domain::declaration::Declaration;
use crate::domain::fact::Issue;
use crate::domain::peer::{Peer, Status};
use crate::domain::{instant, json};
use crate::federation::registration;
use crate::http::App;
use crate::http::auth::Identified;
use crate::http::body;
use crate::http::errors::ApiError;
use crate::http::path::{LastSegment, SegmentBefore};
use crate::http::render;
use crate::policy::{ListedStatus, MalformedDeclaration};
use crate::store::peers::Registered;

pub(in crate::http) async fn register(
    State(app): State<Arc<App>>,
    caller: Identified,
    request: Request,
) -> Result<Response, ApiError> {
    caller.require(Permission::Federate)?;
    enabled(&app)?;
    let bytes = body::json(&app, request).await?;
    let read = Declaration::from_json(&json::read(&bytes)?);
    let declaration = match read {
        Ok(declaration) => declaration,
        Err(issues) => return Err(malformed(&app, &bytes, issues).await?),
    };
    if let Some(peer) = app.store.peer_of_node(declaration.node_id.clone()).await?
        && !peer.gives_way_to(&declaration)
    {
        return Err(standing(peer.status));
    }
    let verdict = registration::verify(&declaration, &app.store.node_id, &app.node_url).await;
    match app.store.register(declaration, verdict).await? {
        Registered::Standing(status) => Err(standing(status)),
        Registered::Written(peer) => {
            tracing::info!(
                peer = peer.id,
                node = peer.node_id,
                status = peer.status.word(),
                "a node was declared"
            );
            app.exchange.changed.notify_one();
            let answer = object!({
                "peer_id": peer.id,
                "status": peer.status.word(),
                "verified_at": peer.established_at.map(instant::print),
            });
            Ok(render::json(StatusCode::CREATED, &answer))
        }
    }
}

/// What is no declaration leaves nothing behind.
async fn malformed(app: &App, bytes: &[u8], issues: Vec<Issue>) -> Result<ApiError, ApiError> {
    if MalformedDeclaration::now() == MalformedDeclaration::StoredAsRejected {
        let (remains, _) = Declaration::read(&json::read(bytes)?);
        app.store.register(remains, Err("malformed")).await?;
    }
    Ok(ApiError::invalid("body", issues))
}

fn standing(status: Status) -> ApiError {
    let detail = format!("peer already registered (status={})", status.word());
    ApiError::new(StatusCode::CONFLICT, "peer_already_registered", detail)
}

pub(in crate::http) async fn list(State(app): State<Arc<App>>, caller: Identified) -> Result<Response, ApiError> {
    caller.require(Permission::Federate)?;
    enabled(&app)?;
    let peers = app.store.peers().await?;
    let peers: Vec<_> = peers.iter().map(shown).collect();
    Ok(render::json(StatusCode::OK, &object!({ "peers": peers })))
}

fn shown(peer: &Peer) -> serde_json::Value {
    let mut scopes = peer.scopes.words();
    scopes.sort_unstable();
    object!({
        "peer_id": peer.id,
        "node_id": peer.node_id,
        "node_url": peer.node_url,
        "federation_pubkey": peer.federation_pubkey,
        "status": ListedStatus::now().word(peer.status, peer.established_at.is_some()),
        "allowed_scopes": scopes,
        "established_at": peer.established_at.map(instant::print),
    })
}

pub(in crate::http) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(id): LastSegment,
) -> Result<Response, ApiError> {
    caller.require(Permission::Federate)?;
    enabled(&app)?;
    if !app.store.revoke_peer(id.clone()).await? {
        return Err(unknown());
    }
    tracing::info!(peer = id, "a peer was revoked");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Relations are facts like any other here, so the node understands all of them.
pub(in crate::http) async fn capabilities(
    State(app): State<Arc<App>>,
    caller: Identified,
    SegmentBefore(id): SegmentBefore,
) -> Result<Response, ApiError> {
    caller.require(Permission::Federate)?;
    enabled(&app)?;
    let peer = app.store.peer(id).await?.ok_or_else(unknown)?;
    let settings = &app.settings.federation;
    let answer = object!({
        "peer_id": peer.id,
        "federation_mode": if settings.push { "both" } else { "pull" },
        "relations_understood": ["*"],
        "decay_policies": [],
        "contradiction_overrides": [],
        "pull_interval_s": settings.pull_interval.as_secs_f64().ceil() as u64,
    });
    Ok(render::json(StatusCode::OK, &answer))
}

fn unknown() -> ApiError {
    ApiError::not_found("there is no such peer")
}
