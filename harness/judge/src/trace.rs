//! The trace: what was sent and what came back. Verdicts are a function of it, so it must hold all they need.

pub mod file;
mod hosted;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use hosted::{Ended, Hosted};

/// A line of `trace.jsonl`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Run(Box<RunRecord>),
    Case(Box<CaseRecord>),
    /// The last line; a trace without it was cut short.
    End(EndRecord),
}

/// What was to be run, with which edition of the data, against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub format: u32,
    pub kit: String,
    pub seed: u64,
    pub started: String,
    pub profile: String,
    /// The selection, when not everything was to be run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selection: Vec<String>,
    pub target: TargetRecord,
    /// SHA-256 of `spec`, `schemas`, `vectors`.
    pub digests: BTreeMap<String, String>,
    /// Cases that were left out before the start, with the reason.
    pub left_out: Vec<LeftOut>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    pub name: String,
    pub version: String,
    /// `launched` or `attached`.
    pub how: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// What repeats the run, from the command's name on.
    pub repeat: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Deviation>,
}

/// A case that is known to fail, and why; from the target file or a list beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    pub case: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub case: String,
    pub verdict: LeftOutAs,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOutAs {
    /// The target does not declare the feature.
    NotApplicable,
    /// The target cannot be brought into the situation.
    Inconclusive,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndRecord {
    pub cases: usize,
    pub exchanges: usize,
    pub duration_ms: u64,
}

/// All that happened in one case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    pub case: String,
    /// The names that were drawn for it.
    pub names: Map<String, Value>,
    pub steps: Vec<StepRecord>,
    /// The target could not be reached any more, with its last words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
    /// We could not go on, through no fault of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness_error: Option<String>,
    /// The situation could not be made, with what was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    pub duration_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    pub what: String,
    /// The end of its log, when we started it.
    pub log: Vec<String>,
}

/// What one step did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

impl StepRecord {
    /// Of a step that looks again and again, the last look: the exchanges after the last boundary, and a peer's log as it was then.
    pub fn last_look(&self) -> Self {
        let start = self.events.iter().rev().find_map(|event| match event {
            Event::Boundary(start) => Some(*start),
            _ => None,
        });
        let log = self
            .events
            .iter()
            .rev()
            .find(|event| matches!(event, Event::Log { .. }));
        Self {
            exchanges: self.exchanges[start.unwrap_or(0).min(self.exchanges.len())..].to_vec(),
            events: log.cloned().into_iter().collect(),
        }
    }
}

/// One request and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Counted within the case, from 1.
    pub n: usize,
    /// The node of the case's world, when it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    pub request: Request,
    pub answer: Answer,
    /// Wall time, in microseconds.
    pub took_us: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Header lines; credentials stand as `{key:name}`.
    pub headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Response(Response),
    /// No answer, although the node still answers other requests.
    None {
        kind: Silence,
        message: String,
    },
}

/// How an answer failed to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// Nobody listens there.
    Refused,
    /// Nothing, or not all of it, within the time limit.
    TimedOut,
    /// The connection ended early.
    Closed,
    /// What came was not HTTP, or larger than we read.
    Unreadable,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A body: text where it is UTF-8, otherwise base64.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    #[default]
    Empty,
    Text(String),
    Base64(String),
    /// A request body that is too long to keep: how long, and how it starts.
    Cut {
        bytes: usize,
        start: String,
    },
}

impl Body {
    pub fn of(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Base64(data_encoding::BASE64.encode(error.as_bytes())),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::Empty
    }

    /// The body as JSON; `None` when it is not JSON or not UTF-8.
    pub fn json(&self) -> Option<Value> {
        match self {
            Self::Text(text) => serde_json::from_str(text).ok(),
            Self::Empty | Self::Base64(_) | Self::Cut { .. } => None,
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Base64(text) => text,
            Self::Cut { start, .. } => start,
        }
    }
}

/// What a peer of ours was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    pub method: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub query: Map<String, Value>,
    /// Peer tokens are evidence, good for one peer of one case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
}

/// Something other than a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Stopped,
    Killed,
    Started,
    /// Of `exchanges`, those from this index on came after the restart.
    Boundary(usize),
    /// What a socket of our own saw.
    Raw {
        sent: usize,
        status: Option<u16>,
        closed: bool,
        start: String,
    },
    /// So many sockets were opened and stay open until the case ends.
    Held(usize),
    /// `until` ran out of time.
    Deadline,
    /// What a peer was asked so far, and the key that signs the tokens of the node which asks.
    Log {
        asked: Vec<Asked>,
        key: Option<String>,
    },
    /// A record that we made.
    Made(Value),
    /// A command of the target's that was run, and how it ended.
    Ran {
        command: String,
        said: String,
        well: bool,
        /// Absent after a signal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<i32>,
        /// The JSON that it wrote.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        file: Value,
    },
    /// A node did not start, and these are its last words.
    NotStarted(Gone),
    /// What a name stands for from now on.
    Known {
        name: String,
        value: Value,
    },
    /// A node's process stands still, or goes on.
    Paused,
    Resumed,
    /// A node was killed and its data are gone.
    Lost,
    /// Something of ours was set: a peer's answers, a link.
    Set,
    /// What the host of an adapter saw.
    Hosted(Box<Hosted>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_whatever_its_case() {
        let response = Response {
            headers: [("Content-Type", "text/plain"), ("ETag", "7"), ("etag", "8")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Response::default()
        };
        assert_eq!(response.header("etag"), Some("7"));
        assert_eq!(response.header("content-type"), Some("text/plain"));
        assert_eq!(response.header("content"), None);
    }

    #[test]
    fn a_body_is_text_where_it_can_be() {
        assert_eq!((Body::of(Vec::new()), Body::Empty.is_empty()), (Body::Empty, true));
        let text = Body::of(b"{\"a\":1}".to_vec());
        assert_eq!((text.text(), text.is_empty()), ("{\"a\":1}", false));
        assert_eq!(text.json(), Some(serde_json::json!({"a": 1})));
        let bytes = Body::of(vec![0xff]);
        assert_eq!((bytes.text(), bytes.json()), ("/w==", None));
        let cut = Body::Cut {
            bytes: 9,
            start: "1".to_owned(),
        };
        assert_eq!((cut.text(), cut.json()), ("1", None), "it may go on as something else");
    }
}
