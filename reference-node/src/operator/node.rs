//! A node as its clients see it: requests with limits, answers that are not trusted, failures in words.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::environment::Environment;
use super::record::Assertion;
use super::shown;
use crate::federation::client::{self, Answer, FetchError, Limits};

/// For what takes a node long, because it goes through a whole scope: one request, and the end of a job.
const LONG: Limits = Limits {
    time: Duration::from_secs(90),
    bytes: 16 << 20,
};
const JOB: Duration = Duration::from_secs(300);
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// Section 12.6: a node that answers 5xx is asked once more, after two seconds.
const BEFORE_ANOTHER_TRY: Duration = Duration::from_secs(2);
/// The most characters of a node's own words in a message.
const LONGEST_DETAIL: usize = 500;
/// What a node has to say of itself (section 12.3.1).
const DISCOVERY: [&str; 5] = ["version", "node_id", "node_url", "auth", "federation"];

pub(crate) struct Node {
    client: Client,
    url: String,
    key: Option<String>,
    limits: Limits,
    long: Limits,
    job: Duration,
}

/// An answer with a 2xx.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    body: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no answer from the node at {url}: {cause}")]
    NoAnswer { url: String, cause: String },
    #[error("the node answered {status}{detail}")]
    Refused { status: u16, detail: String },
    #[error("the node's answer cannot be used: {0}")]
    Unusable(String),
    #[error("the node gave up on its job: {0}")]
    JobFailed(String),
    #[error("the node's job {id} has not ended within {seconds} s; it goes on")]
    Unfinished { id: String, seconds: u64 },
    #[error("'{0}' is not an id")]
    Id(String),
    #[error("facts are written in the name of {0} here; leave the source out")]
    Source(String),
}

#[derive(Deserialize)]
struct Job {
    job_id: String,
    status: String,
    #[serde(default)]
    error: Value,
}

impl Node {
    /// `limits` are those of an ordinary request.
    pub(crate) fn new(environment: &Environment, limits: Limits) -> Result<Self, CallError> {
        let client = client::client(&environment.url);
        Ok(Self {
            client: client.map_err(|error| no_answer(&environment.url, &error))?,
            url: environment.url.clone(),
            key: environment.key.clone(),
            limits,
            long: LONG,
            job: JOB,
        })
    }

    /// The same node, for somebody who waits so long for what goes through a whole scope.
    pub(crate) fn waited_for(mut self, time: Duration) -> Self {
        self.long.time = time;
        self.job = time;
        self
    }

    /// Asks who the node is. A document that lacks what it has to say is none.
    pub(crate) async fn probe(&self) -> Result<(), CallError> {
        let reply = self.get("/.well-known/stigmem").await?;
        if reply.status != 200 {
            return Err(CallError::Unusable(format!(
                "its discovery document came with {}",
                reply.status
            )));
        }
        let document: Value = reply.read()?;
        match DISCOVERY.iter().find(|member| !document[**member].is_string()) {
            None => Ok(()),
            Some(member) => Err(CallError::Unusable(format!(
                "its discovery document has no text {member}"
            ))),
        }
    }

    pub(crate) async fn get(&self, target: &str) -> Result<Reply, CallError> {
        self.get_within(target, self.limits).await
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Result<Reply, CallError> {
        self.post_within(target, body, self.limits).await
    }

    /// For what goes through a whole scope.
    pub(crate) async fn post_long(&self, target: &str, body: &Value) -> Result<Reply, CallError> {
        self.post_within(target, body, self.long).await
    }

    /// Writes a fact; once more when the node answers 5xx, and never again after anything else. What is read is the fact
    /// record: a page of some proxy does not show that anything was written.
    pub(crate) async fn assert<T: DeserializeOwned>(&self, fact: &Assertion) -> Result<T, CallError> {
        let body = fact.body();
        let reply = match self.post("/v1/facts", &body).await {
            Err(CallError::Refused { status: 500.., .. }) => {
                tokio::time::sleep(BEFORE_ANOTHER_TRY).await;
                self.post("/v1/facts", &body).await
            }
            reply => reply,
        };
        reply?.read()
    }

    /// The outcome of a request that a node may answer with a job, which is looked at below the path `jobs` until it has
    /// ended.
    pub(crate) async fn outcome<T: DeserializeOwned>(
        &self,
        target: &str,
        jobs: &str,
        body: &Value,
    ) -> Result<T, CallError> {
        let deadline = Instant::now() + self.job;
        let reply = self.post_long(target, body).await?;
        if reply.status != 202 {
            return reply.read();
        }
        let id = reply.read::<Job>()?.job_id;
        let target = format!("{jobs}/{}", segment(&id)?);
        while Instant::now() < deadline {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let reply = self.get_within(&target, self.long).await?;
            let job: Job = reply.read()?;
            match job.status.as_str() {
                "done" => return reply.read(),
                "failed" => return Err(CallError::JobFailed(words(&job.error))),
                _ => {}
            }
        }
        Err(CallError::Unfinished {
            id: shown::line(&id, LONGEST_DETAIL),
            seconds: self.job.as_secs(),
        })
    }

    async fn get_within(&self, target: &str, limits: Limits) -> Result<Reply, CallError> {
        let url = format!("{}{target}", self.url);
        self.reply(client::get(&self.client, &url, self.key.as_deref(), limits).await)
    }

    async fn post_within(&self, target: &str, body: &Value, limits: Limits) -> Result<Reply, CallError> {
        let url = format!("{}{target}", self.url);
        self.reply(client::post(&self.client, &url, self.key.as_deref(), body.to_string(), limits).await)
    }

    fn reply(&self, answer: Result<Answer, FetchError>) -> Result<Reply, CallError> {
        let Answer { status, body, .. } = answer.map_err(|error| no_answer(&self.url, &error))?;
        if (200..300).contains(&status) {
            return Ok(Reply { status, body });
        }
        Err(CallError::Refused {
            status,
            detail: detail(&body),
        })
    }
}

impl Reply {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let read = serde_json::from_slice(&self.body);
        read.map_err(|error| CallError::Unusable(shown::line(&error.to_string(), LONGEST_DETAIL)))
    }
}

/// The target of a request with parameters; those without a value are left out.
pub(crate) fn target(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let given = parameters
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let pairs: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", client::percent(value)))
        .collect();
    if pairs.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", pairs.join("&"))
    }
}

/// An id as a segment of a path. Dots would be taken for steps up the path, also when they are escaped.
pub(crate) fn segment(id: &str) -> Result<String, CallError> {
    if matches!(id, "" | "." | "..") {
        return Err(CallError::Id(id.to_owned()));
    }
    // The ids of conflicts have colons, which may stand in a path as they are.
    Ok(client::percent(id).replace("%3A", ":"))
}

fn no_answer(url: &str, error: &FetchError) -> CallError {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    CallError::NoAnswer {
        url: url.to_owned(),
        cause: shown::line(&cause.to_string(), LONGEST_DETAIL),
    }
}

/// What the body of a refusal says, with a colon before it.
fn detail(body: &[u8]) -> String {
    // A page of some proxy says nothing that fits on a line.
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return String::new();
    };
    let said = [&document["error"], &document["detail"]].map(words);
    said.iter()
        .filter(|words| !words.is_empty())
        .fold(String::new(), |mut all, words| {
            all.push_str(": ");
            all.push_str(words);
            all
        })
}

fn words(said: &Value) -> String {
    match said {
        Value::Null => String::new(),
        Value::String(text) => shown::line(text, LONGEST_DETAIL),
        other => shown::line(&other.to_string(), LONGEST_DETAIL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn targets_are_escaped() {
        let parameters = [
            ("entity", Some("stigmem://a/user/b&c=d".to_owned())),
            ("relation", None),
            ("limit", Some("5".to_owned())),
        ];
        assert_eq!(
            target("/v1/facts", &parameters),
            "/v1/facts?entity=stigmem%3A%2F%2Fa%2Fuser%2Fb%26c%3Dd&limit=5"
        );
        assert_eq!(target("/v1/facts", &[("entity", None)]), "/v1/facts");
    }

    #[test]
    fn an_id_stays_one_segment() {
        for (id, path) in [
            ("sha256:00ff", "sha256:00ff"),
            ("stigmem:conflict:7", "stigmem:conflict:7"),
            ("../keys?x#y", "..%2Fkeys%3Fx%23y"),
        ] {
            assert_eq!(segment(id).unwrap(), path);
        }
        for id in ["", ".", ".."] {
            assert!(matches!(segment(id), Err(CallError::Id(_))), "{id:?}");
        }
    }

    #[test]
    fn refusals_are_told_on_one_line() {
        for (body, said) in [
            (
                json!({"error": "not_found", "detail": "fact not found"}),
                ": not_found: fact not found",
            ),
            (
                json!({"detail": "fact\n\u{1b}[31mnot found"}),
                ": fact\\n\\u{1b}[31mnot found",
            ),
            (
                json!({"detail": [{"loc": ["body"], "msg": "x"}]}),
                r#": [{"loc":["body"],"msg":"x"}]"#,
            ),
            (json!({}), ""),
            (json!(["detail"]), ""),
        ] {
            assert_eq!(detail(body.to_string().as_bytes()), said);
        }
        assert_eq!(detail(b"<html>502</html>"), "");
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        for body in [
            &b""[..],
            b"<html>",
            b"{\"job_id\":",
            b"{\"job_id\":7,\"status\":\"done\"}",
            &deep,
        ] {
            let reply = Reply {
                status: 200,
                body: body.to_vec(),
            };
            assert!(matches!(reply.read::<Job>(), Err(CallError::Unusable(_))));
        }
    }
}
