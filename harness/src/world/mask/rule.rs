//! When a mask shows, and what it shows then.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{
    super::serve::{Passed, Received},
    strict,
};
use crate::judge::pattern;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(rename = "where")]
    pub holds: Where,
    #[serde(rename = "do")]
    pub does: Do,
}

/// What is left out is not asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Where {
    #[serde(default, deserialize_with = "expression")]
    pub method: Option<regex::Regex>,
    /// Found in the path with its query.
    #[serde(default, deserialize_with = "expression")]
    pub path: Option<regex::Regex>,
    #[serde(default)]
    pub request_headers: Map<String, Value>,
    #[serde(default)]
    pub request: Option<Value>,
    /// Found in the request's body as text.
    #[serde(default, deserialize_with = "expression")]
    pub request_text: Option<regex::Regex>,
    #[serde(default)]
    pub status: Vec<Status>,
    #[serde(default)]
    pub response: Option<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Do {
    pub instead: Option<Instead>,
    /// By JSON Pointer.
    pub request_edits: Map<String, Value>,
    /// Null takes a parameter away.
    pub query_edits: BTreeMap<String, Option<String>>,
    pub status: Option<u16>,
    /// Null takes a header away.
    pub headers: BTreeMap<String, Option<String>>,
    pub edits: Map<String, Value>,
    pub text: Option<String>,
}

/// An answer that is given without asking the node.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instead {
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub text: String,
}

/// `404` or `"4xx"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Status {
    Exactly(u16),
    Class(String),
}

/// A request as the patterns of rules see it.
pub(super) struct Seen {
    method: String,
    target: String,
    headers: Value,
    text: String,
    /// Absent where it is not JSON to the letter.
    body: Option<Value>,
}

impl Seen {
    pub(super) fn of(request: &Received) -> Self {
        let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes));
        let headers = request.head.headers.iter();
        Self {
            method: request.head.method.to_string(),
            target: request
                .head
                .uri
                .path_and_query()
                .map_or("/", |target| target.as_str())
                .to_owned(),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
                .collect::<Map<_, _>>()
                .into(),
            text: String::from_utf8_lossy(&request.body).into_owned(),
            body: strict::read(&request.body),
        }
    }
}

impl Rule {
    /// Whether the request is one that the rule is about.
    pub(super) fn wants(&self, seen: &Seen) -> bool {
        let holds = &self.holds;
        let found = |expression: &Option<regex::Regex>, text: &str| {
            expression.as_ref().is_none_or(|expression| expression.is_match(text))
        };
        let headers = || {
            let mut wanted = holds.request_headers.iter();
            wanted.all(|(name, wanted)| pattern::matches(wanted, seen.headers.get(name)).is_ok())
        };
        found(&holds.method, &seen.method)
            && found(&holds.path, &seen.target)
            && headers()
            && found(&holds.request_text, &seen.text)
            && holds
                .request
                .as_ref()
                .is_none_or(|wanted| pattern::matches(wanted, seen.body.as_ref()).is_ok())
    }

    /// Whether the answer is one, too.
    pub(super) fn wants_answer(&self, passed: &Passed) -> bool {
        let status = passed.status.as_u16();
        let wanted = &self.holds.status;
        (wanted.is_empty() || wanted.iter().any(|wanted| wanted.is(status)))
            && self.holds.response.as_ref().is_none_or(|wanted| {
                let body = strict::read(&passed.body);
                pattern::matches(wanted, body.as_ref()).is_ok()
            })
    }

    /// What is decided before there is an answer cannot hang on it.
    pub fn contradiction(&self) -> Option<&'static str> {
        let early =
            self.does.instead.is_some() || !self.does.request_edits.is_empty() || !self.does.query_edits.is_empty();
        let late = !self.holds.status.is_empty() || self.holds.response.is_some();
        (early && late)
            .then_some("is decided before there is an answer, so `where` can have neither `status` nor `response`")
    }
}

impl Status {
    fn is(&self, status: u16) -> bool {
        match self {
            Self::Exactly(wanted) => *wanted == status,
            Self::Class(class) => {
                class.as_bytes().first() == Some(&(b'0' + u8::try_from(status / 100).unwrap_or_default()))
            }
        }
    }
}

fn expression<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<regex::Regex>, D::Error> {
    let text = String::deserialize(deserializer)?;
    regex::RegexBuilder::new(&text)
        .size_limit(1 << 20)
        .build()
        .map(Some)
        .map_err(serde::de::Error::custom)
}
