//! The settings of federation.

use std::time::Duration;

use super::{ConfigError, Setting, Source, setting};
use crate::domain::key;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::signing::FederationKey;
use crate::policy::RelayLag;

pub(super) const SETTINGS: [Setting; 9] = [
    setting(
        "STIGMEM_FEDERATION_ENABLED",
        "false",
        "Whether the node takes peers, serves them facts and pulls facts from them.",
    ),
    setting(
        "STIGMEM_FEDERATION_PULL_INTERVAL_S",
        "30",
        "Seconds between two pulls from one peer, 0.05 to 86400, decimals allowed.",
    ),
    setting(
        "STIGMEM_FEDERATION_PUSH_ENABLED",
        "false",
        "Whether peers may push facts; otherwise a push is answered 405.",
    ),
    setting(
        "STIGMEM_FEDERATION_ALLOWED_SCOPES",
        "company,public",
        "Comma list of the scopes that may leave or enter the node at all: team, company, public.",
    ),
    setting(
        "STIGMEM_FEDERATION_PUBKEY",
        "",
        "Public federation key, base64url without padding; only together with the private one. Empty: the node makes a key and keeps it.",
    ),
    setting(
        "STIGMEM_FEDERATION_PRIVKEY",
        "",
        "32-byte seed of the federation key, base64url without padding.",
    ),
    setting(
        "STIGMEM_FEDERATION_RELAY_ENABLED",
        "true",
        "Whether public facts of one peer are served to the others.",
    ),
    setting(
        "STIGMEM_FEDERATION_RELAY_LAG_WARNING_MS",
        "60000",
        "Milliseconds beyond the interval since a peer was last read to its end; above, answers to peers carry X-Stigmem-Replication-Lag.",
    ),
    setting(
        "STIGMEM_FEDERATION_RELAY_LAG_HARD_MS",
        "300000",
        "Milliseconds of the same lag above which peers are answered 503.",
    ),
];

/// What federation may do.
#[derive(Clone, Debug)]
pub(crate) struct FederationSettings {
    pub(crate) enabled: bool,
    pub(crate) pull_interval: Duration,
    pub(crate) push: bool,
    pub(crate) allowed: ScopeSet,
    /// The operator's own key; without one the node keeps a key of its making.
    pub(crate) key: Option<FederationKey>,
    pub(crate) relay: bool,
    pub(crate) lag_warning: Duration,
    pub(crate) lag_hard: Duration,
}

impl FederationSettings {
    pub(super) fn read(source: &Source<'_>) -> Result<Self, ConfigError> {
        let millis = |name| {
            let number = source.number(name, 1..=86_400_000, "a number of milliseconds from 1 to 86400000")?;
            Ok::<_, ConfigError>(Duration::from_millis(number as u64))
        };
        Ok(Self {
            enabled: source.boolean("STIGMEM_FEDERATION_ENABLED")?,
            pull_interval: interval(source)?,
            push: source.boolean("STIGMEM_FEDERATION_PUSH_ENABLED")?,
            allowed: allowed(source)?,
            key: own_key(source)?,
            relay: source.boolean("STIGMEM_FEDERATION_RELAY_ENABLED")?,
            lag_warning: millis("STIGMEM_FEDERATION_RELAY_LAG_WARNING_MS")?,
            lag_hard: millis("STIGMEM_FEDERATION_RELAY_LAG_HARD_MS")?,
        })
    }

    /// Only what passes facts on can keep others waiting for them.
    pub(crate) fn speaks_of_lag(&self) -> bool {
        self.relay || RelayLag::now() == RelayLag::OfLeavesToo
    }
}

fn interval(source: &Source<'_>) -> Result<Duration, ConfigError> {
    let (name, expected) = (
        "STIGMEM_FEDERATION_PULL_INTERVAL_S",
        "a number of seconds from 0.05 to 86400",
    );
    let seconds: f64 = source.parsed(name, expected)?;
    if (0.05..=86_400.0).contains(&seconds) {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(ConfigError::Invalid {
        name,
        value: source.text(name),
        expected,
    })
}

fn allowed(source: &Source<'_>) -> Result<ScopeSet, ConfigError> {
    let name = "STIGMEM_FEDERATION_ALLOWED_SCOPES";
    let value = source.text(name);
    let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
    match key::scopes(words) {
        Ok(scopes) if !scopes.contains(Scope::Local) => Ok(scopes),
        _ => Err(ConfigError::Invalid {
            name,
            value,
            expected: "a comma list of team, company and public; local never leaves the node",
        }),
    }
}

fn own_key(source: &Source<'_>) -> Result<Option<FederationKey>, ConfigError> {
    let (public, seed) = (
        source.text("STIGMEM_FEDERATION_PUBKEY"),
        source.text("STIGMEM_FEDERATION_PRIVKEY"),
    );
    if public.is_empty() && seed.is_empty() {
        return Ok(None);
    }
    // The seed stays out of the message.
    let key = FederationKey::from_text(&seed).ok_or(ConfigError::Invalid {
        name: "STIGMEM_FEDERATION_PRIVKEY",
        value: String::from("set to something else"),
        expected: "the base64url text, without padding, of a 32-byte seed, and given together with the public key",
    })?;
    if key.public_text() == public {
        return Ok(Some(key));
    }
    Err(ConfigError::Invalid {
        name: "STIGMEM_FEDERATION_PUBKEY",
        value: public,
        expected: "the public key that belongs to STIGMEM_FEDERATION_PRIVKEY",
    })
}
