//! What a case says of several nodes, of peers that the kit plays, and of the network between them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::step::Edit;

/// Several nodes that talk to each other, and peers that the kit plays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldWish {
    /// By name; steps that name none go to the first.
    pub nodes: Vec<String>,
    #[serde(default)]
    pub peers: BTreeMap<String, PeerWish>,
}

/// A federation peer with a key of its own that does what the case says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerWish {
    /// The scopes it declares, in the order in which it signs them.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Another peer whose node id it claims as its own.
    #[serde(default)]
    pub same_id_as: Option<String>,
}

pub(super) fn usual_scopes() -> Vec<String> {
    ["company", "public"].map(str::to_owned).into()
}

/// A peer token: an ordinary one, save for what stands here.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenWish {
    pub peer: String,
    /// The node of the case's world that it is for; without it the one that is asked.
    pub audience: Option<String>,
    pub scopes: Option<Vec<String>>,
    /// Claims in place of the ordinary ones, `null` for none at all. Texts such as `+31s` at `iat`, `nbf` and `exp` are instants.
    pub claims: Map<String, Value>,
    /// Header members in place of the ordinary ones.
    pub header: Map<String, Value>,
    /// The peer whose key signs it; without it the peer's own.
    pub signed_by: Option<String>,
    /// The signature with the group order added to its S, which lax verifiers take for the same.
    pub malleated: bool,
    /// A token that is used again under this name is the same token.
    pub name: Option<String>,
    /// The Authorization header, with `{token}` in it.
    pub wrapped: Option<String>,
}

/// What a peer answers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    pub peer: String,
    /// Edits of its discovery document.
    pub discovery: Edit,
    /// What it answers in place of its discovery document; an empty object for the document again.
    pub discovery_fault: Option<Fault>,
    /// Further pages of facts, served in order by cursor.
    pub pages: Vec<Page>,
}

/// A page of a peer's, and what goes wrong before it is served.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Page {
    pub facts: Value,
    /// Without it: whether there are further pages.
    pub has_more: Option<bool>,
    /// Without it one of the peer's own.
    pub cursor: Option<Value>,
    /// The cursor leads to this page again.
    pub stuck: bool,
    /// One for each request that is answered otherwise.
    pub faults: Vec<Fault>,
}

/// An answer in place of the proper one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    pub status: Option<u16>,
    pub headers: Map<String, Value>,
    pub text: Option<String>,
    /// So many bytes of the body, and then the end of the connection.
    pub cut: Option<usize>,
    /// The bytes of the answer come one at a time, with this pause.
    pub drip_ms: Option<u64>,
    /// The answer waits so long.
    pub after_ms: Option<u64>,
}

/// What happens to the way to a node: for what comes from one other node, or for all.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkOrder {
    pub to: String,
    pub from: Option<String>,
    pub state: LinkState,
    /// Each answer waits so long.
    pub delay_ms: u64,
    /// The next requests that are sent to the node twice.
    pub duplicate: usize,
    /// The next answers that end in the middle.
    pub truncate: usize,
    /// The next requests that get 503 in place of an answer.
    pub refuse: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    #[default]
    Whole,
    Cut,
}
