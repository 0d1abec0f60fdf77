//! Changes of JSON texts and of query strings that leave everything else as it was written, to the spelling of a number.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    body::{self, is_absent},
    world::http::percent,
};

/// The body with its edits; `None` where it is not JSON.
pub(crate) fn edited(bytes: &Bytes, edits: &Map<String, Value>) -> Option<Bytes> {
    let mut text = std::str::from_utf8(bytes).ok()?.to_owned();
    serde_json::from_str::<de::IgnoredAny>(&text).ok()?;
    for (pointer, value) in edits {
        let path: Vec<String> = pointer.split('/').skip(1).map(plain).collect();
        text = at(&text, &path, value).unwrap_or_default();
    }
    Some(Bytes::from(text))
}

/// The text of a value after an edit below it; `None` where it is taken away.
fn at(text: &str, path: &[String], value: &Value) -> Option<String> {
    let Some((step, rest)) = path.split_first() else {
        return (!is_absent(value)).then(|| body::emit(value).unwrap_or_else(|_| text.to_owned()));
    };
    if let Ok(Members(members)) = serde_json::from_str(text) {
        return Some(in_object(&members, step, rest, value));
    }
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else {
        return Some(text.to_owned());
    };
    let items = items.iter().enumerate().filter_map(|(n, item)| {
        if step == "*" || *step == n.to_string() {
            at(item.get(), rest, value)
        } else {
            Some(item.get().to_owned())
        }
    });
    Some(format!("[{}]", items.collect::<Vec<_>>().join(",")))
}

fn in_object(members: &[(String, &RawValue)], step: &str, rest: &[String], value: &Value) -> String {
    let is_new = step != "*" && rest.is_empty() && !members.iter().any(|(name, _)| name == step);
    let mut written: Vec<String> = members
        .iter()
        .filter_map(|(name, part)| {
            let part = if step == "*" || step == name {
                at(part.get(), rest, value)?
            } else {
                part.get().to_owned()
            };
            Some(member(name, &part))
        })
        .collect();
    if is_new && let Some(part) = at("null", rest, value) {
        written.push(member(step, &part));
    }
    format!("{{{}}}", written.join(","))
}

fn member(name: &str, part: &str) -> String {
    format!("{}:{part}", Value::from(name))
}

/// A step of a JSON Pointer.
fn plain(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The members of an object in their order, repeated ones too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// A path with its query after the edits; what they do not name stays as it was.
pub(crate) fn asked(target: &str, edits: &BTreeMap<String, Option<String>>) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter(|pair| !edits.contains_key(pair.split('=').next().unwrap_or_default()))
        .map(str::to_owned);
    let set = edits
        .iter()
        .filter_map(|(name, value)| Some(format!("{}={}", percent(name), percent(value.as_deref()?))));
    let query: Vec<String> = kept.chain(set).collect();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edit(text: &str, edits: Value) -> String {
        let Value::Object(edits) = edits else {
            unreachable!("an object")
        };
        let bytes = edited(&Bytes::from(text.to_owned()), &edits).expect("it is JSON");
        String::from_utf8(bytes.to_vec()).expect("it was text")
    }

    #[test]
    fn what_no_edit_names_keeps_its_spelling() {
        let text = r#"{"a":1.50e0,"b":{"c":[1E2,"ä"],"d":null}}"#;
        assert_eq!(
            edit(text, json!({"/b/d": 0})),
            r#"{"a":1.50e0,"b":{"c":[1E2,"ä"],"d":0}}"#
        );
        assert_eq!(
            edit(text, json!({"/b/c/1": {"$absent": true}})),
            r#"{"a":1.50e0,"b":{"c":[1E2],"d":null}}"#
        );
    }

    #[test]
    fn a_star_is_each_element_or_member() {
        assert_eq!(
            edit(r#"{"f":[{"x":1},{"y":2}]}"#, json!({"/f/*/x": {"$absent": true}})),
            r#"{"f":[{},{"y":2}]}"#
        );
        assert_eq!(
            edit(r#"{"f":{"p":1,"q":2}}"#, json!({"/f/*": null})),
            r#"{"f":{"p":null,"q":null}}"#
        );
    }

    #[test]
    fn a_missing_member_is_made_in_a_parent_that_is_there() {
        assert_eq!(edit(r#"{"a":1}"#, json!({"/b": "x", "/c/d": 1})), r#"{"a":1,"b":"x"}"#);
        assert_eq!(
            edit(r#"[{"a":1},{}]"#, json!({"/*/b": 2})),
            r#"[{"a":1,"b":2},{"b":2}]"#
        );
    }

    #[test]
    fn what_is_no_json_is_not_edited() {
        let edits = Map::from_iter([("/a".to_owned(), json!(1))]);
        assert_eq!(edited(&Bytes::from_static(b"{\"a\":"), &edits), None);
        assert_eq!(edited(&Bytes::from_static(b"\xff"), &edits), None);
    }

    #[test]
    fn query_parameters_are_set_and_taken_away() {
        let edits = BTreeMap::from([("limit".to_owned(), Some("5 0".to_owned())), ("scope".to_owned(), None)]);
        assert_eq!(
            asked("/v1/facts?limit=1&entity=a%20b&scope=local", &edits),
            "/v1/facts?entity=a%20b&limit=5%200"
        );
        assert_eq!(
            asked("/v1/facts?scope=x", &BTreeMap::from([("scope".to_owned(), None)])),
            "/v1/facts"
        );
    }
}
