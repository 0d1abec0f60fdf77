//! How long lint and synthesis of a whole scope take, and what memory they want.
//!
//! Both only read, so a node is filled once and asked in every round. Nodes of one size stand side by side and take turns.

mod mix;
mod report;
mod skim;
mod stand;

use std::time::Duration;

pub use report::{Compared, Held, Measure, ScopesReport};
use serde::Serialize;
pub use stand::Pass;
use stand::Stand;

use super::{BenchArgs, Progress, check, contenders, report::thousands, round::Contender};
use crate::{
    data::Data,
    error::RunError,
    protocol::instant,
    schemas::Schemas,
    seed,
    world::{clock, node::Ground},
};

/// What is asked of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    Lint,
    Synthesis,
}

impl Work {
    pub const ALL: [Self; 2] = [Self::Lint, Self::Synthesis];

    pub fn title(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Synthesis => "synthesis",
        }
    }

    /// Where it is asked for, and below `/jobs/` where its jobs are.
    fn path(self) -> &'static str {
        match self {
            Self::Lint => "/v1/lint",
            Self::Synthesis => "/v1/synthesis",
        }
    }

    /// The long list of its answer.
    fn list(self) -> &'static str {
        match self {
            Self::Lint => "findings",
            Self::Synthesis => "summary",
        }
    }

    fn body(self) -> String {
        let scope = mix::SCOPE;
        match self {
            Self::Lint => format!("{{\"scope\":\"{scope}\",\"stale_lookahead_s\":{LOOKAHEAD_S}}}"),
            Self::Synthesis => format!("{{\"scope\":\"{scope}\"}}"),
        }
    }
}

/// Why a node gave no figure for some work.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Missing {
    /// It answers as one does that has no such route.
    Unknown(u16),
    Refused(String),
}

/// Measures both; what the answers leave out is no speed.
pub async fn scopes(
    args: &BenchArgs,
    data: &Data,
    schemas: &Schemas,
    ground: &Ground,
    progress: Progress<'_>,
) -> Result<ScopesReport, RunError> {
    check(args)?;
    let seed = args.seed.unwrap_or_else(seed::fresh);
    let pair = contenders(args, data, schemas)?;
    let alone = args.alone.and_then(|facts| {
        let first = pair.first()?;
        Some(Contender {
            label: first.label.clone(),
            target: first.target.clone(),
            facts,
        })
    });
    let rules = Rules {
        clients: usize::from(args.clients),
        seed,
        fill_limit: Duration::from_secs(args.preload_minutes * 60),
        run_limit: Duration::from_secs(args.run_minutes * 60),
        soon: instant::format(clock::now_ms() + SOON_MS).unwrap_or_default(),
    };
    let mut report = ScopesReport::begin(args, seed);
    for together in [pair, alone.into_iter().collect()] {
        let bench = Bench {
            rules: &rules,
            rounds: usize::from(args.rounds),
            ground,
            progress,
        };
        bench.together(&together, &mut report).await?;
    }
    report.conclude();
    Ok(report)
}

/// What all nodes share.
#[derive(Debug)]
struct Rules {
    clients: usize,
    seed: u64,
    fill_limit: Duration,
    run_limit: Duration,
    soon: String,
}

struct Bench<'a> {
    rules: &'a Rules,
    rounds: usize,
    ground: &'a Ground,
    progress: Progress<'a>,
}

impl Bench<'_> {
    /// Fills these nodes, then lets them take turns.
    async fn together(&self, contenders: &[Contender], report: &mut ScopesReport) -> Result<(), RunError> {
        let mut stands = Vec::new();
        for contender in contenders {
            let stand = Stand::set_up(contender, self.rules, self.ground, self.progress).await?;
            report.enter(contender, &stand.filled);
            stands.push(stand);
        }
        for number in 1..=self.rounds {
            for work in Work::ALL {
                for stand in &stands {
                    self.turn(number, work, stand, report).await?;
                }
            }
        }
        for stand in stands {
            stand.take_down(self.ground).await;
        }
        Ok(())
    }

    async fn turn(
        &self,
        number: usize,
        work: Work,
        stand: &Stand<'_>,
        report: &mut ScopesReport,
    ) -> Result<(), RunError> {
        let Contender { label, target, facts } = stand.contender;
        let row = report.row(work, label, *facts);
        let Some(row) = row.filter(|row| !row.is_missing()) else {
            return Ok(());
        };
        let outcome = stand.pass(work).await?;
        let told = match &outcome {
            Ok(pass) => format!("{:.2} s", pass.seconds),
            Err(Missing::Unknown(status)) => format!("not known ({status})"),
            Err(Missing::Refused(reason)) => reason.clone(),
        };
        let (name, facts, title) = (&target.name, thousands(*facts), work.title());
        (self.progress)(&format!(
            "round {number}, {label} ({name}): {title} of {facts} facts: {told}"
        ));
        row.take(outcome);
        Ok(())
    }
}

/// How far lint looks ahead, and where in this time the near ends are.
const LOOKAHEAD_S: u64 = 7 * 24 * 60 * 60;
const SOON_MS: i64 = 2 * 24 * 60 * 60 * 1000;
