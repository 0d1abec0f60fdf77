//! Making a failing history small. Pure: it proposes, somebody else tries, and it is told what became of it.

use std::collections::BTreeSet;

use super::history::{Does, Edge, History, Way};

/// Delta debugging: first the deeds in halves, quarters, … and one by one, then nodes, neighbours taken for one, registrations and
/// details, and from the beginning as long as anything helps.
#[derive(Debug)]
pub struct Shrinker {
    best: History,
    /// What was tried, so that nothing is tried twice.
    tried: BTreeSet<String>,
    stage: Stage,
    candidate: Option<History>,
    helped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// So many deeds, from this place on.
    Deeds {
        size: usize,
        start: usize,
    },
    /// The nth node, registration, scope or detail.
    Node(usize),
    /// One end of a registration, taken for the other: two of them for each registration.
    Merge(usize),
    Edge(usize),
    Scope(usize),
    Detail(usize),
    Over,
}

impl Shrinker {
    /// Begins with a history that fails and whose deeds can all happen.
    pub fn new(history: History) -> Self {
        let size = history.deeds.len().div_ceil(2).max(1);
        Self {
            tried: BTreeSet::from([key(&history)]),
            best: history,
            stage: Stage::Deeds { size, start: 0 },
            candidate: None,
            helped: false,
        }
    }

    /// The smallest history so far that fails.
    pub fn best(&self) -> &History {
        &self.best
    }

    /// A smaller history to try; nothing when no smaller one is left.
    pub fn propose(&mut self) -> Option<History> {
        loop {
            if self.stage == Stage::Over {
                return None;
            }
            let Some(candidate) = self.smaller() else {
                self.turn();
                continue;
            };
            let candidate = candidate.legal();
            if self.tried.insert(key(&candidate)) {
                self.candidate = Some(candidate.clone());
                return Some(candidate);
            }
            self.step();
        }
    }

    /// What became of the last proposal: whether it fails in the same way.
    pub fn told(&mut self, fails: bool) {
        let Some(candidate) = self.candidate.take() else {
            return;
        };
        if fails {
            // What came after now stands in this place.
            self.best = candidate;
            self.helped = true;
        } else {
            self.step();
        }
    }

    /// The best history without what the stage points at; nothing when it points beyond the end.
    fn smaller(&self) -> Option<History> {
        let mut smaller = self.best.clone();
        match self.stage {
            Stage::Deeds { size, start } => {
                let end = (start + size).min(smaller.deeds.len());
                if start >= end {
                    return None;
                }
                smaller.deeds.drain(start..end);
            }
            Stage::Node(n) => {
                if n >= smaller.nodes.len() || smaller.nodes.len() == 1 {
                    return None;
                }
                let node = smaller.nodes.remove(n);
                smaller.edges.retain(|edge| !edge.ends.contains(&node));
                smaller.deeds.retain(|deed| !deed.does.concerns(node));
            }
            Stage::Merge(n) => {
                let edge = *smaller.edges.get(n / 2)?;
                let [stays, goes] = [edge.ends[n % 2], edge.ends[1 - n % 2]];
                smaller.nodes.retain(|node| *node != goes);
                for edge in &mut smaller.edges {
                    edge.ends = edge.ends.map(|end| if end == goes { stays } else { end });
                }
                // A node is not its own peer, and two are registered once.
                let edges = std::mem::take(&mut smaller.edges);
                for edge in edges.into_iter().filter(|edge| edge.ends[0] != edge.ends[1]) {
                    if !smaller
                        .edges
                        .iter()
                        .any(|known| known.joins(edge.ends[0], edge.ends[1]))
                    {
                        smaller.edges.push(edge);
                    }
                }
                for deed in &mut smaller.deeds {
                    deed.does.rename(goes, stays);
                }
            }
            Stage::Edge(n) => {
                if n >= smaller.edges.len() {
                    return None;
                }
                smaller.edges.remove(n);
            }
            Stage::Scope(n) => simpler_edge(smaller.edges.get_mut(n)?),
            Stage::Detail(n) => simpler_deed(&mut smaller.deeds.get_mut(n)?.does),
            Stage::Over => return None,
        }
        Some(smaller)
    }

    fn step(&mut self) {
        match &mut self.stage {
            Stage::Deeds { size, start } => *start += *size,
            Stage::Node(n) | Stage::Merge(n) | Stage::Edge(n) | Stage::Scope(n) | Stage::Detail(n) => *n += 1,
            Stage::Over => {}
        }
    }

    /// A stage is through.
    fn turn(&mut self) {
        self.stage = match self.stage {
            Stage::Deeds { size: 0 | 1, .. } => Stage::Node(0),
            Stage::Deeds { size, .. } => Stage::Deeds {
                size: size.min(self.best.deeds.len()).div_ceil(2).max(1),
                start: 0,
            },
            Stage::Node(_) => Stage::Merge(0),
            Stage::Merge(_) => Stage::Edge(0),
            Stage::Edge(_) => Stage::Scope(0),
            Stage::Scope(_) => Stage::Detail(0),
            Stage::Detail(_) if std::mem::take(&mut self.helped) => Stage::Deeds { size: 1, start: 0 },
            Stage::Detail(_) | Stage::Over => Stage::Over,
        };
    }
}

fn key(history: &History) -> String {
    format!("{history:?}")
}

fn simpler_edge(edge: &mut Edge) {
    edge.company &= !edge.public;
}

fn simpler_deed(does: &mut Does) {
    match does {
        Does::Assert { quarters, .. } => *quarters = 4,
        Does::Burst { count, .. } | Does::Linger { count, .. } => *count = 1,
        Does::Link { way, .. } => {
            *way = match *way {
                Way::Duplicate(_) => Way::Duplicate(1),
                Way::Truncate(_) => Way::Truncate(1),
                Way::Refuse(_) => Way::Refuse(1),
                Way::Drop(_) => Way::Drop(1),
                Way::Stale(_) => Way::Stale(1),
                Way::Spoil(_) => Way::Spoil(1),
                other => other,
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
