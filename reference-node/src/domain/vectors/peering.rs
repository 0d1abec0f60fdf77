//! The vectors of declarations and peer tokens.

use serde_json::{Value as Vector, json};

use super::{integer, text};
use crate::domain::declaration::{Declaration, Published};
use crate::domain::json;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::signing::PeerKey;
use crate::domain::token::Token;

/// A declaration as it would be read from a request; one without a signature gets a formal one.
pub(super) fn declaration(members: &Vector) -> Option<Declaration> {
    let mut members = members.clone();
    if members.get("declaration_sig").is_none() {
        members["declaration_sig"] = "A".repeat(86).into();
    }
    Declaration::from_json(&json::read(members.to_string().as_bytes()).ok()?).ok()
}

/// Whether a declaration is believed whose discovery document says the same.
pub(super) fn verified(input: &Vector) -> Option<Vector> {
    let declaration = declaration(&input["declaration"])?;
    let published = Published {
        node_id: declaration.node_id.clone(),
        node_url: declaration.node_url.clone(),
        federation_pubkey: declaration.federation_pubkey.clone(),
    };
    declaration.judge(&published, integer(&input["now_ms"]) * 1_000).ok()?;
    Some(true.into())
}

/// What a receiver with one peer says to a token, or the code of its refusal.
pub(super) fn token(input: &Vector) -> Result<Vector, &'static str> {
    let token = Token::parse(text(&input["token"])).map_err(|refusal| refusal.code())?;
    let (peer, issuer) = (&input["peer"], token.issuer.clone());
    if peer["node_id"] != issuer.as_str() {
        return Err("peer_not_registered");
    }
    if peer["status"] != "active" {
        return Err("peer_not_active");
    }
    let key = PeerKey::parse(text(&peer["federation_pubkey"])).expect("the key of a registered peer");
    let grant = token
        .judge(&key, text(&input["node_id"]), integer(&input["now_ms"]))
        .map_err(|refusal| refusal.code())?;
    if input["seen"]
        .as_array()
        .is_some_and(|seen| seen.contains(&grant.nonce.clone().into()))
    {
        return Err("nonce_already_seen");
    }
    let allowed = input["allowed_scopes"].as_array().into_iter().flatten();
    // What the operator can allow, whatever stands in the setting.
    let allowed = allowed.filter_map(|word| Scope::parse(text(word)));
    let allowed: ScopeSet = allowed.filter(|scope| *scope != Scope::Local).collect();
    let scopes: ScopeSet = grant.scopes.iter().filter(|scope| allowed.contains(*scope)).collect();
    if scopes.is_empty() {
        return Err("no_permitted_scopes");
    }
    Ok(json!({ "iss": issuer, "scopes": scopes.words() }))
}
