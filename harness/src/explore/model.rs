//! What must be true of each node once everything is mended and has settled: a small pure reading of sections 3, 6.3 and 6.8.
//!
//! Two things are left open, because a correct node may go either way. Nodes stamp facts of one moment in any order, so between nodes
//! the order of deeds is not taken for the order of clocks. And a conflict arises only when both facts are live as the second is
//! stored, so a retraction from elsewhere may or may not come in between.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    history::{Decision, Does, Entity, History, Scope, Triple},
    state::reach,
    values,
};

/// A fact, or a burst of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// The number of its deed.
    pub number: usize,
    /// The place of its deed in the history, from 0: facts at one node are in the order of their clocks.
    pub place: usize,
    pub at: usize,
    pub triple: Triple,
    pub says: Says,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Value {
        value: usize,
        quarters: u8,
    },
    Retraction,
    /// A burst of so many.
    Many(usize),
    /// So many, one after the other.
    Series(usize),
}

impl Fact {
    /// The class of its value, and its confidence.
    pub fn value(&self) -> Option<(usize, u8)> {
        match self.says {
            Says::Value { value, quarters } => Some((values::class(value), quarters)),
            _ => None,
        }
    }

    pub fn retracts(&self) -> bool {
        self.says == Says::Retraction
    }

    /// Whether its clock is lower than the other's for certain.
    pub fn precedes(&self, other: &Self) -> bool {
        self.at == other.at && self.place < other.place
    }

    /// The names that its records have in a script.
    pub fn names(&self) -> Vec<String> {
        match self.says {
            Says::Many(count) => (0..count).map(|n| format!("f{}.facts.{n}", self.number)).collect(),
            Says::Series(count) => (0..count).map(|n| one_of(self.number, n)).collect(),
            _ => vec![format!("f{}", self.number)],
        }
    }
}

/// A dispute that was settled: where, and by which fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    pub at: usize,
    pub by: usize,
}

/// Whether two values of a triple have a conflict at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conflict {
    /// Either is right.
    Perhaps,
    /// There is one unresolved conflict between them.
    Certain,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub nodes: Vec<usize>,
    pub facts: Vec<Fact>,
    /// Of each fact, the nodes that must hold it. No other node may.
    holders: Vec<BTreeSet<usize>>,
    /// By the number of the dispute.
    pub settled: BTreeMap<usize, Settled>,
}

impl Model {
    /// Of a history whose deeds can all happen.
    pub fn of(history: &History) -> Self {
        let mut model = Self {
            nodes: history.nodes.clone(),
            facts: Vec::new(),
            holders: Vec::new(),
            settled: BTreeMap::new(),
        };
        for (place, deed) in history.deeds.iter().enumerate() {
            if let Some(fact) = model.fact(place, deed.number, &deed.does) {
                if let Does::Resolve { at, dispute, .. } = deed.does {
                    let by = model.facts.len();
                    model.settled.insert(dispute, Settled { at, by });
                }
                // Once all is mended every hop passes, and its scopes alone decide.
                let holders = reach(&history.edges, fact.at, fact.triple.scope, |_, _| true);
                model.facts.push(fact);
                model.holders.push(holders);
            }
        }
        model
    }

    fn fact(&self, place: usize, number: usize, does: &Does) -> Option<Fact> {
        let (at, triple, says) = match *does {
            Does::Assert {
                at,
                triple,
                value,
                quarters,
            } => (at, triple, Says::Value { value, quarters }),
            Does::Retract { at, triple } => (at, triple, Says::Retraction),
            Does::Burst { at, scope, count } => (at, load(number, scope), Says::Many(count)),
            Does::Linger { at, scope, count, .. } => (at, load(number, scope), Says::Series(count)),
            Does::Resolve { at, dispute, by } => {
                let sides = self.sides(dispute);
                let triple = sides.first()?.triple;
                let value = match (by, sides.as_slice()) {
                    (Decision::First, [first, ..]) => first.says,
                    (Decision::Second, [_, second, ..]) => second.says,
                    _ => Says::Value {
                        value: values::NEW,
                        quarters: 4,
                    },
                };
                let Says::Value { value, .. } = value else { return None };
                (at, triple, Says::Value { value, quarters: 4 })
            }
            _ => return None,
        };
        Some(Fact {
            number,
            place,
            at,
            triple,
            says,
        })
    }

    /// The facts that a dispute is between.
    pub fn sides(&self, dispute: usize) -> Vec<&Fact> {
        let sides = self
            .facts
            .iter()
            .filter(|fact| fact.triple.entity == Entity::Dispute(dispute));
        sides.take(2).collect()
    }

    /// The last record that a deed left behind, by its name in a script.
    pub fn last_name(&self, number: usize) -> Option<String> {
        let fact = self.facts.iter().find(|fact| fact.number == number)?;
        fact.names().pop()
    }

    pub fn holds(&self, node: usize, fact: usize) -> bool {
        self.holders[fact].contains(&node)
    }

    /// The facts of a triple that a node holds, by their indexes.
    pub fn of_triple(&self, node: usize, triple: Triple) -> Vec<usize> {
        let all = self.facts.iter().enumerate();
        let held = all.filter(|(n, fact)| fact.triple == triple && self.holds(node, *n));
        held.map(|(n, _)| n).collect()
    }

    /// Triples that are asked for, bursts left out.
    pub fn triples(&self) -> BTreeSet<Triple> {
        let is_load = |fact: &&Fact| matches!(fact.triple.entity, Entity::Load(_));
        let spoken = self.facts.iter().filter(|fact| !is_load(fact));
        spoken.map(|fact| fact.triple).collect()
    }

    /// Whether a resolution at this node has settled the triple there. It is known to this node alone: elsewhere the outcome is one
    /// more fact.
    pub fn is_settled(&self, node: usize, triple: Triple) -> bool {
        let Entity::Dispute(dispute) = triple.entity else {
            return false;
        };
        self.settled.get(&dispute).is_some_and(|settled| settled.at == node)
    }

    /// The pairs of values of a triple that have an unresolved conflict at a node.
    pub fn conflicts(&self, node: usize, triple: Triple) -> BTreeMap<(usize, usize), Conflict> {
        let mut pairs = BTreeMap::new();
        if self.is_settled(node, triple) {
            return pairs;
        }
        let held: Vec<&Fact> = self
            .of_triple(node, triple)
            .into_iter()
            .map(|n| &self.facts[n])
            .collect();
        let retractions: Vec<&Fact> = held.iter().copied().filter(|fact| fact.retracts()).collect();
        for (n, one) in held.iter().enumerate() {
            for other in &held[n + 1..] {
                let (Some((this, _)), Some((that, _))) = (one.value(), other.value()) else {
                    continue;
                };
                if this == that {
                    continue;
                }
                if let Some(conflict) = between(node, one, other, &retractions) {
                    let pair = pairs.entry((this.min(that), this.max(that))).or_insert(conflict);
                    *pair = conflict.max(*pair);
                }
            }
        }
        pairs
    }
}

/// What one fact of a series is saved as.
pub fn one_of(number: usize, n: usize) -> String {
    format!("f{number}n{n}")
}

/// What a burst is about: nobody else speaks of it.
pub fn load(number: usize, scope: Scope) -> Triple {
    Triple {
        entity: Entity::Load(number),
        relation: 0,
        scope,
    }
}

/// Whether two facts with unequal values, `one` asserted before `other`, come into conflict at a node.
fn between(node: usize, one: &Fact, other: &Fact, retractions: &[&Fact]) -> Option<Conflict> {
    let here = |fact: &Fact| fact.at == node;
    // Withdrawn here before the other was so much as asserted anywhere.
    let over = |retraction: &&Fact| {
        here(one) && here(retraction) && one.place < retraction.place && retraction.place < other.place
    };
    if retractions.iter().any(over) {
        return None;
    }
    let harmless = |retraction: &&Fact| {
        let before = retraction.precedes(one) && retraction.precedes(other);
        let after = here(one) && here(other) && here(retraction) && other.place < retraction.place;
        before || after
    };
    if retractions.iter().all(harmless) {
        Some(Conflict::Certain)
    } else {
        Some(Conflict::Perhaps)
    }
}

#[cfg(test)]
mod tests;
