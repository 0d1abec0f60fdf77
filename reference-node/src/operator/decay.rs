//! Decay from the command line, for cron and for people: the running node is asked to sweep, and a large sweep is waited for.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::environment::Environment;
use super::node::{CallError, Node};
use super::{OperatorError, scope};
use crate::domain::scope::Scope;
use crate::federation::client::Limits;

/// Of what is no sweep and no job, which have the time that the caller gives.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(20),
    bytes: 1 << 20,
};

#[derive(Subcommand)]
pub(super) enum DecayCommand {
    /// Asks the running node to apply its decay policies to one scope, and waits until that is done. The key needs the permission
    /// write and the scope.
    Sweep {
        /// The scope to sweep: local, team, company or public.
        #[arg(long, value_parser = scope)]
        scope: Scope,
        /// Instead of the modes of the policies.
        #[arg(long, value_enum)]
        mode: Option<Mode>,
        /// Only says what would be done; the same as --mode dry_run.
        #[arg(long, conflicts_with = "mode")]
        dry_run: bool,
        /// Id of the only policy to apply.
        #[arg(long)]
        policy_id: Option<String>,
        /// Prints the node's answer as one line of JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        asked: Asked,
    },
}

/// Which node, and who asks.
#[derive(clap::Args)]
pub(super) struct Asked {
    /// URL of the node.
    #[arg(long, env = "STIGMEM_URL", default_value = "http://127.0.0.1:8765")]
    url: String,
    /// Key of the node.
    #[arg(long, env = "STIGMEM_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Seconds to wait for the node.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout_s: u64,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Mode {
    Retract,
    Confidence,
    DryRun,
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::Retract => "retract",
            Self::Confidence => "confidence",
            Self::DryRun => "dry_run",
        }
    }
}

pub(super) fn run(command: DecayCommand) -> Result<ExitCode, OperatorError> {
    let DecayCommand::Sweep {
        scope,
        mode,
        dry_run,
        policy_id,
        json,
        asked,
    } = command;
    let mode = if dry_run { Some(Mode::DryRun) } else { mode };
    let order = json!({ "scope": scope.word(), "mode": mode.map(Mode::word), "policy_id": policy_id });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let swept = runtime.block_on(sweep(&asked.node()?, &order)).map_err(other)?;
    let mut out = std::io::stdout();
    if json {
        writeln!(out, "{swept}")?;
    } else {
        out.write_all(readable(&swept).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What came of the sweep, at once or at the end of a job.
async fn sweep(node: &Node, order: &Value) -> Result<Value, CallError> {
    node.outcome("/v1/decay/sweep", "/v1/decay/jobs", order).await
}

impl Asked {
    fn node(&self) -> Result<Node, OperatorError> {
        let environment = Environment::of_arguments(&self.url, self.api_key.as_deref()).map_err(other)?;
        let environment = environment.ok_or_else(|| OperatorError::Other("--url is empty".to_owned()))?;
        let node = Node::new(&environment, LIMITS).map_err(other)?;
        Ok(node.waited_for(Duration::from_secs(self.timeout_s)))
    }
}

fn other(error: impl std::fmt::Display) -> OperatorError {
    OperatorError::Other(error.to_string())
}

fn readable(swept: &Value) -> String {
    let count = |member: &str| swept[member].as_u64().unwrap_or_default();
    let dry = swept["mode"] == "dry_run";
    let (said, retracted, reduced) = if dry {
        ("to be ", count("dry_run_would_retract"), count("dry_run_would_reduce"))
    } else {
        ("", count("facts_retracted"), count("facts_reduced"))
    };
    // Texts of the node stay quoted, so that none of them can be taken for something else.
    let applied: Vec<String> = swept["policies_applied"]
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    let policies = if applied.is_empty() {
        String::from("none")
    } else {
        applied.join(", ")
    };
    format!(
        "scope     {}, {}\nevaluated {}\n{said}retracted {retracted}\n{said}reduced   {reduced}\npolicies  {policies}\n",
        swept["scope"],
        swept["swept_at"],
        count("facts_evaluated"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(mode: Option<&str>, counts: [u64; 4]) -> Value {
        json!({
            "swept_at": "2026-11-22T02:00:00+00:00", "scope": "company", "mode": mode, "facts_evaluated": 1204,
            "facts_retracted": counts[0], "facts_reduced": counts[1], "dry_run_would_retract": counts[2],
            "dry_run_would_reduce": counts[3], "policies_applied": ["stale-roadmap", "a\u{1b}[2J"],
        })
    }

    #[test]
    fn people_read_what_was_done_and_what_would_be() {
        assert_eq!(
            readable(&answer(None, [17, 3, 0, 0])),
            "scope     \"company\", \"2026-11-22T02:00:00+00:00\"\nevaluated 1204\nretracted 17\nreduced   3\n\
             policies  \"stale-roadmap\", \"a\\u001b[2J\"\n"
        );
        let dry = readable(&answer(Some("dry_run"), [0, 0, 17, 3]));
        assert!(
            dry.contains("\nto be retracted 17\n") && dry.contains("\nto be reduced   3\n"),
            "{dry}"
        );
        assert!(readable(&json!({ "policies_applied": [] })).ends_with("policies  none\n"));
    }
}
