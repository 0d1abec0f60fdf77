//! What a host can ask of an adapter, and what follows from that.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Something that a host can ask.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    pub name: &'static str,
    /// The names that its means may use.
    pub names: &'static [&'static str],
    /// What an adapter that takes it is held to as well.
    implies: &'static [&'static str],
}

const STATUS: &[&str] = &["task-status", "lifecycle", "events", "writes"];
const INTENT: &[&str] = &["intents", "events", "writes"];
const FACT: &[&str] = &[
    "entity",
    "relation",
    "value",
    "type",
    "v",
    "scope",
    "confidence",
    "source",
];
const GONE: &[&str] = &["id", "entity", "relation", "value", "type", "v", "scope", "source"];
const FILTERS: &[&str] = &["entity", "relation", "scope", "min_confidence", "include_contradicted"];

/// In the order in which people meet them.
pub const OPERATIONS: [Operation; 17] = [
    of("boot", &["user", "projects"], &["middleware"]),
    of("checkout", &["task"], STATUS),
    of("done", &["task"], STATUS),
    of("blocked", &["task", "by"], STATUS),
    of("ping", &["task"], &["lifecycle", "events", "writes"]),
    of("handoff", &["to", "summary", "refs", "continuation"], INTENT),
    of("decision", &["entity", "summary"], INTENT),
    of("escalate", &["to", "priority", "goal"], INTENT),
    of("assert", FACT, &["writes"]),
    of("retract", GONE, &["writes"]),
    of("query", FILTERS, &[]),
    of("get", &["id"], &[]),
    of("conflicts", &["status"], &[]),
    of("resolve", &["conflict", "winner"], &[]),
    of("lint", &["scope"], &[]),
    of("decay", &["scope", "mode"], &[]),
    of("synthesize", &["scope"], &[]),
];

const fn of(name: &'static str, names: &'static [&'static str], implies: &'static [&'static str]) -> Operation {
    Operation { name, names, implies }
}

pub fn find(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// What boot may ask the node for.
pub const PULLS: [&str; 4] = ["user", "project", "handoffs", "escalations"];

/// The condition that an adapter meets whose means of `operation` use `name`: `query-min-confidence`.
pub fn with_name(operation: &str, name: &str) -> String {
    format!("{operation}-{}", name.replace('_', "-"))
}

/// These conditions, and all that follow from them.
pub fn closed(mut conditions: BTreeSet<String>) -> BTreeSet<String> {
    loop {
        let before = conditions.len();
        let found: Vec<String> = conditions.iter().flat_map(|one| followers(one)).collect();
        conditions.extend(found);
        if ["writes", "middleware"].iter().all(|one| conditions.contains(*one)) {
            conditions.insert("hooks".to_owned());
        }
        if conditions.len() == before {
            return conditions;
        }
    }
}

/// What follows from one condition at once.
fn followers(condition: &str) -> Vec<String> {
    let fixed: &[&str] = match condition {
        "mcp" => &["standing"],
        "standing" => &["process"],
        "hooks" => &["middleware", "writes"],
        "pull-user" | "pull-project" => &["boot", "renders"],
        "pull-handoffs" | "pull-escalations" => &["boot"],
        _ => &[],
    };
    let mut all: Vec<String> = fixed.iter().map(|one| (*one).to_owned()).collect();
    for operation in OPERATIONS {
        if operation.name == condition {
            all.extend(operation.implies.iter().map(|one| (*one).to_owned()));
        } else if operation
            .names
            .iter()
            .any(|name| with_name(operation.name, name) == condition)
        {
            all.push(operation.name.to_owned());
        }
    }
    all
}

/// All conditions that there are.
pub fn conditions() -> BTreeSet<String> {
    let mut all: BTreeSet<String> = ["process", "middleware", "standing", "mcp", "hooks", "renders"]
        .map(str::to_owned)
        .into();
    all.extend(PULLS.iter().map(|pull| format!("pull-{pull}")));
    for operation in OPERATIONS {
        all.insert(operation.name.to_owned());
        all.extend(operation.names.iter().map(|name| with_name(operation.name, name)));
    }
    closed(all)
}

/// The values of an operation's names: those given, over the ordinary ones.
pub fn values(operation: &str, with: &Map<String, Value>) -> Map<String, Value> {
    let mut values = match ordinary(operation) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    values.extend(with.iter().map(|(name, value)| (name.clone(), value.clone())));
    if let Some(kind) = values.get("type").cloned() {
        let v = values.get("v").cloned().unwrap_or_default();
        values.insert("value".to_owned(), json!({"type": kind, "v": v}));
    }
    values
}

fn ordinary(operation: &str) -> Value {
    match operation {
        "boot" => json!({"user": "{ns}/user/alice", "projects": []}),
        "checkout" | "done" | "blocked" | "ping" => json!({"task": "eg-42"}),
        "handoff" => json!({
            "to": "agent:reviewer", "summary": "The parser is done, the tests are not.", "refs": [],
        }),
        "decision" => json!({"entity": "{ns}/decision/storage", "summary": "One file per node."}),
        "escalate" => json!({"to": "agent:lead", "priority": "high", "goal": "Sign the release."}),
        "assert" => json!({
            "entity": "{ns}/user/alice", "relation": "preference:editor", "type": "string", "v": "helix",
            "scope": "company", "confidence": 1.0, "source": "{source}",
        }),
        "query" => json!({"entity": "{ns}/user/alice"}),
        "retract" => json!({"source": "{source}"}),
        "lint" | "decay" | "synthesize" => json!({"scope": "company"}),
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests;
