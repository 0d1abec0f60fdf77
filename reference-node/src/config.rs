//! Settings: the environment, read once and checked before anything starts.

mod decay;
mod federation;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use self::federation::FederationSettings;
use crate::domain::decay::DecayPolicy;

/// One environment variable. `--help` and the README's table come from this list.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, help }
}

/// Every setting there is.
pub(crate) fn settings() -> impl Iterator<Item = &'static Setting> {
    CORE.iter().chain(&decay::SETTINGS).chain(&federation::SETTINGS)
}

const CORE: [Setting; 17] = [
    setting(
        "STIGMEM_HOST",
        "127.0.0.1",
        "Address to listen on. Other than loopback only with authentication on.",
    ),
    setting(
        "STIGMEM_PORT",
        "8765",
        "Port to listen on; 0 lets the system pick one, which is printed.",
    ),
    setting(
        "STIGMEM_NODE_URL",
        "",
        "Public URL of the node; empty means the address it listens on.",
    ),
    setting(
        "STIGMEM_DB_PATH",
        "stigmem.db",
        "SQLite file; created and migrated at start.",
    ),
    setting(
        "STIGMEM_AUTH_REQUIRED",
        "true",
        "Whether every request under /v1/ needs a key. Off only for local work.",
    ),
    setting(
        "STIGMEM_ASYNC_JOB_THRESHOLD",
        "100000",
        "Live facts of a scope above which lint and sweeps are answered 202 with a job.",
    ),
    setting(
        "STIGMEM_LOG_LEVEL",
        "info",
        "error, warn, info, debug, trace, or a filter such as stigmem_node=debug.",
    ),
    setting(
        "STIGMEM_LOG_FORMAT",
        "text",
        "text or json; the log goes to standard error.",
    ),
    setting(
        "STIGMEM_MAX_BODY_BYTES",
        "1048576",
        "Largest request body; more is answered 413.",
    ),
    setting(
        "STIGMEM_MAX_VALUE_BYTES",
        "65536",
        "Largest fact value in bytes of UTF-8, at least 65536; more is answered 413.",
    ),
    setting(
        "STIGMEM_MAX_CONNECTIONS",
        "1024",
        "Connections served at a time; further ones wait.",
    ),
    setting(
        "STIGMEM_REQUEST_TIMEOUT_S",
        "30",
        "Seconds a request may take, its body included; then 408.",
    ),
    setting(
        "STIGMEM_HEADER_TIMEOUT_S",
        "30",
        "Seconds a connection may take to send the head of its next request.",
    ),
    setting(
        "STIGMEM_SHUTDOWN_TIMEOUT_S",
        "10",
        "Seconds that requests in flight get when the node is told to stop.",
    ),
    setting(
        "STIGMEM_WORKER_THREADS",
        "0",
        "Threads that serve connections; 0 means one per processor.",
    ),
    setting(
        "STIGMEM_READERS",
        "4",
        "Database connections for reading, each for one read at a time.",
    ),
    setting(
        "STIGMEM_WRITE_QUEUE",
        "1024",
        "Writes that may wait for the writer; further ones wait outside.",
    ),
];

/// The settings in their types.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Without a trailing slash; `None` means the address that the node listens on.
    pub(crate) node_url: Option<String>,
    pub(crate) db_path: PathBuf,
    pub(crate) auth_required: bool,
    pub(crate) async_job_threshold: usize,
    pub(crate) log_level: String,
    pub(crate) log_json: bool,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_value_bytes: usize,
    pub(crate) max_connections: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) header_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) worker_threads: usize,
    pub(crate) readers: usize,
    pub(crate) write_queue: usize,
    pub(crate) decay_policies: Vec<DecayPolicy>,
    pub(crate) federation: FederationSettings,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{name} is '{value}'; it must be {expected}")]
    Invalid {
        name: &'static str,
        value: String,
        expected: &'static str,
    },
    #[error("STIGMEM_DECAY_POLICIES cannot be read: {0}")]
    DecayPolicies(String),
}

impl Settings {
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads every setting through `lookup`; an empty value counts as unset.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let source = Source(&lookup);
        let seconds = |name| {
            let number = source.number(name, 1..=3_600, "a number of seconds from 1 to 3600")?;
            Ok::<_, ConfigError>(Duration::from_secs(number as u64))
        };
        Ok(Self {
            host: source.text("STIGMEM_HOST"),
            port: source.parsed("STIGMEM_PORT", "a port number from 0 to 65535")?,
            node_url: source.url("STIGMEM_NODE_URL")?,
            db_path: PathBuf::from(source.text("STIGMEM_DB_PATH")),
            auth_required: source.boolean("STIGMEM_AUTH_REQUIRED")?,
            async_job_threshold: source.number(
                "STIGMEM_ASYNC_JOB_THRESHOLD",
                0..=1_000_000_000,
                "a number of facts from 0 to 1000000000",
            )?,
            log_level: source.text("STIGMEM_LOG_LEVEL").to_ascii_lowercase(),
            log_json: source.word("STIGMEM_LOG_FORMAT", ["text", "json"], "text or json")? == 1,
            max_body_bytes: source.number(
                "STIGMEM_MAX_BODY_BYTES",
                131_072..=67_108_864,
                "a number of bytes from 131072 to 67108864",
            )?,
            max_value_bytes: source.number(
                "STIGMEM_MAX_VALUE_BYTES",
                65_536..=67_108_864,
                "a number of bytes from 65536 to 67108864",
            )?,
            max_connections: source.number("STIGMEM_MAX_CONNECTIONS", 1..=65_536, "a number from 1 to 65536")?,
            request_timeout: seconds("STIGMEM_REQUEST_TIMEOUT_S")?,
            header_timeout: seconds("STIGMEM_HEADER_TIMEOUT_S")?,
            shutdown_timeout: seconds("STIGMEM_SHUTDOWN_TIMEOUT_S")?,
            worker_threads: source.number("STIGMEM_WORKER_THREADS", 0..=256, "a number from 0 to 256")?,
            readers: source.number("STIGMEM_READERS", 1..=64, "a number from 1 to 64")?,
            write_queue: source.number("STIGMEM_WRITE_QUEUE", 1..=65_536, "a number from 1 to 65536")?,
            decay_policies: decay::policies(&source)?,
            federation: FederationSettings::read(&source)?,
        })
    }
}

struct Source<'l>(&'l dyn Fn(&str) -> Option<String>);

impl Source<'_> {
    fn text(&self, name: &'static str) -> String {
        let default = || {
            settings()
                .find(|setting| setting.name == name)
                .map_or("", |setting| setting.default)
        };
        (self.0)(name)
            .filter(|value| !value.is_empty())
            .unwrap_or_else(|| default().to_owned())
    }

    fn parsed<T: std::str::FromStr>(&self, name: &'static str, expected: &'static str) -> Result<T, ConfigError> {
        let value = self.text(name);
        value
            .trim()
            .parse()
            .map_err(|_| ConfigError::Invalid { name, value, expected })
    }

    fn number(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<usize>,
        expected: &'static str,
    ) -> Result<usize, ConfigError> {
        let number = self.parsed(name, expected)?;
        if range.contains(&number) {
            return Ok(number);
        }
        Err(ConfigError::Invalid {
            name,
            value: number.to_string(),
            expected,
        })
    }

    fn boolean(&self, name: &'static str) -> Result<bool, ConfigError> {
        let value = self.text(name);
        match value.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
            "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
            _ => Err(ConfigError::Invalid {
                name,
                value,
                expected: "true or false",
            }),
        }
    }

    /// The place of the value in `words`.
    fn word<const N: usize>(
        &self,
        name: &'static str,
        words: [&str; N],
        expected: &'static str,
    ) -> Result<usize, ConfigError> {
        let value = self.text(name);
        let lower = value.trim().to_ascii_lowercase();
        words
            .iter()
            .position(|word| *word == lower)
            .ok_or(ConfigError::Invalid { name, value, expected })
    }

    fn url(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        let value = self.text(name);
        if value.is_empty() {
            return Ok(None);
        }
        let trimmed = value.trim_end_matches('/');
        let authority = trimmed
            .strip_prefix("http://")
            .or_else(|| trimmed.strip_prefix("https://"));
        let plausible = |rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic());
        if authority.is_some_and(plausible) {
            return Ok(Some(trimmed.to_owned()));
        }
        Err(ConfigError::Invalid {
            name,
            value,
            expected: "a URL that starts with http:// or https://",
        })
    }
}

#[cfg(test)]
mod tests;
