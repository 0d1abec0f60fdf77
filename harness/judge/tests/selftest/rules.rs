//! Rows of rules about everything.

use serde_json::{Value, json};
use stigmem_judge::{
    judge::{CaseVerdict, judge_rules},
    schemas::Schemas,
    trace::CaseRecord,
};

use super::{case, list, load, only, shorthand::step_record, text};

pub(crate) fn judge(row: &Value, schemas: &Schemas) -> Result<(), String> {
    only(row, &["id", "why", "rule", "cases", "outcome"])?;
    let vectors = load(&[case(&row["id"], &row["rule"])], schemas)?;
    let records: Vec<CaseRecord> = list(&row["cases"]).iter().map(record).collect();
    let verdicts = judge_rules(&vectors.cases, &records, schemas);
    let [(id, verdict)] = &verdicts[..] else {
        return Err(format!("{} verdicts on one rule", verdicts.len()));
    };
    assert_eq!(id, text(&row["id"]));
    compare(&row["outcome"], verdict)
}

fn record(played: &Value) -> CaseRecord {
    let mut record = CaseRecord {
        case: text(&played["case"]).to_owned(),
        steps: vec![step_record(&played["did"], &mut 0)],
        ..CaseRecord::default()
    };
    record.names.insert("node".to_owned(), played["node"].clone());
    record
}

fn compare(outcome: &Value, verdict: &CaseVerdict) -> Result<(), String> {
    let found = format!(
        "{} over {}: {:?} {:?}",
        verdict.verdict.word(),
        verdict.subjects,
        verdict.message,
        verdict.failures
    );
    let is_so = if outcome == "unseen" {
        verdict.verdict.word() == "inconclusive" && verdict.subjects == 0 && verdict.failures.is_empty()
    } else if let Some(says) = outcome.get("error") {
        only(outcome, &["error"])?;
        verdict.verdict.word() == "error" && verdict.message.contains(text(says)) && verdict.failures.is_empty()
    } else if let Some(holds) = outcome.get("holds") {
        only(outcome, &["holds"])?;
        verdict.verdict.word() == "pass" && json!(verdict.subjects) == *holds && verdict.failures.is_empty()
    } else {
        only(outcome, &["fails", "case", "exchange", "broken", "of", "shown", "says"])?;
        fails(outcome, verdict)
    };
    if is_so {
        Ok(())
    } else {
        Err(format!("wanted {outcome}, found {found}"))
    }
}

fn fails(outcome: &Value, verdict: &CaseVerdict) -> bool {
    let (broken, of) = (&outcome["broken"], &outcome["of"]);
    let says = outcome.get("says").map(text).unwrap_or_default();
    let shown = outcome.get("shown").unwrap_or(broken);
    let is_first = verdict.failures.first().is_some_and(|first| {
        let blamed = first.exchange.as_ref();
        first.verb == "every"
            && outcome["fails"] == first.wrong.pointer
            && blamed.is_some_and(|(case, n)| outcome["case"] == *case && outcome["exchange"] == *n)
    });
    verdict.verdict.word() == "fail"
        && is_first
        && json!(verdict.subjects) == *of
        && json!(verdict.failures.len()) == *shown
        && verdict
            .message
            .starts_with(&format!("{broken} of {of} break the rule; the first: expected "))
        && verdict.message.contains(says)
}
