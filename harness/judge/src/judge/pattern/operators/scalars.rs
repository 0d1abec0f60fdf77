//! The operators over single texts and numbers.

use std::{
    cmp::Ordering::{Equal, Greater, Less},
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use regex::Regex;
use serde_json::{Number, Value};

use super::unusable;
use crate::{
    judge::{
        pattern::order,
        wrong::{Wrong, short},
    },
    protocol::{
        hlc::Hlc,
        instant::{self, Instant},
        uri,
    },
};

pub(super) fn apply(name: &str, argument: &Value, pointer: &str, value: &Value) -> Result<(), Wrong> {
    let holds = match (argument, value) {
        (Value::Number(wanted), _) if COMPARISONS.contains(&name) => {
            value.as_number().is_some_and(|found| compares(name, found, wanted))
        }
        (Value::String(wanted), _) if name == "$type" => is_type(wanted, value),
        (Value::String(wanted), Value::Number(found)) if name == "$literal" => printed(found) == *wanted,
        (Value::String(wanted), Value::String(found)) => of_text(name, wanted, found),
        // No text, where a text is wanted.
        (Value::String(_), _) => false,
        _ => return Err(unusable(name, argument, pointer)),
    };
    if holds {
        Ok(())
    } else {
        Err(Wrong::new(
            pointer,
            format!("{} {}", &name[1..], short(argument)),
            Some(value),
        ))
    }
}

fn of_text(name: &str, wanted: &str, found: &str) -> bool {
    match name {
        "$matches" => compiled(wanted).is_some_and(|pattern| pattern.is_match(found)),
        "$includes" => found.contains(wanted),
        "$instant" => moment(found).is_some() && moment(found) == moment(wanted),
        "$after" => moment(found)
            .zip(moment(wanted))
            .is_some_and(|(found, other)| found > other),
        "$before" => moment(found)
            .zip(moment(wanted))
            .is_some_and(|(found, other)| found < other),
        "$hlc_after" => clock(found)
            .zip(clock(wanted))
            .is_some_and(|(found, other)| found > other),
        "$normalised" => uri::normalise(wanted).is_ok_and(|normal| normal == found),
        _ => false,
    }
}

const COMPARISONS: [&str; 4] = ["$gt", "$gte", "$lt", "$lte"];

fn compares(name: &str, found: &Number, wanted: &Number) -> bool {
    matches!(
        (name, order(found, wanted)),
        ("$gt", Some(Greater)) | ("$gte", Some(Greater | Equal)) | ("$lt", Some(Less)) | ("$lte", Some(Less | Equal))
    )
}

pub(super) fn clock(text: &str) -> Option<Hlc> {
    text.parse().ok()
}

pub(super) fn moment(text: &str) -> Option<Instant> {
    instant::parse(text).ok()
}

/// Patterns come from the vectors, so there are few, and each is held against thousands of texts. A clone of a `Regex` would start with
/// empty caches, hence the `Arc`.
pub(in crate::judge::pattern) fn compiled(pattern: &str) -> Option<Arc<Regex>> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Arc<Regex>>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(pattern) {
        return known.clone();
    }
    let fresh = Regex::new(pattern).ok().map(Arc::new);
    compiled.insert(pattern.to_owned(), fresh.clone());
    fresh
}

/// The characters of a number: as it was sent, save that a fraction and an exponent are printed again.
fn printed(number: &Number) -> String {
    number.to_string()
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// What `$type` knows.
pub(in crate::judge::pattern) const TYPES: [&str; 7] =
    ["string", "number", "integer", "boolean", "null", "array", "object"];
