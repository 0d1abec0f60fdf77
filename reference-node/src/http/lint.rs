//! `/v1/lint`: a run, and the jobs of runs over large scopes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::App;
use super::auth::{Identified, scope_refused};
use super::body;
use super::errors::ApiError;
use super::jobs::{self, Task};
use super::path::LastSegment;
use super::render::json;
use super::stream::{self, Pieces};
use crate::document::{LintMembers, LongList};
use crate::domain::caller::{Caller, Permission};
use crate::domain::id::Id;
use crate::domain::instant::now_micros;
use crate::domain::job::JobKind;
use crate::domain::json;
use crate::domain::lint::LintRun;
use crate::domain::scope::Scope;
use crate::policy::{LintJobs, LintNeeds, LintScopes};
use crate::store::Stored;
use crate::store::lint::Place;

pub(super) async fn run(
    State(app): State<Arc<App>>,
    caller: Identified,
    request: Request,
) -> Result<Response, ApiError> {
    let caller = permitted(caller)?;
    let bytes = body::json(&app, request).await?;
    let run = LintRun::from_json(&json::read(&bytes)?)?;
    if !LintScopes::now().permit(&caller, run.scope) {
        return Err(scope_refused(run.scope));
    }
    let run = Arc::new(run);
    if LintScopes::now() == LintScopes::EmptyAnswer && !caller.may_touch(run.scope) {
        return stream::json(&app, Report::of_nothing(&app, run)).await;
    }
    let threshold = i64::try_from(app.settings.async_job_threshold).unwrap_or(i64::MAX);
    match app.store.too_many_to_lint(Arc::clone(&run), threshold).await? {
        Some(facts) => jobs::begin(&app, Task::Lint(LintRun::clone(&run)), facts).await,
        None => {
            permitted_at_once(&caller, run.scope)?;
            stream::json(&app, Report::begin(&app, run).await?).await
        }
    }
}

fn permitted(caller: Identified) -> Result<Caller, ApiError> {
    match LintNeeds::now().permission() {
        Some(needed) => caller.require(needed),
        None => Ok(caller.0),
    }
}

/// What a node looks at too late that begins jobs for anybody.
fn permitted_at_once(caller: &Caller, scope: Scope) -> Result<(), ApiError> {
    let reads = LintNeeds::now() != LintNeeds::ReadAtOnce || caller.may(Permission::Read);
    let touches = LintScopes::now() != LintScopes::AllowedAtOnce || caller.may_touch(scope);
    if reads && touches {
        Ok(())
    } else {
        Err(scope_refused(scope))
    }
}

/// The answer to a run, while it goes on.
struct Report {
    app: Arc<App>,
    run: Arc<LintRun>,
    now: i64,
    facts: i64,
    /// Where the run is, until it is over.
    place: Option<Place>,
    list: Option<LongList>,
    ended: bool,
}

impl Report {
    async fn begin(app: &Arc<App>, run: Arc<LintRun>) -> Stored<Self> {
        let now = now_micros();
        let facts = app.store.lint_count(Arc::clone(&run), now).await?;
        Ok(Self {
            now,
            facts,
            place: Place::start(&run),
            ..Self::of_nothing(app, run)
        })
    }

    fn of_nothing(app: &Arc<App>, run: Arc<LintRun>) -> Self {
        Self {
            app: Arc::clone(app),
            run,
            now: now_micros(),
            facts: 0,
            place: None,
            list: None,
            ended: false,
        }
    }
}

impl Pieces for Report {
    async fn next(&mut self) -> Stored<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        let mut text = if self.list.is_none() {
            LongList::begin("findings")
        } else {
            Vec::new()
        };
        let list = self.list.get_or_insert_default();
        if let Some(place) = self.place {
            let page = self.app.store.lint(Arc::clone(&self.run), place, self.now).await?;
            list.add_findings(&mut text, &page.findings)?;
            self.place = page.next;
        }
        if self.place.is_none() {
            LongList::end(&mut text, &LintMembers::of(&self.run, self.now, self.facts))?;
            self.ended = true;
        }
        Ok(Some(text))
    }
}

pub(super) async fn job(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(id): LastSegment,
) -> Result<Response, ApiError> {
    let caller = match LintJobs::now() {
        LintJobs::NeedNoPermission => caller.0,
        _ => caller.require(Permission::Read)?,
    };
    let unknown = || ApiError::not_found("there is no such job");
    let id = Id::parse(&id).ok_or_else(unknown)?;
    let job = app.store.job(JobKind::Lint, id).await?.ok_or_else(unknown)?;
    if !caller.may_touch(job.scope) && LintJobs::now() != LintJobs::OpenById {
        return Err(match LintJobs::now() {
            LintJobs::HiddenAreForbidden => scope_refused(job.scope),
            _ => unknown(),
        });
    }
    match &job.head {
        Some(head) => stream::json(&app, jobs::Outcome::of(&app, &job, head, "findings")).await,
        None => Ok(json(StatusCode::OK, &jobs::members(&job))),
    }
}
