//! What only a deviating node does at the door: wrong values of policies call it, and nothing else.

use std::time::Duration;

use axum::http::Uri;
use data_encoding::BASE64URL_NOPAD;

use super::Access;
use crate::domain::instant::now_micros;
use crate::domain::json::{self, Json};
use crate::domain::key::KeyHash;
use crate::domain::peer::{Peer, Status};
use crate::domain::scope::ScopeSet;
use crate::domain::signing::{PeerKey, signature};
use crate::domain::token::Token;
use crate::federation::client::{self, Limits};
use crate::http::App;
use crate::http::errors::ApiError;
use crate::http::query::Parameters;
use crate::policy::TokenKey;

/// How long the nonce of a refused token is kept, in milliseconds.
const HOUR: i64 = 3_600_000;
const FETCH: Limits = Limits {
    time: Duration::from_secs(2),
    bytes: 4_096,
};

/// Lets the holder of an API key in as the first peer.
pub(super) async fn with_api_key(app: &App, text: &str) -> Result<Option<Access>, ApiError> {
    if app.store.caller(KeyHash::of(text))?.is_none() {
        return Ok(None);
    }
    let first = app.store.peers().await?.into_iter().find(is_active);
    Ok(first.map(|peer| {
        let scopes = peer.permitted(app.settings.federation.allowed);
        Access {
            peer,
            scopes,
            listed: scopes,
        }
    }))
}

/// The peer with this address.
pub(super) async fn registered_at(app: &App, url: &str) -> Result<Option<Peer>, ApiError> {
    let peers = app.store.peers().await?;
    Ok(peers.into_iter().find(|peer| peer.node_url == url))
}

/// The key that the token is verified under.
pub(super) async fn key(which: TokenKey, app: &App, peer: &Peer, text: &str) -> Result<Option<PeerKey>, ApiError> {
    let found = match which {
        TokenKey::OfTheIssuer => None,
        TokenKey::OfAnyPeer => {
            let peers = app.store.peers().await?;
            let mut keys = peers.iter().filter(|peer| is_active(peer)).filter_map(Peer::key);
            keys.find(|key| is_signed(text, key))
        }
        TokenKey::InTheHeader => in_header(text, &["jwk", "x"]).and_then(|key| PeerKey::parse(&key)),
        TokenKey::WhereTheHeaderSays => Box::pin(fetched(app, text)).await,
    };
    Ok(found.or_else(|| peer.key()))
}

fn is_active(peer: &Peer) -> bool {
    peer.status == Status::Active
}

fn is_signed(text: &str, key: &PeerKey) -> bool {
    let parts = text.rsplit_once('.');
    let parts = parts.and_then(|(signed, last)| Some((signed, signature(last)?)));
    parts.is_some_and(|(signed, signature)| key.verifies(signed.as_bytes(), &signature))
}

/// A text in the header of a token.
fn in_header(text: &str, path: &[&str]) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(text.split('.').next()?.as_bytes()).ok()?;
    let header = json::read(&bytes).ok()?;
    let member = path.iter().try_fold(&header, |object, name| object.member(name))?;
    Json::as_str(member).map(str::to_owned)
}

async fn fetched(app: &App, text: &str) -> Option<PeerKey> {
    let place = in_header(text, &["jku"]).or_else(|| in_header(text, &["x5u"]))?;
    let client = client::outward(&place, &app.node_url).await.ok()?;
    let answer = client::get(&client, &place, None, FETCH).await.ok()?;
    PeerKey::parse(std::str::from_utf8(&answer.body).ok()?.trim())
}

/// Uses up the nonce of a token that was refused.
pub(super) async fn use_up_all_the_same(app: &App, text: &str) -> Result<(), ApiError> {
    if let Ok(token) = Token::parse(text)
        && let Some(nonce) = &token.nonce
    {
        let end = now_micros() / 1_000 + HOUR;
        app.store.use_nonce(token.issuer.clone(), nonce, end).await?;
    }
    Ok(())
}

/// Whether the query of a pull is answered with facts.
pub(super) fn is_answered(uri: &Uri, scopes: ScopeSet) -> bool {
    Parameters::of(uri).is_ok_and(|parameters| {
        let scope = parameters.scope();
        parameters.limit_or(100).is_ok() && scope.is_ok_and(|scope| scope.is_none_or(|scope| scopes.contains(scope)))
    })
}
