//! From a trace to verdicts. Pure: the same function serves while driving and when a stranger's trace is judged again.

mod every;
mod expect;
mod observe;
pub mod pattern;
mod verdict;
pub mod wrong;

use std::collections::BTreeMap;

use serde_json::Value;

pub use every::judge as judge_rules;
pub use expect::Outcome;
pub use observe::unaccounted;
pub use verdict::{CaseVerdict, Failure, Verdict};

use crate::{
    adapter,
    bindings::{Bindings, Saved},
    schemas::Schemas,
    trace::{CaseRecord, Event, StepRecord},
    vectors::{Case, Step, Vectors, Verb},
};

/// Whether a rule about everything is about what was recorded of a case, too.
pub type Concerns<'a> = &'a dyn Fn(&Case, &CaseRecord) -> bool;

/// Judges all recorded cases and the rules about everything.
pub fn judge(
    vectors: &Vectors,
    rules: &[Case],
    records: &[CaseRecord],
    schemas: &Schemas,
) -> BTreeMap<String, CaseVerdict> {
    judge_among(vectors, rules, records, schemas, &|_, _| true)
}

/// The same where not every rule is about every record.
pub fn judge_among(
    vectors: &Vectors,
    rules: &[Case],
    records: &[CaseRecord],
    schemas: &Schemas,
    concerns: Concerns<'_>,
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
    verdicts.extend(every::among(rules, records, schemas, concerns));
    doubt(vectors, &mut verdicts);
    verdicts
}

/// A node that refuses everything in perfect form, or answers one page to all, does nothing right. What it answers is evidence only
/// beside a case in which it stored a fact and showed it again. So is the silence of an adapter, beside one in which it asked its node.
fn doubt(vectors: &Vectors, verdicts: &mut BTreeMap<String, CaseVerdict>) {
    let is_witness = |id: &str| vectors.find(id).is_some_and(Case::is_witness);
    if verdicts
        .iter()
        .any(|(id, verdict)| verdict.verdict == Verdict::Pass && is_witness(id))
    {
        return;
    }
    for (id, verdict) in verdicts
        .iter_mut()
        .filter(|(_, verdict)| verdict.verdict == Verdict::Pass)
    {
        let what = match vectors.find(id).and_then(Case::adapter) {
            None => "did the node store a fact and show it again",
            Some(_) => "did the adapter ask its node for anything",
        };
        let message = format!("as expected, but in no case {what}, so this shows nothing");
        *verdict = CaseVerdict::of(Verdict::Inconclusive, message);
    }
}

/// One case: the first step that does not hold decides, save that refusals are all looked at.
pub fn judge_case(case: &Case, record: &CaseRecord, schemas: &Schemas) -> CaseVerdict {
    if let Some(adapter) = case.adapter() {
        return adapter::judge::judge(adapter, record);
    }
    if let Some(message) = &record.harness_error {
        return CaseVerdict::of(Verdict::Error, message.clone());
    }
    let Shown { subjects, failures } = match look_at_steps(case, record, schemas) {
        Ok(shown) => shown,
        Err(verdict) => return *verdict,
    };
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

/// What the steps of a case showed.
#[derive(Debug, Default)]
struct Shown {
    subjects: usize,
    failures: Vec<Failure>,
}

/// Up to the first step that ends the case; or the verdict, where that step says nothing about the node.
fn look_at_steps(case: &Case, record: &CaseRecord, schemas: &Schemas) -> Result<Shown, Box<CaseVerdict>> {
    let mut bindings = Bindings::default();
    for (name, value) in &record.names {
        bindings.set(name, value.clone());
    }
    let mut shown = Shown::default();
    for (n, (step, done)) in case.steps().iter().zip(&record.steps).enumerate() {
        let is_last = n + 1 == record.steps.len();
        let (wrong, exchange) = match settle(step, done, &mut bindings, schemas) {
            Outcome::Holds(subjects) => {
                shown.subjects += subjects;
                continue;
            }
            // The situation of this step could not be made, so what it lacks is no failure.
            _ if is_last && record.missing.is_some() => break,
            // A refusal before it has decided.
            Outcome::Vector(_) if !shown.failures.is_empty() => break,
            Outcome::Vector(message) => {
                let message = format!("step {}: {message}", n + 1);
                return Err(Box::new(CaseVerdict::of(Verdict::Error, message)));
            }
            Outcome::Wrong(wrong, exchange) => (wrong, exchange),
        };
        let failure = Failure {
            step: n,
            verb: step.verb.name().to_owned(),
            wrong,
            exchange,
        };
        // A node that died is gone, whatever the step was for.
        if step.prepares() && !(is_last && record.gone.is_some()) {
            if shown.failures.is_empty() {
                return Err(Box::new(unprepared(failure)));
            }
            break;
        }
        shown.failures.push(failure);
        // What follows may hang on what did not come.
        if !matches!(step.verb, Verb::Refuse(_)) {
            break;
        }
    }
    Ok(shown)
}

/// The situation that the case is about never arose.
fn unprepared(failure: Failure) -> CaseVerdict {
    let message = format!(
        "step {} ({}) only prepares, and did not succeed: expected {}, got {}",
        failure.step + 1,
        failure.verb,
        failure.wrong.expected,
        failure.wrong.got
    );
    CaseVerdict {
        failures: vec![failure],
        ..CaseVerdict::of(Verdict::Inconclusive, message)
    }
}

/// Judges one step and keeps what it saves. The driver calls it too, so that both see the same names.
pub fn settle(step: &Step, done: &StepRecord, bindings: &mut Bindings, schemas: &Schemas) -> Outcome {
    for event in &done.events {
        if let Event::Known { name, value } = event {
            bindings.set(name, value.clone());
        }
    }
    if let Some(message) = step.expectation().and_then(expect::malformed) {
        return Outcome::Vector(message);
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
                    .flatten()
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
