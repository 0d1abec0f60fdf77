//! Rows of whole runs: what the verdicts of several cases make of each other.

use serde_json::Value;
use stigmem_judge::{
    judge,
    schemas::Schemas,
    trace::CaseRecord,
    vectors::{Case, CaseBody},
};

use super::{case, list, load, only, shorthand::step_record, text};

pub(crate) fn judge(row: &Value, schemas: &Schemas) -> Result<(), String> {
    only(row, &["id", "why", "cases", "did", "verdicts", "says"])?;
    let cases = row["cases"].as_object().expect("cases by their ids");
    let cases: Vec<Value> = cases
        .iter()
        .map(|(id, members)| case(&Value::from(id.as_str()), members))
        .collect();
    let vectors = load(&cases, schemas)?;
    let rules = vectors
        .cases
        .iter()
        .filter(|case| matches!(case.body, CaseBody::Every(_)));
    let rules: Vec<Case> = rules.cloned().collect();
    let did = row["did"].as_object().expect("what was done, by the ids of the cases");
    let records: Vec<CaseRecord> = did.iter().map(|(id, did)| record(id, did)).collect();
    let verdicts = judge::judge(&vectors, &rules, &records, schemas);
    let words = verdicts
        .iter()
        .map(|(id, verdict)| (id.clone(), verdict.verdict.word().into()));
    let words = Value::Object(words.collect());
    if words != row["verdicts"] {
        return Err(format!("wanted {}, found {words}", row["verdicts"]));
    }
    let says = row.get("says").map(text).unwrap_or_default();
    if verdicts.values().any(|verdict| verdict.message.contains(says)) {
        Ok(())
    } else {
        Err(format!("none says {says:?}"))
    }
}

fn record(id: &str, did: &Value) -> CaseRecord {
    let mut last = 0;
    CaseRecord {
        case: id.to_owned(),
        steps: list(did).iter().map(|did| step_record(did, &mut last)).collect(),
        ..CaseRecord::default()
    }
}
