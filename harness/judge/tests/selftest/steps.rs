//! Rows of single steps and of cases.

use serde_json::{Value, json};
use stigmem_judge::{
    judge::{CaseVerdict, judge_case},
    schemas::Schemas,
    trace::CaseRecord,
};

use super::{case, list, load, only, shorthand::step_record};

pub(crate) fn judge(row: &Value, schemas: &Schemas) -> Result<(), String> {
    let known = ["id", "why", "names", "step", "steps", "did", "outcome"];
    only(row, &[&known[..], &["gone", "missing", "harness_error"]].concat())?;
    let outcome = &row["outcome"];
    let (mut steps, mut did) = match row.get("step") {
        Some(step) => (vec![step.clone()], vec![row["did"].clone()]),
        None => (list(&row["steps"]).to_vec(), list(&row["did"]).to_vec()),
    };
    if outcome.get("holds").is_some() {
        // One more subject, for a case without subjects shows nothing, whether its steps hold or not.
        steps.push(json!({"observe": 1, "expect": {"body": 1}}));
        did.push(json!([]));
    }
    let vectors = load(&[case(&row["id"], &json!({"steps": steps}))], schemas)?;
    let verdict = judge_case(&vectors.cases[0], &record(row, &did), schemas);
    compare(&in_full(outcome)?, &verdict)
}

fn record(row: &Value, did: &[Value]) -> CaseRecord {
    let member = |name: &str| row.get(name).cloned();
    let mut last = 0;
    let known = |value: Value| value.as_str().map(str::to_owned);
    CaseRecord {
        names: row["names"].as_object().cloned().unwrap_or_default(),
        steps: did.iter().map(|did| step_record(did, &mut last)).collect(),
        gone: member("gone").map(|gone| serde_json::from_value(gone).expect("how a node was gone")),
        missing: member("missing").and_then(known),
        harness_error: member("harness_error").and_then(known),
        ..CaseRecord::default()
    }
}

/// The outcome of a step as that of a case.
fn in_full(outcome: &Value) -> Result<Value, String> {
    if outcome.get("verdict").is_some() {
        only(outcome, &["verdict", "subjects", "message", "says", "failures"])?;
        return Ok(outcome.clone());
    }
    if let Some(holds) = outcome["holds"].as_u64() {
        only(outcome, &["holds"])?;
        return Ok(json!({"verdict": "pass", "subjects": holds + 1, "message": "", "failures": []}));
    }
    if let Some(says) = outcome.get("error") {
        only(outcome, &["error"])?;
        return Ok(json!({"verdict": "error", "says": says, "failures": []}));
    }
    only(outcome, &["fails", "unprepared", "exchange", "says"])?;
    let (verdict, at) = match (outcome.get("fails"), outcome.get("unprepared")) {
        (Some(at), None) => ("fail", at),
        (None, Some(at)) => ("inconclusive", at),
        _ => return Err(format!("what should come of it? {outcome}")),
    };
    let mut full = json!({"verdict": verdict, "failures": [{"step": 0, "at": at, "exchange": outcome["exchange"]}]});
    if let Some(says) = outcome.get("says") {
        full["says"] = says.clone();
    }
    Ok(full)
}

fn compare(wanted: &Value, verdict: &CaseVerdict) -> Result<(), String> {
    let failures: Vec<Value> = verdict
        .failures
        .iter()
        .map(|failure| {
            // The case is the one that is being judged, so it goes without a name.
            let exchange = failure
                .exchange
                .as_ref()
                .map(|(case, n)| if case.is_empty() { json!(n) } else { json!(case) });
            json!({"step": failure.step, "verb": failure.verb, "at": failure.wrong.pointer, "exchange": exchange})
        })
        .collect();
    let found = json!({
        "verdict": verdict.verdict.word(), "subjects": verdict.subjects, "message": verdict.message, "failures": failures,
    });
    let as_wanted = |name: &str| wanted.get(name).is_none_or(|wanted| *wanted == found[name]);
    let says = wanted.get("says").and_then(Value::as_str).unwrap_or_default();
    let failures_as_wanted = wanted.get("failures").is_none_or(|wanted| {
        let pairs = || list(wanted).iter().zip(&failures);
        list(wanted).len() == failures.len()
            && pairs().all(|(wanted, found)| {
                let mut members = wanted.as_object().into_iter().flatten();
                members.all(|(name, value)| *value == found[name])
            })
    });
    if ["verdict", "subjects", "message"].into_iter().all(as_wanted)
        && verdict.message.contains(says)
        && failures_as_wanted
    {
        Ok(())
    } else {
        Err(format!("wanted {wanted}, found {found}"))
    }
}
