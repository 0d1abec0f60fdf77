//! `GET /v1/federation/audit`: what was refused, withheld or decided between nodes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;

use super::enabled;
use crate::domain::caller::Permission;
use crate::domain::cursor::{List, Position};
use crate::domain::instant;
use crate::http::App;
use crate::http::auth::Identified;
use crate::http::errors::ApiError;
use crate::http::query::{Parameters, invalid_cursor};
use crate::http::render::json;
use crate::policy::AuditCursor;
use crate::store::events::{Event, EventFilter};

#[derive(Serialize)]
struct PageBody<'a> {
    entries: Vec<EventBody<'a>>,
    cursor: Option<String>,
    has_more: bool,
}

#[derive(Serialize)]
struct EventBody<'a> {
    id: &'a str,
    peer_id: &'a str,
    event_type: &'a str,
    detail: Option<&'a RawValue>,
    ts: String,
}

impl<'a> EventBody<'a> {
    fn of(event: &'a Event) -> Self {
        Self {
            id: &event.id,
            peer_id: &event.peer_id,
            event_type: &event.event_type,
            detail: event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            ts: instant::print(event.ts),
        }
    }
}

pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    caller: Identified,
    uri: Uri,
) -> Result<Response, ApiError> {
    caller.require(Permission::Federate)?;
    enabled(&app)?;
    let parameters = Parameters::of(&uri)?;
    let open = |cursor: &str| {
        let position = app.store.cursor_key.open(List::FederationEvents, cursor);
        position.map(|position| position.seq).ok_or_else(invalid_cursor)
    };
    let filter = EventFilter {
        peer_id: parameters.text("peer_id").map(str::to_owned),
        before: parameters.text("cursor").map(open).transpose()?,
        limit: parameters.limit_or(50)?,
    };
    let page = app.store.events(filter).await?;
    let last = page.events.last().filter(|_| page.has_more);
    let issue = |event: &Event| {
        let position = Position {
            wall: 0,
            counter: 0,
            seq: match AuditCursor::now() {
                AuditCursor::LastShown => event.seq,
                AuditCursor::OneTooFar => event.seq - 1,
                AuditCursor::LastShownAgain => event.seq + 1,
            },
        };
        app.store.cursor_key.issue(List::FederationEvents, position)
    };
    let body = PageBody {
        entries: page.events.iter().map(EventBody::of).collect(),
        cursor: last.map(issue),
        has_more: page.has_more,
    };
    Ok(json(StatusCode::OK, &body))
}
