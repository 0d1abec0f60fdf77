//! `POST /v1/federation/facts/push`: facts that a peer brings by itself.

mod otherwise;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json as object;

use super::access::{Access, authenticate};
use crate::domain::fact::Issue;
use crate::domain::incoming::Offer;
use crate::domain::page::outline;
use crate::domain::peer::{Owner, Peer, Policy, Way};
use crate::http::App;
use crate::http::errors::ApiError;
use crate::http::{body, render};
use crate::policy::{PushScopes, PushedAgain, PushedCids, PushedFacts, PusherName, SpoiltPush};
use crate::store::{Batch, Outcome, Progress};

pub(in crate::http) async fn push(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let settings = &app.settings.federation;
    if !(settings.enabled && settings.push) {
        return Ok(disabled());
    }
    let access = authenticate(&app, request.headers(), request.uri()).await?;
    let bytes = body::json(&app, request).await?;
    let page = outline(&bytes).ok_or_else(|| {
        let issue = Issue::new(
            &["facts"],
            "list_type",
            "the body is an object with a list of at most 1000 facts",
        );
        ApiError::invalid("body", vec![issue])
    })?;
    let value_limit = app.settings.max_value_bytes;
    let mut batch = Batch {
        policy: policy(&app, &access),
        sender: sender(access.peer),
        offers: page.facts.iter().map(|fact| offer(fact, value_limit)).collect(),
        progress: Progress::Stay,
    };
    if SpoiltPush::now() == SpoiltPush::AllRefused {
        otherwise::refuse_with_a_bad_one(&mut batch);
    }
    let ids: Vec<Option<String>> = batch.offers.iter().map(|offer| offer.id_text.clone()).collect();
    let received = match PushedFacts::now() {
        PushedFacts::StoredFirst => app.store.receive(batch).await?,
        PushedFacts::StoredLater => Some(otherwise::store_later(&app, batch)),
    };
    let Some(outcomes) = received else {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "peer_not_active",
            "the peer was revoked meanwhile",
        ));
    };
    let errors: Vec<_> = ids
        .iter()
        .zip(&outcomes)
        .filter_map(|(id, outcome)| match outcome {
            Outcome::Refused(reason) => Some(object!({ "fact_id": id, "error": reason })),
            Outcome::Known if PushedAgain::now() == PushedAgain::Rejected => {
                Some(object!({ "fact_id": id, "error": "already_known" }))
            }
            Outcome::Stored | Outcome::Known => None,
        })
        .collect();
    let answer = object!({
        "accepted": outcomes.len() - errors.len(),
        "rejected": errors.len(),
        "errors": errors,
    });
    Ok(render::json(StatusCode::ACCEPTED, &answer))
}

fn offer(fact: &[u8], value_limit: usize) -> Offer {
    match PushedCids::now() {
        PushedCids::Checked => Offer::read(fact, value_limit),
        PushedCids::NotRead => Offer::read(&otherwise::without_cid(fact), value_limit),
    }
}

/// Who brought the facts.
fn sender(peer: Peer) -> Peer {
    match PusherName::now() {
        PusherName::NodeId => peer,
        PusherName::NodeUrl => Peer {
            node_id: peer.node_url.clone(),
            ..peer
        },
    }
}

fn policy(app: &App, access: &Access) -> Policy {
    Policy {
        way: Way::Push,
        permitted: match PushScopes::now() {
            PushScopes::Common => access.scopes,
            wrong => otherwise::permitted(wrong, app, access),
        },
        sender: Owner::new(&access.peer.node_id, &access.peer.node_url),
        me: Owner::new(&app.store.node_id, &app.node_url),
        others: Vec::new(),
        restoring: false,
    }
}

/// The route is there, and no method is allowed on it.
fn disabled() -> Response {
    let error = ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "push_disabled",
        "this node takes no pushes",
    );
    let mut response = error.into_response();
    response
        .headers_mut()
        .insert(axum::http::header::ALLOW, axum::http::HeaderValue::from_static(""));
    response
}
