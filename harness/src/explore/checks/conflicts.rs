//! Which conflicts a node lists, and that nobody else knows of them.

use serde_json::{Value, json};

use super::{
    super::{
        history::{Entity, NAMES, Triple},
        model::Conflict,
        script::{entity, id, relation},
        values,
    },
    Checks,
};

impl Checks<'_> {
    /// The conflicts about one entity at each node that holds anything about it.
    pub(super) fn conflicts(&mut self, n: usize, of: Entity, triples: &[Triple]) {
        let nodes = self.model.nodes.clone();
        let own: Vec<Triple> = triples.iter().copied().filter(|triple| triple.entity == of).collect();
        for node in nodes.iter().copied() {
            if own.iter().all(|triple| self.model.of_triple(node, *triple).is_empty()) {
                continue;
            }
            let (mut certain, mut perhaps) = (Vec::new(), Vec::new());
            for triple in &own {
                for (pair, how) in self.model.conflicts(node, *triple) {
                    match how {
                        Conflict::Certain => certain.push(disagreement(*triple, pair)),
                        Conflict::Perhaps => perhaps.push(disagreement(*triple, pair)),
                    }
                }
            }
            self.checked.lists += 1;
            self.checked.conflicts += certain.len();
            let name = format!("k{n}{}", NAMES[node]);
            let question = json!({"of": entity(of), "status": "unresolved"});
            let expect = json!({"conflicts": exactly(&certain, &perhaps)});
            self.until(node, "conflicts", &question, &expect, Some(&name));
            if !certain.is_empty() {
                self.stays_at_home(node, &format!("{{{name}.conflicts.0.conflict_id}}"));
            }
        }
        if let Entity::Dispute(dispute) = of {
            self.settled(dispute);
        }
    }

    /// No other node knows anything about a conflict of this one.
    fn stays_at_home(&mut self, node: usize, conflict: &str) {
        let others = self.model.nodes.iter().copied();
        let Some(next) = others.clone().find(|other| *other > node).or(others.clone().next()) else {
            return;
        };
        if next != node {
            self.checked.queries += 1;
            let question = json!({"entity": conflict, "include_contradicted": true});
            self.until(next, "query", &question, &json!({"facts": []}), None);
        }
    }

    /// A resolution is known as one where it was made, and as a plain fact elsewhere.
    fn settled(&mut self, dispute: usize) {
        let Some(settled) = self.model.settled.get(&dispute).copied() else {
            return;
        };
        let outcome = self.model.facts[settled.by];
        for node in self.model.nodes.clone() {
            if !self.model.holds(node, settled.by) {
                continue;
            }
            let count = usize::from(node == settled.at);
            let of = json!({"of": entity(Entity::Dispute(dispute)), "status": "resolved"});
            let list = json!({"conflicts": {"$size": count}});
            self.until(node, "conflicts", &of, &list, None);
            let links = json!({"entity": id(outcome.number), "relation": "stigmem:resolves"});
            self.until(node, "query", &links, &json!({"facts": {"$size": count}}), None);
            self.checked.lists += 1;
            self.checked.queries += 1;
        }
    }
}

/// A conflict between two values of a triple, whichever is named first.
fn disagreement(triple: Triple, (one, other): (usize, usize)) -> Value {
    let side = |class: usize| json!({"relation": relation(triple), "scope": triple.scope.word(), "value": values::pattern(class)});
    json!({"$oneOf": [
        {"fact_a": side(one), "fact_b": side(other)},
        {"fact_a": side(other), "fact_b": side(one)},
    ]})
}

/// A list with each of the certain ones, some of the others, and nothing else.
fn exactly(certain: &[Value], perhaps: &[Value]) -> Value {
    if perhaps.is_empty() {
        return json!({"$unordered": certain});
    }
    if perhaps.len() <= SPELT_OUT {
        let lists = (0..1usize << perhaps.len()).map(|set| {
            let some = perhaps.iter().enumerate().filter(|(n, _)| set >> n & 1 == 1);
            let list: Vec<&Value> = certain.iter().chain(some.map(|(_, one)| one)).collect();
            json!({"$unordered": list})
        });
        return json!({"$oneOf": lists.collect::<Vec<_>>()});
    }
    let any: Vec<&Value> = certain.iter().chain(perhaps).collect();
    let mut all: Vec<Value> = certain.iter().map(|one| json!({"$contains": one})).collect();
    all.push(json!({"$size": {"$gte": certain.len(), "$lte": any.len()}}));
    all.push(json!({"$oneOf": [{"$size": 0}, {"$each": {"$oneOf": any}}]}));
    json!({"$all": all})
}

/// So many conflicts that may or may not be there have all their combinations written out.
const SPELT_OUT: usize = 3;
