//! The figures of all rounds as one value, for people and for programs.

use std::{collections::BTreeMap, fs, time::Duration};

use serde::Serialize;

use super::{
    BenchArgs, Figure, Machine, Workload,
    round::{Contender, Measured, Round},
    stats::ratio,
};
use crate::{
    error::InputError,
    exit::Exit,
    protocol::instant,
    report::curl::{quoted, visible},
    world::clock,
};

mod table;

pub(super) use table::{aligned, thousands, times, whole};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchReport {
    pub format: u32,
    pub kit: String,
    /// `release`, or `debug`: then neither the kit nor the bundled node is as fast as it can be.
    pub build: &'static str,
    pub started: String,
    /// The command that makes these figures again.
    pub command: String,
    pub machine: Machine,
    pub seed: u64,
    pub clients: u16,
    pub seconds: u64,
    pub warm_up_ms: u64,
    pub rounds: u16,
    pub nodes: Vec<Node>,
    pub rows: Vec<Row>,
    pub comparisons: Vec<Comparison>,
    /// What a reader must know before believing a figure.
    pub notes: Vec<String>,
}

/// A node kind at one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    pub label: String,
    pub name: String,
    pub version: String,
    /// `launched`: a fresh one for each round; `attached`: always the same.
    pub how: &'static str,
    pub facts: u64,
}

/// One workload on one node kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub workload: Workload,
    pub node: String,
    pub facts: u64,
    pub per_second: Option<Figure>,
    pub p50_ms: Option<Figure>,
    pub p99_ms: Option<Figure>,
    /// In all rounds together.
    pub requests: u64,
    pub errors: BTreeMap<String, u64>,
    pub peak_kib: Option<Figure>,
    pub node_cores: Option<Figure>,
    pub client_cores: Option<Figure>,
    /// Why there is no figure.
    pub refused: Option<String>,
    /// What each round gave.
    pub rounds: Vec<Measured>,
}

/// Two rows side by side, each figure the first divided by the second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub workload: Workload,
    /// `A/B`, or `A: 1,000,000 facts / 10,000 facts`.
    pub what: String,
    pub per_second: f64,
    /// The lowest and highest of the rounds, each compared with the other's round of the same number.
    pub per_second_range: Option<Figure>,
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub peak_memory: Option<f64>,
    /// The medians that were divided: of throughput, and of the p99.
    pub per_second_of: [f64; 2],
    pub p99_ms_of: [f64; 2],
}

impl BenchReport {
    pub(super) fn begin(args: &BenchArgs, seed: u64, warm_up: Duration, contenders: &[Contender]) -> Self {
        Self {
            format: 1,
            kit: env!("CARGO_PKG_VERSION").to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            started: instant::format(clock::now_ms()).unwrap_or_default(),
            command: command(args, seed),
            machine: Machine::look(),
            seed,
            clients: args.clients,
            seconds: args.seconds,
            warm_up_ms: u64::try_from(warm_up.as_millis()).unwrap_or(u64::MAX),
            rounds: args.rounds,
            nodes: contenders.iter().map(node).collect(),
            rows: Vec::new(),
            comparisons: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes the rounds, in the order of the contenders.
    pub(super) fn fill(&mut self, rounds: &[Vec<Round>], contenders: &[Contender]) {
        for workload in Workload::ALL {
            let rows = contenders
                .iter()
                .zip(rounds)
                .map(|(contender, rounds)| row(workload, contender, rounds));
            let rows: Vec<Row> = rows.collect();
            for (at, one) in rows.iter().enumerate() {
                // Sizes are compared with the smallest of the same node, nodes at the same size.
                let smallest = rows[..at].iter().find(|other| other.node == one.node);
                let scale = smallest.map(|other| {
                    let (more, less) = (thousands(one.facts), thousands(other.facts));
                    compare(
                        workload,
                        format!("{}: {more} facts / {less} facts", one.node),
                        one,
                        other,
                    )
                });
                let opponent = rows[at..]
                    .iter()
                    .find(|other| other.facts == one.facts && other.node != one.node);
                let against = opponent
                    .filter(|_| one.node == "A")
                    .map(|other| compare(workload, format!("{}/{}", one.node, other.node), one, other));
                self.comparisons
                    .extend([against, scale].into_iter().flatten().flatten());
            }
            self.rows.extend(rows);
        }
        self.notes = self.find_notes();
    }

    /// All figures are there, or some had to be refused.
    pub fn exit(&self) -> Exit {
        if self.rows.iter().all(|row| row.refused.is_none()) {
            Exit::Ok
        } else {
            Exit::TooLittle
        }
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
        if self.nodes.iter().any(|node| node.how == "attached") {
            notes.push("An attached node is the same one in every round and keeps the facts of this run; its memory is not available.".to_owned());
        }
        for row in &self.rows {
            let (Some(client), Some(node)) = (row.client_cores, row.node_cores) else {
                continue;
            };
            if client.median > node.median {
                notes.push(format!(
                    "{} on {}: the clients used {:.2} cores and the node {:.2}; the node may be faster than shown.",
                    row.workload.title(),
                    row.node,
                    client.median,
                    node.median
                ));
            }
        }
        notes
    }
}

/// Writes figures as data, where the arguments say so.
pub(super) fn write_json(figures: &impl Serialize, args: &BenchArgs) -> Result<(), InputError> {
    let Some(path) = &args.json else { return Ok(()) };
    let fail = |error: String| InputError::new(path, "", format!("cannot be written: {error}"));
    let text = serde_json::to_string_pretty(figures).map_err(|error| fail(error.to_string()))?;
    fs::write(path, text + "\n").map_err(|error| fail(error.to_string()))
}

pub(super) fn node(contender: &Contender) -> Node {
    Node {
        label: contender.label.clone(),
        name: visible(&contender.target.name, 100),
        version: visible(&contender.target.version, 100),
        how: if contender.target.attach.is_some() {
            "attached"
        } else {
            "launched"
        },
        facts: contender.facts,
    }
}

fn row(workload: Workload, contender: &Contender, rounds: &[Round]) -> Row {
    let outcomes: Vec<&Result<Measured, String>> = rounds.iter().filter_map(|round| round.get(&workload)).collect();
    let refused = outcomes.iter().find_map(|outcome| outcome.as_ref().err().cloned());
    let measured: Vec<Measured> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok().cloned())
        .collect();
    let mut errors = BTreeMap::new();
    for (kind, count) in measured.iter().flat_map(|round| &round.errors) {
        *errors.entry(kind.clone()).or_default() += *count;
    }
    // One refused round refuses them all: a median of the good ones would hide it.
    let trusted = || measured.iter().filter(|_| refused.is_none());
    let figure = |of: fn(&Measured) -> f64| Figure::of(&trusted().map(of).collect::<Vec<_>>());
    let perhaps = |of: fn(&Measured) -> Option<f64>| Figure::of(&trusted().map(of).collect::<Option<Vec<_>>>()?);
    Row {
        workload,
        node: contender.label.clone(),
        facts: contender.facts,
        per_second: figure(|round| round.per_second),
        p50_ms: figure(|round| round.p50_ms),
        p99_ms: figure(|round| round.p99_ms),
        requests: measured.iter().map(|round| round.requests).sum(),
        errors,
        #[expect(clippy::cast_precision_loss, reason = "memory of a process fits")]
        peak_kib: perhaps(|round| round.peak_kib.map(|kib| kib as f64)),
        node_cores: perhaps(|round| round.node_cores),
        client_cores: perhaps(|round| round.client_cores),
        refused,
        rounds: measured,
    }
}

/// `None` when one of them has no figure.
fn compare(workload: Workload, what: String, one: &Row, other: &Row) -> Option<Comparison> {
    let divided = |one: Option<Figure>, other: Option<Figure>| ratio(one?.median, other?.median);
    let pairs = one.rounds.iter().zip(&other.rounds);
    let each: Option<Vec<f64>> = pairs
        .map(|(one, other)| ratio(one.per_second, other.per_second))
        .collect();
    Some(Comparison {
        workload,
        what,
        per_second: divided(one.per_second, other.per_second)?,
        per_second_range: each.and_then(|each| Figure::of(&each)),
        p50: divided(one.p50_ms, other.p50_ms),
        p99: divided(one.p99_ms, other.p99_ms),
        peak_memory: divided(one.peak_kib, other.peak_kib),
        per_second_of: [one.per_second?.median, other.per_second?.median],
        p99_ms_of: [one.p99_ms?.median, other.p99_ms?.median],
    })
}

/// The whole command, so that nothing hangs on defaults that may change.
fn command(args: &BenchArgs, seed: u64) -> String {
    let mut command = format!(
        "stigmem-conformance bench --target {}",
        quoted(&args.target.to_string_lossy())
    );
    if let Some(against) = &args.against {
        command.push_str(&format!(" --against {}", quoted(&against.to_string_lossy())));
    }
    command.push_str(&format!(
        " --clients {} --seconds {} --rounds {}",
        args.clients, args.seconds, args.rounds
    ));
    if args.scale.is_empty() {
        command.push_str(&format!(" --facts {}", args.facts));
    } else {
        let sizes: Vec<String> = args.scale.iter().map(u64::to_string).collect();
        command.push_str(&format!(" --scale {}", sizes.join(",")));
    }
    command.push_str(&format!(" --preload-minutes {} --seed {seed}", args.preload_minutes));
    command
}

#[cfg(test)]
mod tests;
