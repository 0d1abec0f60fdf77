//! Patterns: what a part of an answer must look like. The operators are described in `vectors/README.md`.

mod form;
mod operators;

pub use form::{Malformed, check};
pub use operators::NAMES as OPERATORS;

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::wrong::{Wrong, short};

/// Whether `value` matches `pattern`; otherwise the first place where it does not.
pub fn matches(pattern: &Value, value: Option<&Value>) -> Result<(), Wrong> {
    at("", pattern, value)
}

/// The same below a JSON Pointer.
pub(crate) fn at(pointer: &str, pattern: &Value, value: Option<&Value>) -> Result<(), Wrong> {
    if let Value::Object(members) = pattern
        && members.keys().any(|name| is_operator(name))
    {
        // Operators and plain members may stand side by side; all must hold.
        let plain: Map<String, Value> = plain(members)
            .map(|(name, part)| (name.clone(), part.clone()))
            .collect();
        if !plain.is_empty() {
            at(pointer, &Value::Object(plain), value)?;
        }
        let mut operators = members.iter().filter(|(name, _)| is_operator(name));
        return operators.try_for_each(|(name, argument)| operators::apply(name, argument, members, pointer, value));
    }
    let Some(value) = value else {
        return Err(Wrong::new(pointer, describe(pattern), None));
    };
    match (pattern, value) {
        (Value::Object(members), Value::Object(found)) => members
            .iter()
            .try_for_each(|(name, part)| at(&below(pointer, name), part, found.get(name))),
        (Value::Array(parts), Value::Array(items)) if parts.len() == items.len() => parts
            .iter()
            .zip(items)
            .enumerate()
            .try_for_each(|(n, (part, item))| at(&below(pointer, n), part, Some(item))),
        (Value::Array(parts), Value::Array(items)) => Err(Wrong::said(
            pointer,
            format!("{} elements", parts.len()),
            format!("{} elements: {}", items.len(), short(value)),
        )),
        (Value::Number(wanted), Value::Number(found)) if same_number(wanted, found) => Ok(()),
        (wanted, found) if wanted == found => Ok(()),
        (wanted, found) => Err(Wrong::new(pointer, describe(wanted), Some(found))),
    }
}

fn is_operator(name: &str) -> bool {
    name.starts_with('$')
}

/// The members that are neither operators nor options of one.
fn plain(members: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let is_option = |name: &str| name == "times" && members.contains_key("$repeat");
    members
        .iter()
        .filter(move |(name, _)| !is_operator(name) && !is_option(name))
}

/// Integers are compared with all their digits, anything else as doubles.
fn order(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

fn same_number(one: &Number, other: &Number) -> bool {
    order(one, other) == Some(Ordering::Equal)
}

/// Equality of two answers: numbers by value, whatever the literal.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

fn describe(pattern: &Value) -> String {
    match pattern {
        Value::Object(_) => format!("an object like {pattern}"),
        Value::Array(_) => format!("an array like {pattern}"),
        other => other.to_string(),
    }
}

pub(crate) fn below(pointer: &str, name: impl std::fmt::Display) -> String {
    format!("{pointer}/{}", name.to_string().replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests;
