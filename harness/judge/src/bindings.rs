//! The names that a text in a step may hold, and how they are filled in.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use regex::{Captures, Regex};
use serde_json::{Map, Value};

/// What `{name}` stands for at some point of a case.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    values: BTreeMap<String, Value>,
    saved: BTreeMap<String, Saved>,
}

/// What a step left behind under its `save` name.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    pub body: Value,
    pub request: Value,
    pub status: u16,
    pub headers: BTreeMap<String, String>,
}

impl Bindings {
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    pub fn save(&mut self, name: &str, saved: Saved) {
        self.saved.insert(name.to_owned(), saved);
    }

    /// The value of `ns`, `row.x`, `first`, `first.facts.0.id`, `first.request.x`, `first.status` or `first.header.x`.
    pub fn look_up(&self, path: &str) -> Option<Value> {
        if let Some(value) = self.values.get(path) {
            return Some(value.clone());
        }
        let (name, rest) = path
            .split_once('.')
            .map_or((path, None), |(name, rest)| (name, Some(rest)));
        if let Some(value) = self.values.get(name) {
            return member(value, rest?).cloned();
        }
        let saved = self.saved.get(name)?;
        let Some(rest) = rest else {
            return Some(saved.body.clone());
        };
        if let Some(value) = member(&saved.body, rest) {
            return Some(value.clone());
        }
        match rest.split_once('.') {
            Some(("request", path)) => member(&saved.request, path).cloned(),
            Some(("header", name)) => saved.headers.get(name).map(|value| value.as_str().into()),
            _ if rest == "status" => Some(saved.status.into()),
            _ => None,
        }
    }

    /// Fills in the names of a text. One that is nothing but a name keeps the JSON type of its value.
    pub fn fill(&self, text: &str) -> Result<Value, Unbound> {
        if is_name(text) {
            let path = &text[1..text.len() - 1];
            return self.look_up(path).map_or_else(|| self.unknown(text, path), Ok);
        }
        self.fill_text(text).map(Value::String)
    }

    /// Fills in the names of a text that stays a text.
    pub fn fill_text(&self, text: &str) -> Result<String, Unbound> {
        let mut missing = None;
        let filled = NAME.replace_all(text, |found: &Captures<'_>| match self.look_up(&found[1]) {
            Some(Value::String(value)) => value,
            Some(value) => value.to_string(),
            None => match self.unknown(&found[0], &found[1]) {
                Ok(_) => found[0].to_owned(),
                Err(unbound) => {
                    missing = Some(unbound);
                    String::new()
                }
            },
        });
        missing.map_or(Ok(filled.into_owned()), Err)
    }

    /// A name whose head is known but whose member is not there is an error; any other text stays as it is.
    fn unknown(&self, text: &str, path: &str) -> Result<Value, Unbound> {
        let head = path.split('.').next().unwrap_or_default();
        if self.saved.contains_key(head) || self.values.contains_key(head) {
            return Err(Unbound(path.to_owned()));
        }
        Ok(Value::String(text.to_owned()))
    }

    /// Fills in all texts of a value, member names included.
    pub fn fill_value(&self, value: &Value) -> Result<Value, Unbound> {
        Ok(match value {
            Value::String(text) => self.fill(text)?,
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.fill_value(item))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => Value::Object(self.fill_map(members)?),
            other => other.clone(),
        })
    }

    pub fn fill_map(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, Unbound> {
        members
            .iter()
            .map(|(name, value)| Ok((self.fill_text(name)?, self.fill_value(value)?)))
            .collect()
    }
}

/// Whether a text is nothing but one name.
pub(crate) fn is_name(text: &str) -> bool {
    NAME.find(text).is_some_and(|found| found.len() == text.len())
}

/// The text with a letter in place of each name.
pub(crate) fn without_names(text: &str) -> Cow<'_, str> {
    NAME.replace_all(text, "x")
}

/// A name that has no value: the answer it should have come from did not hold that member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{{{0}}} has no value: an earlier answer does not hold that member")]
pub struct Unbound(pub String);

/// A member by a path of names and indexes with dots between them.
fn member<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    })
}

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{([a-z][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_-]+)*)\}").expect("a constant that a test compiles")
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bindings() -> Bindings {
        let mut bindings = Bindings::default();
        bindings.set("ns", json!("stigmem://a.test"));
        bindings.set("row", json!({"n": 5}));
        let headers = BTreeMap::from([("etag".to_owned(), "x".to_owned())]);
        let saved = Saved {
            body: json!({"facts": [{"id": "7"}]}),
            request: json!({"scope": "team"}),
            status: 201,
            headers,
        };
        bindings.save("first", saved);
        bindings
    }

    #[test]
    fn names_are_filled_in_and_keep_their_type_when_alone() {
        let filled = bindings()
            .fill_value(&json!({"{ns}/x": "{row.n}", "text": "n={row.n}", "id": "{first.facts.0.id}"}))
            .unwrap();
        assert_eq!(filled, json!({"stigmem://a.test/x": 5, "text": "n=5", "id": "7"}));
        assert_eq!(
            bindings()
                .fill("{first.request.scope}{first.status}{first.header.etag}")
                .unwrap(),
            json!("team201x")
        );
    }

    #[test]
    fn other_braces_stay() {
        assert_eq!(
            bindings().fill("{\"a\":1} {i} {nobody.x}").unwrap(),
            json!("{\"a\":1} {i} {nobody.x}")
        );
    }

    #[test]
    fn a_text_that_is_nothing_but_a_name_is_told_from_others() {
        assert!(is_name("{first}") && is_name("{first.facts.0.id}"));
        for other in [
            "", "{first", "first}", "{first} ", " {first}", "{a}{b}", "{First}", "{1}", "{}",
        ] {
            assert!(!is_name(other), "{other}");
        }
        assert_eq!(without_names("^{ns}/a{2}{first.id}$"), "^x/a{2}x$");
    }

    #[test]
    fn what_was_set_goes_before_what_was_saved() {
        let mut bindings = bindings();
        bindings.set("first.facts", json!("whole"));
        assert_eq!(bindings.fill("{first.facts}").unwrap(), json!("whole"));
        bindings.set("first", json!({"status": "set"}));
        assert_eq!(bindings.fill("{first.status}").unwrap(), json!("set"));
        assert_eq!(bindings.look_up("first.request.scope"), None);
    }

    #[test]
    fn members_of_the_answer_go_before_status_headers_and_request() {
        let mut bindings = bindings();
        let saved = Saved {
            body: json!({"status": "active", "list": [{"a": 1}], "request": {"b": 2}}),
            request: json!({"b": 3, "c": 4}),
            status: 200,
            headers: BTreeMap::from([("date".to_owned(), "today".to_owned())]),
        };
        bindings.save("peer", saved);
        let filled = bindings.fill_value(&json!([
            "{peer.status}",
            "{peer.list.0.a}",
            "{peer.request.b}",
            "{peer.request.c}",
            "{peer.header.date}",
            "{peer.list}",
        ]));
        assert_eq!(filled.unwrap(), json!(["active", 1, 2, 4, "today", [{"a": 1}]]));
        for unknown in [
            "peer.list.1",
            "peer.list.a",
            "peer.header.etag",
            "peer.request.d",
            "peer.else",
            "peer.else.b",
        ] {
            assert_eq!(bindings.look_up(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_member_that_never_came_is_an_error() {
        assert_eq!(
            bindings().fill("x{first.cursor}"),
            Err(Unbound("first.cursor".to_owned()))
        );
        assert_eq!(
            bindings().fill("{first.cursor}"),
            Err(Unbound("first.cursor".to_owned()))
        );
    }
}
