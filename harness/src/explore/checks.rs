//! What is asked of every node when all is mended: the facts it holds and does not hold, its conflicts, its answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    history::{Edge, Entity, History, NAMES, Scope, Triple},
    model::{Conflict, Fact, Model},
    script::{Patience, entity, id, relation},
    values,
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

    /// The conflicts about one entity at each node that holds anything about it.
    fn conflicts(&mut self, n: usize, of: Entity, triples: &[Triple]) {
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

    /// What a triple looks like at each node, and whether nodes that hold the same facts of it show the same.
    fn queries(&mut self, n: usize, triple: Triple) {
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

/// All lists of a `holds` step empty.
fn as_it_should() -> Value {
    let none = json!({"$size": 0});
    json!({"body": {"missing": none, "changed": none, "unwanted": none, "unaccounted": none}})
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

/// So many conflicts that may or may not be there have all their combinations written out.
const SPELT_OUT: usize = 3;
