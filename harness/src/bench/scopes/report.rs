//! The figures of whole scopes as one value, for people and for programs.

use serde::Serialize;

use super::{Missing, Pass, Work, stand::Filling};
use crate::{
    bench::{
        BenchArgs, Figure, Machine,
        report::{Node, node, thousands, write_json},
        round::Contender,
        stats::ratio,
    },
    error::InputError,
    exit::Exit,
    protocol::instant,
    report::curl::quoted,
    world::clock,
};

mod table;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScopesReport {
    pub format: u32,
    pub kit: String,
    /// `release`, or `debug`: then nothing is as fast as it can be.
    pub build: &'static str,
    pub started: String,
    /// The command that makes these figures again.
    pub command: String,
    pub machine: Machine,
    pub seed: u64,
    /// Clients that brought the facts in.
    pub clients: u16,
    pub rounds: u16,
    pub nodes: Vec<Held>,
    pub rows: Vec<Measure>,
    pub comparisons: Vec<Compared>,
    /// What a reader must know before believing a figure.
    pub notes: Vec<String>,
}

/// A node, and what it was given to hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Held {
    #[serde(flatten)]
    pub node: Node,
    /// Those of the facts that had not ended.
    pub live: u64,
    pub filled_per_second: Option<f64>,
    /// The most memory that it had by then.
    pub filling_peak_kib: Option<u64>,
}

/// One work on one node at one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    pub work: Work,
    pub node: String,
    pub facts: u64,
    pub seconds: Option<Figure>,
    pub facts_per_second: Option<Figure>,
    pub bytes: Option<Figure>,
    /// Findings, or entries of the summary.
    pub listed: Option<Figure>,
    /// Resident memory before the runs.
    pub before_kib: Option<Figure>,
    pub peak_kib: Option<Figure>,
    pub node_cores: Option<Figure>,
    pub client_cores: Option<Figure>,
    /// The status with which the node said that it has no such route.
    pub unknown: Option<u16>,
    /// Why there is no figure although there should be one.
    pub refused: Option<String>,
    /// What each round gave.
    pub rounds: Vec<Pass>,
}

/// Two rows side by side, each figure the first divided by the second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub work: Work,
    /// `A/B`, or `A: 1,000,000 facts / 20,000 facts`.
    pub what: String,
    pub seconds: f64,
    /// The lowest and highest of the rounds, each compared with the other's round of the same number.
    pub seconds_range: Option<Figure>,
    /// The medians that were divided.
    pub seconds_of: [f64; 2],
    /// Of the highest peaks.
    pub peak_memory: Option<f64>,
}

impl Measure {
    fn new(work: Work, contender: &Contender) -> Self {
        Self {
            work,
            node: contender.label.clone(),
            facts: contender.facts,
            seconds: None,
            facts_per_second: None,
            bytes: None,
            listed: None,
            before_kib: None,
            peak_kib: None,
            node_cores: None,
            client_cores: None,
            unknown: None,
            refused: None,
            rounds: Vec::new(),
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        self.unknown.is_some() || self.refused.is_some()
    }

    pub(super) fn take(&mut self, outcome: Result<Pass, Missing>) {
        match outcome {
            Ok(pass) => self.rounds.push(pass),
            Err(Missing::Unknown(status)) => self.unknown = Some(status),
            Err(Missing::Refused(reason)) => self.refused = Some(reason),
        }
    }

    /// None when a round failed, which a median of the others would hide.
    #[expect(clippy::cast_precision_loss, reason = "bytes of an answer and of a process fit")]
    fn conclude(&mut self) {
        if self.is_missing() {
            return;
        }
        let rounds = &self.rounds;
        let figure = |of: fn(&Pass) -> f64| Figure::of(&rounds.iter().map(of).collect::<Vec<_>>());
        let perhaps = |of: fn(&Pass) -> Option<f64>| Figure::of(&rounds.iter().map(of).collect::<Option<Vec<_>>>()?);
        self.seconds = figure(|pass| pass.seconds);
        self.facts_per_second = figure(|pass| pass.facts_per_second);
        self.bytes = figure(|pass| pass.bytes as f64);
        self.listed = figure(|pass| pass.listed as f64);
        self.before_kib = perhaps(|pass| pass.before_kib.map(|kib| kib as f64));
        self.peak_kib = perhaps(|pass| pass.peak_kib.map(|kib| kib as f64));
        self.node_cores = perhaps(|pass| pass.node_cores);
        self.client_cores = perhaps(|pass| pass.client_cores);
    }
}

impl ScopesReport {
    pub(super) fn begin(args: &BenchArgs, seed: u64) -> Self {
        Self {
            format: 1,
            kit: env!("CARGO_PKG_VERSION").to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            started: instant::format(clock::now_ms()).unwrap_or_default(),
            command: command(args, seed),
            machine: Machine::look(),
            seed,
            clients: args.clients,
            rounds: args.rounds,
            nodes: Vec::new(),
            rows: Vec::new(),
            comparisons: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A node that was filled.
    pub(super) fn enter(&mut self, contender: &Contender, filled: &Filling) {
        self.nodes.push(Held {
            node: node(contender),
            live: filled.owed.live,
            filled_per_second: filled.refused.is_none().then_some(filled.facts_per_second),
            filling_peak_kib: filled.peak_kib,
        });
        for work in Work::ALL {
            let mut row = Measure::new(work, contender);
            row.refused.clone_from(&filled.refused);
            self.rows.push(row);
        }
    }

    pub(super) fn row(&mut self, work: Work, label: &str, facts: u64) -> Option<&mut Measure> {
        let mut rows = self.rows.iter_mut();
        rows.find(|row| row.work == work && row.node == label && row.facts == facts)
    }

    /// Makes figures of the rounds.
    pub(super) fn conclude(&mut self) {
        self.rows.iter_mut().for_each(Measure::conclude);
        self.rows.sort_by_key(|row| row.work);
        let rows = &self.rows;
        for (at, one) in rows.iter().enumerate() {
            let same_work = |other: &&Measure| other.work == one.work;
            let against = rows.iter().filter(same_work);
            let mut against = against.filter(|other| other.facts == one.facts && other.node != one.node);
            if one.node == "A"
                && let Some(other) = against.next()
            {
                let what = format!("{}/{}", one.node, other.node);
                self.comparisons.extend(compare(what, one, other));
            }
            let mut smaller = rows[..at].iter().filter(same_work);
            if let Some(other) = smaller.find(|other| other.node == one.node) {
                let (more, less) = (thousands(one.facts), thousands(other.facts));
                let what = format!("{}: {more} facts / {less} facts", one.node);
                self.comparisons.extend(compare(what, one, other));
            }
        }
        self.notes = self.find_notes();
    }

    /// All figures are there that these nodes can give, or some had to be refused.
    pub fn exit(&self) -> Exit {
        let refused = self.rows.iter().any(|row| row.refused.is_some());
        let figures = self.rows.iter().any(|row| row.seconds.is_some());
        if figures && !refused { Exit::Ok } else { Exit::TooLittle }
    }

    /// Writes the same as data, where the arguments say so.
    pub fn write_json(&self, args: &BenchArgs) -> Result<(), InputError> {
        write_json(self, args)
    }

    fn find_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.build == "debug" {
            notes.push("This is a debug build: build with --release before you tell anybody these figures.".to_owned());
        }
        if self.nodes.iter().any(|held| held.node.how == "attached") {
            notes.push(
                "An attached node keeps the facts of this run, and may hold others; its memory is not available."
                    .to_owned(),
            );
        }
        if self.passes().any(|pass| pass.peak_of_life) {
            notes.push("The peaks of memory are of the nodes' whole lives, from their start on.".to_owned());
        }
        for row in &self.rows {
            let (title, node, facts) = (row.work.title(), &row.node, thousands(row.facts));
            if row.rounds.iter().any(|pass| pass.job) {
                notes.push(format!(
                    "{title} on {node} with {facts} facts was a job, and is timed until its result was read."
                ));
            }
            if let (Some(client), Some(used)) = (row.client_cores, row.node_cores)
                && client.median > used.median
            {
                notes.push(format!(
                    "{title} on {node} with {facts} facts: the client used {:.2} cores and the node {:.2}; the node may be faster than shown.",
                    client.median, used.median
                ));
            }
        }
        notes
    }

    fn passes(&self) -> impl Iterator<Item = &Pass> {
        self.rows.iter().flat_map(|row| &row.rounds)
    }
}

/// `None` when one of them has no figure.
fn compare(what: String, one: &Measure, other: &Measure) -> Option<Compared> {
    let medians = [one.seconds?.median, other.seconds?.median];
    let pairs = one.rounds.iter().zip(&other.rounds);
    let each: Option<Vec<f64>> = pairs.map(|(one, other)| ratio(one.seconds, other.seconds)).collect();
    let peaks = one.peak_kib.zip(other.peak_kib);
    Some(Compared {
        work: one.work,
        what,
        seconds: ratio(medians[0], medians[1])?,
        seconds_range: each.and_then(|each| Figure::of(&each)),
        seconds_of: medians,
        peak_memory: peaks.and_then(|(one, other)| ratio(one.max, other.max)),
    })
}

/// The whole command, so that nothing hangs on defaults that may change.
fn command(args: &BenchArgs, seed: u64) -> String {
    let mut command = format!(
        "stigmem-conformance bench --scopes --target {}",
        quoted(&args.target.to_string_lossy())
    );
    if let Some(against) = &args.against {
        command.push_str(&format!(" --against {}", quoted(&against.to_string_lossy())));
    }
    command.push_str(&format!(" --facts {}", args.facts));
    if let Some(alone) = args.alone {
        command.push_str(&format!(" --alone {alone}"));
    }
    let (clients, rounds, run) = (args.clients, args.rounds, args.run_minutes);
    command.push_str(&format!(
        " --clients {clients} --rounds {rounds} --run-minutes {run} --preload-minutes {} --seed {seed}",
        args.preload_minutes
    ));
    command
}

#[cfg(test)]
mod tests;
