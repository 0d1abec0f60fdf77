//! A case about an adapter, as its vector says it. `vectors/adapter/README.md` is the language.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::operation;
use crate::{
    bindings::Bindings,
    error::InputError,
    vectors::{Case, CaseBody, NodeWish, Problem, member, parse},
};

#[derive(Debug, Clone, Default)]
pub struct AdapterCase {
    /// A pass of it shows that the adapter does something at all.
    pub witness: bool,
    /// Environment variables that are not as usual.
    pub env: Map<String, Value>,
    /// A `PlayedNode`, with names still to be filled in.
    pub node: Value,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub deed: Deed,
    /// When it does not match, the situation never arose.
    pub premise: Option<Value>,
    pub expect: Option<Value>,
    pub save: Option<String>,
    pub within_ms: u64,
    pub linger_ms: u64,
    /// As it stands in the file, with its row filled in, for the linter.
    pub source: Value,
}

#[derive(Debug, Clone)]
pub enum Deed {
    /// An operation, with values for its names.
    Do(String, Map<String, Value>),
    Start,
    Tools,
    Close,
    /// The played node is like this from now on; as in the case.
    Node(Value),
}

impl Step {
    /// What a report calls it.
    pub fn name(&self) -> &str {
        match &self.deed {
            Deed::Do(operation, _) => operation,
            Deed::Start => "start",
            Deed::Tools => "tools",
            Deed::Close => "close",
            Deed::Node(_) => "node",
        }
    }

    /// Its patterns, each with its place.
    pub fn patterns(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let both = [("premise", &self.premise), ("expect", &self.expect)];
        both.into_iter()
            .filter_map(|(place, found)| Some((place, found.as_ref()?)))
    }
}

/// How the played node answers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlayedNode {
    /// Nobody listens at its address.
    pub absent: bool,
    /// Members of the discovery document that are not as usual.
    pub discovery: Map<String, Value>,
    pub facts: Vec<Map<String, Value>>,
    /// The first that fits a request and is not used up is the answer.
    pub answers: Vec<Rule>,
}

/// An answer in place of the proper one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// A pattern over the request.
    pub to: Option<Value>,
    /// So many such requests pass before.
    pub skip: usize,
    /// How many requests it befalls; without it all.
    pub times: Option<usize>,
    pub status: Option<u16>,
    pub headers: Map<String, Value>,
    #[serde(deserialize_with = "present")]
    pub json: Option<Value>,
    pub text: Option<String>,
    /// So many bytes of the body, and then the end of the connection.
    pub cut: Option<usize>,
    /// One byte of the body at a time, with this pause.
    pub drip_ms: Option<u64>,
    /// The answer waits so long.
    pub after_ms: Option<u64>,
    /// There is never an answer.
    pub hang: bool,
    /// The body never ends.
    pub endless: bool,
    /// The connection ends without an answer.
    pub hang_up: bool,
}

/// Tells a member that is null from one that is missing.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// The cases of a file that its schema has accepted; rows are unfolded.
pub fn read_file(name: &str, file: &Value, cases: &mut Vec<Case>) -> Result<(), InputError> {
    for (n, case) in file["cases"].as_array().into_iter().flatten().enumerate() {
        let pointer = format!("/cases/{n}");
        let fail = |(at, message): Problem| InputError::at(name, &format!("{pointer}{at}"), message);
        let rows: Vec<Map<String, Value>> = member(case, "rows").map_err(fail)?.unwrap_or_default();
        if rows.is_empty() {
            cases.push(read_case(case, Map::new(), name, &pointer).map_err(fail)?);
        }
        for row in rows {
            cases.push(read_case(case, row, name, &pointer).map_err(fail)?);
        }
    }
    Ok(())
}

/// The case of a row; an empty row is that of a case without a table.
fn read_case(case: &Value, row: Map<String, Value>, file: &str, pointer: &str) -> Result<Case, Problem> {
    let mut bindings = Bindings::default();
    if !row.is_empty() {
        bindings.set("row", Value::Object(row.clone()));
    }
    let filled = |name: &str| {
        let value = case.get(name).map(|value| bindings.fill_value(value)).transpose();
        value.map_err(|unbound| (format!("/{name}"), unbound.to_string()))
    };
    let parsed = AdapterCase {
        witness: member(case, "witness")?.unwrap_or_default(),
        env: filled("env")?
            .map(|env| parse(&env, "/env"))
            .transpose()?
            .unwrap_or_default(),
        node: filled("node")?.map_or_else(|| Ok(empty()), read_node)?,
        steps: read_steps(&filled("steps")?.unwrap_or_default())?,
    };
    let of_row = Value::Object(row.clone());
    let both = |name: &str| -> Result<Vec<String>, Problem> {
        let mut all: Vec<String> = member(case, name)?.unwrap_or_default();
        all.extend(member::<Vec<String>>(&of_row, name)?.unwrap_or_default());
        Ok(all)
    };
    let id: String = member(case, "id")?.unwrap_or_default();
    let covers: Option<Vec<String>> = member(&of_row, "covers")?.or(member(case, "covers")?);
    Ok(Case {
        id: match row.get("id").and_then(Value::as_str) {
            Some(row) => format!("{id}/{row}"),
            None => id,
        },
        area: super::PROFILE.to_owned(),
        file: file.to_owned(),
        pointer: pointer.to_owned(),
        covers: covers.unwrap_or_default(),
        why: member(case, "why")?.unwrap_or_default(),
        needs: needs(both("needs")?, &parsed.steps),
        lacks: both("lacks")?,
        node: NodeWish::default(),
        world: None,
        keys: BTreeMap::new(),
        times: BTreeMap::new(),
        row,
        body: CaseBody::Adapter(Box::new(parsed)),
    })
}

/// What it needs, with the operations of its steps and all that follows.
fn needs(listed: Vec<String>, steps: &[Step]) -> Vec<String> {
    let operations = steps.iter().filter_map(|step| match &step.deed {
        Deed::Do(operation, _) => Some(operation.clone()),
        Deed::Tools => Some("mcp".to_owned()),
        Deed::Start | Deed::Close => Some("standing".to_owned()),
        Deed::Node(_) => None,
    });
    let all: BTreeSet<String> = listed.into_iter().chain(operations).collect();
    operation::closed(all).into_iter().collect()
}

/// It can be read; names are filled in when it is played.
fn read_node(node: Value) -> Result<Value, Problem> {
    parse::<PlayedNode>(&node, "/node")?;
    Ok(node)
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn read_steps(steps: &Value) -> Result<Vec<Step>, Problem> {
    let steps = steps.as_array().into_iter().flatten().enumerate();
    steps
        .map(|(n, step)| read_step(step).map_err(|(at, what)| (format!("/steps/{n}{at}"), what)))
        .collect()
}

fn read_step(step: &Value) -> Result<Step, Problem> {
    Ok(Step {
        deed: read_deed(step)?,
        premise: step.get("premise").cloned(),
        expect: step.get("expect").cloned(),
        save: member(step, "save")?,
        within_ms: member(step, "within_ms")?.unwrap_or(WITHIN_MS),
        linger_ms: member(step, "linger_ms")?.unwrap_or_default(),
        source: step.clone(),
    })
}

fn read_deed(step: &Value) -> Result<Deed, Problem> {
    if let Some(operation) = member::<String>(step, "do")? {
        let Some(known) = operation::find(&operation) else {
            return Err(("/do".to_owned(), format!("{operation:?} is no operation")));
        };
        let with: Map<String, Value> = member(step, "with")?.unwrap_or_default();
        if let Some(strange) = with.keys().find(|name| !known.names.contains(&name.as_str())) {
            let what = format!("{strange:?} is no name of {operation}: {:?}", known.names);
            return Err(("/with".to_owned(), what));
        }
        return Ok(Deed::Do(operation, with));
    }
    if let Some(node) = step.get("node") {
        return Ok(Deed::Node(read_node(node.clone())?));
    }
    Ok(
        match ["start", "tools", "close"]
            .into_iter()
            .find(|verb| step.get(*verb).is_some())
        {
            Some("start") => Deed::Start,
            Some("tools") => Deed::Tools,
            Some(_) => Deed::Close,
            None => return Err((String::new(), "a step has a verb".to_owned())),
        },
    )
}

/// The names that texts of cases may hold, whatever their steps save.
pub const NAMES: [&str; 8] = ["ns", "tag", "key", "source", "url", "authority", "earlier", "later"];

/// How long a step may take that does not say it.
const WITHIN_MS: u64 = 60_000;

#[cfg(test)]
mod tests;
