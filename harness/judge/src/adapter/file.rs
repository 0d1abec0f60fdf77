//! The adapter file: how the host of an adapter starts and calls it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    operation,
    template::{self, Part},
};
use crate::{data::Data, error::InputError, schemas::Schemas, trace::Deviation};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterFile {
    pub name: String,
    #[serde(default)]
    pub version: String,
    #[serde(default)]
    pub process: Option<Side>,
    #[serde(default)]
    pub middleware: Option<Side>,
    /// Cases that are known to fail, each with its reason. One that passes fails the run.
    #[serde(default)]
    pub expected: Vec<Deviation>,
    /// The folder of the file, `{here}` in its texts.
    #[serde(skip)]
    pub here: PathBuf,
}

/// The adapter as one of the two archetypes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    pub command: Vec<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// One process for all operations, and what it speaks.
    #[serde(default)]
    pub stays: Option<Stays>,
    /// How long after the end of its command it may still be at work.
    #[serde(default)]
    pub settle_ms: u64,
    pub operations: BTreeMap<String, Means>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stays {
    Mcp,
    Http,
}

/// What stands for an operation: one of the first three.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Means {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Vec<Part>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// Of a tool.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub arguments: Map<String, Value>,
    /// Of boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextForm>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pulls: Vec<String>,
}

/// An HTTP request to the adapter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    #[serde(default = "post")]
    pub method: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub json: Value,
}

fn post() -> String {
    "POST".to_owned()
}

/// How boot hands its context over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContextForm {
    /// The answer is the summary.
    #[default]
    Text,
    /// It is an object with `facts` and `summary`.
    Json,
}

/// The archetype that an adapter is judged as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A process that does nothing but bridge to Stigmem.
    Process,
    /// Code in an agent that has other things to do.
    Middleware,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Process => "process",
            Self::Middleware => "middleware",
        })
    }
}

/// An adapter, as it is judged.
#[derive(Debug, Clone)]
pub struct Adapter {
    pub name: String,
    pub version: String,
    pub here: PathBuf,
    pub kind: Kind,
    pub side: Side,
    pub expected: Vec<Deviation>,
}

impl AdapterFile {
    pub fn read(path: &Path, schemas: &Schemas) -> Result<Self, InputError> {
        let fail = |error: std::io::Error| InputError::new(path, "", format!("cannot be read: {error}"));
        let size = std::fs::metadata(path).map_err(fail)?.len();
        if size > MAX_FILE {
            let message = format!("is {size} bytes; an adapter file may have {MAX_FILE}");
            return Err(InputError::new(path, "", message));
        }
        let text = std::fs::read_to_string(path).map_err(fail)?;
        let here = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let here = here.unwrap_or(Path::new("."));
        let here = std::path::absolute(here).unwrap_or_else(|_| here.to_owned());
        Self::parse(&text, &path.display().to_string(), here, schemas)
    }

    /// The adapters that the kit brings along.
    pub fn bundled(data: &Data, schemas: &Schemas) -> Result<Self, InputError> {
        let text = data.get("adapters/bundled.toml").unwrap_or_default();
        Self::parse(text, "adapters/bundled.toml", PathBuf::from("."), schemas)
    }

    pub fn parse(text: &str, place: &str, here: PathBuf, schemas: &Schemas) -> Result<Self, InputError> {
        let value: Value =
            toml::from_str(text).map_err(|error| InputError::at(place, "", error.to_string().trim_end()))?;
        schemas.check_file("adapter-file", place, &value)?;
        let mut file: Self =
            serde_json::from_value(value).map_err(|error| InputError::at(place, "", error.to_string()))?;
        file.here = here;
        for (kind, side) in [(Kind::Process, &file.process), (Kind::Middleware, &file.middleware)] {
            let Some(side) = side else { continue };
            side.check(kind)
                .map_err(|(at, what)| InputError::at(place, &format!("/{kind}{at}"), what))?;
        }
        Ok(file)
    }

    /// The archetypes that it describes.
    pub fn kinds(&self) -> Vec<Kind> {
        let sides = [(Kind::Process, &self.process), (Kind::Middleware, &self.middleware)];
        let there = sides.into_iter().filter(|(_, side)| side.is_some());
        there.map(|(kind, _)| kind).collect()
    }

    /// The adapter as one of them; `None` when the file does not describe it so.
    pub fn adapter(self, kind: Kind) -> Option<Adapter> {
        let side = match kind {
            Kind::Process => self.process,
            Kind::Middleware => self.middleware,
        };
        Some(Adapter {
            name: self.name,
            version: self.version.replace("{kit_version}", env!("CARGO_PKG_VERSION")),
            here: self.here,
            kind,
            side: side?,
            expected: self.expected,
        })
    }
}

impl Side {
    /// What the schema cannot say: where, and what is wrong there.
    fn check(&self, kind: Kind) -> Result<(), (String, String)> {
        for (name, means) in &self.operations {
            let at = format!("/operations/{name}");
            let fail = |what: &str| Err((at.clone(), what.to_owned()));
            let fits = match self.stays {
                None => means.run.is_some(),
                Some(Stays::Mcp) => means.tool.is_some(),
                Some(Stays::Http) => means.call.is_some(),
            };
            if !fits {
                return fail(
                    "without `stays` it has `run`, with `stays = \"mcp\"` `tool`, with `stays = \"http\"` `call`",
                );
            }
            if name == "boot" && kind == Kind::Process {
                return fail("only middleware has a context at boot");
            }
            if name != "boot" && means.context.is_some() {
                return fail("only `boot` has a `context`");
            }
            let Some(known) = operation::find(name) else {
                return fail("is no operation");
            };
            let strange = means
                .names()
                .into_iter()
                .find(|name| !known.names.contains(&name.as_str()));
            if let Some(strange) = strange {
                return Err((
                    at,
                    format!("{{{strange}}} is none of its names, which are {:?}", known.names),
                ));
            }
        }
        Ok(())
    }
}

impl Means {
    /// The names of its operation that it uses.
    fn names(&self) -> BTreeSet<String> {
        let mut names = self.run.as_deref().map(template::names_of_parts).unwrap_or_default();
        names.extend(template::names_of(&Value::Object(self.arguments.clone())));
        if let Some(call) = &self.call {
            names.extend(template::names_of(&Value::from(call.path.as_str())));
            names.extend(template::names_of(&call.json));
        }
        names.retain(|name| !OF_THE_KIT.contains(&name.as_str()));
        names
    }
}

impl Adapter {
    /// The conditions of the specification that it meets.
    pub fn conditions(&self) -> BTreeSet<String> {
        let mut conditions = BTreeSet::from([self.kind.to_string()]);
        if self.kind == Kind::Process && self.side.stays.is_some() {
            conditions.insert("standing".to_owned());
            if self.side.stays == Some(Stays::Mcp) {
                conditions.insert("mcp".to_owned());
            }
        }
        for (name, means) in &self.side.operations {
            conditions.insert(name.clone());
            conditions.extend(means.names().iter().map(|used| operation::with_name(name, used)));
            conditions.extend(means.pulls.iter().map(|pull| format!("pull-{pull}")));
        }
        operation::closed(conditions)
    }
}

const MAX_FILE: u64 = 1 << 20;

/// Names that stand for what the kit knows.
const OF_THE_KIT: [&str; 4] = ["self", "here", "data", "port"];

#[cfg(test)]
mod tests;
