//! `stigmem boot-context`: what an agent should know when it starts, as the context block of section 12.5.
//!
//! The agent starts in any case. Without a node, or with one that fails, there is nothing on standard output, at most
//! one line on standard error, and the exit status is 0.

mod block;
mod pull;

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;
use tokio::runtime::Builder;

use super::environment::Environment;
use super::record::FactRecord;

/// The most bytes of a block: more would drown what the agent is asked to do.
const LONGEST_BLOCK: usize = 256 << 10;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Whom the agent works for: their preferences are shown, and the block has their name.
    #[arg(long)]
    entity: String,
    /// A project whose constraints are shown; may be repeated.
    #[arg(long = "project")]
    projects: Vec<String>,
    /// Prints a JSON object with the facts and the block, as `facts` and `summary`.
    #[arg(long)]
    json: bool,
}

/// What section 12.3.3 calls `BootContext`.
#[derive(Default, Serialize)]
struct Context {
    facts: Vec<FactRecord>,
    summary: String,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let context = match Environment::of_process() {
        // Nobody asked for Stigmem.
        Ok(None) => Context::default(),
        Ok(Some(environment)) => context(arguments, &environment),
        Err(error) => {
            super::warn(&error.to_string());
            Context::default()
        }
    };
    let text = if arguments.json {
        serde_json::to_string(&context).unwrap_or_default()
    } else {
        context.summary
    };
    if !text.is_empty() {
        // The host may not want to read it.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
    ExitCode::SUCCESS
}

fn context(arguments: &Arguments, environment: &Environment) -> Context {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            super::warn(&error.to_string());
            return Context::default();
        }
    };
    let pulled = runtime.block_on(pull::pull(environment, &arguments.entity, &arguments.projects));
    let mut facts = pulled.facts;
    let mut remarks = pulled.remarks;
    block::sort(&mut facts);
    let fitting = fitting(&facts);
    if fitting < facts.len() {
        remarks.push(format!("{} facts do not fit into the context", facts.len() - fitting));
        facts.truncate(fitting);
    }
    if !remarks.is_empty() {
        super::warn(&remarks.join("; "));
    }
    Context {
        summary: block::render(&arguments.entity, &facts),
        facts,
    }
}

/// How many of the facts, from the first on, stay below the size of a block.
fn fitting(facts: &[FactRecord]) -> usize {
    let mut bytes = 0;
    let too_much = facts.iter().position(|fact| {
        bytes += block::line(fact).len() + 1;
        bytes > LONGEST_BLOCK
    });
    too_much.unwrap_or(facts.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_facts_fit_and_the_rest_is_left_out() {
        let fact: FactRecord = serde_json::from_value(json!({
            "id": "a", "entity": "b", "relation": "c:d", "value": { "type": "text", "v": "x".repeat(60 << 10) },
            "source": "e", "timestamp": "", "confidence": 1.0, "scope": "company",
        }))
        .unwrap();
        assert_eq!(fitting(&[]), 0);
        assert_eq!(fitting(&vec![fact.clone(); 3]), 3);
        assert_eq!(fitting(&vec![fact; 9]), 4);
    }

    #[test]
    fn an_empty_context_has_both_members() {
        let text = serde_json::to_string(&Context::default()).unwrap();
        assert_eq!(text, r#"{"facts":[],"summary":""}"#);
    }
}
