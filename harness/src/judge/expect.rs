//! One expectation against one observation.

use serde_json::{Map, Value};

use super::{
    observe::{Observation, Part},
    pattern,
    wrong::Wrong,
};
use crate::{
    bindings::{Bindings, Unbound},
    body::repeated,
    schemas::Schemas,
    vectors::Expect,
};

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
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
            return Ok(Err(wrong));
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
pub(super) fn expand(pattern: Value) -> Value {
    match pattern {
        Value::Object(members) if members.contains_key("$repeat") => {
            repeated(&members).map_or(Value::Object(members), Value::String)
        }
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, expand(value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(expand).collect()),
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

    use super::status_fits;

    #[test]
    fn a_status_is_a_number_a_class_or_a_list() {
        assert!(status_fits(&json!(201), 201) && !status_fits(&json!(201), 200));
        assert!(status_fits(&json!("4xx"), 422) && !status_fits(&json!("4xx"), 500));
        assert!(status_fits(&json!([400, "5xx"]), 503) && !status_fits(&json!([400, 422]), 404));
        assert!(!status_fits(&json!(null), 200) && !status_fits(&json!("422"), 400) && !status_fits(&json!("4"), 400));
    }
}
