//! `/v1/decay`: policies, sweeps, and the jobs of large ones.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json as object};

use super::App;
use super::auth::{Identified, scope_refused};
use super::body;
use super::errors::ApiError;
use super::jobs::{self, Task};
use super::path::LastSegment;
use super::render::json;
use crate::domain::caller::Permission;
use crate::domain::decay::{DecayPolicy, Plan, Policies, SweepMode};
use crate::domain::fact::{Issue, Refusal};
use crate::domain::id::Id;
use crate::domain::instant::{self, now_micros};
use crate::domain::job::JobKind;
use crate::domain::json::{self, Json};
use crate::domain::members::Members;
use crate::domain::scope::Scope;
use crate::policy::{
    DecayConfigured, DecayDefault, DecayForcedMode, DecayJobs, DecayNames, DecayNarrowing, DecayPolicyDeletion,
    DecayRights,
};
use crate::store::{PolicyRefusal, StoreError, Stored, Swept};

pub(super) async fn list(State(app): State<Arc<App>>, caller: Identified) -> Result<Response, ApiError> {
    let needed = DecayRights::now().for_policies(caller.0.permissions);
    caller.require(needed)?;
    let policies = policies(&app).await?;
    let bodies: Vec<Value> = policies
        .iter()
        .filter(|policy| DecayPolicyDeletion::now().lists(&policy.id))
        .map(|policy| policy_body(policy, is_configured(&app, &policy.id)))
        .collect();
    Ok(json(StatusCode::OK, &object!({ "policies": bodies })))
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Identified,
    request: Request,
) -> Result<Response, ApiError> {
    let needed = DecayRights::now().for_policies(caller.0.permissions);
    caller.require(needed)?;
    let bytes = body::json(&app, request).await?;
    let policy = DecayPolicy::from_json(&json::read(&bytes)?)?;
    let conflict = |code, detail: &str| Err(ApiError::new(StatusCode::CONFLICT, code, detail));
    let (id, body) = (policy.id.clone(), policy_body(&policy, false));
    let kept = if is_configured(&app, &id) {
        Err(PolicyRefusal::Taken)
    } else {
        app.store
            .keep_decay_policy(policy, app.settings.decay_policies.len())
            .await?
    };
    match kept {
        Ok(()) => {
            tracing::info!(policy = id, "a decay policy was made");
            Ok(json(StatusCode::CREATED, &body))
        }
        Err(PolicyRefusal::Taken) => conflict("policy_exists", "there is a policy with this id"),
        Err(PolicyRefusal::TooMany) => conflict("too_many_policies", "delete a policy first"),
    }
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(id): LastSegment,
) -> Result<Response, ApiError> {
    let needed = DecayRights::now().for_policies(caller.0.permissions);
    caller.require(needed)?;
    if is_configured(&app, &id) {
        let detail = "the policy is one of the setting STIGMEM_DECAY_POLICIES";
        return Err(ApiError::new(StatusCode::CONFLICT, "policy_is_configured", detail));
    }
    if !app.store.forget_decay_policy(id.clone()).await? {
        return Err(ApiError::not_found("there is no such policy"));
    }
    tracing::info!(policy = id, "a decay policy was deleted");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A policy as answers show it; `configured` says that it cannot be deleted.
fn policy_body(policy: &DecayPolicy, configured: bool) -> Value {
    let mut body = policy.to_json();
    body["configured"] = configured.into();
    body
}

fn is_configured(app: &App, id: &str) -> bool {
    app.settings.decay_policies.iter().any(|policy| policy.id == id)
}

/// Those of the setting, then those that were made over HTTP. Where the setting has taken an id since, its policy is the one in force.
async fn policies(app: &App) -> Result<Vec<DecayPolicy>, ApiError> {
    let mut policies = app.settings.decay_policies.clone();
    let kept = app.store.decay_policies().await?;
    policies.extend(kept.into_iter().filter(|policy| !is_configured(app, &policy.id)));
    Ok(policies)
}

/// Those of them that sweeps apply, which is all of them.
async fn in_force(app: &App) -> Result<Vec<DecayPolicy>, ApiError> {
    let mut policies = policies(app).await?;
    policies.retain(|policy| {
        let taken_back = !DecayPolicyDeletion::now().applies(&policy.id);
        let for_show = DecayConfigured::now() == DecayConfigured::ListedAlone && is_configured(app, &policy.id);
        !taken_back && !for_show
    });
    Ok(DecayDefault::now().beside(policies))
}

pub(super) async fn sweep(
    State(app): State<Arc<App>>,
    caller: Identified,
    request: Request,
) -> Result<Response, ApiError> {
    let needed = DecayRights::now().for_a_sweep(caller.0.permissions);
    let caller = caller.require(needed)?;
    let bytes = body::json(&app, request).await?;
    let order = Order::read(&json::read(&bytes)?)?;
    if needed != Permission::Write && order.mode != Some(SweepMode::DryRun) {
        return Err(ApiError::forbidden("this needs the permission 'write'"));
    }
    if !caller.may_touch(order.scope) {
        return Err(scope_refused(order.scope));
    }
    let plan = order.plan(in_force(&app).await?)?;
    if !plan.is_dry() {
        let threshold = i64::try_from(app.settings.async_job_threshold).unwrap_or(i64::MAX);
        if let Some(facts) = app.store.too_many_to_sweep(plan.scope, threshold).await? {
            return jobs::begin(&app, Task::Sweep(plan), facts).await;
        }
    }
    let swept = app.store.sweep(&plan).await?;
    Ok(json(StatusCode::OK, &report(&app, &plan, &swept)))
}

/// A sweep whose turn has come.
pub(super) async fn in_a_job(app: &App, mut plan: Plan) -> Stored<Value> {
    plan.now = now_micros();
    let swept = match DecayJobs::now() {
        DecayJobs::DoNothing => {
            let mode = Some(SweepMode::DryRun);
            app.store.sweep(&Plan { mode, ..plan.clone() }).await?
        }
        _ => app.store.sweep(&plan).await?,
    };
    Ok(report(app, &plan, &swept))
}

pub(super) async fn job(
    State(app): State<Arc<App>>,
    caller: Identified,
    LastSegment(id): LastSegment,
) -> Result<Response, ApiError> {
    let caller = caller.require(Permission::Write)?;
    let unknown = || ApiError::not_found("there is no such job");
    let id = Id::parse(&id).ok_or_else(unknown)?;
    let job = app.store.job(JobKind::Decay, id).await?.ok_or_else(unknown)?;
    if !caller.may_touch(job.scope) && DecayJobs::now() != DecayJobs::ShownToEverybody {
        return Err(unknown());
    }
    let mut body = jobs::members(&job);
    let result: Option<Value> = job
        .head
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(StoreError::from)?;
    if let (Some(Value::Object(result)), Value::Object(members)) = (result, &mut body) {
        members.extend(result);
    }
    Ok(json(StatusCode::OK, &body))
}

/// What a caller asks for.
struct Order {
    scope: Scope,
    mode: Option<SweepMode>,
    policy_id: Option<String>,
}

impl Order {
    /// Members that a sweep does not have are ignored.
    fn read(body: &Json<'_>) -> Result<Self, Refusal> {
        let mut members = Members::of(body)?;
        let scope = members.scope();
        let word = members.text("mode");
        let mode = word.and_then(SweepMode::parse);
        if word.is_some() && mode.is_none() {
            let message = "the mode is one of retract, confidence, dry_run";
            members.refuse("mode", "literal_error", message);
        }
        let policy_id = members.text("policy_id").map(str::to_owned);
        members.finish(scope.map(|scope| Self { scope, mode, policy_id }))
    }

    fn plan(self, policies: Vec<DecayPolicy>) -> Result<Plan, ApiError> {
        if let Some(id) = &self.policy_id {
            let named = policies.iter().find(|policy| policy.id == *id);
            let named = named.ok_or_else(|| ApiError::not_found("there is no such policy"))?;
            // Who names a policy and a mode is told when the two do not go together; the policies of a whole scope need not.
            if let Some(SweepMode::All(mode)) = self.mode
                && !named.can(mode)
                && DecayForcedMode::now() == DecayForcedMode::Nothing
            {
                let issue = Issue::new(&["mode"], "value_error", "the policy has no number for this mode");
                return Err(ApiError::invalid("body", vec![issue]));
            }
        }
        let policies = DecayNarrowing::now().of(policies, self.policy_id.as_deref());
        Ok(Plan {
            policies: Policies::new(policies),
            scope: self.scope,
            mode: self.mode,
            only: self.policy_id,
            now: now_micros(),
        })
    }
}

/// What came of a sweep.
fn report(app: &App, plan: &Plan, swept: &Swept) -> Value {
    tracing::info!(
        scope = plan.scope.word(),
        dry_run = plan.is_dry(),
        evaluated = swept.evaluated,
        retracted = swept.retracted,
        reduced = swept.reduced,
        "a sweep has ended"
    );
    let counts = (swept.retracted, swept.reduced);
    let (done, would) = if plan.is_dry() {
        ((0, 0), counts)
    } else {
        app.metrics.swept(swept.retracted, swept.reduced);
        (counts, (0, 0))
    };
    object!({
        "swept_at": instant::print(plan.now),
        "scope": plan.scope.word(),
        "mode": plan.mode.map(SweepMode::word),
        "facts_evaluated": swept.evaluated,
        "facts_retracted": done.0,
        "facts_reduced": done.1,
        "dry_run_would_retract": would.0,
        "dry_run_would_reduce": would.1,
        "policies_applied": applied(plan, swept),
    })
}

/// The policies that govern some of the facts, whether there was something to do or not.
fn applied<'p>(plan: &'p Plan, swept: &Swept) -> Vec<&'p str> {
    let all = plan.policies.all();
    let mut ids = Vec::new();
    for (place, facts) in &swept.governed {
        let times = DecayNames::now().times(*facts);
        let id = all.get(*place).map(|policy| policy.id.as_str());
        ids.extend(id.into_iter().flat_map(|id| std::iter::repeat_n(id, times)));
    }
    ids
}
