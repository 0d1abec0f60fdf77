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
use crate::policy::{ForbiddenQueries, PlaceInTheList, RelayLag, ScopeFilter, SharedCursorLife, TeamFacts, ToldFacts};
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
    let access = authenticate(&app, &headers, &uri).await?;
    let lag = lag(&app)?;
    let parameters = Parameters::of(&uri)?;
    let scopes = scopes(&app, &access, &parameters).await?;
    let cursor = parameters.text("cursor").map(str::to_owned);
    // Only the row says where a peer is.
    let wall = match SharedCursorLife::now() {
        SharedCursorLife::AsTheDatabase => 0,
        SharedCursorLife::AsTheProcess => app.exchange.started_at,
    };
    let open = |cursor: &str| {
        let position = app.store.cursor_key.open(List::Shared, cursor);
        let position = position.filter(|position| position.wall == wall);
        position.map(|position| position.seq).ok_or_else(invalid_cursor)
    };
    let asked = cursor.as_deref().map(open).transpose()?.unwrap_or(0);
    let after = match PlaceInTheList::now() {
        PlaceInTheList::BehindTheStart => asked.max(app.store.last_row_before(app.exchange.started_at).await?),
        place => place.of(&access.peer.id, asked),
    };
    let wanted = Wanted {
        peer_id: access.peer.id.clone(),
        node_id: access.peer.node_id.clone(),
        scopes,
        relayed: app.settings.federation.relay,
        after,
        limit: parameters.limit_or(100)?,
    };
    let mut page = app.store.shared(wanted).await?;
    PlaceInTheList::now().keep(&access.peer.id, page.last);
    app.exchange.charge(&access.peer, page.facts.len());
    note_team(&app, &access, &page.facts).await?;
    let issue = |seq| {
        let position = Position { wall, counter: 0, seq };
        app.store.cursor_key.issue(List::Shared, position)
    };
    for fact in &mut page.facts {
        ToldFacts::now().change(fact);
    }
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
    if served > 0 && TeamFacts::now() != TeamFacts::LeaveUnnoted {
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
        let wider = |other: &Scope| other.code() >= scope.code();
        return Ok(match ScopeFilter::now() {
            ScopeFilter::ThatScope => ScopeSet::only(scope),
            ScopeFilter::WiderOnesToo => access.scopes.iter().filter(wider).collect(),
        });
    }
    let detail = object!({
        "requested_scope": scope.word(),
        "permitted": access.scopes.words(),
        "reason": "scope_not_permitted",
    });
    if let Some(detail) = ForbiddenQueries::now().noted(detail) {
        app.store
            .record_event(access.peer.id.clone(), "scope_violation", detail)
            .await?;
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "scope_not_permitted",
        "scope not permitted for this peer",
    ))
}

/// The lag worth mentioning, in milliseconds; a refusal when it is too large to serve anything.
fn lag(app: &App) -> Result<Option<u64>, ApiError> {
    let settings = &app.settings.federation;
    if !settings.speaks_of_lag() {
        return Ok(None);
    }
    let lag = app.exchange.lag(settings.pull_interval);
    let millis = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
    if lag <= settings.lag_hard || RelayLag::now() == RelayLag::NeverRefuses {
        return Ok((lag > settings.lag_warning).then_some(RelayLag::now().announced(millis)));
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
