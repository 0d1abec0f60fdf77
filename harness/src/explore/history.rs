//! What happens to a net of nodes: who is registered with whom, and then one deed after the other.

use super::state::State;

/// Names of nodes; a history speaks of them by number.
pub const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// The whole story, before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub nodes: Vec<usize>,
    /// What the edges were drawn as.
    pub shape: &'static str,
    pub edges: Vec<Edge>,
    pub deeds: Vec<Deed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Local,
    Company,
    Public,
}

impl Scope {
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Company => "company",
            Self::Public => "public",
        }
    }
}

/// Two nodes that are registered with each other, and the scopes that both declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub ends: [usize; 2],
    pub company: bool,
    pub public: bool,
}

impl Edge {
    pub fn permits(&self, scope: Scope) -> bool {
        match scope {
            Scope::Local => false,
            Scope::Company => self.company,
            Scope::Public => self.public,
        }
    }

    pub fn joins(&self, one: usize, other: usize) -> bool {
        self.ends == [one, other] || self.ends == [other, one]
    }

    pub fn scopes(&self) -> Vec<&'static str> {
        [Scope::Company, Scope::Public]
            .into_iter()
            .filter(|scope| self.permits(*scope))
            .map(Scope::word)
            .collect()
    }
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// Anybody asserts and retracts.
    Thing(usize),
    /// Two values at one node, and perhaps a resolution there: nobody else speaks of it, so its conflict is known to exist.
    Dispute(usize),
    /// The facts of one burst, by the number of its deed.
    Load(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Triple {
    pub entity: Entity,
    pub relation: usize,
    pub scope: Scope,
}

/// One thing that happens. The number stays with it when others are taken out of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    pub number: usize,
    pub does: Does,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// `value` is an index of `values`; confidence is counted in quarters.
    Assert {
        at: usize,
        triple: Triple,
        value: usize,
        quarters: u8,
    },
    /// Many facts at once, each about something of its own.
    Burst {
        at: usize,
        scope: Scope,
        count: usize,
    },
    Retract {
        at: usize,
        triple: Triple,
    },
    Resolve {
        at: usize,
        dispute: usize,
        by: Decision,
    },
    /// Waits until what another deed said has arrived, over links that are whole at the moment.
    Await {
        at: usize,
        said: usize,
    },
    /// Time passes, counted in facts that one node tells another over what is whole at the moment.
    Linger {
        at: usize,
        to: usize,
        scope: Scope,
        count: usize,
    },
    Restart(usize),
    Kill(usize),
    Start(usize),
    Pause(usize),
    Resume(usize),
    /// What befalls the requests of one node to another.
    Link {
        to: usize,
        from: usize,
        way: Way,
    },
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    First,
    Second,
    New,
}

/// A state of a link, or something that befalls some of the next requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Whole,
    Cut,
    Slow,
    /// Requests overtake each other.
    Shuffled,
    Chaos,
    Duplicate(usize),
    Truncate(usize),
    Refuse(usize),
    Drop(usize),
    Stale(usize),
    Spoil(usize),
}

impl Does {
    /// The word that the counts are kept under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Assert { .. } => "assert",
            Self::Burst { .. } => "burst",
            Self::Retract { .. } => "retract",
            Self::Resolve { .. } => "resolve",
            Self::Await { .. } => "await",
            Self::Linger { .. } => "linger",
            Self::Restart(_) => "restart",
            Self::Kill(_) => "kill",
            Self::Start(_) => "start",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Link { way: Way::Cut, .. } => "cut",
            Self::Link { way: Way::Whole, .. } => "heal",
            Self::Link { .. } => "flaw",
        }
    }

    /// Whether it is about this node.
    pub fn concerns(&self, node: usize) -> bool {
        let mut copy = *self;
        copy.nodes().into_iter().any(|at| *at == node)
    }

    /// The same deed with another node in the place of one.
    pub fn rename(&mut self, node: usize, other: usize) {
        for at in self.nodes().into_iter().filter(|at| **at == node) {
            *at = other;
        }
    }

    fn nodes(&mut self) -> Vec<&mut usize> {
        match self {
            Self::Assert { at, .. }
            | Self::Burst { at, .. }
            | Self::Retract { at, .. }
            | Self::Resolve { at, .. }
            | Self::Await { at, .. }
            | Self::Restart(at)
            | Self::Kill(at)
            | Self::Start(at)
            | Self::Pause(at)
            | Self::Resume(at) => vec![at],
            Self::Linger { at, to, .. } => vec![at, to],
            Self::Link { to, from, .. } => vec![to, from],
        }
    }
}

impl History {
    /// Without the deeds that cannot happen: an assertion at a node that is down, the healing of a whole link, a wait for what was never
    /// said or has no way to arrive.
    #[must_use]
    pub fn legal(&self) -> Self {
        let mut state = State::new(&self.nodes, &self.edges);
        let mut legal = Self {
            deeds: Vec::new(),
            ..self.clone()
        };
        for deed in &self.deeds {
            if state.allows(&deed.does) {
                state.apply(deed);
                legal.deeds.push(*deed);
            }
        }
        legal
    }

    /// How things stand at the end.
    pub fn end(&self) -> State<'_> {
        let mut state = State::new(&self.nodes, &self.edges);
        for deed in &self.deeds {
            state.apply(deed);
        }
        state
    }

    /// The deeds by kind, with their numbers.
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let mut counts: Vec<(&'static str, usize)> = Vec::new();
        for deed in &self.deeds {
            let kind = deed.does.kind();
            match counts.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => counts.push((kind, 1)),
            }
        }
        counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        counts
    }

    /// The registrations in words: `a-b company,public`.
    pub fn topology(&self) -> String {
        let edges = self.edges.iter().map(|edge| {
            let [one, other] = edge.ends.map(|end| NAMES[end]);
            format!("{one}-{other} {}", edge.scopes().join(","))
        });
        edges.collect::<Vec<_>>().join("; ")
    }
}
