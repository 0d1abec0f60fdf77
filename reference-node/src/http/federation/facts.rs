//! `GET /v1/federation/facts`: one page of what a peer may have.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use serde_json::json as object;

use super::access::{Access, authenticate};
use crate::domain::cursor::{List, Position};
use crate::domain::fact::Fact;
use crate::domain::scope::{Scope, ScopeSet};
use crate::http::App;
use crate::http::errors::ApiError;
use crate::http::query::{Parameters, invalid_cursor};
use crate::http::render::{FactBody, json};
use crate::store::Wanted;

const LAG: HeaderName = HeaderName::from_static("x-stigmem-replication-lag");

#[derive(Serialize)]
struct PageBody<'a> {
    facts: Vec<FactBody<'a>>,
    cursor: Option<String>,
    has_more: bool,
}

pub(in crate::http) async fn pull(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let access = authenticate(&app, &headers).await?;
    let lag = lag(&app)?;
    let parameters = Parameters::of(&uri)?;
    let scopes = scopes(&app, &access, &parameters).await?;
    let cursor = parameters.text("cursor").map(str::to_owned);
    let open = |cursor: &str| {
        let position = app.store.cursor_key.open(List::Shared, cursor);
        position.map(|position| position.seq).ok_or_else(invalid_cursor)
    };
    let wanted = Wanted {
        peer_id: access.peer.id.clone(),
        node_id: access.peer.node_id.clone(),
        scopes,
        relayed: app.settings.federation.relay,
        after: cursor.as_deref().map(open).transpose()?.unwrap_or(0),
        limit: parameters.limit_or(100)?,
    };
    let page = app.store.shared(wanted).await?;
    app.exchange.charge(&access.peer, page.facts.len());
    note_team(&app, &access, &page.facts).await?;
    let issue = |seq| {
        let position = Position {
            wall: 0,
            counter: 0,
            seq,
        };
        app.store.cursor_key.issue(List::Shared, position)
    };
    let body = PageBody {
        facts: page.facts.iter().map(|fact| FactBody::of(fact).for_peers()).collect(),
        // A page without facts leaves the peer where it is.
        cursor: page.last.map(issue).or(cursor),
        has_more: page.has_more,
    };
    let mut response = json(StatusCode::OK, &body);
    if let Some(lag) = lag {
        response.headers_mut().insert(LAG, HeaderValue::from(lag));
    }
    Ok(response)
}

/// What leaves the team is written down before it leaves.
async fn note_team(app: &App, access: &Access, facts: &[Fact]) -> Result<(), ApiError> {
    let served = facts.iter().filter(|fact| fact.scope == Scope::Team).count();
    if served > 0 {
        let detail = object!({ "scope": Scope::Team.word(), "facts": served });
        app.store
            .record_event(access.peer.id.clone(), "team_scope_served", detail)
            .await?;
    }
    Ok(())
}

async fn scopes(app: &App, access: &Access, parameters: &Parameters) -> Result<ScopeSet, ApiError> {
    let Some(scope) = parameters.scope()? else {
        return Ok(access.scopes);
    };
    if access.scopes.contains(scope) {
        return Ok(ScopeSet::only(scope));
    }
    let detail = object!({
        "requested_scope": scope.word(),
        "permitted": access.scopes.words(),
        "reason": "scope_not_permitted",
    });
    app.store
        .record_event(access.peer.id.clone(), "scope_violation", detail)
        .await?;
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "scope_not_permitted",
        "scope not permitted for this peer",
    ))
}

/// The lag worth mentioning, in milliseconds; a refusal when it is too large to serve anything.
fn lag(app: &App) -> Result<Option<u64>, ApiError> {
    let settings = &app.settings.federation;
    if !settings.relay {
        return Ok(None);
    }
    let lag = app.exchange.lag(settings.pull_interval);
    let millis = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
    if lag <= settings.lag_hard {
        return Ok((lag > settings.lag_warning).then_some(millis));
    }
    let wait = lag.clamp(Duration::from_secs(1), Duration::from_secs(300)).as_secs();
    let error = ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "relay_lag_exceeded",
        "this node is too far behind its own peers",
    );
    Err(error
        .retry_after(wait)
        .with("lag_ms", millis)
        .with("retry_after_s", wait))
}
