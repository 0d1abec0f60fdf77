//! Whether a node holds a set of facts, as it should.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Observation, Outcome, answered, silent};
use crate::{
    judge::pattern,
    protocol::instant,
    trace::{Answer, Exchange, StepRecord},
    world::http::percent,
};

/// What the last answers about each fact and about the bookkeeping show.
pub(super) fn holds(facts: &Value, not: &Value, done: &StepRecord) -> Result<Observation, Outcome> {
    if done.exchanges.is_empty() {
        return Err(silent("questions about facts", "none were asked"));
    }
    let shown = shown(done);
    let receipts = receipts(done)?;
    let (mut missing, mut changed, mut unaccounted) = (Vec::new(), Vec::new(), Vec::new());
    let wanted = list(facts);
    for fact in &wanted {
        let id = id(fact);
        let Some(Some(record)) = shown.get(&path(id)) else {
            missing.push(id);
            continue;
        };
        changed.extend(differing(fact, record).map(|member| format!("{id} {member}")));
        // One for what came from a peer, none for what is the node's own.
        let due = usize::from(!record["received_from"].is_null());
        if receipts.get(id).map_or(0, BTreeSet::len) != due {
            unaccounted.push(id);
        }
    }
    let forbidden = list(not);
    let is_there = |id: &&str| matches!(shown.get(&path(id)), Some(Some(_)));
    let unwanted: Vec<&str> = forbidden.iter().map(|fact| id(fact)).filter(is_there).collect();
    let body = json!({
        "held": wanted.len() - missing.len(), "missing": missing, "changed": changed, "unwanted": unwanted,
        "unaccounted": unaccounted,
    });
    Ok(Observation {
        subjects: wanted.len() + forbidden.len(),
        ..Observation::of_value(body)
    })
}

/// The facts whose bookkeeping the answers so far do not account for.
pub(crate) fn unaccounted(facts: &Value, done: &StepRecord) -> Vec<String> {
    let observed = holds(facts, &Value::Null, done)
        .ok()
        .and_then(|observation| observation.body);
    let ids = observed.as_ref().map_or(&Value::Null, |body| &body["unaccounted"]);
    list(ids)
        .into_iter()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect()
}

fn list(facts: &Value) -> Vec<&Value> {
    facts.as_array().into_iter().flatten().collect()
}

fn id(fact: &Value) -> &str {
    fact["id"].as_str().unwrap_or_default()
}

fn path(id: &str) -> String {
    format!("/v1/facts/{}", percent(id))
}

/// By path, the record that was shown last, or none.
fn shown(done: &StepRecord) -> BTreeMap<String, Option<Value>> {
    let single = done
        .exchanges
        .iter()
        .filter(|exchange| exchange.request.target.starts_with("/v1/facts/"));
    single
        .map(|exchange| (exchange.request.target.clone(), record(exchange)))
        .collect()
}

fn record(exchange: &Exchange) -> Option<Value> {
    match &exchange.answer {
        Answer::Response(response) if response.status == 200 => response.body.json(),
        _ => None,
    }
}

/// The `stigmem:received_from` facts about each id. A walk may show one of them twice, which is another rule's matter.
fn receipts(done: &StepRecord) -> Result<BTreeMap<String, BTreeSet<String>>, Outcome> {
    let mut receipts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for exchange in &done.exchanges {
        if exchange.request.target.starts_with("/v1/facts?") {
            let page = answered(exchange)?.body.json().unwrap_or_default();
            for fact in list(&page["facts"]) {
                let about = fact["entity"].as_str().unwrap_or_default().to_owned();
                receipts.entry(about).or_default().insert(id(fact).to_owned());
            }
        }
    }
    Ok(receipts)
}

/// The members in which a record differs from what the fact said. What the fact left open, the node chose.
fn differing(fact: &Value, record: &Value) -> impl Iterator<Item = &'static str> {
    let same = |member: &str| fact[member].is_null() || pattern::equal(&fact[member], &record[member]);
    let read = |value: &Value| value.as_str().and_then(|text| instant::parse(text).ok());
    let same_instant =
        |member: &str| same(member) || read(&fact[member]).is_none_or(|one| Some(one) == read(&record[member]));
    let kept = KEPT.into_iter().filter(|member| !same(member));
    let times = TIMES.into_iter().filter(|member| !same_instant(member));
    kept.chain(times).collect::<Vec<_>>().into_iter()
}

/// What travels unchanged.
const KEPT: [&str; 8] = [
    "entity",
    "relation",
    "value",
    "source",
    "hlc",
    "confidence",
    "scope",
    "cid",
];
const TIMES: [&str; 2] = ["timestamp", "valid_until"];
