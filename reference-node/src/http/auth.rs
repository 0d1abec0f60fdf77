//! Who is calling. This comes before anything about the body, so that a stranger learns nothing from error messages.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::App;
use super::errors::ApiError;
use crate::domain::caller::{Caller, Permission};
use crate::domain::key::KeyHash;
use crate::domain::scope::Scope;
use crate::policy::{KeyScheme, Rights, Strangers};

/// A caller with a valid key, or the anonymous one while authentication is off.
pub(crate) struct Identified(pub(crate) Caller);

impl Identified {
    pub(crate) fn require(self, permission: Permission) -> Result<Caller, ApiError> {
        let needed = Rights::now().instead_of(permission, self.0.permissions);
        if self.0.may(needed) {
            Ok(self.0)
        } else {
            Err(ApiError::forbidden(format!(
                "this needs the permission '{}'",
                needed.word()
            )))
        }
    }
}

impl FromRequestParts<Arc<App>> for Identified {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Some(presented) = parts.headers.get(AUTHORIZATION) else {
            if let Some(key) = bare_key(parts) {
                return identify(app, key);
            }
            return if app.settings.auth_required && !Strangers::now().may(&parts.method) {
                Err(ApiError::unauthorized("send a key as 'Authorization: Bearer <key>'"))
            } else {
                Ok(Self(Caller::anonymous()))
            };
        };
        let key = presented.to_str().ok().and_then(bearer_key);
        let key = key.ok_or_else(|| ApiError::unauthorized("send a key as 'Authorization: Bearer <key>'"))?;
        identify(app, key)
    }
}

fn identify(app: &App, key: &str) -> Result<Identified, ApiError> {
    match app.store.caller(KeyHash::of(key))? {
        Some(caller) => Ok(Identified(caller)),
        None => Err(ApiError::unauthorized("the key is unknown, revoked or expired")),
    }
}

/// Operators' tools of other nodes send the key by itself, and only where federation is set up.
fn bare_key(parts: &Parts) -> Option<&str> {
    if !parts.uri.path().starts_with("/v1/federation/") {
        return None;
    }
    let key = parts.headers.get("x-api-key")?.to_str().ok()?.trim();
    (!key.is_empty()).then_some(key)
}

/// The scheme word in any case, blanks around the key tolerated.
fn bearer_key(header: &str) -> Option<&str> {
    let (scheme, key) = header.trim().split_once([' ', '\t'])?;
    let key = key.trim();
    let bearer = scheme.eq_ignore_ascii_case("bearer") || KeyScheme::now() == KeyScheme::Any;
    (bearer && !key.is_empty()).then_some(key)
}

/// A scope that the caller named and may not touch.
pub(crate) fn scope_refused(scope: Scope) -> ApiError {
    ApiError::forbidden(format!("this key does not reach the scope '{}'", scope.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_follows_the_scheme_word() {
        for (header, key) in [
            ("Bearer abc", Some("abc")),
            ("bearer   abc ", Some("abc")),
            ("BEARER\tabc", Some("abc")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic abc", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(bearer_key(header), key, "{header:?}");
        }
    }
}
