//! What queries show of a triple, at one node and compared with others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{
        history::{NAMES, Triple},
        model::{Fact, Model},
        script::{entity, id, relation},
    },
    Checks,
};

impl Checks<'_> {
    /// What a triple looks like at each node, and whether nodes that hold the same facts of it show the same.
    pub(super) fn queries(&mut self, n: usize, triple: Triple) {
        let mut same: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for node in self.model.nodes.clone() {
            let held = self.model.of_triple(node, triple);
            if held.is_empty() {
                continue;
            }
            let facts: Vec<Fact> = held.iter().map(|n| self.model.facts[*n]).collect();
            let view = View::of(self.model, node, triple, &facts);
            let mut question = json!({
                "entity": entity(triple.entity), "relation": relation(triple), "scope": triple.scope.word(), "limit": 500,
            });
            let shown = json!({"facts": view.shown()});
            let name = format!("q{n}{}", NAMES[node]);
            self.until(node, "query", &question, &shown, Some(&name));
            self.checked.queries += 1;
            if !self.model.is_settled(node, triple) {
                question["include_contradicted"] = true.into();
                self.until(node, "query", &question, &json!({"facts": view.live()}), None);
                self.checked.queries += 1;
            }
            same.entry(held).or_default().push(node);
        }
        for (held, nodes) in same {
            let withdrawn = held.iter().any(|n| self.model.facts[*n].retracts());
            for pair in nodes.windows(2) {
                let [one, other] = [pair[0], pair[1]].map(|node| format!("{{q{n}{}.facts}}", NAMES[node]));
                self.checked.compared += 1;
                let expect = json!({"body": alike(&one, &other, withdrawn)});
                self.steps
                    .push(json!({"observe": {"one": one, "other": other}, "expect": expect}));
            }
        }
    }
}

/// Two answers about one triple with the same facts. Whether a conflict with a side that is withdrawn still counts is open, so that
/// one node may show all live facts and the other the preferred one among them.
fn alike(one: &str, other: &str, withdrawn: bool) -> Value {
    if !withdrawn {
        return json!({"one": {"$covers": other}, "other": {"$covers": one}});
    }
    let some = json!({"$size": {"$gte": 1}});
    let covers = |list: &str| json!({"$size": {"$gte": 1}, "$covers": list});
    json!({"$oneOf": [
        {"one": [], "other": []},
        {"one": covers(other), "other": some},
        {"one": some, "other": covers(one)},
    ]})
}

/// What queries show of a triple at a node.
struct View {
    facts: Vec<Fact>,
    retractions: Vec<Fact>,
    contested: bool,
    /// The fact that settled it here.
    outcome: Option<Fact>,
}

impl View {
    fn of(model: &Model, node: usize, triple: Triple, held: &[Fact]) -> Self {
        let (retractions, facts): (Vec<Fact>, Vec<Fact>) = held.iter().partition(|fact| fact.retracts());
        let settled = model.is_settled(node, triple);
        Self {
            outcome: facts.last().copied().filter(|_| settled),
            contested: !model.conflicts(node, triple).is_empty(),
            facts,
            retractions,
        }
    }

    /// The default query.
    fn shown(&self) -> Value {
        if let Some(outcome) = &self.outcome {
            return json!([{"id": id(outcome.number)}]);
        }
        if !self.retractions.is_empty() {
            return json!({"$all": self.after_retractions(None)});
        }
        if !self.contested {
            return ids(&self.facts);
        }
        let best = self
            .facts
            .iter()
            .filter_map(Fact::value)
            .map(|(_, quarters)| quarters)
            .max();
        let top: Vec<Fact> = self
            .facts
            .iter()
            .copied()
            .filter(|fact| fact.value().map(|(_, quarters)| quarters) == best)
            .collect();
        let newest = top
            .last()
            .copied()
            .filter(|last| top.iter().all(|one| one.at == last.at));
        match newest {
            // Stamped by one node, so that their order is known.
            Some(newest) => json!([{"id": id(newest.number), "contradicted": true}]),
            None => {
                let top: Vec<String> = top.iter().map(|fact| id(fact.number)).collect();
                json!({"$each": {"id": {"$oneOf": top}, "contradicted": true}})
            }
        }
    }

    /// All live facts.
    fn live(&self) -> Value {
        if self.retractions.is_empty() {
            return ids(&self.facts);
        }
        json!({"$all": self.after_retractions(Some(()))})
    }

    /// No fact that a retraction withdraws, and those that none can withdraw: all of them, or at least one.
    fn after_retractions(&self, all: Option<()>) -> Vec<Value> {
        let empty_or = |each: Value| json!({"$oneOf": [{"$size": 0}, {"$each": each}]});
        let known: Vec<String> = self.facts.iter().map(|fact| id(fact.number)).collect();
        let mut parts = vec![empty_or(json!({"id": {"$oneOf": known}}))];
        for retraction in &self.retractions {
            // Another node's fact may bear the very same stamp; it is not withdrawn.
            let clock = format!("{{f{}.hlc}}", retraction.number);
            parts.push(empty_or(json!({"hlc": {"$oneOf": [{"$hlc_after": clock}, clock]}})));
        }
        let safe = |fact: &&Fact| self.retractions.iter().all(|retraction| retraction.precedes(fact));
        let safe: Vec<String> = self.facts.iter().filter(safe).map(|fact| id(fact.number)).collect();
        match (safe.is_empty(), all) {
            (true, _) => {}
            (false, Some(())) => parts.push(json!({"$covers": safe})),
            (false, None) => parts.push(json!({"$size": {"$gte": 1}})),
        }
        parts
    }
}

/// These facts and no others.
fn ids(facts: &[Fact]) -> Value {
    let ids: Vec<Value> = facts.iter().map(|fact| json!({"id": id(fact.number)})).collect();
    json!({"$unordered": ids})
}
