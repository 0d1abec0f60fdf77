//! `stigmem hook`: the facts of section 12.4 for platforms that run a command when something happens.
//!
//! The platform has other things to do than Stigmem. Whatever becomes of the node, the exit status is 0, what went wrong
//! is one line on standard error, and it does not take long.

mod events;

use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;

pub(super) use events::Event;
use events::{Occasion, Told};

use super::environment::Environment;
use super::node::{CallError, Node};
use super::record::Assertion;
use crate::domain::id::Id;
use crate::domain::instant::now_micros;
use crate::federation::client::Limits;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: 1 << 20,
};
/// How long all writes of an event may take.
const ALL: Duration = Duration::from_secs(30);

pub(super) fn run(event: Event) -> ExitCode {
    match Environment::of_process() {
        // Nobody asked for Stigmem.
        Ok(None) => {}
        Ok(Some(environment)) => {
            if let Err(message) = tell(event, &environment) {
                super::warn(&message);
            }
        }
        Err(error) => super::warn(&error.to_string()),
    }
    ExitCode::SUCCESS
}

fn tell(event: Event, environment: &Environment) -> Result<(), String> {
    let micros = now_micros();
    let told = event.tell(&Occasion {
        environment,
        micros,
        id: Id::fresh(micros / 1_000).text(),
    });
    let Told { facts, mut remarks } = told.map_err(|error| error.to_string())?;
    let node = Node::new(environment, LIMITS).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    remarks.extend(runtime.block_on(write(&node, &facts)));
    if remarks.is_empty() {
        Ok(())
    } else {
        Err(remarks.join("; "))
    }
}

/// What shows that a fact was written.
#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "id")]
    _id: String,
}

/// Writes the facts one after the other, and says what became of them if that is not all right. A fact that is refused
/// keeps none of the others out; a node that does not answer is not asked for more.
async fn write(node: &Node, facts: &[Assertion]) -> Option<String> {
    let mut failures = Vec::new();
    let mut written = 0;
    let writes = async {
        for fact in facts {
            match node.assert(fact).await {
                Ok(Stored { .. }) => written += 1,
                Err(error) => {
                    let gone = matches!(error, CallError::NoAnswer { .. });
                    failures.push(format!("{}: {error}", fact.relation));
                    if gone {
                        break;
                    }
                }
            }
        }
    };
    let in_time = tokio::time::timeout(ALL, writes).await.is_ok();
    if written == facts.len() {
        return None;
    }
    if !in_time {
        failures.push(format!("gave up after {} s", ALL.as_secs()));
    }
    // Facts of one event mostly fail for one reason.
    let first = failures.first().map_or("", String::as_str);
    Some(format!("{written} of {} facts written; {first}", facts.len()))
}
