//! Peer tokens at the door: who asks, whether it is true, and what may be asked for.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::domain::instant::now_micros;
use crate::domain::peer::{Peer, Status};
use crate::domain::scope::ScopeSet;
use crate::domain::token::{Refusal, Token};
use crate::http::App;
use crate::http::errors::ApiError;

/// A peer that has proven itself, and what it may touch.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) peer: Peer,
    pub(super) scopes: ScopeSet,
}

/// Checks the token of a request and uses its nonce up, whatever becomes of the request.
pub(super) async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Access, ApiError> {
    let header = headers
        .get(AUTHORIZATION)
        .map(|value| value.to_str().unwrap_or("Bearer ?"));
    let Some(text) = header.and_then(bearer) else {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "peer_token_required",
            "send a peer token as 'Authorization: Bearer <token>'",
        ));
    };
    super::enabled(app)?;
    let token = Token::parse(text).map_err(refused)?;
    let issuer = token.issuer.clone();
    let Some(peer) = app.store.peer_of_node(issuer.clone()).await? else {
        return Err(turn_away(app, &issuer, &issuer, Refusal::NotRegistered).await?);
    };
    let judged = match (peer.status, peer.key()) {
        (Status::Active, Some(key)) => token.judge(&key, &app.store.node_id, now_micros() / 1_000),
        (Status::Active, None) => Err(Refusal::Signature),
        _ => Err(Refusal::NotActive),
    };
    let grant = match judged {
        Ok(grant) => grant,
        Err(refusal) => return Err(turn_away(app, &peer.id, &issuer, refusal).await?),
    };
    if !app
        .store
        .use_nonce(issuer.clone(), &grant.nonce, grant.expires_at)
        .await?
    {
        return Err(turn_away(app, &peer.id, &issuer, Refusal::NonceSeen).await?);
    }
    within_budget(app, &peer).await?;
    let permitted = peer.permitted(app.settings.federation.allowed);
    let scopes: ScopeSet = permitted.iter().filter(|scope| grant.scopes.contains(*scope)).collect();
    if scopes.is_empty() {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "no_permitted_scopes",
            "the token names no scope that this peer may read",
        ));
    }
    Ok(Access { peer, scopes })
}

/// The text after the scheme word, exactly as it stands.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case("Bearer ").then_some(token)
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, refusal.code(), "the peer token was refused")
}

/// Writes a refusal down before it is answered.
async fn turn_away(app: &App, peer_id: &str, issuer: &str, refusal: Refusal) -> Result<ApiError, ApiError> {
    if refusal.is_audited() && app.exchange.notes_refusal() {
        let event = if refusal == Refusal::NonceSeen {
            "replay_attempt"
        } else {
            "rejected_token"
        };
        let issuer: String = issuer.chars().take(256).collect();
        let detail = json!({ "reason": refusal.code(), "iss": issuer });
        app.store.record_event(peer_id.to_owned(), event, detail).await?;
    }
    Ok(refused(refusal))
}

async fn within_budget(app: &App, peer: &Peer) -> Result<(), ApiError> {
    let Err(exceeded) = app.exchange.spend(peer) else {
        return Ok(());
    };
    if exceeded.first {
        let detail = json!({ "reason": "rate_limit_exceeded", "node_id": peer.node_id });
        app.store.record_event(peer.id.clone(), "rate_limited", detail).await?;
    }
    let seconds = exceeded.wait.as_secs_f64().ceil().max(1.0) as u64;
    let error = ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limit_exceeded",
        "this peer has used up its budget for the moment",
    );
    Err(error.retry_after(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_what_follows_the_scheme_word() {
        for (header, token) in [
            ("Bearer a.b.c", Some("a.b.c")),
            ("bearer a.b.c", Some("a.b.c")),
            ("Bearer  a.b.c", Some(" a.b.c")),
            ("Bearer ", Some("")),
            ("Bearer", None),
            ("Basic a.b.c", None),
            ("", None),
        ] {
            assert_eq!(bearer(header), token, "{header:?}");
        }
    }
}
