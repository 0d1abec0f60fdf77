//! A node that is asked over HTTP, because it runs: what it alone may do cannot be done beside it in its file.

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use super::OperatorError;
use crate::federation::client::{self, Answer, Limits};

/// The largest answer that is read.
const LARGEST: usize = 1 << 20;

/// Which node, and who asks.
#[derive(clap::Args)]
pub(super) struct Node {
    /// URL of the node.
    #[arg(long, env = "STIGMEM_URL", default_value = "http://127.0.0.1:8765")]
    url: String,
    /// Key of the node.
    #[arg(long, env = "STIGMEM_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Seconds to wait for the node.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout_s: u64,
}

/// A node that was found.
pub(super) struct Remote {
    client: Client,
    base: String,
    api_key: Option<String>,
    patience: Duration,
}

impl Node {
    pub(super) fn reach(self) -> Result<Remote, OperatorError> {
        let base = self.url.trim_end_matches('/').to_owned();
        Ok(Remote {
            client: client::client(&base).map_err(failed)?,
            base,
            api_key: self.api_key.filter(|key| !key.is_empty()),
            patience: Duration::from_secs(self.timeout_s),
        })
    }
}

impl Remote {
    /// How long the whole may take.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) async fn get(&self, path: &str) -> Result<(u16, Value), OperatorError> {
        let answer = client::get(&self.client, &self.at(path), self.api_key.as_deref(), self.limits()).await;
        understood(&answer.map_err(failed)?)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), OperatorError> {
        let (url, key) = (self.at(path), self.api_key.as_deref());
        let answer = client::post(&self.client, &url, key, body.to_string(), self.limits()).await;
        understood(&answer.map_err(failed)?)
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn limits(&self) -> Limits {
        Limits {
            time: self.patience,
            bytes: LARGEST,
        }
    }
}

fn failed(error: client::FetchError) -> OperatorError {
    OperatorError::Other(error.to_string())
}

/// The status and the body of an answer that grants what was asked for; a refusal in the node's own words otherwise.
fn understood(answer: &Answer) -> Result<(u16, Value), OperatorError> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    match (answer.status, body) {
        (status @ 200..=299, Some(body)) => Ok((status, body)),
        (status, Some(body)) if body["error"].is_string() => {
            // The words come from elsewhere: printed as JSON they cannot play tricks on a terminal.
            let (code, detail) = (&body["error"], &body["detail"]);
            Err(OperatorError::Other(format!(
                "the node refused with {status} {code}: {detail}"
            )))
        }
        (status, _) => Err(OperatorError::Other(format!(
            "what answered with {status} is no Stigmem node"
        ))),
    }
}
