//! How things stand in the middle of a history: who is up, which links are whole, what was said.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    history::{Deed, Does, Edge, Entity, Scope, Triple, Way},
    values,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Being {
    Up,
    Down,
    Paused,
}

/// A dispute so far: where, and the values that were said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Dispute {
    at: usize,
    triple: Triple,
    values: Vec<usize>,
    resolved: bool,
}

#[derive(Debug, Clone)]
pub struct State<'a> {
    edges: &'a [Edge],
    beings: BTreeMap<usize, Being>,
    /// Links that are not whole, by who is asked and who asks.
    links: BTreeMap<(usize, usize), Way>,
    /// Ways, from publisher to puller, on which requests have failed: the puller may wait before it asks again, as long as they failed.
    tired: BTreeSet<(usize, usize)>,
    /// Where a deed said something, and for whom.
    said: BTreeMap<usize, (usize, Scope)>,
    triples: BTreeSet<Triple>,
    disputes: BTreeMap<usize, Dispute>,
}

impl<'a> State<'a> {
    /// Everybody is up, every link is whole, nothing was said.
    pub fn new(nodes: &[usize], edges: &'a [Edge]) -> Self {
        Self {
            edges,
            beings: nodes.iter().map(|node| (*node, Being::Up)).collect(),
            links: BTreeMap::new(),
            tired: BTreeSet::new(),
            said: BTreeMap::new(),
            triples: BTreeSet::new(),
            disputes: BTreeMap::new(),
        }
    }

    pub fn edges(&self) -> &'a [Edge] {
        self.edges
    }

    pub fn being(&self, node: usize) -> Option<Being> {
        self.beings.get(&node).copied()
    }

    /// The nodes that are as asked.
    pub fn those(&self, being: Being) -> Vec<usize> {
        let found = self.beings.iter().filter(|(_, found)| **found == being);
        found.map(|(node, _)| *node).collect()
    }

    /// The links that are not whole.
    pub fn broken(&self) -> impl Iterator<Item = ((usize, usize), Way)> {
        self.links.iter().map(|(link, way)| (*link, *way))
    }

    pub fn link(&self, to: usize, from: usize) -> Way {
        self.links.get(&(to, from)).copied().unwrap_or(Way::Whole)
    }

    /// The numbers of deeds that said something.
    pub fn said(&self) -> Vec<usize> {
        self.said.keys().copied().collect()
    }

    /// The triples that something was said of, disputes left out.
    pub fn triples(&self) -> Vec<Triple> {
        self.triples.iter().copied().collect()
    }

    /// Disputes that can be resolved: number and node.
    pub fn open_disputes(&self) -> Vec<(usize, usize)> {
        let open = self
            .disputes
            .iter()
            .filter(|(_, dispute)| dispute.values.len() == 2 && !dispute.resolved);
        open.map(|(number, dispute)| (*number, dispute.at)).collect()
    }

    /// Disputes with one side so far: node, triple and value.
    pub fn half_disputes(&self) -> Vec<(usize, Triple, usize)> {
        let half = self.disputes.values().filter(|dispute| dispute.values.len() == 1);
        half.map(|dispute| (dispute.at, dispute.triple, dispute.values[0]))
            .collect()
    }

    /// Whether the deed can happen now.
    pub fn allows(&self, does: &Does) -> bool {
        let up = |node: &usize| self.being(*node) == Some(Being::Up);
        match does {
            Does::Assert { at, triple, value, .. } => up(at) && self.may_say(*at, triple, *value),
            Does::Burst { at, .. } | Does::Restart(at) | Does::Kill(at) | Does::Pause(at) => up(at),
            Does::Retract { at, triple } => up(at) && self.triples.contains(triple),
            Does::Resolve { at, dispute, .. } => up(at) && self.open_disputes().contains(&(*dispute, *at)),
            Does::Await { at, said } => {
                let said = self.said.get(said);
                up(at) && said.is_some_and(|(origin, scope)| self.arrives(*origin, *scope, *at, false))
            }
            Does::Linger { at, to, scope, .. } => up(at) && self.arrives(*at, *scope, *to, false),
            Does::Start(node) => self.being(*node) == Some(Being::Down),
            Does::Resume(node) => self.being(*node) == Some(Being::Paused),
            Does::Link { to, from, way } => {
                let whole = self.link(*to, *from) == Way::Whole;
                self.edges.iter().any(|edge| edge.joins(*to, *from)) && whole != (*way == Way::Whole)
            }
        }
    }

    /// A dispute is between two values on one triple, at one node.
    fn may_say(&self, at: usize, triple: &Triple, value: usize) -> bool {
        let Entity::Dispute(number) = triple.entity else {
            return true;
        };
        let Some(dispute) = self.disputes.get(&number) else {
            return true;
        };
        let other = dispute
            .values
            .iter()
            .all(|one| values::class(*one) != values::class(value));
        dispute.at == at && dispute.triple == *triple && dispute.values.len() < 2 && other
    }

    /// Whether what the deed waits for comes at once.
    pub fn is_soon(&self, does: &Does) -> bool {
        match does {
            Does::Await { at, said } => {
                let said = self.said.get(said);
                said.is_some_and(|(origin, scope)| self.arrives(*origin, *scope, *at, true))
            }
            Does::Linger { at, to, scope, .. } => self.arrives(*at, *scope, *to, true),
            _ => true,
        }
    }

    /// Whether a fact reaches another node over what is whole now. It need not be there yet; `soon` passes by tired ways.
    fn arrives(&self, origin: usize, scope: Scope, at: usize, soon: bool) -> bool {
        let up = |node: usize| self.being(node) == Some(Being::Up);
        let passes = |publisher: usize, puller: usize| {
            let whole = matches!(self.link(publisher, puller), Way::Whole | Way::Slow | Way::Shuffled);
            up(publisher) && up(puller) && whole && !(soon && self.tired.contains(&(publisher, puller)))
        };
        origin != at && reach(self.edges, origin, scope, passes).contains(&at)
    }

    /// What is so after a deed that is allowed.
    pub fn apply(&mut self, deed: &Deed) {
        match deed.does {
            Does::Assert { at, triple, value, .. } => {
                self.said.insert(deed.number, (at, triple.scope));
                let Entity::Dispute(number) = triple.entity else {
                    self.triples.insert(triple);
                    return;
                };
                let dispute = self.disputes.entry(number).or_insert_with(|| Dispute {
                    at,
                    triple,
                    values: Vec::new(),
                    resolved: false,
                });
                dispute.values.push(value);
            }
            Does::Burst { at, scope, .. } => {
                self.said.insert(deed.number, (at, scope));
            }
            Does::Linger { at, to, scope, .. } => {
                self.said.insert(deed.number, (at, scope));
                self.tired.remove(&(at, to));
            }
            Does::Retract { at, triple } => {
                self.said.insert(deed.number, (at, triple.scope));
            }
            Does::Resolve { at, dispute, .. } => {
                if let Some(dispute) = self.disputes.get_mut(&dispute) {
                    dispute.resolved = true;
                    self.said.insert(deed.number, (at, dispute.triple.scope));
                }
            }
            Does::Kill(node) => self.becomes(node, Being::Down),
            Does::Pause(node) => self.becomes(node, Being::Paused),
            Does::Start(node) | Does::Resume(node) => self.becomes(node, Being::Up),
            Does::Link { to, from, way } => self.befalls(to, from, way),
            Does::Restart(node) => self.tired.retain(|(_, puller)| *puller != node),
            Does::Await { .. } => {}
        }
    }

    fn befalls(&mut self, to: usize, from: usize, way: Way) {
        if !matches!(way, Way::Whole | Way::Slow | Way::Shuffled) {
            self.tired.insert((to, from));
        }
        match way {
            Way::Cut | Way::Slow | Way::Shuffled | Way::Chaos => {
                self.links.insert((to, from), way);
            }
            // The others are over by themselves.
            _ => {
                self.links.remove(&(to, from));
            }
        }
    }

    fn becomes(&mut self, node: usize, being: Being) {
        let before = self.beings.insert(node, being);
        if being == Being::Up && before == Some(Being::Down) {
            self.tired.retain(|(_, puller)| *puller != node);
        } else if being != Being::Up {
            let others = self.beings.keys().filter(|other| **other != node);
            self.tired.extend(others.map(|other| (node, *other)));
        }
    }
}

/// The nodes that a fact comes to when the hops that `passes` (publisher, puller) allows are given time: public facts go on from
/// node to node, company facts go one hop, local ones stay (section 6.8).
pub fn reach(edges: &[Edge], origin: usize, scope: Scope, passes: impl Fn(usize, usize) -> bool) -> BTreeSet<usize> {
    let mut held = BTreeSet::from([origin]);
    let mut frontier = vec![origin];
    while let Some(publisher) = frontier.pop() {
        for edge in edges.iter().filter(|edge| edge.permits(scope)) {
            let puller = match edge.ends {
                [one, other] if one == publisher => other,
                [other, one] if one == publisher => other,
                _ => continue,
            };
            if passes(publisher, puller) && held.insert(puller) && scope == Scope::Public {
                frontier.push(puller);
            }
        }
    }
    held
}
