//! The facts of section 12.4: what is asserted when something happens to a task, a decision or an agent.

use clap::{Subcommand, ValueEnum};

use crate::domain::instant;
use crate::domain::scope::Scope;
use crate::domain::uri;
use crate::operator::environment::Environment;
use crate::operator::record::{Assertion, FactValue};

/// The most bytes of a handoff's summary and of a decision.
const LONGEST_SUMMARY: usize = 4 << 10;
/// The most bytes of the goal of an escalation.
const LONGEST_GOAL: usize = 2 << 10;
/// What every node takes as a text.
const LONGEST_TEXT: usize = 64 << 10;
/// The most facts that a handoff refers to.
const MOST_REFERENCES: usize = 100;

#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// A task was claimed.
    Checkout {
        /// Id of the task, or its stigmem:// name.
        task: String,
    },
    /// A task was completed.
    Done {
        /// Id of the task, or its stigmem:// name.
        task: String,
    },
    /// A task cannot go on.
    Blocked {
        /// Id of the task, or its stigmem:// name.
        task: String,
        /// The task that blocks it.
        #[arg(long)]
        by: Option<String>,
    },
    /// A task is being worked on. This stays at the node: it is never federated.
    Ping {
        /// Id of the task, or its stigmem:// name.
        task: String,
    },
    /// An agent hands its work on.
    Handoff {
        /// Who shall go on.
        #[arg(long)]
        to: String,
        /// What was done and what is left; at most 4 KiB.
        #[arg(long, allow_hyphen_values = true)]
        summary: String,
        /// Id of a fact that matters for it; may be repeated, up to 100 times.
        #[arg(long = "ref")]
        refs: Vec<String>,
        /// How to go on.
        #[arg(long, allow_hyphen_values = true)]
        continuation: Option<String>,
    },
    /// An agent or a person has decided something.
    Decision {
        /// The decision's name, or a slug to make one of.
        #[arg(long)]
        entity: String,
        /// What was decided; at most 4 KiB.
        #[arg(long, allow_hyphen_values = true)]
        summary: String,
    },
    /// An agent cannot go on without help.
    Escalate {
        /// Who shall help.
        #[arg(long)]
        to: String,
        #[arg(long, value_enum)]
        priority: Priority,
        /// What the agent was about to achieve; at most 2 KiB.
        #[arg(long, allow_hyphen_values = true)]
        goal: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Priority {
    Low,
    Medium,
    High,
    Critical,
}

impl Priority {
    const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What to assert, in this order, and what the host should know of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) facts: Vec<Assertion>,
    pub(crate) remarks: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not a name: {error}")]
pub(crate) struct NameError {
    what: &'static str,
    error: uri::UriError,
}

/// Where and when an event happens, so that nothing else decides what its facts say.
pub(crate) struct Occasion<'a> {
    pub(crate) environment: &'a Environment,
    /// Microseconds since the Unix epoch.
    pub(crate) micros: i64,
    /// What a handoff or an escalation is named by.
    pub(crate) id: String,
}

impl Event {
    pub(crate) fn tell(self, occasion: &Occasion<'_>) -> Result<Told, NameError> {
        let mut writer = Writer {
            source: occasion.environment.source_or("stigmem-hook"),
            told: Told::default(),
        };
        match self {
            Self::Checkout { task } => {
                writer.company(&occasion.task(&task)?, "paperclip:checkout", "string", "in_progress");
            }
            Self::Done { task } => {
                writer.company(&occasion.task(&task)?, "paperclip:issue_status", "string", "done");
            }
            Self::Blocked { task, by } => {
                let task = occasion.task(&task)?;
                // A shell passes an empty text for what it does not know.
                let by = by.filter(|by| !by.trim().is_empty());
                let by = by.map(|by| occasion.task(&by)).transpose()?;
                writer.company(&task, "paperclip:issue_status", "string", "blocked");
                if let Some(by) = by {
                    writer.company(&task, "paperclip:blocked_by", "ref", &by);
                }
            }
            Self::Ping { task } => {
                let now = instant::print(occasion.micros);
                let task = occasion.task(&task)?;
                writer.fact(&task, "paperclip:last_active", "datetime", &now, Scope::Local);
            }
            Self::Handoff {
                to,
                summary,
                refs,
                continuation,
            } => {
                let handoff = occasion.environment.name("handoff", &occasion.id);
                writer.handoff(&handoff, &name("the target", &to)?, summary, &refs, continuation);
            }
            Self::Decision { entity, summary } => {
                let summary = writer.cut("the summary", summary, LONGEST_SUMMARY);
                writer.company(&occasion.decision(&entity)?, "roadmap:decision", "text", &summary);
            }
            Self::Escalate { to, priority, goal } => {
                let escalation = occasion.environment.name("escalation", &occasion.id);
                writer.escalation(&escalation, &name("the helper", &to)?, priority, goal);
            }
        }
        Ok(writer.told)
    }
}

impl Occasion<'_> {
    /// The formal name of a task. Normalised, because it may become the value of a fact, which no node normalises.
    fn task(&self, id: &str) -> Result<String, NameError> {
        const SCHEME: &str = "stigmem://";
        // Otherwise blanks before it would become part of the name.
        let id = id.trim();
        let scheme = id.get(..SCHEME.len());
        let task = if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
            id.to_owned()
        } else {
            self.environment.name("issue", id)
        };
        normal("the task", &task)
    }

    /// Decisions have the name that the host gives them. A word without a colon is a slug, to make a formal name of.
    fn decision(&self, entity: &str) -> Result<String, NameError> {
        let entity = entity.trim();
        if entity.contains(':') {
            name("the decision", entity)
        } else {
            normal("the decision", &self.environment.name("decision", entity))
        }
    }
}

fn normal(what: &'static str, text: &str) -> Result<String, NameError> {
    uri::normalise(text).map_err(|error| NameError { what, error })
}

/// A name as the host spelt it.
fn name(what: &'static str, text: &str) -> Result<String, NameError> {
    normal(what, text)?;
    Ok(text.trim().to_owned())
}

struct Writer {
    source: String,
    told: Told,
}

impl Writer {
    /// The fact by which handoffs are found comes last: who finds one finds all of it.
    fn handoff(&mut self, handoff: &str, to: &str, summary: String, refs: &[String], continuation: Option<String>) {
        let summary = self.cut("the summary", summary, LONGEST_SUMMARY);
        self.company(handoff, "intent:handoff_summary", "text", &summary);
        let refs = refs.iter().map(|reference| reference.trim());
        let refs: Vec<&str> = refs.filter(|reference| !reference.is_empty()).collect();
        for reference in refs.iter().take(MOST_REFERENCES) {
            self.company(handoff, "intent:context_ref", "ref", reference);
        }
        if refs.len() > MOST_REFERENCES {
            let remark = format!("only the first {MOST_REFERENCES} references are kept");
            self.told.remarks.push(remark);
        }
        if let Some(continuation) = continuation.filter(|text| !text.is_empty()) {
            let continuation = self.cut("the continuation", continuation, LONGEST_TEXT);
            self.company(handoff, "intent:continuation", "text", &continuation);
        }
        self.company(handoff, "intent:handoff_to", "ref", to);
    }

    /// As with handoffs: escalations are found by their priority.
    fn escalation(&mut self, escalation: &str, to: &str, priority: Priority, goal: String) {
        let goal = self.cut("the goal", goal, LONGEST_GOAL);
        self.company(escalation, "intent:goal", "text", &goal);
        self.company(escalation, "intent:escalate_to", "ref", to);
        self.company(escalation, "intent:escalation", "string", priority.word());
    }

    fn company(&mut self, entity: &str, relation: &str, kind: &str, v: &str) {
        self.fact(entity, relation, kind, v, Scope::Company);
    }

    /// Every fact about an event is certain (section 12.4.5).
    fn fact(&mut self, entity: &str, relation: &str, kind: &str, v: &str, scope: Scope) {
        self.told.facts.push(Assertion {
            entity: entity.to_owned(),
            relation: relation.to_owned(),
            value: FactValue::new(kind, v),
            source: self.source.clone(),
            confidence: 1.0,
            scope,
            valid_until: None,
        });
    }

    /// A text that has to be short, cut where it is too long: the beginning of a summary is worth more than none.
    fn cut(&mut self, what: &str, mut text: String, most: usize) -> String {
        const MARK: &str = "…";
        if text.len() > most {
            text.truncate(text.floor_char_boundary(most - MARK.len()));
            text.push_str(MARK);
            self.told.remarks.push(format!("{what} is cut at {most} bytes"));
        }
        text
    }
}

#[cfg(test)]
mod tests;
