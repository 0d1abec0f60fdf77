//! A history as a case in the language of the vectors: its deeds, the mending of everything, and the checks.

use serde_json::{Map, Value, json};

use super::{
    checks::{Checked, checks},
    history::{Decision, Deed, Does, Entity, History, NAMES, Scope, Triple, Way},
    model::Model,
    state::Being,
    values,
};

/// How long a check may look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For facts to arrive.
    pub arrive_ms: u64,
}

impl Patience {
    /// For what follows from facts that are there.
    pub fn show_ms(self) -> u64 {
        self.arrive_ms.min(10_000)
    }
}

/// The steps of a history.
#[derive(Debug, Clone)]
pub struct Script {
    pub nodes: Vec<&'static str>,
    pub steps: Vec<Value>,
    /// How many of the steps come before the checks.
    pub told: usize,
    pub checked: Checked,
}

impl Script {
    /// Whether any step can fail; nothing is learnt from one in which none does.
    pub fn judges(&self) -> bool {
        let judges = |step: &Value| step.get("expect").is_some() || step["until"]["step"].get("expect").is_some();
        self.steps.iter().any(judges)
    }
}

/// Writes a history whose deeds can all happen.
pub fn script(history: &History, patience: Patience) -> Script {
    let model = Model::of(history);
    let mut steps = Vec::new();
    for edge in &history.edges {
        let nodes = edge.ends.map(|end| NAMES[end]);
        steps.push(json!({"federate": {"nodes": nodes, "scopes": edge.scopes()}}));
    }
    for deed in &history.deeds {
        tell(deed, &model, patience, &mut steps);
    }
    mend(history, &mut steps);
    let told = steps.len();
    let (checks, checked) = checks(history, &model, patience);
    steps.extend(checks);
    Script {
        nodes: history.nodes.iter().map(|node| NAMES[*node]).collect(),
        steps,
        told,
        checked,
    }
}

/// What a deed's fact is saved as.
pub(super) fn fact(number: usize) -> String {
    format!("f{number}")
}

/// `{f7.id}`.
pub(super) fn id(number: usize) -> String {
    format!("{{f{number}.id}}")
}

pub(super) fn entity(entity: Entity) -> String {
    match entity {
        Entity::Thing(number) => format!("{{ns}}/thing/t{number}"),
        Entity::Dispute(number) => format!("{{ns}}/dispute/d{number}"),
        Entity::Load(number) => format!("{{ns}}/load/l{number}-{{i}}"),
    }
}

pub(super) fn relation(triple: Triple) -> &'static str {
    ["memory:role", "memory:team"][triple.relation % 2]
}

fn tell(deed: &Deed, model: &Model, patience: Patience, steps: &mut Vec<Value>) {
    let number = deed.number;
    let step = match deed.does {
        Does::Assert {
            at,
            triple,
            value,
            quarters,
        } => {
            let mut body = about(triple, number);
            body.insert("value".to_owned(), values::asserted(value));
            if quarters != 4 {
                body.insert("confidence".to_owned(), (f64::from(quarters) / 4.0).into());
            }
            json!({"assert": body, "on": NAMES[at], "save": fact(number), "expect": {"status": 201}})
        }
        Does::Retract { at, triple } => {
            let mut body = about(triple, number);
            body.insert("value".to_owned(), json!({"type": "null", "v": null}));
            body.insert("confidence".to_owned(), 0.into());
            json!({"assert": body, "on": NAMES[at], "save": fact(number), "expect": {"status": 201}})
        }
        Does::Burst { at, scope, count } => {
            let mut body = about(super::model::load(number, scope), number);
            body.insert("value".to_owned(), json!({"type": "string", "v": "load {i}"}));
            let expect = json!({"body": {"facts": {"$size": count}}});
            let many = json!({"count": count, "body": body});
            json!({"assert_many": many, "on": NAMES[at], "save": fact(number), "expect": expect})
        }
        Does::Resolve { at, dispute, by } => return resolve(number, at, dispute, by, model, steps),
        Does::Linger { at, to, scope, count } => {
            for n in 0..count {
                linger(number, n, scope, [at, to], patience, steps);
            }
            return;
        }
        Does::Await { at, said } => {
            let last = model.last_name(said).unwrap_or_default();
            let step = json!({"fact": format!("{{{last}.id}}"), "expect": {"status": 200}});
            json!({"until": {"within_ms": patience.arrive_ms, "step": step}, "on": NAMES[at]})
        }
        Does::Restart(node) => json!({"restart": {}, "on": NAMES[node]}),
        Does::Kill(node) => json!({"kill": {}, "on": NAMES[node]}),
        Does::Start(node) => json!({"start": {}, "on": NAMES[node]}),
        Does::Pause(node) => json!({"pause": {}, "on": NAMES[node]}),
        Does::Resume(node) => json!({"resume": {}, "on": NAMES[node]}),
        Does::Link { to, from, way } => link(to, from, way),
    };
    steps.push(step);
}

/// The members of an assertion; the source is this deed's alone, so that no assertion repeats another.
fn about(triple: Triple, number: usize) -> Map<String, Value> {
    let members = [
        ("entity", entity(triple.entity)),
        ("relation", relation(triple).to_owned()),
        ("source", format!("{{ns}}/agent/s{number}")),
        ("scope", triple.scope.word().to_owned()),
    ];
    let members = members.into_iter().map(|(name, text)| (name.to_owned(), text.into()));
    members.collect()
}

/// One fact, and its arrival elsewhere: about as much time as between two pulls.
fn linger(number: usize, n: usize, scope: Scope, [at, to]: [usize; 2], patience: Patience, steps: &mut Vec<Value>) {
    let mut body = about(super::model::load(number, scope), number);
    body.insert("entity".to_owned(), format!("{{ns}}/load/l{number}-{n}").into());
    body.insert("value".to_owned(), json!({"type": "number", "v": n}));
    let name = super::model::one_of(number, n);
    steps.push(json!({"assert": body, "on": NAMES[at], "save": name, "expect": {"status": 201}}));
    let step = json!({"fact": format!("{{{name}.id}}"), "expect": {"status": 200}});
    steps.push(json!({"until": {"within_ms": patience.arrive_ms, "step": step}, "on": NAMES[to]}));
}

/// The conflict is found by its entity, which has no other.
fn resolve(number: usize, at: usize, dispute: usize, by: Decision, model: &Model, steps: &mut Vec<Value>) {
    let on = NAMES[at];
    let sides = model.sides(dispute);
    let side = |n: usize| sides.get(n).map(|side| id(side.number)).unwrap_or_default();
    let mut body = Map::new();
    body.insert(
        "conflict".to_owned(),
        format!("{{c{number}.conflicts.0.conflict_id}}").into(),
    );
    match by {
        Decision::First => body.insert("winning_fact_id".to_owned(), side(0).into()),
        Decision::Second => body.insert("winning_fact_id".to_owned(), side(1).into()),
        Decision::New => body.insert("new_value".to_owned(), values::asserted(values::NEW)),
    };
    let of = entity(Entity::Dispute(dispute));
    let one = json!({"body": {"conflicts": [{"status": "unresolved"}]}});
    steps.push(json!({
        "conflicts": {"of": of, "status": "unresolved"}, "on": on, "save": format!("c{number}"), "expect": one,
    }));
    let settled = json!({"body": {"conflict_status": "resolved"}});
    steps.push(json!({"resolve": body, "on": on, "save": format!("r{number}"), "expect": settled}));
    let shown = json!({"body": {"confidence": 1}});
    steps.push(json!({
        "fact": format!("{{r{number}.resolution_fact_id}}"), "on": on, "save": fact(number), "expect": shown,
    }));
}

fn link(to: usize, from: usize, way: Way) -> Value {
    let (name, value): (&str, Value) = match way {
        Way::Whole => ("state", "whole".into()),
        Way::Cut => ("state", "cut".into()),
        Way::Slow => ("delay_ms", 60.into()),
        Way::Shuffled => ("shuffle_ms", 250.into()),
        Way::Chaos => ("chaos", 0.4.into()),
        Way::Duplicate(count) => ("duplicate", count.into()),
        Way::Truncate(count) => ("truncate", count.into()),
        Way::Refuse(count) => ("refuse", count.into()),
        Way::Drop(count) => ("drop", count.into()),
        Way::Stale(count) => ("stale", count.into()),
        Way::Spoil(count) => ("spoil", count.into()),
    };
    json!({"link": {"to": NAMES[to], "from": NAMES[from], name: value}})
}

/// Everything is made whole again.
fn mend(history: &History, steps: &mut Vec<Value>) {
    let end = history.end();
    for ((to, from), _) in end.broken() {
        steps.push(link(to, from, Way::Whole));
    }
    for node in end.those(Being::Paused) {
        steps.push(json!({"resume": {}, "on": NAMES[node]}));
    }
    for node in end.those(Being::Down) {
        steps.push(json!({"start": {}, "on": NAMES[node]}));
    }
}

#[cfg(test)]
mod tests;
