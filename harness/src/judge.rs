//! From a trace to verdicts. Pure: the same function serves while driving and when a stranger's trace is judged again.

mod every;
mod expect;
mod observe;
pub mod pattern;
mod verdict;
pub mod wrong;

use std::collections::BTreeMap;

use serde_json::Value;

pub use verdict::{CaseVerdict, Failure, Verdict};

use crate::{
    bindings::{Bindings, Saved},
    schemas::Schemas,
    trace::{CaseRecord, Event, StepRecord},
    vectors::{Case, Step, Vectors, Verb},
};
pub(crate) use expect::Outcome;
pub(crate) use observe::unaccounted;

/// Judges all recorded cases and the rules about everything.
pub fn judge(
    vectors: &Vectors,
    rules: &[Case],
    records: &[CaseRecord],
    schemas: &Schemas,
) -> BTreeMap<String, CaseVerdict> {
    let mut verdicts = BTreeMap::new();
    for record in records {
        let verdict = match vectors.find(&record.case) {
            Some(case) => judge_case(case, record, schemas),
            None => CaseVerdict::of(
                Verdict::Error,
                "the vectors do not hold this case; was the trace made with other vectors?",
            ),
        };
        verdicts.insert(record.case.clone(), verdict);
    }
    verdicts.extend(every::judge(rules, records, schemas));
    doubt(vectors, &mut verdicts);
    verdicts
}

/// A node that refuses everything in perfect form, or answers one page to all, does nothing right. What it answers is evidence only
/// beside a case in which it stored a fact and showed it again.
fn doubt(vectors: &Vectors, verdicts: &mut BTreeMap<String, CaseVerdict>) {
    let is_witness = |id: &str| vectors.find(id).is_some_and(Case::is_witness);
    if verdicts
        .iter()
        .any(|(id, verdict)| verdict.verdict == Verdict::Pass && is_witness(id))
    {
        return;
    }
    for verdict in verdicts.values_mut().filter(|verdict| verdict.verdict == Verdict::Pass) {
        *verdict = CaseVerdict::of(
            Verdict::Inconclusive,
            "as expected, but in no case did the node store a fact and show it again, so this shows nothing",
        );
    }
}

/// One case: the first step that does not hold decides, save that refusals are all looked at.
pub fn judge_case(case: &Case, record: &CaseRecord, schemas: &Schemas) -> CaseVerdict {
    if let Some(message) = &record.harness_error {
        return CaseVerdict::of(Verdict::Error, message.clone());
    }
    let mut bindings = Bindings::default();
    for (name, value) in &record.names {
        bindings.set(name, value.clone());
    }
    let mut subjects = 0;
    let mut failures: Vec<Failure> = Vec::new();
    for (n, (step, done)) in case.steps().iter().zip(&record.steps).enumerate() {
        match settle(step, done, &mut bindings, schemas) {
            Outcome::Holds(seen) => subjects += seen,
            // A node that died is gone, whatever the step was for.
            Outcome::Wrong(wrong, exchange)
                if step.prepares() && (record.gone.is_none() || n + 1 < record.steps.len()) =>
            {
                let message = format!(
                    "step {} ({}) only prepares, and did not succeed: expected {}, got {}",
                    n + 1,
                    step.verb.name(),
                    wrong.expected,
                    wrong.got
                );
                let failure = Failure {
                    step: n,
                    verb: step.verb.name().to_owned(),
                    wrong,
                    exchange,
                };
                return CaseVerdict {
                    failures: vec![failure],
                    ..CaseVerdict::of(Verdict::Inconclusive, message)
                };
            }
            Outcome::Wrong(wrong, exchange) => {
                let verb = step.verb.name().to_owned();
                failures.push(Failure {
                    step: n,
                    verb,
                    wrong,
                    exchange,
                });
                // What follows may hang on what did not come.
                if !matches!(step.verb, Verb::Refuse(_)) {
                    break;
                }
            }
            Outcome::Vector(message) => return CaseVerdict::of(Verdict::Error, format!("step {}: {message}", n + 1)),
        }
    }
    if let Some(gone) = &record.gone {
        let log = if gone.log.is_empty() {
            String::new()
        } else {
            format!("; its last words: {}", gone.log.join(" / "))
        };
        return CaseVerdict {
            failures,
            ..CaseVerdict::of(Verdict::Unreachable, format!("{}{log}", gone.what))
        };
    }
    if let Some(first) = failures.first() {
        let message = format!(
            "step {} ({}): expected {}, got {}",
            first.step + 1,
            first.verb,
            first.wrong.expected,
            first.wrong.got
        );
        return CaseVerdict {
            verdict: Verdict::Fail,
            subjects,
            message,
            failures,
        };
    }
    if let Some(missing) = &record.missing {
        return CaseVerdict::of(Verdict::Inconclusive, missing.clone());
    }
    if record.steps.len() < case.steps().len() {
        return CaseVerdict::of(Verdict::Inconclusive, "the run ended before the case did");
    }
    if subjects == 0 {
        return CaseVerdict::of(Verdict::Inconclusive, "nothing was observed");
    }
    CaseVerdict {
        verdict: Verdict::Pass,
        subjects,
        message: String::new(),
        failures,
    }
}

/// Judges one step and keeps what it saves. The driver calls it too, so that both see the same names.
pub(crate) fn settle(step: &Step, done: &StepRecord, bindings: &mut Bindings, schemas: &Schemas) -> Outcome {
    for event in &done.events {
        if let Event::Known { name, value } = event {
            bindings.set(name, value.clone());
        }
    }
    let observation = match observe::observe(step, done, bindings) {
        Ok(observation) => observation,
        Err(outcome) => return outcome,
    };
    if let Some(name) = &step.save {
        bindings.save(
            name,
            Saved {
                body: observation.body.clone().unwrap_or(Value::Null),
                request: observation.request.clone(),
                status: observation.status.unwrap_or_default(),
                headers: observation
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                    .collect(),
            },
        );
    }
    let ordinary = step.verb.ordinary();
    let wanted = step
        .expectation()
        .map_or_else(|| ordinary.clone(), |expect| expect.over(ordinary.clone()));
    let subjects = if step.prepares() { 0 } else { observation.subjects };
    match expect::check(&wanted, &observation, bindings, schemas) {
        Outcome::Holds(_) => Outcome::Holds(subjects),
        other => other,
    }
}
