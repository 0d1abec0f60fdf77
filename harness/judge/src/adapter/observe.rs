//! What was seen in a step, computed from its record alone. `vectors/adapter/README.md` lists the members.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    case::{Deed, Step},
    context::Block,
};
use crate::trace::{Answer, Ended, Event, Exchange, Hosted, StepRecord};

const DISCOVERY: &str = "/.well-known/stigmem";
const FACTS: &str = "/v1/facts";

/// The observation that patterns are held against; `None` when nothing took place.
pub(super) fn observe(step: &Step, done: &StepRecord) -> Option<Value> {
    let hosted = hosted(done)?;
    let requests = requests(done, hosted);
    let only = |wanted: fn(&Value) -> bool| filtered(&requests, wanted);
    let writes = only(|one| is(one, "POST", FACTS));
    let bodies: Vec<&Value> = writes.iter().map(|one| &one["body"]).collect();
    let queries = only(|one| is(one, "GET", FACTS));
    let queries: Vec<&Value> = queries.iter().map(|one| &one["query"]).collect();
    let mut seen = json!({
        "first": requests.first(),
        "api": only(|one| one["path"].as_str().is_some_and(|path| path.starts_with("/v1/"))),
        "posts": only(|one| one["method"] != "GET" && one["method"] != "HEAD"),
        "queries": queries,
        "probes": only(|one| is(one, "GET", DISCOVERY)).len(),
        "attempts": attempts(&writes),
        "about": about(&bodies),
        "writes": bodies,
        "handed": handed(done),
        "requests": requests,
    });
    add_host(step, hosted, &mut seen);
    Some(seen)
}

fn filtered(requests: &[Value], wanted: fn(&Value) -> bool) -> Vec<&Value> {
    requests.iter().filter(|one| wanted(one)).collect()
}

/// The host's part of a record.
pub(super) fn hosted(done: &StepRecord) -> Option<&Hosted> {
    done.events.iter().rev().find_map(|event| match event {
        Event::Hosted(hosted) => Some(&**hosted),
        _ => None,
    })
}

fn is(request: &Value, method: &str, path: &str) -> bool {
    request["method"] == *method && request["path"] == *path
}

fn requests(done: &StepRecord, hosted: &Hosted) -> Vec<Value> {
    let arrivals = hosted.arrivals_ms.iter().map(Some).chain(std::iter::repeat(None));
    let all = done.exchanges.iter().zip(arrivals);
    all.map(|(exchange, at_ms)| request(exchange, at_ms.copied())).collect()
}

fn request(exchange: &Exchange, at_ms: Option<u64>) -> Value {
    let sent = &exchange.request;
    let (path, query) = sent.target.split_once('?').unwrap_or((&sent.target, ""));
    let headers: BTreeMap<String, &str> = sent
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
        .collect();
    let body = match sent.body.json() {
        Some(body) => body,
        None if sent.body.is_empty() => Value::Null,
        None => sent.body.text().into(),
    };
    let status = match &exchange.answer {
        Answer::Response(response) => Some(response.status),
        Answer::None { .. } => None,
    };
    json!({
        "method": sent.method, "path": path, "query": pairs(query), "headers": headers, "body": body, "status": status,
        "at_ms": at_ms,
    })
}

/// The members of a query, decoded; of one that occurs twice the last. Who plays the node reads its requests so, too.
pub fn pairs(query: &str) -> Map<String, Value> {
    // The base is only there because a query alone is no URL.
    let url = Url::parse(&format!("http://node/?{query}")).ok();
    let pairs = url.iter().flat_map(Url::query_pairs);
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect()
}

/// Writes of the same thing, whoever it is said of: relation and value, save for instants, which are new each time. To
/// take something back is another thing than to say it.
fn attempts(writes: &[&Value]) -> Value {
    let mut found: Vec<(String, &Value, Vec<u64>)> = Vec::new();
    for write in writes {
        let body = &write["body"];
        let value = if body["value"]["type"] == "datetime" {
            "datetime".to_owned()
        } else {
            body["value"].to_string()
        };
        let taken_back = body["confidence"].as_f64().is_some_and(|sure| sure <= 0.0);
        let key = format!("{} {value} {taken_back}", body["relation"]);
        let at = write["at_ms"].as_u64().unwrap_or_default();
        match found.iter_mut().find(|(known, ..)| *known == key) {
            Some((.., times)) => times.push(at),
            None => found.push((key, &body["relation"], vec![at])),
        }
    }
    let each = found.into_iter().map(|(_, relation, times)| {
        let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        json!({"relation": relation, "times": times.len(), "gaps_ms": gaps})
    });
    each.collect()
}

/// What was written about each entity, in the order of the first write.
fn about(bodies: &[&Value]) -> Value {
    let mut found: Vec<(&Value, BTreeMap<&str, Vec<&Value>>)> = Vec::new();
    for body in bodies {
        let (Some(relation), entity) = (body["relation"].as_str(), &body["entity"]) else {
            continue;
        };
        let at = found.iter().position(|(known, _)| *known == entity).unwrap_or_else(|| {
            found.push((entity, BTreeMap::new()));
            found.len() - 1
        });
        let values = found[at].1.entry(relation).or_default();
        if !values.contains(&&body["value"]) {
            values.push(&body["value"]);
        }
    }
    let each = found.into_iter();
    each.map(|(entity, values)| json!({"entity": entity, "values": values}))
        .collect()
}

/// The ids of the facts that queries were answered with.
fn handed(done: &StepRecord) -> Vec<Value> {
    let pages = done.exchanges.iter().filter_map(|exchange| match &exchange.answer {
        Answer::Response(response)
            if response.status == 200
                && exchange.request.method == "GET"
                && exchange.request.target.split('?').next() == Some(FACTS) =>
        {
            response.body.json()
        }
        _ => None,
    });
    let ids = pages.flat_map(|page| {
        let facts = page["facts"].as_array().cloned().unwrap_or_default();
        facts.into_iter().map(|fact| fact["id"].clone())
    });
    ids.filter(|id| !id.is_null()).collect()
}

fn add_host(step: &Step, hosted: &Hosted, seen: &mut Value) {
    let stays = hosted.ended == Ended::Stays;
    let answered = hosted.answer["how"].as_str().is_some_and(|how| how != "none");
    let is_boot = matches!(&step.deed, Deed::Do(operation, _) if operation == "boot");
    let text = hosted.answer["text"].as_str().unwrap_or_default();
    let summary = hosted.answer["summary"].as_str().unwrap_or(text);
    let facts = hosted.answer["facts"].as_array().map_or(0, Vec::len);
    let output = match (is_boot, stays) {
        (true, _) => summary,
        (false, true) => "",
        (false, false) => hosted.stdout.as_str(),
    };
    let host = json!({
        "did": hosted.did,
        "ended": hosted.ended.word(),
        "exit": hosted.exit,
        "unharmed": if stays { answered } else { hosted.ended == Ended::Exited && hosted.exit == Some(0) },
        "ready": stays && answered,
        "stdout": hosted.stdout,
        "stderr": hosted.stderr,
        "output": output,
        "answer": hosted.answer,
        "tools": hosted.answer["tools"],
        "stray": hosted.stray,
        "took_ms": hosted.took_ms,
        "context": if is_boot { Block::read(summary).map(|block| block.seen()) } else { None },
        "empty": is_boot && summary.trim().is_empty() && facts == 0,
    });
    if let (Value::Object(seen), Value::Object(host)) = (seen, host) {
        seen.extend(host);
    }
}

#[cfg(test)]
mod tests;
