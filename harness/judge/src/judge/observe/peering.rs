//! Steps of federation: what was made, what was run, what a peer was asked.

use serde_json::{Map, Value, json};

use super::{Observation, Outcome, silent};
use crate::{
    protocol::peering,
    trace::{Asked, Event, StepRecord},
};

/// The record that was completed.
pub(super) fn forge(done: &StepRecord) -> Result<Observation, Outcome> {
    match done.events.last() {
        Some(Event::Made(record)) => Ok(Observation::of_value(record.clone())),
        _ => Err(silent("a record to be made", "it was not")),
    }
}

/// Whether both registrations went well, and what the commands said.
pub(super) fn federate(done: &StepRecord) -> Result<Observation, Outcome> {
    let ran = done.events.iter().filter_map(|event| match event {
        Event::Ran {
            command, said, well, ..
        } => Some((command, said, well)),
        _ => None,
    });
    let ran: Vec<_> = ran.collect();
    if let Some((command, said, _)) = ran.iter().find(|(_, _, well)| !**well) {
        return Err(silent(
            "both nodes to be registered with each other",
            &format!("{command:?} failed and said: {}", said.trim()),
        ));
    }
    if ran.len() < 2 {
        return Err(silent("both nodes to be registered with each other", "they were not"));
    }
    Ok(Observation::of_value(json!({"registered": ran.len()})))
}

/// How a command ended, what it said and what it wrote.
pub(super) fn command(done: &StepRecord) -> Result<Observation, Outcome> {
    let ran = done.events.iter().find_map(|event| match event {
        Event::Ran { said, exit, file, .. } => Some(json!({"exit": exit, "said": said, "file": file})),
        _ => None,
    });
    ran.map(Observation::of_value)
        .ok_or_else(|| silent("a command to be run", "it was not"))
}

/// What a peer was asked: all of it, and counted.
pub(super) fn log(done: &StepRecord) -> Result<Observation, Outcome> {
    let Some(Event::Log { asked, key }) = done.events.last() else {
        return Err(silent("a peer's log", "there is none"));
    };
    let since = asked.first().map_or(0, |first| first.at_ms);
    let requests: Vec<Value> = asked.iter().map(|one| request(one, since, key.as_deref())).collect();
    let pulls: Vec<&Value> = requests
        .iter()
        .filter(|one| one["method"] == "GET" && one["path"] == "/v1/federation/facts")
        .collect();
    let cursors: Vec<&Value> = pulls.iter().map(|one| &one["query"]["cursor"]).collect();
    let times: Vec<i64> = pulls.iter().filter_map(|one| one["at_ms"].as_i64()).collect();
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    let unexpected: Vec<&Value> = requests.iter().filter(|one| !is_offered(one)).collect();
    let mut observation = Observation::of_value(json!({
        "requests": requests, "pulls": pulls, "pull_count": pulls.len(), "cursors": cursors, "gaps_ms": gaps,
        "unexpected": unexpected,
    }));
    // A log without requests is an observation too.
    observation.subjects = asked.len().max(1);
    Ok(observation)
}

/// Whether a request is for something that peers offer each other.
fn is_offered(request: &Value) -> bool {
    let offered = [
        ("GET", "/.well-known/stigmem"),
        ("GET", "/.well-known/stigmem-manifest.json"),
        ("GET", "/v1/federation/facts"),
        ("POST", "/v1/federation/facts/push"),
    ];
    offered
        .iter()
        .any(|(method, path)| request["method"] == *method && request["path"] == *path)
}

fn request(asked: &Asked, since: i64, key: Option<&str>) -> Value {
    let mut shown = Map::from_iter([
        ("method".to_owned(), asked.method.as_str().into()),
        ("path".to_owned(), asked.path.as_str().into()),
        ("query".to_owned(), asked.query.clone().into()),
        ("at_ms".to_owned(), asked.at_ms.saturating_sub(since).into()),
    ]);
    if let Some(token) = asked
        .authorization
        .as_deref()
        .and_then(|text| text.strip_prefix("Bearer "))
    {
        let claims = peering::claims(token).unwrap_or_default();
        let time = |name: &str| claims[name].as_i64();
        shown.insert(
            "token".to_owned(),
            json!({
                "genuine": key.is_some_and(|key| peering::is_signed_by(token, key)),
                "iss": claims["iss"], "sub": claims["sub"], "scopes": claims["scopes"], "nonce": claims["nonce"],
                // How long it was still good, and how long it is good in all, in milliseconds.
                "left_ms": time("exp").map(|exp| exp.saturating_sub(asked.at_ms)),
                "age_ms": time("iat").map(|iat| asked.at_ms.saturating_sub(iat)),
                "life_ms": time("exp").zip(time("iat")).map(|(exp, iat)| exp.saturating_sub(iat)),
            }),
        );
    }
    shown.into()
}
