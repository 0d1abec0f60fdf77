//! What is asked of every node when all is mended: the facts it holds and does not hold, its conflicts, its answers.

mod conflicts;
mod queries;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    history::{Edge, Entity, History, NAMES, Scope},
    model::Model,
    script::Patience,
};

/// How much the checks look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Facts that a node must hold, each once and unchanged, counted over the nodes.
    pub held: usize,
    /// Facts that a node must not hold.
    pub kept_out: usize,
    /// Lists of conflicts, and the conflicts that must be in them.
    pub lists: usize,
    pub conflicts: usize,
    pub queries: usize,
    /// Pairs of nodes whose answers are compared.
    pub compared: usize,
}

struct Checks<'a> {
    model: &'a Model,
    patience: Patience,
    steps: Vec<Value>,
    checked: Checked,
}

/// The steps, in an order in which what takes longest to settle comes first.
pub(super) fn checks(history: &History, model: &Model, patience: Patience) -> (Vec<Value>, Checked) {
    let mut checks = Checks {
        model,
        patience,
        steps: Vec::new(),
        checked: Checked::default(),
    };
    for node in &history.nodes {
        checks.arrived(*node);
    }
    checks.last_words(&history.edges);
    for node in &history.nodes {
        checks.kept_out(*node);
    }
    let triples = model.triples();
    let mut entities: Vec<Entity> = triples.iter().map(|triple| triple.entity).collect();
    entities.dedup();
    for (n, entity) in entities.iter().enumerate() {
        checks.conflicts(n, *entity, &triples.iter().copied().collect::<Vec<_>>());
    }
    for (n, triple) in triples.iter().enumerate() {
        checks.queries(n, *triple);
    }
    // Once more, for what takes its time.
    for node in &history.nodes {
        checks.kept_out(*node);
    }
    (checks.steps, checks.checked)
}

impl Checks<'_> {
    fn push(&mut self, node: usize, mut step: Value) {
        step["on"] = NAMES[node].into();
        self.steps.push(step);
    }

    /// A question that may be asked again for a while.
    fn until(&mut self, node: usize, verb: &str, question: &Value, expect: &Value, save: Option<&str>) {
        let mut step = json!({
            "until": {"within_ms": self.patience.show_ms(), "step": {verb: question, "expect": {"body": expect}}},
        });
        if let Some(name) = save {
            step["save"] = name.into();
        }
        self.push(node, step);
    }

    fn names(&self, node: usize, held: bool) -> Vec<String> {
        let facts = self.model.facts.iter().enumerate();
        let those = facts.filter(|(n, _)| self.model.holds(node, *n) == held);
        those
            .flat_map(|(_, fact)| fact.names())
            .map(|name| format!("{{{name}}}"))
            .collect()
    }

    fn arrived(&mut self, node: usize) {
        let facts = self.names(node, true);
        if facts.is_empty() {
            return;
        }
        self.checked.held += facts.len();
        self.checked.kept_out += self.names(node, false).len();
        let within = self.patience.arrive_ms;
        self.push(
            node,
            json!({"holds": {"facts": facts, "within_ms": within}, "expect": as_it_should()}),
        );
    }

    fn kept_out(&mut self, node: usize) {
        let not = self.names(node, false);
        if !not.is_empty() {
            self.push(node, json!({"holds": {"not": not}, "expect": as_it_should()}));
        }
    }

    /// Absence shows nothing while something may still be on its way. Peers serve in the order of arrival: what a node was served
    /// before the last word of its neighbour is there when that word is.
    fn last_words(&mut self, edges: &[Edge]) {
        let mut spoken = BTreeSet::new();
        let mut awaited = Vec::new();
        let hops = edges
            .iter()
            .flat_map(|edge| [(edge, edge.ends[0], edge.ends[1]), (edge, edge.ends[1], edge.ends[0])]);
        for (edge, speaker, listener) in hops {
            if self.names(listener, false).is_empty() {
                continue;
            }
            let scope = if edge.public { Scope::Public } else { Scope::Company };
            let name = format!("last{}{}", NAMES[speaker].to_uppercase(), scope.word());
            if spoken.insert(name.clone()) {
                let body = json!({
                    "entity": format!("{{ns}}/word/{}", NAMES[speaker]), "relation": "memory:last", "scope": scope.word(),
                    "value": {"type": "string", "v": "that is all"}, "source": format!("{{ns}}/agent/{}", NAMES[speaker]),
                });
                self.push(
                    speaker,
                    json!({"assert": body, "save": name, "expect": {"status": 201}}),
                );
            }
            awaited.push((listener, name));
        }
        for (listener, name) in awaited {
            let step = json!({"fact": format!("{{{name}.id}}"), "expect": {"status": 200}});
            let within = self.patience.arrive_ms;
            self.push(listener, json!({"until": {"within_ms": within, "step": step}}));
        }
    }
}

/// All lists of a `holds` step empty.
fn as_it_should() -> Value {
    let none = json!({"$size": 0});
    json!({"body": {"missing": none, "changed": none, "unwanted": none, "unaccounted": none}})
}
