//! One expectation against one observation.

use serde_json::{Map, Value};

use super::{
    observe::{Observation, Part},
    pattern,
    wrong::Wrong,
};
use crate::{
    bindings::{Bindings, Unbound},
    body::{MAX_BODY, repeated_within},
    schemas::Schemas,
    vectors::Expect,
};

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With the number of subjects.
    Holds(usize),
    /// With the case and number of the exchange to blame.
    Wrong(Wrong, Option<(String, usize)>),
    /// The vector itself cannot be judged.
    Vector(String),
}

/// Why an expectation cannot be judged, whatever is observed.
pub(super) fn malformed(expect: &Expect) -> Option<String> {
    let mut patterns = expect.patterns();
    patterns.find_map(|(place, pattern)| Some(format!("expect{place}: {}", pattern::check(pattern).err()?)))
}

/// Checks everything that `expect` names, status first.
pub(super) fn check(expect: &Expect, seen: &Observation, bindings: &Bindings, schemas: &Schemas) -> Outcome {
    for part in &seen.parts {
        if let Some(wrong) = answer(expect, Some(part.status), part.body.as_ref(), &part.excerpt(), schemas) {
            return Outcome::Wrong(wrong, part.blame());
        }
    }
    if seen.parts.is_empty()
        && let Some(wrong) = answer(expect, seen.status, seen.body.as_ref(), "", schemas)
    {
        return Outcome::Wrong(wrong, None);
    }
    match patterns(expect, seen, bindings) {
        Ok(Ok(())) => Outcome::Holds(seen.subjects),
        Ok(Err(wrong)) => Outcome::Wrong(wrong, seen.parts.last().and_then(Part::blame)),
        Err(unbound) => Outcome::Vector(unbound.to_string()),
    }
}

/// Status and schema of one answer, or of an observation that is none.
fn answer(
    expect: &Expect,
    status: Option<u16>,
    body: Option<&Value>,
    excerpt: &str,
    schemas: &Schemas,
) -> Option<Wrong> {
    if let Some(wanted) = &expect.status
        && status.is_none_or(|status| !status_fits(wanted, status))
    {
        let got = status.map_or_else(|| "no status".to_owned(), |status| format!("{status}{excerpt}"));
        return Some(Wrong::said("", format!("status {}", status_words(wanted)), got));
    }
    let schema = expect.schema.as_ref()?.as_deref()?;
    let Some(body) = body else {
        return Some(Wrong::said(
            "",
            format!("JSON valid under {schema}"),
            format!("no JSON{excerpt}"),
        ));
    };
    let mismatch = schemas.mismatch(schema, body)?;
    Some(Wrong::new(
        &mismatch.pointer,
        mismatch.message,
        body.pointer(&mismatch.pointer),
    ))
}

fn patterns(expect: &Expect, seen: &Observation, bindings: &Bindings) -> Result<Result<(), Wrong>, Unbound> {
    for (name, pattern) in &expect.headers {
        let filled = bindings.fill_value(pattern)?;
        // A header that is not there may be right. Without an answer none can be.
        if seen.headers.is_none() {
            return Ok(Err(Wrong::said("", "an answer with headers", "what has none")));
        }
        let found = seen.header(name).map(Value::from);
        if let Err(wrong) = pattern::matches(&filled, found.as_ref()) {
            let got = format!("header {name}: {}", wrong.got);
            return Ok(Err(Wrong::said("", format!("header {name}: {}", wrong.expected), got)));
        }
    }
    if let Some(code) = &expect.error {
        let found = seen.body.as_ref().and_then(|body| body.get("error"));
        if found.and_then(Value::as_str) != Some(code) {
            return Ok(Err(Wrong::new("/error", format!("the code {code:?}"), found)));
        }
    }
    if let Some(pattern) = &expect.body {
        let filled = expand(bindings.fill_value(pattern)?);
        if let Err(wrong) = pattern::matches(&filled, seen.body.as_ref()) {
            return Ok(Err(seen.explain(wrong)));
        }
    }
    if let Some(pattern) = &expect.text {
        let filled = expand(bindings.fill_value(pattern)?);
        return Ok(match &seen.text {
            Some(text) => pattern::matches(&filled, Some(&text.as_str().into())),
            None => Err(Wrong::said("", "an answer with a text", "what has none")),
        });
    }
    Ok(Ok(()))
}

/// `{"$repeat", "times"}` is the text it stands for, also in a value that is no pattern.
///
/// Names were filled in before, so a node may have sent a thousand of them: there is room for all together, and what does not fit stays
/// as it is.
pub(super) fn expand(pattern: Value) -> Value {
    expand_within(pattern, &mut { MAX_BODY })
}

fn expand_within(pattern: Value, room: &mut usize) -> Value {
    match pattern {
        Value::Object(members) if members.contains_key("$repeat") => match repeated_within(&members, *room) {
            Ok(text) => {
                *room -= text.len();
                Value::String(text)
            }
            Err(_) => Value::Object(members),
        },
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, expand_within(value, room)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| expand_within(item, room)).collect()),
        other => other,
    }
}

/// A number, a class such as `"4xx"`, or a list of those.
pub(crate) fn status_fits(wanted: &Value, status: u16) -> bool {
    match wanted {
        Value::Number(number) => number.as_u64() == Some(u64::from(status)),
        Value::String(class) => class
            .strip_suffix("xx")
            .is_some_and(|digit| digit == (status / 100).to_string()),
        Value::Array(all) => all.iter().any(|one| status_fits(one, status)),
        _ => false,
    }
}

fn status_words(wanted: &Value) -> String {
    match wanted {
        Value::Array(all) => all.iter().map(status_words).collect::<Vec<_>>().join(" or "),
        Value::String(class) => class.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Observation, Wrong, expand, status_fits};

    #[test]
    fn a_command_that_ended_otherwise_is_quoted() {
        let seen = Observation::of_value(json!({"exit": 1, "said": " no key\u{1b}[2J\n", "file": null}));
        let got = |seen: &Observation, pointer: &str| seen.explain(Wrong::said(pointer, "0", "1")).got;
        assert_eq!(got(&seen, "/exit"), r#"1 after "no key\u{1b}[2J""#);
        assert_eq!(got(&seen, "/file"), "1");
        let silent = Observation::of_value(json!({"exit": 1, "said": "\n"}));
        assert_eq!(got(&silent, "/exit"), "1");
    }

    #[test]
    fn what_a_node_wants_repeated_has_one_bound() {
        let hungry = json!({"$repeat": "abcd", "times": 4 << 20});
        let page = expand(json!({"facts": vec![hungry.clone(); 5], "v": {"$repeat": "a", "times": 3}}));
        let texts = page["facts"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|fact| fact.as_str());
        assert_eq!(texts.map(str::len).collect::<Vec<_>>(), [16 << 20, 16 << 20]);
        assert_eq!(page["facts"][4], hungry);
    }

    #[test]
    fn a_status_is_a_number_a_class_or_a_list() {
        assert!(status_fits(&json!(201), 201) && !status_fits(&json!(201), 200));
        assert!(status_fits(&json!("4xx"), 422) && !status_fits(&json!("4xx"), 500));
        assert!(status_fits(&json!([400, "5xx"]), 503) && !status_fits(&json!([400, 422]), 404));
        assert!(!status_fits(&json!(null), 200) && !status_fits(&json!("422"), 400) && !status_fits(&json!("4"), 400));
    }
}
