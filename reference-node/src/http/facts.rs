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
use crate::federation;
use crate::policy::{
    AnswerId, AnswerShows, CallerCheck, CursorScopes, ForeignMembers, HiddenFact, PullTurns, ReadScopes, RelationForm,
    Rights, SaidAgain, TimestampFrom, UnreadableBodies, WriteScopes,
};
use crate::store::{Filter, Name};

pub(super) async fn assert(
    State(app): State<Arc<App>>,
    caller: Identified,
    request: Request,
) -> Result<Response, ApiError> {
    let needed = Rights::now().to_assert(caller.0.permissions);
    match CallerCheck::now() {
        CallerCheck::First => store(&app, &caller.require(needed)?, request).await,
        CallerCheck::AfterStoring => {
            let answer = store(&app, &caller.0, request).await?;
            caller.require(needed).map(|_| answer)
        }
    }
}

async fn store(app: &App, caller: &Caller, request: Request) -> Result<Response, ApiError> {
    let bytes = body::json(app, request).await?;
    let draft = match read_draft(app, caller, &bytes) {
        Ok(draft) => draft,
        Err(refusal) => {
            if let Some(beginning) = UnreadableBodies::now().beginning(&bytes) {
                let draft = read_draft(app, caller, &beginning)?;
                app.store.assert(draft, caller.scopes).await?;
            }
            return Err(refusal);
        }
    };
    if !WriteScopes::now().reach(caller, draft.scope) {
        return Err(scope_refused(draft.scope));
    }
    let _turn = PullTurns::now().of_a_write().await;
    if !federation::takes_writes(app).await? {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(ApiError::new(status, "no_peer", "no peer can be reached"));
    }
    if SaidAgain::now() == SaidAgain::IsRefused
        && app.store.fact(Name::Cid(draft.cid()), caller.scopes).await?.is_some()
    {
        return Err(ApiError::new(StatusCode::CONFLICT, "conflict", "this was said before"));
    }
    let warnings = draft.warnings();
    let under_way = AnswerId::now().under_way(&draft.entity);
    let mut fact = app.store.assert(draft, caller.scopes).await?;
    fact.id = under_way.id(fact.id);
    let fact = AnswerShows::now().of(fact, &bytes);
    app.metrics.fact_written(fact.contradicted);
    Ok(json(StatusCode::CREATED, &FactBody::of(&fact).with_warnings(warnings)))
}

fn read_draft(app: &App, caller: &Caller, bytes: &[u8]) -> Result<Draft, ApiError> {
    let body = json::read(bytes)?;
    ForeignMembers::in_assertion(&body)?;
    let mut draft = Draft::from_json(&body, app.settings.max_value_bytes)?;
    if caller.may(Permission::Admin) || TimestampFrom::now() == TimestampFrom::Anybody {
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
    let filter = CursorScopes::now().of(filter(&app, &caller, &Parameters::of(&uri)?)?);
    let scopes = filter.scopes;
    let page = app.store.query(filter).await?;
    let body = PageBody {
        facts: page.facts.iter().map(FactBody::of).collect(),
        total: page.total,
        cursor: page
            .next
            .map(|position| CursorScopes::now().carried(position, scopes))
            .map(|position| app.store.cursor_key.issue(List::Facts, position)),
    };
    let mut response = json(StatusCode::OK, &body);
    response
        .headers_mut()
        .insert("x-total-count", HeaderValue::from(page.total));
    Ok(response)
}

/// What a query understands.
const PARAMETERS: [&str; 11] = [
    "entity",
    "relation",
    "source",
    "scope",
    "min_confidence",
    "after",
    "include_contradicted",
    "include_expired",
    "include_retracted",
    "cursor",
    "limit",
];

fn filter(app: &App, caller: &Caller, parameters: &Parameters) -> Result<Filter, ApiError> {
    parameters.only(&PARAMETERS)?;
    let scopes = match parameters.scope()? {
        None => ReadScopes::now().unasked(caller.scopes),
        Some(scope) if ReadScopes::now().asked(caller, scope) => ScopeSet::only(scope),
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
        relation: parameters.text("relation").map(|sent| RelationForm::now().of(sent)),
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
    let reach = HiddenFact::now().reach(name, caller.scopes);
    let fact = app.store.fact(name, reach).await?.ok_or_else(unknown)?;
    match HiddenFact::now() {
        HiddenFact::Forbidden if !caller.may_touch(fact.scope) => return Err(scope_refused(fact.scope)),
        HiddenFact::Hidden if !caller.may_touch(fact.scope) => {
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "fact_hidden",
                "the fact is hidden",
            ));
        }
        _ => {}
    }
    Ok(json(StatusCode::OK, &FactBody::of(&fact)))
}
