//! The description of a node under test: a TOML file, or a URL from the command line.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{data::Data, error::InputError, schemas::Schemas, trace::Deviation, vectors::world::CommandName};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub name: String,
    #[serde(default)]
    pub version: String,
    /// Optional features of the specification that it claims.
    #[serde(default)]
    pub features: Vec<String>,
    #[serde(default)]
    pub attach: Option<Attach>,
    #[serde(default)]
    pub launch: Option<Launch>,
    #[serde(default)]
    pub keys: Keys,
    #[serde(default)]
    pub federation: Option<Federation>,
    /// Cases that are known to fail, each with its reason. One that passes fails the run.
    #[serde(default)]
    pub expected: Vec<Deviation>,
    /// The folder of the target file, `{here}` in its texts.
    #[serde(skip)]
    pub here: PathBuf,
}

/// A node that is already running.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    pub url: String,
    /// Environment variable with a key that may read and write every scope.
    #[serde(default)]
    pub key_env: Option<String>,
}

/// A node that the kit starts, once or often.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    pub command: Vec<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Environments that are laid over `env`, by name: `auth-off`, `small-body`.
    #[serde(default)]
    pub variants: BTreeMap<String, BTreeMap<String, String>>,
    /// It is up when a GET of this path answers 200.
    #[serde(default = "ready_path")]
    pub ready_path: String,
    #[serde(default = "ready_within_s")]
    pub ready_within_s: u64,
    #[serde(default = "stop_within_s")]
    pub stop_within_s: u64,
}

fn ready_path() -> String {
    "/healthz".to_owned()
}

fn ready_within_s() -> u64 {
    30
}

fn stop_within_s() -> u64 {
    15
}

/// Where API keys come from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// A command whose last line of output is the raw key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mint: Vec<String>,
    /// Environment variable with a key that has `admin`: further keys are made with `POST /v1/auth/keys`.
    pub admin_env: Option<String>,
}

/// The variant of the settings of nodes that have peers.
pub const FEDERATION: &str = "federation";

/// How nodes become peers of each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Federation {
    /// A command that registers a node at another one, run with the environment of the node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub register: Vec<String>,
    /// What the kit runs in its place where a case is not about that command; `register` itself where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introduce: Vec<String>,
    /// Seconds between two pulls of the node's, as the variants set them.
    pub pull_interval_s: f64,
    /// A command that writes the node's cursors to `{file}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cursor_export: Vec<String>,
    /// A command that reads them from `{file}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cursor_import: Vec<String>,
    /// Present where a declared peer waits for a person.
    pub approve: Option<Approve>,
    /// What part of their time the cases wait; all of it, save where nodes are known to be quick or known to be wrong.
    #[serde(skip)]
    pub share_of_time: Share,
}

/// A part of a whole.
#[derive(Debug, Clone, Copy)]
pub struct Share(pub f64);

impl Default for Share {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Federation {
    /// How many times longer than written the cases wait for what nodes tell each other: they are written for a second or less.
    pub fn patience(&self) -> f64 {
        self.pull_interval_s.max(1.0) * self.share_of_time.0
    }

    /// Empty where the target file has none.
    pub fn command(&self, name: CommandName) -> &[String] {
        match name {
            CommandName::Introduce if !self.introduce.is_empty() => &self.introduce,
            CommandName::Register | CommandName::Introduce => &self.register,
            CommandName::CursorExport => &self.cursor_export,
            CommandName::CursorImport => &self.cursor_import,
        }
    }
}

impl Default for Federation {
    fn default() -> Self {
        Self {
            register: Vec::new(),
            introduce: Vec::new(),
            pull_interval_s: pull_interval_s(),
            cursor_export: Vec::new(),
            cursor_import: Vec::new(),
            approve: None,
            share_of_time: Share::default(),
        }
    }
}

fn pull_interval_s() -> f64 {
    1.0
}

/// A request that stands for that person's consent; its body is the fingerprint of the peer's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Path of a POST, with `{peer_id}` in it.
    pub path: String,
    /// What the key of that request needs.
    pub permissions: Vec<String>,
}

impl Target {
    pub fn read(path: &Path, schemas: &Schemas) -> Result<Self, InputError> {
        let size = std::fs::metadata(path)
            .map_err(|error| InputError::new(path, "", format!("cannot be read: {error}")))?
            .len();
        if size > MAX_FILE {
            return Err(InputError::new(
                path,
                "",
                format!("is {size} bytes; a target file may have {MAX_FILE}"),
            ));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| InputError::new(path, "", format!("cannot be read: {error}")))?;
        let here = path
            .parent()
            .filter(|dir| !dir.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let here = std::path::absolute(here).unwrap_or_else(|_| here.to_owned());
        Self::parse(&text, &path.display().to_string(), here, schemas)
    }

    /// The node that this program brings along.
    pub fn bundled(data: &Data, schemas: &Schemas) -> Result<Self, InputError> {
        let text = data.get("targets/bundled.toml").unwrap_or_default();
        Self::parse(text, "targets/bundled.toml", PathBuf::from("."), schemas)
    }

    pub fn at_url(
        url: &str,
        key_env: Option<String>,
        admin_env: Option<String>,
        features: Vec<String>,
    ) -> Result<Self, InputError> {
        let target = Self {
            name: url.to_owned(),
            version: String::new(),
            features,
            attach: Some(Attach {
                url: url.to_owned(),
                key_env,
            }),
            launch: None,
            keys: Keys {
                mint: Vec::new(),
                admin_env,
            },
            federation: None,
            expected: Vec::new(),
            here: PathBuf::from("."),
        };
        target.check("--url")?;
        Ok(target)
    }

    /// Reads the text of a target file; relative paths in it are meant from `here`.
    pub fn parse(text: &str, place: &str, here: PathBuf, schemas: &Schemas) -> Result<Self, InputError> {
        let fail = |error: toml::de::Error| InputError::at(place, "", error.to_string().trim_end());
        let value: serde_json::Value = toml::from_str(text).map_err(fail)?;
        schemas.check_file("target", place, &value)?;
        let mut target: Self = toml::from_str(text).map_err(fail)?;
        target.here = here;
        target.check(place)?;
        Ok(target)
    }

    fn check(&self, place: &str) -> Result<(), InputError> {
        if self.attach.is_some() == self.launch.is_some() {
            return Err(InputError::at(place, "", "a target has either [attach] or [launch]"));
        }
        let Some(attach) = &self.attach else { return Ok(()) };
        let url = url::Url::parse(&attach.url)
            .map_err(|error| InputError::at(place, "", format!("{:?} is not a URL: {error}", attach.url)))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(InputError::at(
                place,
                "",
                format!("{:?} is not an http or https URL", attach.url),
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InputError::at(
                place,
                "",
                format!("{:?}: give the base URL, without query or fragment", attach.url),
            ));
        }
        Ok(())
    }

    pub fn declares(&self, feature: &str) -> bool {
        self.features.iter().any(|declared| declared == feature)
    }
}

const MAX_FILE: u64 = 1 << 20;

#[cfg(test)]
mod tests;
