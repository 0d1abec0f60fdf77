//! From the record of a case about an adapter to its verdict. Pure.

use serde_json::{Value, json};

use super::{
    case::{AdapterCase, Deed, Step},
    context::Block,
    observe::{hosted, observe},
};
use crate::{
    bindings::{Bindings, Saved, Unbound},
    judge::{CaseVerdict, Failure, Verdict, pattern, wrong::Wrong},
    trace::{CaseRecord, Gone, StepRecord},
};

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With the number of subjects.
    Holds(usize),
    Wrong(Wrong),
    /// The situation never arose.
    Unprepared(Wrong),
    /// The vector itself cannot be judged.
    Vector(String),
}

pub fn judge(adapter: &AdapterCase, record: &CaseRecord) -> CaseVerdict {
    if let Some(message) = &record.harness_error {
        return CaseVerdict::of(Verdict::Error, message.clone());
    }
    let mut bindings = Bindings::default();
    for (name, value) in &record.names {
        bindings.set(name, value.clone());
    }
    let mut subjects = 0;
    for (n, (step, done)) in adapter.steps.iter().zip(&record.steps).enumerate() {
        let is_last = n + 1 == record.steps.len();
        // The adapter was never there, or what it was to be told could not be said: what the step lacks is no failure.
        if is_last && (record.gone.is_some() || record.missing.is_some()) {
            break;
        }
        match settle(step, done, &mut bindings) {
            Outcome::Holds(more) => subjects += more,
            Outcome::Vector(message) => return CaseVerdict::of(Verdict::Error, format!("step {}: {message}", n + 1)),
            Outcome::Wrong(wrong) => return failed(Verdict::Fail, n, step, done, wrong),
            Outcome::Unprepared(wrong) => return failed(Verdict::Inconclusive, n, step, done, wrong),
        }
    }
    if let Some(Gone { what, log }) = &record.gone {
        let log = if log.is_empty() {
            String::new()
        } else {
            format!(": {}", log.join(" / "))
        };
        return CaseVerdict::of(Verdict::Unreachable, format!("{what}{log}"));
    }
    if let Some(missing) = &record.missing {
        return CaseVerdict::of(Verdict::Inconclusive, missing.clone());
    }
    if record.steps.len() < adapter.steps.len() {
        return CaseVerdict::of(Verdict::Inconclusive, "the run ended before the case did");
    }
    if subjects == 0 {
        return CaseVerdict::of(Verdict::Inconclusive, "nothing was observed");
    }
    CaseVerdict {
        subjects,
        ..CaseVerdict::of(Verdict::Pass, "")
    }
}

fn failed(verdict: Verdict, n: usize, step: &Step, done: &StepRecord, wrong: Wrong) -> CaseVerdict {
    let what = match verdict {
        Verdict::Fail => "",
        _ => " is not the situation that the case is about",
    };
    let message = format!(
        "step {} ({}){what}: expected {} at {}, got {}{}",
        n + 1,
        step.name(),
        wrong.expected,
        if wrong.pointer.is_empty() { "/" } else { &wrong.pointer },
        wrong.got,
        last_words(done)
    );
    // The last request is what the adapter did before it went wrong.
    let exchange = done.exchanges.last().map(|exchange| (String::new(), exchange.n));
    let failure = Failure {
        step: n,
        verb: step.name().to_owned(),
        wrong,
        exchange,
    };
    CaseVerdict {
        verdict,
        subjects: 0,
        message,
        failures: vec![failure],
    }
}

/// How the adapter ended, for people.
fn last_words(done: &StepRecord) -> String {
    let Some(hosted) = hosted(done) else {
        return String::new();
    };
    let exit = hosted.exit.map_or_else(String::new, |exit| format!(" with {exit}"));
    let last = hosted.stderr.lines().rev().find(|line| !line.trim().is_empty());
    let said = match last {
        None => String::new(),
        Some(line) => {
            let end = (0..=LONGEST_SAID).rev().find(|end| line.is_char_boundary(*end));
            format!(", standard error ends: {}", &line[..end.unwrap_or_default()])
        }
    };
    format!(" ({}{exit} after {} ms{said})", hosted.ended.word(), hosted.took_ms)
}

/// Judges one step and keeps what it saves. Whoever plays a case calls it too, so that both see the same names.
pub fn settle(step: &Step, done: &StepRecord, bindings: &mut Bindings) -> Outcome {
    if matches!(step.deed, Deed::Node(_)) {
        return Outcome::Holds(0);
    }
    for (place, found) in step.patterns() {
        if let Err(malformed) = pattern::check(found) {
            return Outcome::Vector(format!("{place}: {malformed}"));
        }
    }
    let Some(seen) = observe(step, done) else {
        return Outcome::Unprepared(Wrong::said("", "something to be seen", "nothing was recorded"));
    };
    let outcome = held(step, &seen, bindings).unwrap_or_else(|unbound| Outcome::Vector(unbound.to_string()));
    if let Some(name) = &step.save {
        let saved = Saved {
            body: seen,
            ..Saved::default()
        };
        bindings.save(name, saved);
    }
    outcome
}

fn held(step: &Step, seen: &Value, bindings: &Bindings) -> Result<Outcome, Unbound> {
    let ordinary = (step.premise.is_none() && step.expect.is_none()).then(|| went_well(step));
    if let Some(premise) = step.premise.as_ref().or(ordinary.as_ref())
        && let Err(wrong) = matches(premise, seen, bindings)?
    {
        return Ok(Outcome::Unprepared(wrong));
    }
    let Some(expect) = &step.expect else {
        return Ok(Outcome::Holds(0));
    };
    Ok(match matches(expect, seen, bindings)? {
        Ok(()) => Outcome::Holds(1),
        Err(wrong) => Outcome::Wrong(wrong),
    })
}

/// What a step that only prepares has to show.
fn went_well(step: &Step) -> Value {
    match step.deed {
        Deed::Start => json!({"ready": true}),
        Deed::Close => json!({"ended": "exited"}),
        Deed::Do(..) | Deed::Tools | Deed::Node(_) => json!({"unharmed": true, "answer": {"failed": false}}),
    }
}

/// A pattern over what was seen, with a whole context block among its members.
fn matches(wanted: &Value, seen: &Value, bindings: &Bindings) -> Result<Result<(), Wrong>, Unbound> {
    let mut filled = bindings.fill_value(wanted)?;
    let block = filled.as_object_mut().and_then(|members| members.remove("block"));
    if let Err(wrong) = pattern::matches(&filled, Some(seen)) {
        return Ok(Err(wrong));
    }
    let Some(block) = block else { return Ok(Ok(())) };
    let (wanted, found) = (
        block.as_str().unwrap_or_default(),
        seen["output"].as_str().unwrap_or_default(),
    );
    let settled = |text: &str| Block::read(text).map(|block| block.settled());
    Ok(if settled(wanted) == settled(found) {
        Ok(())
    } else {
        let expected = format!("a context block like {}", Value::from(wanted));
        Err(Wrong::new("/output", expected, Some(&found.into())))
    })
}

/// Bytes of the last line of standard error that a message shows.
const LONGEST_SAID: usize = 200;

#[cfg(test)]
mod tests;
