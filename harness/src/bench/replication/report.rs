//! The figures of replication, for people and for programs.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::Passage;
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

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplicationReport {
    pub format: u32,
    pub kit: String,
    /// `release`, or `debug`: then nothing is as fast as it can be.
    pub build: &'static str,
    pub started: String,
    /// The command that makes these figures again.
    pub command: String,
    pub machine: Machine,
    pub seed: u64,
    pub rounds: u16,
    /// Facts in the ring while it was cut.
    pub ring_facts: u64,
    pub rows: Vec<Row>,
}

/// One node kind, to and from nodes of its own kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub node: Node,
    pub rounds: Vec<Passage>,
    /// Why there is no figure.
    pub refused: Option<String>,
    /// Seconds that a ring of four needed.
    pub ring: Option<f64>,
}

impl Row {
    pub(super) fn take(&mut self, outcome: Result<Passage, String>) {
        match outcome {
            Ok(passage) => self.rounds.push(passage),
            Err(reason) => {
                self.refused.get_or_insert(reason);
            }
        }
    }

    /// Facts per second; none when a round failed, which a median of the others would hide.
    pub fn facts_per_second(&self) -> Option<Figure> {
        let rounds: Vec<f64> = self.rounds.iter().map(|round| round.facts_per_second).collect();
        Figure::of(&rounds).filter(|_| self.refused.is_none())
    }
}

impl ReplicationReport {
    pub(super) fn begin(args: &BenchArgs, seed: u64, contenders: &[Contender]) -> Self {
        let rows = contenders.iter().map(|contender| Row {
            node: node(contender),
            rounds: Vec::new(),
            refused: None,
            ring: None,
        });
        Self {
            format: 1,
            kit: env!("CARGO_PKG_VERSION").to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            started: instant::format(clock::now_ms()).unwrap_or_default(),
            command: command(args, seed),
            machine: Machine::look(),
            seed,
            rounds: args.rounds,
            ring_facts: args.ring,
            rows: rows.collect(),
        }
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
}

impl Display for ReplicationReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "stigmem-conformance {} ({}), {} cores, {} rounds, seed {}, {}",
            self.kit, self.build, self.machine.cores, self.rounds, self.seed, self.started
        )?;
        for row in &self.rows {
            let Node {
                label,
                name,
                version,
                facts,
                ..
            } = &row.node;
            write!(
                out,
                "{label}: {name} {version}, {} facts from one node to another: ",
                thousands(*facts)
            )?;
            match (&row.refused, row.facts_per_second()) {
                (None, Some(figure)) => {
                    let Figure { median, min, max } = figure;
                    writeln!(out, "{median:.0} facts/s ({min:.0}–{max:.0})")?;
                }
                (reason, _) => writeln!(
                    out,
                    "no figure: {}",
                    reason.as_deref().unwrap_or("nothing was measured")
                )?,
            }
            if let Some(seconds) = row.ring {
                let facts = thousands(self.ring_facts);
                writeln!(
                    out,
                    "{label}: a ring of four agreed on {facts} facts {seconds:.2} s after a cut"
                )?;
            }
        }
        let medians: Vec<_> = self.rows.iter().filter_map(Row::facts_per_second).collect();
        if let [one, other] = medians[..]
            && let Some(times) = ratio(one.median, other.median)
        {
            writeln!(out, "A/B: {times:.1} times the facts/s")?;
        }
        writeln!(out, "\nagain: {}", self.command)
    }
}

/// The whole command, so that nothing hangs on defaults that may change.
fn command(args: &BenchArgs, seed: u64) -> String {
    let mut command = format!(
        "stigmem-conformance bench --replication --target {}",
        quoted(&args.target.to_string_lossy())
    );
    if let Some(against) = &args.against {
        command.push_str(&format!(" --against {}", quoted(&against.to_string_lossy())));
    }
    let (facts, ring, clients, rounds) = (args.facts, args.ring, args.clients, args.rounds);
    command.push_str(&format!(
        " --facts {facts} --ring {ring} --clients {clients} --rounds {rounds} --preload-minutes {} --seed {seed}",
        args.preload_minutes
    ));
    command
}
