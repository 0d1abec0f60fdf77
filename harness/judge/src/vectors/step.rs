//! One step of a case.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Expect,
    world::{CommandName, CommandWish, LinkOrder, Serve, TokenWish},
};

#[derive(Debug, Clone)]
pub struct Step {
    pub verb: Verb,
    pub credential: Credential,
    /// The node of the case's world that it is about; without it the first.
    pub on: Option<String>,
    pub save: Option<String>,
    pub expect: Option<Expect>,
    /// When it does not hold, the situation never arose.
    pub premise: bool,
    pub control: bool,
    /// JSON Pointer into the response of what must never be written down.
    pub secret: Option<String>,
    /// As it stands in the file, for the linter.
    pub source: Value,
}

impl Step {
    /// What it expects; `until` has its expectation inside.
    pub fn expectation(&self) -> Option<&Expect> {
        match &self.verb {
            Verb::Until { step, .. } => step.expectation(),
            _ => self.expect.as_ref(),
        }
    }

    /// Whether a step that does not hold means *inconclusive* instead of *fail*.
    pub fn prepares(&self) -> bool {
        self.premise || self.expectation().is_none() && !matches!(self.verb, Verb::Refuse(_))
    }
}

/// Whose key goes with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Credential {
    Ordinary,
    Named(String),
    None,
    Bearer(String),
    Header(String),
    /// A token of a peer's.
    Token(Box<TokenWish>),
}

/// Edits of a control: JSON Pointer into the request, and what to put there.
pub type Edit = Map<String, Value>;

#[derive(Debug, Clone)]
pub enum Verb {
    Assert(Value),
    Query(Map<String, Value>),
    Get(String),
    Fact(String),
    Conflicts {
        of: String,
        status: Option<String>,
    },
    Resolve {
        conflict: String,
        body: Map<String, Value>,
    },
    Request(RequestTemplate),
    Walk {
        path: String,
        items: String,
        query: Map<String, Value>,
    },
    Refuse(Edit),
    AssertMany {
        count: usize,
        body: Value,
    },
    AssertConcurrently {
        count: usize,
        body: Value,
    },
    Raw {
        send: Vec<RawPart>,
        then: Then,
        within_ms: u64,
    },
    Until {
        within_ms: u64,
        step: Box<Step>,
    },
    Hold {
        connections: usize,
        send: Vec<RawPart>,
    },
    Observe(Value),
    Stop,
    Kill,
    Start,
    Restart,
    /// A peer declares itself at a node.
    Register {
        peer: String,
        /// Edits of the declaration before it is signed.
        with: Edit,
        /// Edits afterwards.
        then: Edit,
        /// As for tokens.
        malleated: bool,
        /// Whether it is approved at once where a peer waits for that.
        approve: bool,
    },
    /// A command of the target's, beside the node.
    Command(CommandWish),
    /// One request so many times at the same moment.
    AtOnce {
        count: usize,
        request: RequestTemplate,
    },
    /// Two nodes are registered with each other, by their own means.
    Federate {
        nodes: [String; 2],
        scopes: Vec<String>,
        by: CommandName,
    },
    /// Completes the record of a fact that a peer will send.
    Forge(Map<String, Value>),
    ForgeMany {
        count: usize,
        fact: Map<String, Value>,
    },
    /// The node has these facts and has not those.
    Holds {
        facts: Value,
        not: Value,
        within_ms: u64,
    },
    /// What came over a link comes once more.
    Replay {
        to: String,
        from: String,
        path: String,
    },
    /// The node's process stands still.
    Pause,
    Resume,
    /// The node is killed and its data are gone.
    Lose,
    /// What a peer answers from now on.
    Serve(Serve),
    /// What a peer was asked so far.
    Log(String),
    /// Something happens to the network.
    Link(LinkOrder),
    KillDuringWrites {
        clients: usize,
        kill_after: usize,
        body: Value,
    },
}

impl Verb {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Assert(_) => "assert",
            Self::Query(_) => "query",
            Self::Get(_) => "get",
            Self::Fact(_) => "fact",
            Self::Conflicts { .. } => "conflicts",
            Self::Resolve { .. } => "resolve",
            Self::Request(_) => "request",
            Self::Walk { .. } => "walk",
            Self::Refuse(_) => "refuse",
            Self::AssertMany { .. } => "assert_many",
            Self::AssertConcurrently { .. } => "assert_concurrently",
            Self::Raw { .. } => "raw",
            Self::Until { .. } => "until",
            Self::Hold { .. } => "hold",
            Self::Observe(_) => "observe",
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Register { .. } => "register",
            Self::AtOnce { .. } => "at_once",
            Self::Command(_) => "command",
            Self::ForgeMany { .. } => "forge_many",
            Self::Holds { .. } => "holds",
            Self::Replay { .. } => "replay",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Lose => "lose",
            Self::Federate { .. } => "federate",
            Self::Forge(_) => "forge",
            Self::Serve(_) => "serve",
            Self::Log(_) => "log",
            Self::Link(_) => "link",
            Self::KillDuringWrites { .. } => "kill_during_writes",
        }
    }

    /// Whether the step stops or starts the node, which a shared node must not suffer.
    pub fn moves_the_node(&self) -> bool {
        matches!(
            self,
            Self::Stop
                | Self::Kill
                | Self::Start
                | Self::Restart
                | Self::Pause
                | Self::Resume
                | Self::Lose
                | Self::KillDuringWrites { .. }
        )
    }

    /// What the answer is when the step does not say otherwise.
    pub fn ordinary(&self) -> Expect {
        let mut body = None;
        let (status, schema) = match self {
            Self::Assert(_) => (Some(201.into()), Some("wire/fact")),
            Self::AssertMany { .. } | Self::AssertConcurrently { .. } => (None, Some("wire/fact")),
            Self::Query(_) => (Some(200.into()), Some("wire/page")),
            Self::Get(_) | Self::Walk { .. } => (Some(200.into()), None),
            Self::Fact(_) => (Some(200.into()), Some("wire/fact")),
            Self::Conflicts { .. } => (Some(200.into()), Some("wire/conflicts")),
            Self::Resolve { .. } => (Some(200.into()), Some("wire/resolution")),
            Self::Request(_) | Self::Replay { .. } => (Some("2xx".into()), None),
            Self::Command(_) => {
                body = Some(json!({"exit": 0}));
                (None, None)
            }
            Self::Holds { .. } => {
                body = Some(json!({"missing": [], "changed": [], "unwanted": [], "unaccounted": []}));
                (None, None)
            }
            Self::Start => {
                body = Some(json!({"started": true}));
                (None, None)
            }
            Self::Register { .. } => (Some("2xx".into()), Some("wire/peer-created")),
            Self::Refuse(_) => (Some("4xx".into()), None),
            Self::Until { step, .. } => return step.verb.ordinary(),
            Self::Raw { .. }
            | Self::Hold { .. }
            | Self::Observe(_)
            | Self::Stop
            | Self::Kill
            | Self::Restart
            | Self::Pause
            | Self::Resume
            | Self::Lose
            | Self::AtOnce { .. }
            | Self::Federate { .. }
            | Self::Forge(_)
            | Self::ForgeMany { .. }
            | Self::Serve(_)
            | Self::Log(_)
            | Self::Link(_)
            | Self::KillDuringWrites { .. } => (None, None),
        };
        Expect {
            status,
            schema: Some(schema.map(str::to_owned)),
            body,
            ..Expect::default()
        }
    }
}

/// A request before its names are filled in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestTemplate {
    pub method: Option<String>,
    pub path: String,
    pub query: Map<String, Value>,
    pub headers: Map<String, Value>,
    pub json: Option<Value>,
    pub text: Option<Value>,
    pub bytes: Option<String>,
    /// Another base URL than that of the node.
    pub to: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum RawPart {
    Text(String),
    Repeat { text: String, times: usize },
    Bytes(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// Half-close after the bytes, then read the answer.
    Close,
    #[default]
    Wait,
}
