//! Whether a node holds a set of facts, as it should.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Observation, Outcome, answered, silent};
use crate::{
    judge::pattern,
    percent,
    protocol::instant,
    trace::{Answer, Exchange, StepRecord},
};

/// What the last answers about each fact and about the bookkeeping show.
pub(super) fn holds(facts: &Value, not: &Value, done: &StepRecord) -> Result<Observation, Outcome> {
    if done.exchanges.is_empty() {
        return Err(silent("questions about facts", "none were asked"));
    }
    let asked = asked(done);
    let shown = |fact: &Value| record(asked.get(path(id(fact)).as_str())?);
    let receipts = receipts(done)?;
    let (mut missing, mut changed, mut unaccounted) = (Vec::new(), Vec::new(), Vec::new());
    let wanted = list(facts);
    for fact in &wanted {
        let id = id(fact);
        let Some(record) = shown(fact) else {
            missing.push(id);
            continue;
        };
        changed.extend(differing(fact, &record).map(|member| format!("{id} {member}")));
        // One for what came from a peer, none for what is the node's own.
        let due = usize::from(!record["received_from"].is_null());
        if receipts.get(id).map_or(0, BTreeSet::len) != due {
            unaccounted.push(id);
        }
    }
    let forbidden = list(not);
    for fact in &forbidden {
        // Silence about a fact does not show that it is not there.
        let question = asked.get(path(id(fact)).as_str());
        answered(question.ok_or_else(|| silent("a question about each fact", "one was not asked"))?)?;
    }
    let unwanted = forbidden.iter().filter(|fact| shown(fact).is_some());
    let unwanted: Vec<&str> = unwanted.map(|fact| id(fact)).collect();
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
pub fn unaccounted(facts: &Value, done: &StepRecord) -> Vec<String> {
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
    format!("/v1/facts/{}", percent::encode(id))
}

/// By path, the last question about a fact.
fn asked(done: &StepRecord) -> BTreeMap<&str, &Exchange> {
    let single = done
        .exchanges
        .iter()
        .filter(|exchange| exchange.request.target.starts_with("/v1/facts/"));
    single
        .map(|exchange| (exchange.request.target.as_str(), exchange))
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
        |member: &str| same(member) || read(&fact[member]).is_some_and(|one| Some(one) == read(&record[member]));
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

#[cfg(test)]
mod tests {
    use crate::trace::{Body, Request, Response};

    use super::*;

    fn asked(target: &str, body: &Value) -> Exchange {
        Exchange {
            n: 1,
            on: None,
            request: Request {
                method: "GET".to_owned(),
                target: target.to_owned(),
                ..Request::default()
            },
            answer: Answer::Response(Response {
                status: 200,
                headers: Vec::new(),
                body: Body::Text(body.to_string()),
            }),
            took_us: 1,
        }
    }

    /// The driver asks again about these. What the judge makes of the rest is in `tests/selftest/holds.json`.
    #[test]
    fn the_driver_learns_whose_bookkeeping_is_not_shown() {
        let received = |id: &str| asked(&format!("/v1/facts/{id}"), &json!({"id": id, "received_from": "p"}));
        let receipt = json!({"facts": [{"id": "r", "entity": "one"}]});
        let done = StepRecord {
            exchanges: vec![received("one"), received("two"), asked("/v1/facts?limit=500", &receipt)],
            events: Vec::new(),
        };
        let facts = json!([{"id": "one"}, {"id": "two"}]);
        assert_eq!(unaccounted(&facts, &done), ["two"]);
        assert_eq!(unaccounted(&facts, &StepRecord::default()), [""; 0]);
    }
}
