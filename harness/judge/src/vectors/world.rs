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
    /// Settings that are laid over those of federation, for single nodes.
    #[serde(default)]
    pub variants: BTreeMap<String, String>,
    /// Nodes that a step starts, not the case.
    #[serde(default)]
    pub idle: Vec<String>,
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

/// A command of the target file's, and what it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandWish {
    pub name: CommandName,
    /// The node at which to register.
    pub at: Option<String>,
    pub scopes: Vec<String>,
    /// Other values for the names in the command.
    pub with: BTreeMap<String, String>,
    /// What it reads.
    pub file: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandName {
    Register,
    /// Registers too, for cases that are not about the node's own command.
    Introduce,
    CursorExport,
    CursorImport,
}

impl CommandName {
    /// As target files have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Introduce => "introduce",
            Self::CursorExport => "cursor_export",
            Self::CursorImport => "cursor_import",
        }
    }
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
    /// What it answers to a push; an empty object for the ordinary answer again.
    pub push_fault: Option<Fault>,
    /// Further pages of facts, served in order by cursor.
    pub pages: Vec<Page>,
    /// Further facts, paged through as a publisher does.
    pub facts: Option<Value>,
    /// One for each request for those that is answered otherwise.
    pub faults: Vec<Fault>,
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
    /// How many requests it befalls, one without it.
    pub times: Option<usize>,
}

impl Fault {
    /// Each as often as it says.
    pub fn unrolled(faults: &[Self]) -> impl Iterator<Item = Self> {
        let each = faults.iter().flat_map(|fault| {
            let one = Self {
                times: None,
                ..fault.clone()
            };
            std::iter::repeat_n(one, fault.times.unwrap_or(1))
        });
        each.collect::<Vec<_>>().into_iter()
    }
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
    /// Each request waits a time of its own, up to this.
    pub shuffle_ms: u64,
    /// Members of each JSON answer that are replaced.
    pub edits: Edit,
    /// Each request suffers one of what follows with this probability.
    pub chaos: f64,
    /// So many requests pass before what follows.
    pub skip: usize,
    /// The next requests that are sent to the node twice.
    pub duplicate: usize,
    /// The next requests that reach the node and get no answer.
    pub drop: usize,
    /// The next answers that end in the middle.
    pub truncate: usize,
    /// The next answers that are those of the time before.
    pub stale: usize,
    /// The next requests whose token loses its signature.
    pub spoil: usize,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_is_called_as_in_files() {
        for (name, word) in [
            (CommandName::Register, "register"),
            (CommandName::Introduce, "introduce"),
            (CommandName::CursorExport, "cursor_export"),
            (CommandName::CursorImport, "cursor_import"),
        ] {
            assert_eq!(name.word(), word);
            assert_eq!(serde_json::from_value::<CommandName>(json!(word)).unwrap(), name);
        }
    }

    #[test]
    fn a_fault_befalls_as_many_requests_as_it_says() {
        let faults: Vec<Fault> =
            serde_json::from_value(json!([{"status": 500, "times": 2}, {"cut": 3}, {"status": 503, "times": 1}]))
                .unwrap();
        let each: Vec<Fault> = Fault::unrolled(&faults).collect();
        let wanted: Vec<Fault> =
            serde_json::from_value(json!([{"status": 500}, {"status": 500}, {"cut": 3}, {"status": 503}])).unwrap();
        assert_eq!(each, wanted);
    }

    #[test]
    fn a_peer_declares_the_usual_scopes() {
        let peer: PeerWish = serde_json::from_value(json!({})).unwrap();
        assert_eq!(peer.scopes, ["company", "public"]);
    }
}
