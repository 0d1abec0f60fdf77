//! The vector files: typed cases, read from data that their schema has already accepted.

pub mod lint;
mod read;
pub mod step;
pub mod world;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::adapter::case::AdapterCase;

pub use read::load;
pub(crate) use read::{Problem, member, parse};
pub use step::{Credential, Edit, Step, Verb};
pub use world::WorldWish;

/// Everything under `vectors/` that is driven over HTTP, in file order; rows are already unfolded.
#[derive(Debug, Clone, Default)]
pub struct Vectors {
    pub cases: Vec<Case>,
}

impl Vectors {
    pub fn find(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }
}

/// One case; what `cargo test`, the reports and `--select` know it by is its `id`.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub area: String,
    /// The file it stands in, and its place there.
    pub file: String,
    pub pointer: String,
    pub covers: Vec<String>,
    pub why: String,
    pub needs: Vec<String>,
    /// Features that the target must not declare.
    pub lacks: Vec<String>,
    pub node: NodeWish,
    /// Absent for a case that is about one node alone.
    pub world: Option<WorldWish>,
    pub keys: BTreeMap<String, KeyWish>,
    pub times: BTreeMap<String, String>,
    /// The members of the row, empty for a case without a table.
    pub row: Map<String, Value>,
    pub body: CaseBody,
}

#[derive(Debug, Clone)]
pub enum CaseBody {
    Steps(Vec<Step>),
    Every(Box<Every>),
    /// About an adapter; host and node are played.
    Adapter(Box<AdapterCase>),
}

impl Case {
    pub fn steps(&self) -> &[Step] {
        match &self.body {
            CaseBody::Steps(steps) => steps,
            CaseBody::Every(_) | CaseBody::Adapter(_) => &[],
        }
    }

    pub fn every(&self) -> Option<&Every> {
        match &self.body {
            CaseBody::Steps(_) | CaseBody::Adapter(_) => None,
            CaseBody::Every(every) => Some(every),
        }
    }

    pub fn adapter(&self) -> Option<&AdapterCase> {
        match &self.body {
            CaseBody::Adapter(adapter) => Some(adapter),
            CaseBody::Steps(_) | CaseBody::Every(_) => None,
        }
    }

    /// Whether a pass of it shows that the node stores a fact and shows it again, or that an adapter does anything at all.
    pub fn is_witness(&self) -> bool {
        if let Some(adapter) = self.adapter() {
            return adapter.witness;
        }
        let writes = |step: &Step| matches!(step.verb, Verb::Assert(_));
        let reads = |step: &Step| matches!(step.verb, Verb::Fact(_)) && !step.prepares();
        let written = self.steps().iter().position(writes);
        written.is_some_and(|written| self.steps()[written..].iter().any(reads))
    }

    /// Whether it reads the list of conflicts or makes API keys, both of which are common to all cases on the node.
    pub fn weighs_on_the_node(&self) -> bool {
        fn weighs(step: &Step) -> bool {
            match &step.verb {
                Verb::Conflicts { .. } => true,
                Verb::Walk { path, .. } => path.starts_with("/v1/conflicts"),
                Verb::Request(request) => request.path.starts_with("/v1/auth/keys"),
                Verb::Until { step, .. } => weighs(step),
                _ => false,
            }
        }
        self.steps().iter().any(weighs)
    }

    /// Whether it restarts, stops or kills its node, or wants one for itself.
    pub fn wants_own_node(&self) -> bool {
        self.node.own || self.world.is_some() || self.steps().iter().any(|step| step.verb.moves_the_node())
    }
}

/// The node that a case wants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeWish {
    pub own: bool,
    pub variant: Option<String>,
}

/// An API key that a case wants.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyWish {
    pub permissions: Vec<String>,
    #[serde(default = "all_scopes")]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub entity: Option<String>,
}

fn all_scopes() -> Vec<String> {
    ["local", "team", "company", "public"].map(str::to_owned).to_vec()
}

impl KeyWish {
    /// The key of a step that names none.
    pub fn ordinary() -> Self {
        Self {
            permissions: vec!["read".to_owned(), "write".to_owned()],
            scopes: all_scopes(),
            entity: None,
        }
    }
}

/// What an answer must look like. Members that are `None` keep the verb's ordinary value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    pub status: Option<Value>,
    /// `Some(None)`: any body.
    #[serde(deserialize_with = "present")]
    pub schema: Option<Option<String>>,
    pub error: Option<String>,
    pub headers: BTreeMap<String, Value>,
    #[serde(deserialize_with = "present_value")]
    pub body: Option<Value>,
    pub text: Option<Value>,
    /// Only in `where`: patterns over the request.
    pub method: Option<Value>,
    pub path: Option<Value>,
}

impl Expect {
    /// Its patterns, each with its place.
    pub fn patterns(&self) -> impl Iterator<Item = (String, &Value)> {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, pattern)| (format!("/headers/{name}"), pattern));
        let others = [
            ("/body", &self.body),
            ("/text", &self.text),
            ("/method", &self.method),
            ("/path", &self.path),
        ];
        let others = others.into_iter();
        headers.chain(others.filter_map(|(place, pattern)| Some((place.to_owned(), pattern.as_ref()?))))
    }
}

/// Tells a member that is null from one that is missing.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

fn present_value<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// A rule about everything that the node sent during the run.
#[derive(Debug, Clone)]
pub struct Every {
    pub subject: Subject,
    pub filter: Expect,
    pub check: Check,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    Response,
    Success,
    Error,
    Fact,
    Page,
    Conflict,
}

#[derive(Debug, Clone)]
pub enum Check {
    Expect(Box<Expect>),
    /// Records with the same `by` agree in `members`.
    Constant {
        by: String,
        members: Vec<String>,
    },
    /// Records with another `key` have another `by`.
    Unique {
        by: String,
        key: String,
    },
}

#[cfg(test)]
pub(crate) mod tests;
