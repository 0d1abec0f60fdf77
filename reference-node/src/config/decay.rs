//! The setting of decay.

use super::{ConfigError, Setting, Source, setting};
use crate::domain::decay::{DecayPolicy, MOST_POLICIES};
use crate::domain::fact::{Issue, Refusal};
use crate::domain::json::{self, Json};
use crate::policy::DecayConfigured;

const NAME: &str = "STIGMEM_DECAY_POLICIES";

pub(super) const SETTINGS: [Setting; 1] = [setting(
    NAME,
    "",
    "JSON array of decay policies, which sweeps apply beside those that were made over HTTP. Only the setting takes them back.",
)];

pub(super) fn policies(source: &Source<'_>) -> Result<Vec<DecayPolicy>, ConfigError> {
    let text = source.text(NAME);
    if text.trim().is_empty() || DecayConfigured::now() == DecayConfigured::NotRead {
        return Ok(Vec::new());
    }
    read(&text).map_err(ConfigError::DecayPolicies)
}

fn read(text: &str) -> Result<Vec<DecayPolicy>, String> {
    let Json::Array(items) = json::read(text.as_bytes()).map_err(|error| error.to_string())? else {
        return Err(String::from("it is no JSON array"));
    };
    if items.len() > MOST_POLICIES {
        return Err(format!("a node has at most {MOST_POLICIES} policies"));
    }
    let mut policies: Vec<DecayPolicy> = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let policy = DecayPolicy::from_json(item).map_err(|refusal| format!("policy {place}: {}", told(&refusal)))?;
        if policies.iter().any(|other| other.id == policy.id) {
            return Err(format!("policy {place}: the id '{}' is there already", policy.id));
        }
        policies.push(policy);
    }
    Ok(policies)
}

fn told(refusal: &Refusal) -> String {
    let Refusal::Issues(issues) = refusal else {
        return String::from("it is no policy");
    };
    let told = |issue: &Issue| match issue.loc.first() {
        Some(member) => format!("{member}: {}", issue.message),
        None => issue.message.clone(),
    };
    issues.iter().map(told).collect::<Vec<_>>().join("; ")
}
