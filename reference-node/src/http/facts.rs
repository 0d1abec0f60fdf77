//! `/v1/facts`: assert, query, get.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::auth::{Identified, scope_refused};
use super::body;
use super::errors::ApiError;
use super::path::LastSegment;
use super::query::{Parameters, invalid_cursor};
use super::render::{FactBody, json};
use crate::domain::caller::{Caller, Permission};
use crate::domain::cid::Cid;
use crate::domain::cursor::List;
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::json;
use crate::domain::scope::ScopeSet;
use crate::domain::standing::View;
use crate::store::{Filter, Name};

pub(super) async fn assert(
    State(app): State<Arc<App>>,
    caller: Identified,
    request: Request,
) -> Result<Response, ApiError> {
    let caller = caller.require(Permission::Write)?;
    let bytes = body::json(&app, request).await?;
    let draft = read_draft(&app, &caller, &bytes)?;
    if !caller.may_touch(draft.scope) {
        return Err(scope_refused(draft.scope));
    }
    let warnings = draft.warnings();
    let fact = app.store.assert(draft, caller.scopes).await?;
    app.metrics.fact_written(fact.contradicted);
    Ok(json(StatusCode::CREATED, &FactBody::of(&fact).with_warnings(warnings)))
}

fn read_draft(app: &App, caller: &Caller, bytes: &[u8]) -> Result<Draft, ApiError> {
    let body = json::read(bytes)?;
    let mut draft = Draft::from_json(&body, app.settings.max_value_bytes)?;
    if caller.may(Permission::Admin) {
        draft.suggest_timestamp(&body)?;
    }
    Ok(draft)
}

#[derive(Serialize)]
struct PageBody<'a> {
    facts: Vec<FactBody<'a>>,
    total: i64,
    cursor: Option<String>,
}

pub(super) async fn query(State(app): State<Arc<App>>, caller: Identified, uri: Uri) -> Result<Response, ApiError> {
    let caller = caller.require(Permission::Read)?;
    let filter = filter(&app, &caller, &Parameters::of(&uri)?)?;
    let page = app.store.query(filter).await?;
    let body = PageBody {
        facts: page.facts.iter().map(FactBody::of).collect(),
        total: page.total,
        cursor: page
            .next
            .map(|position| app.store.cursor_key.issue(List::Facts, position)),
    };
    let mut response = json(StatusCode::OK, &body);
    response
        .headers_mut()
        .insert("x-total-count", HeaderValue::from(page.total));
    Ok(response)
}

fn filter(app: &App, caller: &Caller, parameters: &Parameters) -> Result<Filter, ApiError> {
    let scopes = match parameters.scope()? {
        None => caller.scopes,
        Some(scope) if caller.may_touch(scope) => ScopeSet::only(scope),
        Some(scope) => return Err(scope_refused(scope)),
    };
    let min_confidence = parameters.confidence("min_confidence")?;
    let include_retracted = parameters.boolean("include_retracted")?;
    let open = |cursor| {
        app.store
            .cursor_key
            .open(List::Facts, cursor)
            .ok_or_else(invalid_cursor)
    };
    Ok(Filter {
        entity: parameters.name("entity")?,
        relation: parameters.text("relation").map(str::to_owned),
        source: parameters.name("source")?,
        scopes,
        min_confidence,
        after: parameters.instant("after")?,
        view: View {
            contradicted: parameters.boolean("include_contradicted")?,
            expired: parameters.boolean("include_expired")?,
            retracted: include_retracted && min_confidence == Some(0.0),
        },
        from: parameters.text("cursor").map(open).transpose()?,
        limit: parameters.limit()?,
    })
}

pub(super) async fn get(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(name): LastSegment,
) -> Result<Response, ApiError> {
    let caller = caller.require(Permission::Read)?;
    let unknown = || ApiError::not_found("there is no such fact");
    let name = if name.starts_with("sha256:") {
        let cid = Cid::parse(&name);
        Name::Cid(cid.ok_or_else(|| {
            ApiError::bad_request(
                "cid_malformed",
                "a content id is 'sha256:' and 64 lower-case hexadecimal digits",
            )
        })?)
    } else {
        Name::Id(Id::parse(&name).ok_or_else(unknown)?)
    };
    let fact = app.store.fact(name, caller.scopes).await?.ok_or_else(unknown)?;
    Ok(json(StatusCode::OK, &FactBody::of(&fact)))
}
