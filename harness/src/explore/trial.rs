//! Trying a script: through the ordinary reader, the ordinary drive and the ordinary judge.

use std::{sync::Arc, time::Duration};

use super::file;
use crate::{
    drive::{self, Setting},
    error::{InputError, RunError},
    judge::{self, CaseVerdict, Verdict},
    plan::Plan,
    registry::Registry,
    schemas::Schemas,
    trace::{Answer, CaseRecord, Gone},
    vectors::{Case, Vectors, Verb},
};

/// What scripts are read with and played against.
#[derive(Debug)]
pub struct Desk<'a> {
    pub setting: Setting,
    pub registry: &'a Registry,
    pub schemas: Arc<Schemas>,
}

/// What became of a case.
#[derive(Debug, Clone)]
pub struct Trial {
    pub verdict: CaseVerdict,
    pub record: CaseRecord,
    /// Absent when it passed, and when it says nothing about the target.
    pub failure: Option<Manner>,
    /// What went wrong, for people: with the names that the script has for facts in place of their ids.
    pub told: String,
}

/// How a case failed: two failures of one kind are taken for the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    pub verdict: Verdict,
    verb: String,
    /// The beginning of the place in the answer.
    pointer: String,
}

impl Trial {
    /// The step at which the case ended, from 0.
    pub fn last_step(&self) -> usize {
        self.record.steps.len().saturating_sub(1)
    }

    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.record.duration_ms)
    }
}

impl Desk<'_> {
    /// The cases of a vector file of ours or of the user's.
    pub fn read(&self, place: &str, text: &str) -> Result<Vectors, InputError> {
        file::read(place, text, self.registry, &self.schemas)
    }

    /// Plays a case with nodes of its own, on folders of its own.
    pub async fn play(&self, case: &Case, seed: u64) -> Result<Trial, RunError> {
        let folder = tempfile::Builder::new().tempdir_in(&self.setting.ground.scratch);
        let folder = folder.map_err(|error| RunError::Harness(format!("no folder for the nodes: {error}")))?;
        let mut setting = self.setting.clone();
        folder.path().clone_into(&mut setting.ground.scratch);
        let plan = Plan {
            seed,
            profile: "federation".to_owned(),
            selection: vec![case.id.clone()],
            cases: vec![case.clone()],
            rules: Vec::new(),
            left_out: Vec::new(),
        };
        let played = drive::run(&plan, &setting, &|_, _| {}).await;
        let records = played.map_err(|gone| RunError::TargetGone(told(&setting, &gone)))?;
        let record = records.into_iter().next();
        let record = record.ok_or_else(|| RunError::Harness("a case left no record".to_owned()))?;
        let verdict = judge::judge_case(case, &record, &self.schemas);
        let failure = manner(case, &record, &verdict);
        let told = tell(case, &record, &verdict);
        Ok(Trial {
            verdict,
            record,
            failure,
            told,
        })
    }
}

/// The message of a verdict, with the node and the place.
fn tell(case: &Case, record: &CaseRecord, verdict: &CaseVerdict) -> String {
    let Some(failure) = verdict.failures.first().filter(|_| record.gone.is_none()) else {
        return verdict.message.clone();
    };
    let step = case.steps().get(failure.step);
    let on = step.and_then(|step| step.on.as_ref()).map(|node| format!(" on {node}"));
    let place = match failure.wrong.pointer.as_str() {
        "" => String::new(),
        pointer => format!(" at {pointer}"),
    };
    let told = format!(
        "step {} ({}{}){place}: expected {}, got {}",
        failure.step + 1,
        name(case, failure.step),
        on.unwrap_or_default(),
        failure.wrong.expected,
        failure.wrong.got
    );
    facts(case, record)
        .into_iter()
        .fold(told, |told, (id, name)| told.replace(&id, &name))
}

/// The ids of the facts that a script saves, and their names.
fn facts(case: &Case, record: &CaseRecord) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (step, done) in case.steps().iter().zip(&record.steps) {
        let Some(name) = &step.save else { continue };
        let bodies = done.exchanges.iter().filter_map(|exchange| match &exchange.answer {
            Answer::Response(response) => response.body.json(),
            Answer::None { .. } => None,
        });
        let many = matches!(step.verb, Verb::AssertMany { .. });
        for (n, body) in bodies.enumerate() {
            let name = if many {
                format!("{name}.facts.{n}")
            } else {
                name.clone()
            };
            names.extend(body["id"].as_str().map(|id| (id.to_owned(), name)));
        }
    }
    names
}

/// The verb of a step; of one that looks again and again, the verb inside.
fn name(case: &Case, step: usize) -> &'static str {
    match case.steps().get(step).map(|step| &step.verb) {
        Some(Verb::Until { step, .. }) => step.verb.name(),
        Some(verb) => verb.name(),
        None => "",
    }
}

fn told(setting: &Setting, gone: &Gone) -> String {
    let log = gone.log.iter().map(|line| format!("\n  | {line}"));
    format!("{}: {}{}", setting.target.name, gone.what, log.collect::<String>())
}

fn manner(case: &Case, record: &CaseRecord, verdict: &CaseVerdict) -> Option<Manner> {
    let (verb, pointer) = match verdict.verdict {
        Verdict::Fail => {
            let failure = verdict.failures.first()?;
            let pointer = failure.wrong.pointer.split('/').nth(1).unwrap_or_default();
            (name(case, failure.step), pointer.to_owned())
        }
        Verdict::Unreachable => (name(case, record.steps.len().saturating_sub(1)), String::new()),
        _ => return None,
    };
    Some(Manner {
        verdict: verdict.verdict,
        verb: verb.to_owned(),
        pointer,
    })
}
