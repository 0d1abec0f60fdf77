//! `/v1/federation`: what operators and peers ask of the node.

pub(super) mod access;
pub(super) mod audit;
pub(super) mod facts;
pub(super) mod peers;
pub(super) mod push;

use super::App;
use super::errors::ApiError;

/// While federation is off, its routes know who may ask and nothing else.
fn enabled(app: &App) -> Result<(), ApiError> {
    if app.settings.federation.enabled {
        return Ok(());
    }
    Err(ApiError::new(
        axum::http::StatusCode::NOT_FOUND,
        "federation_disabled",
        "this node does not federate",
    ))
}
