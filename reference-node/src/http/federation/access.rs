//! Peer tokens at the door: who asks, whether it is true, and what may be asked for.

mod otherwise;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::json;

use crate::domain::instant::now_micros;
use crate::domain::peer::{Peer, Status};
use crate::domain::scope::ScopeSet;
use crate::domain::signing::PeerKey;
use crate::domain::token::{Grant, Refusal, Token};
use crate::federation::client;
use crate::http::App;
use crate::http::errors::ApiError;
use crate::policy::{
    ApiKeysAtTheDoor, Audience, AuthScheme, IssuerNames, ListedScopes, NonceOwner, NotedRefusals, OwnNonces,
    PushTokens, ReadableScopes, RefusalOrder, RejectedPeers, Remembers, ServedPeers, TokenKey, UsedUp,
};

/// A peer that has proven itself, and what it may touch.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) peer: Peer,
    pub(super) scopes: ScopeSet,
    /// What its token lists.
    pub(super) listed: ScopeSet,
}

/// Checks the token of a request and uses its nonce up, whatever becomes of the request.
pub(super) async fn authenticate(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Access, ApiError> {
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
    if ApiKeysAtTheDoor::now() == ApiKeysAtTheDoor::GoodAsTokens
        && let Some(access) = otherwise::with_api_key(app, text).await?
    {
        return Ok(access);
    }
    let token = Token::parse(text).map_err(refused)?;
    let issuer = token.issuer.clone();
    let Some(peer) = registered(app, &issuer).await? else {
        return Err(turn_away(app, &issuer, &issuer, Refusal::NotRegistered).await?);
    };
    let key = match TokenKey::now() {
        TokenKey::OfTheIssuer => peer.key(),
        wrong => otherwise::key(wrong, app, &peer, text).await?,
    };
    let grant = match judge(app, &peer, key.as_ref(), token, uri) {
        Ok(grant) => grant,
        Err(refusal) => {
            if UsedUp::now() == UsedUp::RefusedOnesToo {
                otherwise::use_up_all_the_same(app, text).await?;
            }
            return Err(turn_away(app, &peer.id, &issuer, refusal).await?);
        }
    };
    if !use_up(app, &issuer, &grant, text, uri).await? {
        return Err(turn_away(app, &peer.id, &issuer, Refusal::NonceSeen).await?);
    }
    within_budget(app, &peer).await?;
    if ServedPeers::now() == ServedPeers::ReachableOnes && !client::answers(&peer.node_url, &app.node_url).await {
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "peer_unreachable",
            "this peer cannot be reached itself",
        ));
    }
    let scopes = readable(app, &peer, grant.scopes);
    if scopes.is_empty() {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "no_permitted_scopes",
            "the token names no scope that this peer may read",
        ));
    }
    let listed = grant.scopes;
    Ok(Access { peer, scopes, listed })
}

async fn registered(app: &App, issuer: &str) -> Result<Option<Peer>, ApiError> {
    let peer = app.store.peer_of_node(issuer.to_owned()).await?;
    match IssuerNames::now() {
        IssuerNames::NodeIdsAndUrls if peer.is_none() => otherwise::registered_at(app, issuer).await,
        _ => Ok(peer),
    }
}

fn judge(app: &App, peer: &Peer, key: Option<&PeerKey>, token: Token, uri: &Uri) -> Result<Grant, Refusal> {
    let standing = match peer.standing_as_reader() {
        Status::Active => Ok(()),
        Status::Rejected if RejectedPeers::now() == RejectedPeers::Judged => Ok(()),
        Status::Rejected | Status::Revoked => Err(Refusal::NotActive),
    };
    let me = match Audience::now() {
        Audience::NodeIdOrUrl if token.subject.as_ref() == Some(&app.node_url) => &app.node_url,
        _ => &app.store.node_id,
    };
    let now = now_micros() / 1_000;
    let grant = || {
        let key = key.ok_or(Refusal::Signature)?;
        match PushTokens::for_route(uri.path()) {
            PushTokens::AsOnPull => token.judge(key, me, now),
            PushTokens::SignatureAlone => token.beyond_reproach(me, now).judge(key, me, now),
            PushTokens::ClaimsAlone => token.judge_claims(me, now),
        }
    };
    match RefusalOrder::now() {
        RefusalOrder::StandingLast => grant().and_then(|grant| standing.map(|()| grant)),
        _ => standing.and_then(|()| grant()),
    }
}

/// Uses the nonce up; false when that was done before.
async fn use_up(app: &App, issuer: &str, grant: &Grant, text: &str, uri: &Uri) -> Result<bool, ApiError> {
    if UsedUp::now() == UsedUp::AnsweredOnes && !otherwise::is_answered(uri, grant.scopes) {
        return Ok(true);
    }
    let used = match Remembers::now() {
        Remembers::Nonce => grant.nonce.as_str(),
        Remembers::Text => text,
    };
    let owner = NonceOwner::now().name(issuer, uri.path());
    let fresh = app.store.use_nonce(owner, used, grant.expires_at).await?;
    Ok(fresh && !OwnNonces::now().forbid(used))
}

/// What the peer may read with a token that lists these scopes.
fn readable(app: &App, peer: &Peer, listed: ScopeSet) -> ScopeSet {
    let allowed = app.settings.federation.allowed;
    let (permitted, listed) = match ReadableScopes::now() {
        ReadableScopes::PermittedAndListed => (peer.permitted(allowed), listed),
        ReadableScopes::Listed => (listed, listed),
        ReadableScopes::AllowedAndListed => (allowed, listed),
        ReadableScopes::DeclaredAndListed => (peer.scopes, listed),
        ReadableScopes::Permitted => (peer.permitted(allowed), ScopeSet::ALL),
    };
    let scopes: ScopeSet = permitted.iter().filter(|scope| listed.contains(*scope)).collect();
    match ListedScopes::now() {
        ListedScopes::All if scopes != permitted => ScopeSet::default(),
        _ => scopes,
    }
}

/// The text after the scheme word, exactly as it stands.
fn bearer(header: &str) -> Option<&str> {
    if AuthScheme::now() == AuthScheme::Any {
        return header.rsplit(' ').next();
    }
    let (scheme, token) = header.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case("Bearer ").then_some(token)
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, refusal.code(), "the peer token was refused")
}

/// Writes a refusal down before it is answered.
async fn turn_away(app: &App, peer_id: &str, issuer: &str, refusal: Refusal) -> Result<ApiError, ApiError> {
    let noted = refusal.is_audited() && NotedRefusals::now().include(refusal);
    if noted && app.exchange.notes_refusal() {
        let event = if refusal == Refusal::NonceSeen && NotedRefusals::now() != NotedRefusals::ReplaysLikeOthers {
            "replay_attempt"
        } else {
            "rejected_token"
        };
        let issuer: String = issuer.chars().take(256).collect();
        let detail = json!({ "reason": NotedRefusals::now().reason(refusal), "iss": issuer });
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
