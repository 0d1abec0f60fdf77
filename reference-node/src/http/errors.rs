//! Refusals as HTTP answers: `{"error": code, "detail": ...}`, always JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::domain::fact::{Issue, Refusal};
use crate::domain::json::{JsonError, TOO_DEEP};
use crate::policy::Nesting;
use crate::store::StoreError;

/// An answer that refuses. The cause of a failure of the node's own goes to the log, never to the caller.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: Detail,
    /// In seconds.
    retry_after: Option<u64>,
    /// Further members of the body.
    more: Vec<(&'static str, u64)>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Detail {
    Text(String),
    Issues(Vec<IssueBody>),
}

#[derive(Debug, Serialize)]
struct IssueBody {
    loc: Vec<&'static str>,
    msg: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: Detail::Text(detail.into()),
            retry_after: None,
            more: Vec::new(),
        }
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds a member to the body.
    pub(crate) fn with(mut self, name: &'static str, number: u64) -> Self {
        self.more.push((name, number));
        self
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    pub(crate) fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail)
    }

    /// Issues found in one part of the request: `body`, `query` or `path`.
    pub(crate) fn invalid(part: &'static str, issues: Vec<Issue>) -> Self {
        let issues = issues.into_iter().map(|issue| IssueBody {
            loc: std::iter::once(part).chain(issue.loc).collect(),
            msg: issue.message,
            kind: issue.kind,
        });
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "validation_error",
            detail: Detail::Issues(issues.collect()),
            retry_after: None,
            more: Vec::new(),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Issues(issues) => Self::invalid("body", issues),
            Refusal::EntityUri { member, error } => {
                Self::bad_request("invalid_entity_uri", format!("{member}: {error}"))
            }
            Refusal::ValueTooLarge { limit } => Self::too_large(format!("a value has at most {limit} bytes of UTF-8")),
        }
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        let status = match Nesting::now() {
            Nesting::BoundedByAnError if error.what == TOO_DEEP => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, "invalid_json", error.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store could not answer");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "the node could not complete the request",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.code, "detail": self.detail });
        for (name, number) in self.more {
            body[name] = number.into();
        }
        let body = body.to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
