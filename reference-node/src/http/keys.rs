//! Identity and key management: `/v1/me` and `/v1/auth/keys`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json as object;

use super::App;
use super::auth::Identified;
use super::body;
use super::errors::ApiError;
use super::path::LastSegment;
use super::render::json;
use crate::domain::caller::Permission;
use crate::domain::fact::{Issue, Refusal};
use crate::domain::instant::{self, Instant};
use crate::domain::json::{self, Json};
use crate::domain::key::{self, KeyDraft, KeyHash, KeyRecord};
use crate::domain::uri;
use crate::policy::{KeyList, KeysOfAnEntity};

pub(super) async fn me(caller: Identified) -> Response {
    let caller = caller.0;
    let body = object!({
        "entity_uri": caller.entity_uri,
        "permissions": caller.permissions.words(),
        "allowed_scopes": caller.scopes.words(),
        "oidc_sub": null,
    });
    json(StatusCode::OK, &body)
}

#[derive(Serialize)]
struct KeyBody<'a> {
    id: &'a str,
    /// Only in the answer that made the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    entity_uri: &'a str,
    permissions: Vec<&'static str>,
    allowed_scopes: Vec<&'static str>,
    description: Option<&'a str>,
    created_at: String,
    expires_at: Option<&'a str>,
}

impl<'a> KeyBody<'a> {
    fn of(record: &'a KeyRecord, key: Option<&'a str>) -> Self {
        let draft = &record.draft;
        Self {
            id: &record.id,
            key,
            entity_uri: &draft.entity_uri,
            permissions: draft.permissions.words(),
            allowed_scopes: draft.scopes.words(),
            description: draft.description.as_deref(),
            created_at: instant::print(record.created_at),
            expires_at: draft.expires_at.as_ref().map(|(text, _)| text.as_str()),
        }
    }
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Identified,
    request: Request,
) -> Result<Response, ApiError> {
    caller.require(Permission::Admin)?;
    let bytes = body::json(&app, request).await?;
    let draft = read_key(&json::read(&bytes)?)?;
    let raw = KeysOfAnEntity::now().next(&draft.entity_uri);
    let record = app.store.create_key(draft, KeyHash::of(&raw.0)).await?;
    KeyList::now().keep(&record.id, &raw);
    tracing::info!(key = record.id, entity_uri = record.draft.entity_uri, "a key was made");
    Ok(json(StatusCode::CREATED, &KeyBody::of(&record, Some(&raw.0))))
}

pub(super) async fn list(State(app): State<Arc<App>>, caller: Identified) -> Result<Response, ApiError> {
    caller.require(Permission::Admin)?;
    let records = app.store.keys().await?;
    let body = |record| KeyBody::of(record, KeyList::now().raw_key(&record.id));
    let bodies: Vec<_> = records.iter().map(body).collect();
    Ok(json(StatusCode::OK, &bodies))
}

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(id): LastSegment,
) -> Result<Response, ApiError> {
    caller.require(Permission::Admin)?;
    if !app.store.revoke_key(id.clone()).await? {
        return Err(ApiError::not_found("there is no such key"));
    }
    tracing::info!(key = id, "a key was revoked");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Permissions default to read and write, scopes to all four; an empty list means none.
fn read_key(body: &Json<'_>) -> Result<KeyDraft, ApiError> {
    if !matches!(body, Json::Object(_)) {
        return Err(Refusal::Issues(vec![Issue::new(&[], "object_type", "the body is a JSON object")]).into());
    }
    let entity_uri =
        text(body, "entity_uri")?.ok_or_else(|| refused("entity_uri", "missing", "this member is required"))?;
    let entity_uri = uri::normalise(entity_uri)
        .map_err(|error| ApiError::bad_request("invalid_entity_uri", format!("entity_uri: {error}")))?;
    let unknown = |member| move |word| refused(member, "literal_error", &format!("there is no '{word}'"));
    let permissions = words(body, "permissions")?.unwrap_or_else(|| vec!["read", "write"]);
    let scopes = words(body, "allowed_scopes")?.unwrap_or_else(|| vec!["local", "team", "company", "public"]);
    let expires_at = match text(body, "expires_at")? {
        None => None,
        Some(expiry) => match Instant::parse(expiry) {
            Some(instant) => Some((expiry.to_owned(), instant.micros)),
            None => {
                return Err(refused(
                    "expires_at",
                    "datetime_parsing",
                    "expires_at is RFC 3339 with an offset",
                ));
            }
        },
    };
    Ok(KeyDraft {
        entity_uri,
        permissions: key::permissions(permissions).map_err(unknown("permissions"))?,
        scopes: key::scopes(scopes).map_err(unknown("allowed_scopes"))?,
        description: text(body, "description")?.map(str::to_owned),
        expires_at,
    })
}

fn refused(member: &'static str, kind: &'static str, message: &str) -> ApiError {
    ApiError::invalid("body", vec![Issue::new(&[member], kind, message)])
}

fn text<'b>(body: &'b Json<'_>, member: &'static str) -> Result<Option<&'b str>, ApiError> {
    match body.member(member) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(refused(member, "string_type", "this member is a string")),
    }
}

fn words<'b>(body: &'b Json<'_>, member: &'static str) -> Result<Option<Vec<&'b str>>, ApiError> {
    let wrong = || refused(member, "list_type", "this member is a list of words");
    match body.member(member) {
        None => Ok(None),
        Some(Json::Array(items)) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(wrong))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(wrong()),
    }
}
