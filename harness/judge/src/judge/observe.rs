//! What a step showed, computed from its exchanges and events alone.

mod holds;
mod many;
mod peering;

use serde_json::{Value, json};

use super::{
    expect::{Outcome, expand},
    wrong::Wrong,
};
use crate::{
    bindings::Bindings,
    trace::{Answer, Event, Exchange, Response, Silence, StepRecord},
    vectors::{Step, Verb},
};
pub use holds::unaccounted;

/// The observation that a step's expectation is held against.
#[derive(Debug, Clone, Default)]
pub(super) struct Observation {
    pub status: Option<u16>,
    /// `None`: it is no answer.
    pub headers: Option<Vec<(String, String)>>,
    /// `None`: the answer was not JSON.
    pub body: Option<Value>,
    /// `None`: it is no answer.
    pub text: Option<String>,
    /// The JSON that was sent.
    pub request: Value,
    /// The answers whose status and schema count.
    pub parts: Vec<Part>,
    pub subjects: usize,
}

impl Observation {
    /// A command that ended in another way than expected has mostly told why.
    pub(super) fn explain(&self, wrong: Wrong) -> Wrong {
        let said = self.body.as_ref().and_then(|body| body["said"].as_str());
        match said.map(str::trim) {
            Some(said) if wrong.pointer == "/exit" && !said.is_empty() => {
                Wrong::said(&wrong.pointer, wrong.expected, format!("{} after {said:?}", wrong.got))
            }
            _ => wrong,
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        headers
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn of_value(body: Value) -> Self {
        Self {
            body: Some(body),
            subjects: 1,
            ..Self::default()
        }
    }

    pub(super) fn of_exchange(exchange: &Exchange, response: &Response) -> Self {
        let part = Part::of(exchange, response);
        Self {
            status: Some(response.status),
            headers: Some(response.headers.clone()),
            body: part.body.clone(),
            text: Some(response.body.text().to_owned()),
            request: exchange.request.body.json().unwrap_or_default(),
            parts: vec![part],
            subjects: 1,
        }
    }

    /// Nobody listens at the address that was asked.
    fn of_nobody(exchange: &Exchange) -> Self {
        let part = Part {
            status: 0,
            body: None,
            text: String::new(),
            n: exchange.n,
        };
        Self {
            headers: Some(Vec::new()),
            text: Some(String::new()),
            parts: vec![part],
            subjects: 1,
            ..Self::default()
        }
    }
}

/// One answer among those of a step.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub status: u16,
    pub body: Option<Value>,
    text: String,
    n: usize,
}

impl Part {
    fn of(exchange: &Exchange, response: &Response) -> Self {
        let text: String = response.body.text().chars().take(200).collect();
        Self {
            status: response.status,
            body: response.body.json(),
            text,
            n: exchange.n,
        }
    }

    /// The exchange to show; the case is the one that is being judged.
    pub(super) fn blame(&self) -> Option<(String, usize)> {
        Some((String::new(), self.n))
    }

    /// The beginning of the body, to tell one refusal from another.
    pub(super) fn excerpt(&self) -> String {
        if self.text.is_empty() {
            " with an empty body".to_owned()
        } else {
            format!(" with {}", self.text)
        }
    }
}

/// The observation, or the outcome when there is none to judge.
pub(super) fn observe(step: &Step, done: &StepRecord, bindings: &Bindings) -> Result<Observation, Outcome> {
    match &step.verb {
        Verb::Observe(value) => {
            let filled = bindings
                .fill_value(value)
                .map_err(|unbound| Outcome::Vector(unbound.to_string()))?;
            Ok(Observation::of_value(filled))
        }
        Verb::Raw { .. } => raw(done),
        Verb::Hold { connections, .. } => match done.events.last() {
            Some(Event::Held(held)) => Ok(Observation::of_value(json!({"held": held, "asked": connections}))),
            _ => Err(silent("connections to hold", "none were opened")),
        },
        Verb::Until { step: inner, within_ms } => until(inner, *within_ms, done, bindings),
        Verb::Register { .. } => match done.exchanges.first() {
            Some(exchange) => answered(exchange).map(|response| Observation::of_exchange(exchange, response)),
            None => Err(silent("a declaration to be sent", "it was not")),
        },
        Verb::AtOnce { .. } => many::at_once(done),
        Verb::Federate { .. } => peering::federate(done),
        Verb::Forge(_) | Verb::ForgeMany { .. } => peering::forge(done),
        Verb::Log(_) => peering::log(done),
        Verb::Command(_) => peering::command(done),
        Verb::Holds { facts, not, .. } => {
            let fill = |list: &Value| {
                bindings
                    .fill_value(list)
                    .map_err(|unbound| Outcome::Vector(unbound.to_string()))
            };
            holds::holds(&expand(fill(facts)?), &fill(not)?, done)
        }
        Verb::Start => match done.events.first() {
            Some(Event::NotStarted(_)) => Ok(Observation::of_value(json!({"started": false}))),
            Some(Event::Started) => Ok(Observation::of_value(json!({"started": true}))),
            _ => Err(silent("the node to be started", "it was not")),
        },
        Verb::Stop => deed(&Event::Stopped, done),
        Verb::Kill => deed(&Event::Killed, done),
        Verb::Restart => deed(&Event::Started, done),
        Verb::Pause => deed(&Event::Paused, done),
        Verb::Resume => deed(&Event::Resumed, done),
        Verb::Lose => deed(&Event::Lost, done),
        Verb::Serve(_) | Verb::Link(_) => deed(&Event::Set, done),
        Verb::Walk { items, .. } => many::walk(items, done),
        Verb::Conflicts { of, .. } => {
            let of = bindings
                .fill_text(of)
                .map_err(|unbound| Outcome::Vector(unbound.to_string()))?;
            many::conflicts(&of, done)
        }
        Verb::AssertMany { .. } => many::assert_many(done),
        Verb::AssertConcurrently { .. } => many::assert_concurrently(done),
        Verb::KillDuringWrites { .. } => many::kill_during_writes(done),
        Verb::Assert(_)
        | Verb::Query(_)
        | Verb::Get(_)
        | Verb::Fact(_)
        | Verb::Resolve { .. }
        | Verb::Request(_)
        | Verb::Replay { .. }
        | Verb::Refuse(_) => {
            let exchange = done
                .exchanges
                .last()
                .ok_or_else(|| silent("an exchange", "none took place"))?;
            if is_elsewhere(&step.verb) && nobody_listens(exchange) {
                return Ok(Observation::of_nobody(exchange));
            }
            answered(exchange).map(|response| Observation::of_exchange(exchange, response))
        }
    }
}

/// A request to another address than the node's, where it may be right that nobody listens.
fn is_elsewhere(verb: &Verb) -> bool {
    matches!(verb, Verb::Request(request) if request.to.is_some())
}

fn nobody_listens(exchange: &Exchange) -> bool {
    matches!(
        &exchange.answer,
        Answer::None {
            kind: Silence::Refused,
            ..
        }
    )
}

/// The response of an exchange; no answer is a failure of the node, which was found alive afterwards.
fn answered(exchange: &Exchange) -> Result<&Response, Outcome> {
    match &exchange.answer {
        Answer::Response(response) => Ok(response),
        Answer::None { message, .. } => {
            let wrong = Wrong::said(
                "",
                "an answer",
                format!("none, though the node still answers others: {message}"),
            );
            Err(Outcome::Wrong(wrong, Some((String::new(), exchange.n))))
        }
    }
}

fn silent(expected: &str, got: &str) -> Outcome {
    Outcome::Wrong(Wrong::said("", expected, got), None)
}

/// What is done to a node, a peer or a link shows nothing by itself.
fn deed(wanted: &Event, done: &StepRecord) -> Result<Observation, Outcome> {
    if done.events.last() != Some(wanted) {
        return Err(silent("the step to be done", "it was not"));
    }
    Ok(Observation {
        subjects: 0,
        ..Observation::of_value(Value::Null)
    })
}

fn raw(done: &StepRecord) -> Result<Observation, Outcome> {
    let Some(Event::Raw {
        status, closed, start, ..
    }) = done.events.last()
    else {
        return Err(silent("bytes on a socket", "none were sent"));
    };
    let mut observation = Observation::of_value(json!({"status": status, "closed": closed}));
    observation.status = *status;
    observation.text = Some(start.clone());
    Ok(observation)
}

fn until(inner: &Step, within_ms: u64, done: &StepRecord, bindings: &Bindings) -> Result<Observation, Outcome> {
    observe(inner, &done.last_look(), bindings).map_err(|outcome| match outcome {
        Outcome::Wrong(wrong, blame) => {
            let expected = format!("within {within_ms} ms: {}", wrong.expected);
            Outcome::Wrong(Wrong { expected, ..wrong }, blame)
        }
        other => other,
    })
}
