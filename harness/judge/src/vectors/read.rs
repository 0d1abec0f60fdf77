//! From JSON to typed cases. The schema has been asserted before, so what is left here are the rules it cannot say.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::step::{RawPart, RequestTemplate, Then};
use super::world::{CommandName, CommandWish, usual_scopes};
use super::{Case, CaseBody, Check, Credential, Every, Expect, Step, Vectors, Verb};
use crate::{adapter, data::Data, error::InputError, schemas::Schemas};

/// Reads every `vectors/<area>/*.json` but `vectors/pure`.
pub fn load(data: &Data, schemas: &Schemas) -> Result<Vectors, InputError> {
    let mut cases = Vec::new();
    for (name, text) in data
        .below("vectors/", ".json")
        .filter(|(name, _)| !name.starts_with("vectors/pure/"))
    {
        let file: Value =
            serde_json::from_str(text).map_err(|error| InputError::at(name, "", format!("is not JSON: {error}")))?;
        if name.starts_with("vectors/adapter/") {
            schemas.check_file("adapter", name, &file)?;
            adapter::case::read_file(name, &file, &mut cases)?;
            continue;
        }
        schemas.check_file("vector", name, &file)?;
        read_file(name, &file, &mut cases)?;
    }
    Ok(Vectors { cases })
}

fn read_file(name: &str, file: &Value, cases: &mut Vec<Case>) -> Result<(), InputError> {
    let area = file["area"].as_str().unwrap_or_default();
    if name.split('/').nth(1) != Some(area) {
        return Err(InputError::at(
            name,
            "/area",
            format!("is {area:?}, but the folder has another name"),
        ));
    }
    for (n, case) in file["cases"].as_array().into_iter().flatten().enumerate() {
        let pointer = format!("/cases/{n}");
        let fail = |(at, message): Problem| InputError::at(name, &format!("{pointer}{at}"), message);
        let base = read_case(case, name, area, &pointer).map_err(fail)?;
        let rows: Vec<Map<String, Value>> = member(case, "rows").map_err(fail)?.unwrap_or_default();
        if rows.is_empty() {
            cases.push(base);
            continue;
        }
        for row in rows {
            let id = row["id"].as_str().unwrap_or_default();
            let covers = row
                .get("covers")
                .map_or_else(|| Ok(base.covers.clone()), |covers| parse(covers, "/rows"))
                .map_err(fail)?;
            cases.push(Case {
                id: format!("{}/{id}", base.id),
                covers,
                row,
                ..base.clone()
            });
        }
    }
    Ok(())
}

/// Where below the case, and what is wrong there.
pub(crate) type Problem = (String, String);

fn read_case(case: &Value, file: &str, area: &str, pointer: &str) -> Result<Case, Problem> {
    let body = match case.get("every") {
        Some(subject) => CaseBody::Every(Box::new(read_every(case, subject)?)),
        None => CaseBody::Steps(read_steps(case)?),
    };
    Ok(Case {
        id: member(case, "id")?.unwrap_or_default(),
        area: area.to_owned(),
        file: file.to_owned(),
        pointer: pointer.to_owned(),
        covers: member(case, "covers")?.unwrap_or_default(),
        why: member(case, "why")?.unwrap_or_default(),
        needs: member(case, "needs")?.unwrap_or_default(),
        lacks: member(case, "lacks")?.unwrap_or_default(),
        node: member(case, "node")?.unwrap_or_default(),
        world: member(case, "world")?,
        keys: member(case, "keys")?.unwrap_or_default(),
        times: member(case, "times")?.unwrap_or_default(),
        row: Map::new(),
        body,
    })
}

fn read_every(case: &Value, subject: &Value) -> Result<Every, Problem> {
    let check = if let Some(constant) = case.get("constant") {
        Check::Constant {
            by: member(constant, "by")?.unwrap_or_default(),
            members: member(constant, "members")?.unwrap_or_default(),
        }
    } else if let Some(unique) = case.get("unique") {
        Check::Unique {
            by: member(unique, "by")?.unwrap_or_default(),
            key: member(unique, "for")?.unwrap_or_default(),
        }
    } else {
        Check::Expect(Box::new(member(case, "expect")?.unwrap_or_default()))
    };
    Ok(Every {
        subject: parse(subject, "/every")?,
        filter: member(case, "where")?.unwrap_or_default(),
        check,
    })
}

fn read_steps(case: &Value) -> Result<Vec<Step>, Problem> {
    let steps = case["steps"].as_array().into_iter().flatten().enumerate();
    steps
        .map(|(n, step)| read_step(step).map_err(|(at, what)| (format!("/steps/{n}{at}"), what)))
        .collect()
}

const BESIDE: [&str; 7] = ["as", "on", "save", "expect", "premise", "secret", "control"];

/// Members of a `command` step beside the name of the command.
const OF_COMMANDS: [&str; 4] = ["at", "scopes", "with", "file"];

fn read_step(step: &Value) -> Result<Step, Problem> {
    let Some(members) = step.as_object() else {
        return Err((String::new(), "a step is an object".to_owned()));
    };
    let beside: &[&str] = if members.contains_key("command") {
        &OF_COMMANDS
    } else {
        &[]
    };
    let is_verb = |key: &&String| !BESIDE.contains(&key.as_str()) && !beside.contains(&key.as_str());
    let verbs: Vec<&String> = members.keys().filter(is_verb).collect();
    let [verb] = verbs[..] else {
        return Err((
            String::new(),
            format!("a step has exactly one verb, and this one has {verbs:?}"),
        ));
    };
    let on: Option<String> = member(step, "on")?;
    let mut read = match verb.as_str() {
        "command" => Verb::Command(read_command(step)?),
        verb => read_verb(verb, &members[verb]).map_err(|(at, what)| (format!("/{verb}{at}"), what))?,
    };
    if let Verb::Until { step: inner, .. } = &mut read {
        if members.contains_key("expect") {
            return Err(("/expect".to_owned(), "`until` has its `expect` inside".to_owned()));
        }
        // What is looked at again and again is on the same node.
        inner.on = inner.on.take().or_else(|| on.clone());
    }
    Ok(Step {
        verb: read,
        credential: read_credential(members.get("as"))?,
        on,
        save: member(step, "save")?,
        expect: member(step, "expect")?,
        premise: member(step, "premise")?.unwrap_or_default(),
        control: member(step, "control")?.unwrap_or_default(),
        secret: member(step, "secret")?,
        source: step.clone(),
    })
}

fn read_verb(name: &str, value: &Value) -> Result<Verb, Problem> {
    Ok(match name {
        "assert" => Verb::Assert(value.clone()),
        "query" => Verb::Query(parse(value, "")?),
        "get" => Verb::Get(parse(value, "")?),
        "fact" => Verb::Fact(parse(value, "")?),
        "conflicts" => Verb::Conflicts {
            of: member(value, "of")?.unwrap_or_default(),
            status: member(value, "status")?,
        },
        "resolve" => {
            let mut body: Map<String, Value> = parse(value, "")?;
            let conflict = body.remove("conflict").unwrap_or_default();
            Verb::Resolve {
                conflict: parse(&conflict, "/conflict")?,
                body,
            }
        }
        "request" => Verb::Request(parse::<RequestTemplate>(value, "")?),
        "walk" => Verb::Walk {
            path: member(value, "path")?.unwrap_or_else(|| "/v1/facts".to_owned()),
            items: member(value, "items")?.unwrap_or_else(|| "/facts".to_owned()),
            query: member(value, "query")?.unwrap_or_default(),
        },
        "refuse" => Verb::Refuse(parse(value, "")?),
        "assert_many" => Verb::AssertMany {
            count: count(value, "count")?,
            body: value["body"].clone(),
        },
        "assert_concurrently" => Verb::AssertConcurrently {
            count: count(value, "count")?,
            body: value["body"].clone(),
        },
        "raw" => Verb::Raw {
            send: read_raw(&value["send"])?,
            then: member::<Then>(value, "then")?.unwrap_or_default(),
            within_ms: member(value, "within_ms")?.unwrap_or(10_000),
        },
        "until" => Verb::Until {
            within_ms: member(value, "within_ms")?.unwrap_or(10_000),
            step: Box::new(read_step(&value["step"]).map_err(|(at, what)| (format!("/step{at}"), what))?),
        },
        "hold" => Verb::Hold {
            connections: count(value, "connections")?,
            send: read_raw(&value["send"])?,
        },
        "observe" => Verb::Observe(value.clone()),
        "stop" => Verb::Stop,
        "kill" => Verb::Kill,
        "start" => Verb::Start,
        "restart" => Verb::Restart,
        "register" => Verb::Register {
            peer: member(value, "peer")?.unwrap_or_default(),
            with: member(value, "with")?.unwrap_or_default(),
            then: member(value, "then")?.unwrap_or_default(),
            malleated: member(value, "malleated")?.unwrap_or_default(),
            approve: member(value, "approve")?.unwrap_or(true),
        },
        "at_once" => Verb::AtOnce {
            count: count(value, "count")?,
            request: member(value, "request")?.unwrap_or_default(),
        },
        "federate" => Verb::Federate {
            nodes: member(value, "nodes")?.unwrap_or_default(),
            scopes: member(value, "scopes")?.unwrap_or_else(usual_scopes),
            by: member(value, "by")?.unwrap_or(CommandName::Introduce),
        },
        "forge" => Verb::Forge(parse(value, "")?),
        "forge_many" => Verb::ForgeMany {
            count: count(value, "count")?,
            fact: member(value, "fact")?.unwrap_or_default(),
        },
        "holds" => Verb::Holds {
            facts: value["facts"].clone(),
            not: value["not"].clone(),
            within_ms: member(value, "within_ms")?.unwrap_or(20_000),
        },
        "replay" => Verb::Replay {
            to: member(value, "to")?.unwrap_or_default(),
            from: member(value, "from")?.unwrap_or_default(),
            path: member(value, "path")?.unwrap_or_else(|| "/v1/federation/facts".to_owned()),
        },
        "pause" => Verb::Pause,
        "resume" => Verb::Resume,
        "lose" => Verb::Lose,
        "serve" => Verb::Serve(parse(value, "")?),
        "log" => Verb::Log(parse(value, "")?),
        "link" => Verb::Link(parse(value, "")?),
        "kill_during_writes" => Verb::KillDuringWrites {
            clients: count(value, "clients")?,
            kill_after: count(value, "kill_after")?,
            body: value["body"].clone(),
        },
        other => {
            return Err((
                String::new(),
                format!("{other:?} is not a verb; vectors/README.md lists them"),
            ));
        }
    })
}

fn read_command(step: &Value) -> Result<CommandWish, Problem> {
    Ok(CommandWish {
        name: parse(&step["command"], "/command")?,
        at: member(step, "at")?,
        scopes: member(step, "scopes")?.unwrap_or_else(usual_scopes),
        with: member(step, "with")?.unwrap_or_default(),
        file: step.get("file").cloned(),
    })
}

fn read_credential(value: Option<&Value>) -> Result<Credential, Problem> {
    let Some(value) = value else {
        return Ok(Credential::Ordinary);
    };
    Ok(match value {
        Value::Null => Credential::None,
        Value::String(name) => Credential::Named(name.clone()),
        other => match (other.get("bearer"), other.get("header"), other.get("token")) {
            (Some(bearer), None, None) => Credential::Bearer(parse(bearer, "/as/bearer")?),
            (None, Some(header), None) => Credential::Header(parse(header, "/as/header")?),
            (None, None, Some(token)) => Credential::Token(Box::new(parse(token, "/as/token")?)),
            _ => {
                return Err((
                    "/as".to_owned(),
                    "names a key, is null, or has one of bearer, header and token".to_owned(),
                ));
            }
        },
    })
}

fn read_raw(value: &Value) -> Result<Vec<RawPart>, Problem> {
    let parts = value.as_array().map_or_else(|| vec![value.clone()], Clone::clone);
    parts.iter().map(read_raw_part).collect()
}

fn read_raw_part(part: &Value) -> Result<RawPart, Problem> {
    if let Some(text) = part.as_str() {
        return Ok(RawPart::Text(text.to_owned()));
    }
    if let Some(text) = part["$repeat"].as_str() {
        return Ok(RawPart::Repeat {
            text: text.to_owned(),
            times: count(part, "times")?,
        });
    }
    let hex = part["hex"].as_str().unwrap_or_default();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes());
    bytes
        .map(RawPart::Bytes)
        .map_err(|error| ("/send".to_owned(), format!("hex: {error}")))
}

fn count(value: &Value, name: &str) -> Result<usize, Problem> {
    member(value, name)?.ok_or_else(|| (String::new(), format!("{name} is missing")))
}

pub(crate) fn member<T: DeserializeOwned>(value: &Value, name: &str) -> Result<Option<T>, Problem> {
    value
        .get(name)
        .map(|found| parse(found, &format!("/{name}")))
        .transpose()
}

pub(crate) fn parse<T: DeserializeOwned>(value: &Value, at: &str) -> Result<T, Problem> {
    serde_json::from_value(value.clone()).map_err(|error| (at.to_owned(), error.to_string()))
}

impl Expect {
    /// This expectation, with what it leaves out taken from the verb's ordinary one.
    pub fn over(&self, ordinary: Self) -> Self {
        Self {
            status: self.status.clone().or(ordinary.status),
            schema: self.schema.clone().or(ordinary.schema),
            body: self.body.clone().or(ordinary.body),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;
