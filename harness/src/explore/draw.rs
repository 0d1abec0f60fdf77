//! Drawing a history from the seed. The same seed and sizes give the same history, on every machine.

mod topology;

use super::{
    history::{Decision, Deed, Does, Entity, History, Scope, Triple, Way},
    state::{Being, State},
    values,
};
use crate::seed::Draw;

/// A history of so many deeds over so many nodes.
pub fn history(seed: u64, nodes: usize, deeds: usize) -> History {
    let (shape, edges) = topology::topology(&mut Draw::new(seed, "explore/topology"), nodes);
    let nodes: Vec<usize> = (0..nodes).collect();
    let mut writer = Writer {
        draw: Draw::new(seed, "explore/deeds"),
        state: State::new(&nodes, &edges),
        deeds: Vec::new(),
        things: 2 + deeds / 30,
        disputes: 0,
        since: Since::default(),
    };
    while writer.deeds.len() < deeds {
        writer.write();
    }
    writer.deeds.truncate(deeds);
    let deeds = writer.deeds;
    History {
        nodes,
        shape,
        edges,
        deeds,
    }
}

/// How many deeds ago something broke that has not been mended.
#[derive(Debug, Default)]
struct Since {
    node: usize,
    link: usize,
}

struct Writer<'a> {
    draw: Draw,
    state: State<'a>,
    deeds: Vec<Deed>,
    /// How many things there are to speak of.
    things: usize,
    disputes: usize,
    since: Since,
}

impl Writer<'_> {
    fn write(&mut self) {
        if let Some(mending) = self.mend() {
            self.add(mending);
            return;
        }
        // What is broken shows only when somebody runs into it.
        let broken = self.since.node + self.since.link > 0;
        if self.draw.below(100) < if broken { 8 } else { 2 } {
            self.linger();
            return;
        }
        match self.draw.below(100) {
            0..42 => self.assert(),
            42..50 => self.quarrel(),
            50..54 => self.resolve(),
            54..56 => self.burst(),
            56..64 => self.retract(),
            64..76 => self.wait(),
            76..84 => self.upset_node(),
            84..86 => self.part(),
            _ => self.upset_link(),
        }
    }

    /// What the state does not allow is drawn anew.
    fn add(&mut self, does: Does) {
        if !self.state.allows(&does) {
            return;
        }
        let deed = Deed {
            number: self.deeds.len() + 1,
            does,
        };
        self.state.apply(&deed);
        self.deeds.push(deed);
        let broken = |now: bool, since: usize| if now { since + 1 } else { 0 };
        self.since = Since {
            node: broken(self.state.those(Being::Up).len() < self.nodes(), self.since.node),
            link: broken(self.state.broken().next().is_some(), self.since.link),
        };
    }

    fn nodes(&self) -> usize {
        [Being::Up, Being::Down, Being::Paused]
            .map(|being| self.state.those(being).len())
            .iter()
            .sum()
    }

    /// Nothing stays broken for ever: a puller that has failed for long waits for long, and the end would wait for it.
    fn mend(&mut self) -> Option<Does> {
        if self.since.node > 10 || self.since.node > 0 && self.draw.below(8) == 0 {
            let paused = self.state.those(Being::Paused).into_iter().map(Does::Resume);
            let down = self.state.those(Being::Down).into_iter().map(Does::Start);
            let mending: Vec<Does> = paused.chain(down).collect();
            return self.one_of(&mending);
        }
        if self.since.link > 30 || self.since.link > 0 && self.draw.below(10) == 0 {
            let healed = self.state.broken().map(|((to, from), _)| Does::Link {
                to,
                from,
                way: Way::Whole,
            });
            let mending: Vec<Does> = healed.collect();
            return self.one_of(&mending);
        }
        None
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        match items.len() {
            0 => None,
            count => Some(items[self.draw.below(count)]),
        }
    }

    /// A node that can be spoken to; there always is one.
    fn somebody(&mut self) -> usize {
        let up = self.state.those(Being::Up);
        self.one_of(&up).unwrap_or_default()
    }

    fn scope(&mut self) -> Scope {
        match self.draw.below(20) {
            0..12 => Scope::Public,
            12..18 => Scope::Company,
            _ => Scope::Local,
        }
    }

    fn quarters(&mut self) -> u8 {
        [4, 4, 4, 3, 2, 1][self.draw.below(6)]
    }

    fn assert(&mut self) {
        let triple = Triple {
            entity: Entity::Thing(1 + self.draw.below(self.things)),
            relation: self.draw.below(2),
            scope: self.scope(),
        };
        let does = Does::Assert {
            at: self.somebody(),
            triple,
            value: self.draw.below(values::DRAWN),
            quarters: self.quarters(),
        };
        self.add(does);
    }

    /// One side of a dispute: the second of one that has begun, or the first of a new one.
    fn quarrel(&mut self) {
        let half = self.state.half_disputes();
        let (at, triple) = match self.one_of(&half) {
            Some((at, triple, _)) => (at, triple),
            None => {
                self.disputes += 1;
                let triple = Triple {
                    entity: Entity::Dispute(self.disputes),
                    relation: 0,
                    scope: self.scope(),
                };
                (self.somebody(), triple)
            }
        };
        let does = Does::Assert {
            at,
            triple,
            value: self.draw.below(values::DRAWN),
            quarters: self.quarters(),
        };
        self.add(does);
    }

    fn resolve(&mut self) {
        let open = self.state.open_disputes();
        let by = [Decision::First, Decision::Second, Decision::New][self.draw.below(3)];
        if let Some((dispute, at)) = self.one_of(&open) {
            self.add(Does::Resolve { at, dispute, by });
        }
    }

    fn burst(&mut self) {
        let does = Does::Burst {
            at: self.somebody(),
            scope: self.scope(),
            count: 2 + self.draw.below(40),
        };
        self.add(does);
    }

    fn retract(&mut self) {
        let triples = self.state.triples();
        let at = self.somebody();
        if let Some(triple) = self.one_of(&triples) {
            self.add(Does::Retract { at, triple });
        }
    }

    fn wait(&mut self) {
        let said = self.state.said();
        let recent = said[said.len().saturating_sub(10)..].iter();
        let up = self.state.those(Being::Up);
        let waits = recent.flat_map(|said| up.iter().map(|at| Does::Await { at: *at, said: *said }));
        let possible: Vec<Does> = waits.filter(|wait| self.state.allows(wait)).collect();
        self.rather_soon(&possible);
    }

    fn linger(&mut self) {
        let count = 2 + self.draw.below(5);
        let hops = self.state.edges().iter().flat_map(|edge| {
            let scope = if edge.public { Scope::Public } else { Scope::Company };
            let [one, other] = edge.ends;
            [(one, other), (other, one)].map(|(at, to)| Does::Linger { at, to, scope, count })
        });
        let possible: Vec<Does> = hops.filter(|linger| self.state.allows(linger)).collect();
        self.rather_soon(&possible);
    }

    /// Where requests have failed for long, waiting takes as long again, and everything else stays broken meanwhile: not too often.
    fn rather_soon(&mut self, waits: &[Does]) {
        let soon: Vec<Does> = waits.iter().copied().filter(|wait| self.state.is_soon(wait)).collect();
        let any = soon.is_empty() || self.draw.below(8) == 0;
        if let Some(wait) = self.one_of(if any { waits } else { &soon }) {
            self.add(wait);
        }
    }

    /// At least half of the nodes stay up.
    fn upset_node(&mut self) {
        let node = self.somebody();
        let others_up = self.state.those(Being::Up).len() - 1;
        let does = match self.draw.below(6) {
            0..2 => Does::Restart(node),
            _ if others_up * 2 < self.nodes() => return,
            2..5 => Does::Kill(node),
            _ => Does::Pause(node),
        };
        self.add(does);
    }

    /// Two halves of the net lose each other.
    fn part(&mut self) {
        let count = self.nodes();
        let side: Vec<bool> = (0..count).map(|_| self.draw.below(2) == 0).collect();
        let crossing = self.state.edges().iter().map(|edge| edge.ends);
        let crossing: Vec<[usize; 2]> = crossing.filter(|ends| side[ends[0]] != side[ends[1]]).collect();
        for [one, other] in crossing {
            for (to, from) in [(one, other), (other, one)] {
                self.add(Does::Link {
                    to,
                    from,
                    way: Way::Cut,
                });
            }
        }
    }

    fn upset_link(&mut self) {
        let ends: Vec<[usize; 2]> = self.state.edges().iter().map(|edge| edge.ends).collect();
        let Some([one, other]) = self.one_of(&ends) else { return };
        let (to, from) = if self.draw.below(2) == 0 {
            (one, other)
        } else {
            (other, one)
        };
        let few = 1 + self.draw.below(3);
        let way = match self.draw.below(15) {
            0..5 => Way::Cut,
            5 => Way::Slow,
            6 => Way::Shuffled,
            7 => Way::Chaos,
            8 => Way::Duplicate(few),
            9 => Way::Truncate(few),
            10 => Way::Refuse(few),
            11 => Way::Drop(few),
            12 => Way::Stale(few),
            13 => Way::Spoil(few),
            _ => Way::Truncate(1),
        };
        self.add(Does::Link { to, from, way });
    }
}

#[cfg(test)]
mod tests;
