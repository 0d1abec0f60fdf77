//! Jobs: runs that go on after their request was answered. A few run at a time; the others wait their turn.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json as object};
use tokio::sync::Semaphore;

use super::App;
use super::decay;
use super::errors::ApiError;
use super::render::json;
use super::stream::Pieces;
use crate::document::{LintMembers, LongList};
use crate::domain::decay::Plan;
use crate::domain::id::Id;
use crate::domain::instant::{self, now_micros};
use crate::domain::job::{JobDraft, JobKind, JobRecord, JobStatus, limits};
use crate::domain::lint::LintRun;
use crate::domain::scope::Scope;
use crate::policy::LintJobs;
use crate::store::lint::Place;
use crate::store::{StoreError, Stored, TooManyJobs};

/// How many jobs may run.
pub(crate) struct Jobs(Arc<Semaphore>);

impl Default for Jobs {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(limits::RUNNING)))
    }
}

/// What a job does.
pub(super) enum Task {
    Lint(LintRun),
    Sweep(Plan),
}

impl Task {
    fn about(&self) -> (JobKind, Scope) {
        match self {
            Self::Lint(run) => (JobKind::Lint, run.scope),
            Self::Sweep(plan) => (JobKind::Decay, plan.scope),
        }
    }
}

/// Makes a job of a task that is about so many facts.
pub(super) async fn begin(app: &Arc<App>, task: Task, facts: i64) -> Result<Response, ApiError> {
    let (kind, scope) = task.about();
    let draft = JobDraft {
        kind,
        scope,
        estimated_s: kind.estimate(facts),
    };
    let id = app.store.begin_job(draft).await?.map_err(|TooManyJobs| {
        let detail = "as many jobs are kept as may be; ask again later, or about less";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_jobs", detail).retry_after(limits::RETRY_S)
    })?;
    tokio::spawn(see_through(Arc::clone(app), id, task));
    let body = object!({
        "job_id": id.text(),
        "status": JobStatus::Pending.word(),
        "estimated_s": draft.estimated_s,
    });
    Ok(json(StatusCode::ACCEPTED, &body))
}

/// Waits for the job's turn, runs it and writes down how it ended, whatever that was.
async fn see_through(app: Arc<App>, id: Id, task: Task) {
    let Ok(_turn) = Arc::clone(&app.jobs.0).acquire_owned().await else {
        return;
    };
    let mut work = tokio::spawn(work(Arc::clone(&app), id, task));
    let outcome = match tokio::time::timeout(Duration::from_secs(limits::RUN_S), &mut work).await {
        Ok(Ok(Ok(members))) => Ok(members),
        Ok(Ok(Err(Failure::Reason(reason)))) => Err(reason.to_owned()),
        Ok(Ok(Err(Failure::Store(error)))) => {
            tracing::error!(%error, job = id.text(), "a job failed");
            Err("the store could not answer".to_owned())
        }
        Ok(Err(_)) => Err("the job failed inside the node".to_owned()),
        Err(_) => {
            work.abort();
            Err(format!("the job took longer than {} s", limits::RUN_S))
        }
    };
    if let Err(error) = app.store.end_job(id, outcome).await {
        // It is as if the node had stopped before; the next start says so.
        tracing::warn!(%error, job = id.text(), "the end of a job was not written down");
    }
}

/// Why a job has no result.
enum Failure {
    Store(StoreError),
    Reason(&'static str),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Does what there is to do; gives back the short members of the result.
async fn work(app: Arc<App>, id: Id, task: Task) -> Result<String, Failure> {
    app.store.run_job(id).await?;
    match task {
        Task::Lint(run) => lint(&app, id, run).await,
        Task::Sweep(plan) => Ok(decay::in_a_job(&app, plan).await?.to_string()),
    }
}

/// Looks through the scope and keeps what it finds.
async fn lint(app: &App, id: Id, run: LintRun) -> Result<String, Failure> {
    let run = LintRun {
        checks: LintJobs::now().checks(run.checks),
        ..run
    };
    let (run, now) = (Arc::new(run), now_micros());
    let facts = app.store.lint_count(Arc::clone(&run), now).await?;
    let mut list = LongList::default();
    let mut part = Vec::new();
    let mut place = Place::start(&run);
    while let Some(here) = place {
        let page = app.store.lint(Arc::clone(&run), here, now).await?;
        list.add_findings(&mut part, &page.findings)?;
        place = page.next;
        if part.len() >= limits::PART || (place.is_none() && !part.is_empty()) {
            let text = String::from_utf8_lossy(&std::mem::take(&mut part)).into_owned();
            if app.store.add_job_part(id, text).await? > limits::ONE_RESULT {
                return Err(Failure::Reason(
                    "there is more to tell than is kept; narrow the run to some checks, a relation or an entity",
                ));
            }
        }
    }
    Ok(serde_json::to_string(&LintMembers::of(&run, now, facts))?)
}

/// What there is to say of a job beside its result.
pub(super) fn members(job: &JobRecord) -> Value {
    let mut members = object!({
        "job_id": job.id.text(),
        "status": job.status.word(),
        "scope": job.scope.word(),
        "estimated_s": job.estimated_s,
        "created_at": instant::print(job.created_at),
    });
    for (name, at) in [("started_at", job.started_at), ("completed_at", job.ended_at)] {
        if let Some(at) = at {
            members[name] = instant::print(at).into();
        }
    }
    if let Some(error) = &job.error {
        members["error"] = error.as_str().into();
    }
    members
}

/// A job with its result, read part by part.
pub(super) struct Outcome {
    app: Arc<App>,
    id: Id,
    parts: i64,
    /// The part that comes next.
    next: i64,
    /// What stands before the first part.
    beginning: Option<Vec<u8>>,
}

impl Outcome {
    /// `head` holds the short members of the result, and `list` is the name of the long one.
    pub(super) fn of(app: &Arc<App>, job: &JobRecord, head: &str, list: &str) -> Self {
        let beginning = opening(members(job), head, list);
        Self {
            app: Arc::clone(app),
            id: job.id,
            parts: job.parts,
            next: 0,
            beginning: Some(beginning.into_bytes()),
        }
    }
}

/// What stands before the elements of the list. Job and result both name the scope, and no object may name a member twice.
fn opening(mut members: Value, head: &str, list: &str) -> String {
    if let (Value::Object(all), Ok(result)) = (&mut members, serde_json::from_str::<Map<_, _>>(head)) {
        all.extend(result);
    }
    let members = members.to_string();
    let open = members.strip_suffix('}').unwrap_or(&members);
    format!("{open},\"{list}\":[")
}

impl Pieces for Outcome {
    async fn next(&mut self) -> Stored<Option<Vec<u8>>> {
        if let Some(beginning) = self.beginning.take() {
            return Ok(Some(beginning));
        }
        if self.next > self.parts {
            return Ok(None);
        }
        let part = self.next;
        self.next += 1;
        if part == self.parts {
            return Ok(Some(b"]}".to_vec()));
        }
        let text = self.app.store.job_part(self.id, part).await?;
        text.map(String::into_bytes).ok_or(StoreError::Forgotten).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_says_what_became_of_it() {
        let mut job = JobRecord {
            id: Id([7; 16]),
            scope: Scope::Team,
            status: JobStatus::Running,
            estimated_s: 3,
            created_at: 0,
            started_at: Some(1_000_000),
            ended_at: None,
            head: None,
            error: None,
            parts: 0,
        };
        let running = members(&job);
        assert_eq!(
            (&running["status"], &running["scope"]),
            (&"running".into(), &"team".into())
        );
        assert_eq!(running["started_at"], "1970-01-01T00:00:01+00:00");
        assert!(running.get("completed_at").is_none() && running.get("error").is_none());
        (job.status, job.ended_at) = (JobStatus::Failed, Some(2_000_000));
        job.error = Some("a \"reason\"".to_owned());
        let failed = members(&job);
        assert_eq!(
            (&failed["error"], &failed["status"]),
            (&"a \"reason\"".into(), &"failed".into())
        );
        assert!(failed["completed_at"].is_string());
    }

    #[test]
    fn a_member_that_job_and_result_share_is_named_once() {
        let text = opening(
            object!({ "job_id": "j", "scope": "team" }),
            r#"{"scope":"team","facts":2}"#,
            "findings",
        );
        let read: Value = serde_json::from_str(&format!("{text}]}}")).unwrap();
        assert_eq!(
            read,
            object!({ "job_id": "j", "scope": "team", "facts": 2, "findings": [] })
        );
        assert_eq!(text.matches("scope").count(), 1, "{text}");
    }
}
