//! Path parameters, decoded with the protocol's kind of refusal.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::errors::ApiError;
use super::query::percent_decode;

/// The last segment of the path.
pub(crate) struct LastSegment(pub(crate) String);

/// The last segment but one.
pub(crate) struct SegmentBefore(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for LastSegment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        segment(parts, 0).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for SegmentBefore {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        segment(parts, 1).map(Self)
    }
}

fn segment(parts: &Parts, from_end: usize) -> Result<String, ApiError> {
    let raw = parts.uri.path().rsplit('/').nth(from_end).unwrap_or_default();
    percent_decode(raw)
        .ok_or_else(|| ApiError::bad_request("invalid_encoding", "the path is not percent-encoded UTF-8"))
}
