//! `/v1/conflicts`: list and resolve.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use serde_json::json as object;

use super::App;
use super::auth::Identified;
use super::body;
use super::errors::ApiError;
use super::path::SegmentBefore;
use super::query::{Parameters, invalid_cursor, refused};
use super::render::{ConflictBody, json};
use crate::domain::caller::{Caller, Permission};
use crate::domain::cursor::List;
use crate::domain::fact::{Issue, Refusal};
use crate::domain::id::Id;
use crate::domain::json::{self, Json};
use crate::domain::value::Value;
use crate::policy::{ConflictIds, ForeignMembers, HiddenConflict, Rights};
use crate::store::{ConflictFilter, Resolution, ResolveRefusal};

#[derive(Serialize)]
struct PageBody<'a> {
    conflicts: Vec<ConflictBody<'a>>,
    cursor: Option<String>,
    has_more: bool,
}

pub(super) async fn list(State(app): State<Arc<App>>, caller: Identified, uri: Uri) -> Result<Response, ApiError> {
    let caller = caller.require(Permission::Read)?;
    let parameters = Parameters::of(&uri)?;
    let resolved = match parameters.text("status") {
        None => None,
        Some("resolved") => Some(true),
        Some("unresolved") => Some(false),
        Some(_) => {
            return Err(refused(
                "status",
                "literal_error",
                "the status is resolved or unresolved",
            ));
        }
    };
    let open = |cursor| {
        app.store
            .cursor_key
            .open(List::Conflicts, cursor)
            .ok_or_else(invalid_cursor)
    };
    let filter = ConflictFilter {
        resolved,
        scopes: HiddenConflict::now().listed(caller.scopes),
        from: parameters.text("cursor").map(open).transpose()?,
        limit: parameters.limit()?,
    };
    let page = app.store.conflicts(filter).await?;
    let body = PageBody {
        conflicts: page.conflicts.iter().map(ConflictBody::of).collect(),
        cursor: page
            .next
            .map(|position| app.store.cursor_key.issue(List::Conflicts, position)),
        has_more: page.next.is_some(),
    };
    Ok(json(StatusCode::OK, &body))
}

pub(super) async fn resolve(
    State(app): State<Arc<App>>,
    caller: Identified,
    SegmentBefore(conflict): SegmentBefore,
    request: Request,
) -> Result<Response, ApiError> {
    let needed = Rights::now().to_resolve(caller.0.permissions);
    let caller = caller.require(needed)?;
    let bytes = body::json(&app, request).await?;
    let unknown = || ApiError::not_found("there is no such conflict");
    let id = conflict
        .strip_prefix("stigmem:conflict:")
        .and_then(|id| ConflictIds::now().parse(id));
    let resolution = read_resolution(&app, caller, id, &bytes)?.ok_or_else(unknown)?;
    match app.store.resolve(resolution).await? {
        Ok(id) => {
            app.metrics.conflict_resolved();
            let body = object!({ "resolution_fact_id": id.text(), "conflict_status": "resolved" });
            Ok(json(StatusCode::OK, &body))
        }
        Err(ResolveRefusal::Unknown) => Err(unknown()),
        Err(ResolveRefusal::Hidden) => Err(ApiError::forbidden("this key does not reach the conflict")),
        Err(ResolveRefusal::AlreadyResolved) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "conflict_already_resolved",
            "the conflict is already resolved",
        )),
        Err(ResolveRefusal::NotASide) => Err(issue(
            "winning_fact_id",
            "the winner is one of the two conflicting facts",
        )),
        Err(ResolveRefusal::NothingGiven) => Err(issue("winning_fact_id", "give winning_fact_id or new_value")),
    }
}

fn issue(member: &'static str, message: &str) -> ApiError {
    ApiError::invalid("body", vec![Issue::new(&[member], "value_error", message)])
}

/// The body is read before the conflict is looked for; `None` when the path names none.
fn read_resolution(app: &App, caller: Caller, id: Option<Id>, bytes: &[u8]) -> Result<Option<Resolution>, ApiError> {
    let body = json::read(bytes)?;
    if !matches!(body, Json::Object(_)) {
        return Err(Refusal::Issues(vec![Issue::new(&[], "object_type", "the body is a JSON object")]).into());
    }
    ForeignMembers::in_resolution(&body)?;
    let new_value = match body.member("new_value") {
        None | Some(Json::Null) => None,
        Some(value) => Some(Value::from_json(value).map_err(|error| {
            let loc: Vec<_> = std::iter::once("new_value").chain(error.at).collect();
            ApiError::invalid("body", vec![Issue::new(&loc, error.kind, error.what)])
        })?),
    };
    let winner = optional_text(&body, "winning_fact_id")?;
    let note = optional_text(&body, "resolution_note")?.unwrap_or_default();
    let longest = app.settings.max_value_bytes;
    if note.len() > longest || new_value.as_ref().is_some_and(|value| value.text.len() > longest) {
        return Err(Refusal::ValueTooLarge { limit: longest }.into());
    }
    let (caller_uri, scopes) = (caller.entity_uri, HiddenConflict::now().resolvable(caller.scopes));
    Ok(id.map(|conflict| Resolution {
        conflict,
        winner,
        new_value,
        note,
        caller_uri,
        scopes,
    }))
}

fn optional_text(body: &Json<'_>, member: &'static str) -> Result<Option<String>, ApiError> {
    match body.member(member) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone().into_owned())),
        Some(_) => Err(ApiError::invalid(
            "body",
            vec![Issue::new(&[member], "string_type", "this member is a string")],
        )),
    }
}
