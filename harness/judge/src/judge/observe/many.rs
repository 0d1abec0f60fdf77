//! Steps of many exchanges: walks, bursts and the crash during writes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Observation, Outcome, Part, answered, silent};
use crate::{
    judge::{pattern, wrong::Wrong},
    protocol::hlc::Hlc,
    trace::{Answer, Event, Exchange, Response, StepRecord},
};

/// All answers of a walk, in order.
fn pages(done: &StepRecord) -> Result<Vec<(&Exchange, &Response)>, Outcome> {
    if done.exchanges.is_empty() {
        return Err(silent("at least one page", "no exchange took place"));
    }
    done.exchanges
        .iter()
        .map(|exchange| Ok((exchange, answered(exchange)?)))
        .collect()
}

fn parts(pages: &[(&Exchange, &Response)]) -> Vec<Part> {
    pages
        .iter()
        .map(|(exchange, response)| Part::of(exchange, response))
        .collect()
}

pub(super) fn walk(items: &str, done: &StepRecord) -> Result<Observation, Outcome> {
    let pages = pages(done)?;
    let parts = parts(&pages);
    // Another status than 200 is the matter of the expectation.
    if parts.iter().all(|part| part.status == 200) {
        parts.iter().try_for_each(|part| has_list(items, part))?;
        comes_to_an_end(&parts)?;
    }
    let bodies: Vec<&Value> = parts.iter().filter_map(|part| part.body.as_ref()).collect();
    let list = |body: &Value| {
        body.pointer(items)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let body = json!({
        "items": bodies.iter().flat_map(|body| list(body)).collect::<Vec<_>>(),
        "pages": pages.len(),
        "sizes": bodies.iter().map(|body| list(body).len()).collect::<Vec<_>>(),
        "totals": bodies.iter().map(|body| body["total"].clone()).collect::<Vec<_>>(),
    });
    Ok(Observation {
        body: Some(body),
        subjects: pages.len(),
        parts,
        ..Observation::default()
    })
}

/// A page without the list would count as one on which nothing stands.
fn has_list(items: &str, page: &Part) -> Result<(), Outcome> {
    let body = page
        .body
        .as_ref()
        .ok_or_else(|| Outcome::Wrong(Wrong::said("", "a JSON page", page.excerpt()), page.blame()))?;
    let found = body.pointer(items);
    if found.is_some_and(Value::is_array) {
        return Ok(());
    }
    Err(Outcome::Wrong(Wrong::new(items, "a list", found), page.blame()))
}

/// Whether the last page says that it is the last. If it does not, the walk was broken off for its length.
fn comes_to_an_end(pages: &[Part]) -> Result<(), Outcome> {
    let Some(last) = pages.last() else { return Ok(()) };
    let body = last.body.as_ref().unwrap_or(&Value::Null);
    if body["cursor"].is_string() && body["has_more"] != false {
        let wrong = Wrong::said(
            "/cursor",
            "null on the last page",
            format!("still another cursor after {} pages", pages.len()),
        );
        return Err(Outcome::Wrong(wrong, last.blame()));
    }
    Ok(())
}

/// Of a list that all cases share, only the entries about this case's entity are looked at. An entry that a later page shows
/// again is one record: whether pages overlap is judged where a case is about pages.
pub(super) fn conflicts(of: &str, done: &StepRecord) -> Result<Observation, Outcome> {
    let mut all = walk("/conflicts", done)?;
    let about = |fact: &Value| fact["entity"].as_str() == Some(of);
    let mut kept: Vec<Value> = Vec::new();
    for body in all.parts.iter_mut().filter_map(|part| part.body.as_mut()) {
        if let Some(items) = body.get_mut("conflicts").and_then(Value::as_array_mut) {
            items.retain(|item| about(&item["fact_a"]) || about(&item["fact_b"]));
            let earlier = kept.len();
            for item in items.iter() {
                let same = |one: &Value| one["conflict_id"].is_string() && one["conflict_id"] == item["conflict_id"];
                if !kept.iter().take(earlier).any(same) {
                    kept.push(item.clone());
                }
            }
        }
    }
    let body = json!({"conflicts": kept, "pages": all.parts.len()});
    Ok(Observation {
        body: Some(body),
        ..all
    })
}

pub(super) fn assert_many(done: &StepRecord) -> Result<Observation, Outcome> {
    let answers = pages(done)?;
    for (exchange, response) in &answers {
        if response.status != 201 {
            let got = format!("{} for one of {}", response.status, answers.len());
            return Err(Outcome::Wrong(
                Wrong::said("", "status 201 for each", got),
                Some((String::new(), exchange.n)),
            ));
        }
    }
    let parts = parts(&answers);
    let facts: Vec<Value> = parts.iter().filter_map(|part| part.body.clone()).collect();
    Ok(Observation {
        body: Some(json!({"facts": facts})),
        subjects: facts.len(),
        parts,
        ..Observation::default()
    })
}

pub(super) fn assert_concurrently(done: &StepRecord) -> Result<Observation, Outcome> {
    let acknowledged: Vec<(&Exchange, &Response)> = done.exchanges.iter().filter_map(acknowledged).collect();
    if acknowledged.is_empty() {
        return Err(silent("at least one 2xx", "none"));
    }
    let parts = parts(&acknowledged);
    let facts: Vec<Value> = parts.iter().filter_map(|part| part.body.clone()).collect();
    let statuses: Vec<Value> = done.exchanges.iter().map(status).collect();
    let body = json!({"facts": facts, "statuses": statuses});
    Ok(Observation {
        body: Some(body),
        subjects: facts.len(),
        parts,
        ..Observation::default()
    })
}

/// The statuses of all answers, silence as null.
pub(super) fn at_once(done: &StepRecord) -> Result<Observation, Outcome> {
    if done.exchanges.is_empty() {
        return Err(silent("requests at once", "none were sent"));
    }
    let statuses: Vec<Value> = done.exchanges.iter().map(status).collect();
    Ok(Observation {
        subjects: statuses.len(),
        body: Some(json!({"statuses": statuses})),
        ..Observation::default()
    })
}

fn acknowledged(exchange: &Exchange) -> Option<(&Exchange, &Response)> {
    match &exchange.answer {
        Answer::Response(response) if (200..300).contains(&response.status) => Some((exchange, response)),
        _ => None,
    }
}

fn status(exchange: &Exchange) -> Value {
    match &exchange.answer {
        Answer::Response(response) => response.status.into(),
        Answer::None { .. } => Value::Null,
    }
}

/// Writes up to the boundary; behind it one read for each acknowledged fact, and at the end one more write.
pub(super) fn kill_during_writes(done: &StepRecord) -> Result<Observation, Outcome> {
    let boundary = done.events.iter().find_map(|event| match event {
        Event::Boundary(boundary) => Some((*boundary).min(done.exchanges.len())),
        _ => None,
    });
    let Some((before, after)) = boundary.map(|boundary| done.exchanges.split_at(boundary)) else {
        return Err(silent(
            "a kill and a restart in the middle of writes",
            "they did not happen",
        ));
    };
    let [reads @ .., last] = after else {
        return Err(silent("a write after the restart", "none"));
    };
    let written: Vec<Value> = before
        .iter()
        .filter_map(acknowledged)
        .map(record_of)
        .collect::<Result<_, _>>()?;
    let found: BTreeMap<&str, Value> = reads.iter().filter_map(read_back).collect();
    let mut missing = Vec::new();
    let mut changed = Vec::new();
    for fact in &written {
        let id = fact["id"].as_str().unwrap_or_default();
        match found.get(id) {
            None => missing.push(id),
            Some(read) if KEPT.iter().any(|member| !pattern::equal(&read[member], &fact[member])) => changed.push(id),
            Some(_) => {}
        }
    }
    let clock = |fact: &Value| fact["hlc"].as_str().and_then(|text| text.parse::<Hlc>().ok());
    let last_before = written
        .iter()
        .max_by_key(|fact| clock(fact))
        .map(|fact| fact["hlc"].clone());
    let first_after = answered(last)?.body.json().map(|fact| fact["hlc"].clone());
    let body = json!({
        "acknowledged": written, "missing": missing, "changed": changed,
        "last_hlc_before": last_before, "first_hlc_after": first_after,
    });
    Ok(Observation {
        body: Some(body),
        subjects: written.len(),
        ..Observation::default()
    })
}

/// The record in an acknowledgement. Without its id nobody could look whether it is still there.
fn record_of((exchange, response): (&Exchange, &Response)) -> Result<Value, Outcome> {
    let fact = response.body.json().filter(|fact| fact["id"].is_string());
    fact.ok_or_else(|| {
        let part = Part::of(exchange, response);
        let got = format!("{}{}", part.status, part.excerpt());
        Outcome::Wrong(
            Wrong::said("", "the record of a fact in each acknowledgement", got),
            part.blame(),
        )
    })
}

/// The id that was asked for, and the record that came.
fn read_back(exchange: &Exchange) -> Option<(&str, Value)> {
    let (_, response) = acknowledged(exchange)?;
    Some((exchange.request.target.rsplit('/').next()?, response.body.json()?))
}

/// What a stored fact never loses.
const KEPT: [&str; 9] = [
    "id",
    "entity",
    "relation",
    "value",
    "source",
    "timestamp",
    "hlc",
    "confidence",
    "scope",
];
