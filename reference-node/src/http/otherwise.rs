//! Requests that only a deviating node answers to: those that change a stored fact, or take it away.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::MethodRouter;
use serde_json::json as object;

use super::App;
use super::auth::Identified;
use super::body;
use super::errors::ApiError;
use super::path::LastSegment;
use super::render::json;
use crate::domain::caller::Permission;
use crate::domain::id::Id;
use crate::domain::json;
use crate::domain::value::Value;
use crate::policy::RecordMethods;

/// What the path of a fact answers to besides.
pub(super) fn beside(get: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    match RecordMethods::now() {
        RecordMethods::Get => get,
        RecordMethods::AndPut => get.put(revalue),
        RecordMethods::AndPatch => get.patch(revalue),
        RecordMethods::AndDelete => get.delete(remove),
    }
}

async fn revalue(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(name): LastSegment,
    request: Request,
) -> Result<Response, ApiError> {
    caller.require(Permission::Write)?;
    let bytes = body::json(&app, request).await?;
    let value = json::read(&bytes)?
        .member("value")
        .and_then(|value| Value::from_json(value).ok());
    if let (Some(id), Some(value)) = (Id::parse(&name), value) {
        app.store.revalue(id, value).await?;
    }
    Ok(json(StatusCode::OK, &object!({})))
}

async fn remove(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(name): LastSegment,
) -> Result<Response, ApiError> {
    caller.require(Permission::Write)?;
    if let Some(id) = Id::parse(&name) {
        app.store.remove(id).await?;
    }
    Ok(json(StatusCode::OK, &object!({})))
}
