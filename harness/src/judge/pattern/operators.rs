//! The `$` operators, one arm each.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use regex::Regex;
use serde_json::{Map, Value};

use super::{at, below, equal};
use crate::{
    judge::wrong::{Wrong, short},
    protocol::{
        cid,
        hlc::Hlc,
        instant::{self, Instant},
        uri,
    },
};

/// Applies one operator. `beside` are all members of the pattern's object: some operators have options there.
pub(super) fn apply(
    name: &str,
    argument: &Value,
    beside: &Map<String, Value>,
    pointer: &str,
    value: Option<&Value>,
) -> Result<(), Wrong> {
    if name == "$absent" {
        return match (argument == &Value::Bool(true), value) {
            (true, None) | (false, Some(_)) => Ok(()),
            (true, found) => Err(Wrong::new(pointer, "no such member", found)),
            (false, None) => Err(Wrong::new(pointer, "this member", None)),
        };
    }
    if name == "$not" {
        return match at(pointer, argument, value) {
            Ok(()) => Err(Wrong::new(pointer, format!("anything but {}", short(argument)), value)),
            Err(_) => Ok(()),
        };
    }
    if name == "$oneOf" {
        let any = argument
            .as_array()
            .is_some_and(|all| all.iter().any(|one| at(pointer, one, value).is_ok()));
        return if any {
            Ok(())
        } else {
            Err(Wrong::new(pointer, format!("one of {}", short(argument)), value))
        };
    }
    if name == "$all" {
        return argument
            .as_array()
            .into_iter()
            .flatten()
            .try_for_each(|one| at(pointer, one, value));
    }
    let Some(value) = value else {
        return Err(Wrong::new(pointer, format!("{} {}", &name[1..], short(argument)), None));
    };
    match name {
        "$any" | "$as" => Ok(()),
        "$size" | "$contains" | "$excludes" | "$each" | "$unordered" | "$ordered" | "$distinct" | "$covers" => {
            of_collection(name, argument, pointer, value)
        }
        "$same" => same(argument, beside, pointer, value),
        "$cid" => is_cid(pointer, value),
        _ => of_scalar(name, argument, pointer, value),
    }
}

fn of_collection(name: &str, argument: &Value, pointer: &str, value: &Value) -> Result<(), Wrong> {
    if name == "$size" {
        let size = match value {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            Value::String(text) => text.chars().count(),
            other => return Err(Wrong::new(pointer, "something with a size", Some(other))),
        };
        return at(pointer, argument, Some(&size.into())).map_err(|wrong| {
            Wrong::said(
                pointer,
                format!("size {}", wrong.expected),
                format!("size {size}: {}", short(value)),
            )
        });
    }
    let Some(items) = value.as_array() else {
        return Err(Wrong::new(pointer, "an array", Some(value)));
    };
    match name {
        "$contains" if items.iter().any(|item| at(pointer, argument, Some(item)).is_ok()) => Ok(()),
        "$contains" => Err(Wrong::said(
            pointer,
            format!("an element like {}", short(argument)),
            format!("{} elements, none like it: {}", items.len(), short(value)),
        )),
        "$excludes" => match items.iter().position(|item| at(pointer, argument, Some(item)).is_ok()) {
            None => Ok(()),
            Some(n) => Err(Wrong::new(
                &below(pointer, n),
                format!("no element like {}", short(argument)),
                Some(&items[n]),
            )),
        },
        "$each" if items.is_empty() => Err(Wrong::said(pointer, "at least one element", "an empty array")),
        "$each" => items
            .iter()
            .enumerate()
            .try_for_each(|(n, item)| at(&below(pointer, n), argument, Some(item))),
        "$unordered" => unordered(argument, pointer, items),
        "$ordered" => ordered(argument, pointer, items),
        "$distinct" => distinct(argument, pointer, items),
        _ => covers(argument, pointer, items),
    }
}

/// A one-to-one match between patterns and elements, by augmenting paths.
fn unordered(argument: &Value, pointer: &str, items: &[Value]) -> Result<(), Wrong> {
    let patterns = argument.as_array().map(Vec::as_slice).unwrap_or_default();
    if patterns.len() != items.len() {
        let got = format!("{}: {}", items.len(), short(&items.into()));
        return Err(Wrong::said(
            pointer,
            format!("{} elements, in any order", patterns.len()),
            got,
        ));
    }
    let fits: Vec<Vec<usize>> = patterns
        .iter()
        .map(|pattern| {
            (0..items.len())
                .filter(|n| at(pointer, pattern, Some(&items[*n])).is_ok())
                .collect()
        })
        .collect();
    let mut taken_by = vec![None; items.len()];
    for (n, pattern) in patterns.iter().enumerate() {
        let mut seen = vec![false; items.len()];
        if !place(n, &fits, &mut seen, &mut taken_by) {
            return Err(Wrong::said(
                pointer,
                format!("an element like {}", short(pattern)),
                short(&items.into()),
            ));
        }
    }
    Ok(())
}

fn place(pattern: usize, fits: &[Vec<usize>], seen: &mut [bool], taken_by: &mut [Option<usize>]) -> bool {
    for &item in &fits[pattern] {
        if std::mem::replace(&mut seen[item], true) {
            continue;
        }
        if taken_by[item].is_none_or(|other| place(other, fits, seen, taken_by)) {
            taken_by[item] = Some(pattern);
            return true;
        }
    }
    false
}

fn ordered(argument: &Value, pointer: &str, items: &[Value]) -> Result<(), Wrong> {
    if items.len() < 2 {
        return Err(Wrong::said(
            pointer,
            "at least two elements, to see their order",
            format!("{} elements", items.len()),
        ));
    }
    let by = argument["by"].as_str().unwrap_or_default();
    let kind = argument["as"].as_str().unwrap_or("text");
    let ascending = argument["order"].as_str() != Some("descending");
    let strict = argument["strict"] == Value::Bool(true);
    for (n, pair) in items.windows(2).enumerate() {
        let (one, other) = (pair[0].pointer(by), pair[1].pointer(by));
        let order = compare(kind, one, other).ok_or_else(|| {
            Wrong::new(
                &format!("{}{by}", below(pointer, n)),
                format!("values that compare as {kind}"),
                one,
            )
        })?;
        let order = if ascending { order } else { order.reverse() };
        if order.is_gt() || strict && order.is_eq() {
            let direction = if ascending { "ascending" } else { "descending" };
            let got = format!(
                "{} before {}",
                one.map(short).unwrap_or_default(),
                other.map(short).unwrap_or_default()
            );
            return Err(Wrong::said(&below(pointer, n + 1), format!("{by} {direction}"), got));
        }
    }
    Ok(())
}

fn compare(kind: &str, one: Option<&Value>, other: Option<&Value>) -> Option<std::cmp::Ordering> {
    let (one, other) = (one?, other?);
    match kind {
        "number" => one.as_f64()?.partial_cmp(&other.as_f64()?),
        "hlc" => Some(clock(one.as_str()?)?.cmp(&clock(other.as_str()?)?)),
        "instant" => Some(moment(one.as_str()?)?.cmp(&moment(other.as_str()?)?)),
        _ => Some(one.as_str()?.cmp(other.as_str()?)),
    }
}

fn clock(text: &str) -> Option<Hlc> {
    text.parse().ok()
}

fn moment(text: &str) -> Option<Instant> {
    instant::parse(text).ok()
}

fn distinct(argument: &Value, pointer: &str, items: &[Value]) -> Result<(), Wrong> {
    let by = argument.as_str().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (n, item) in items.iter().enumerate() {
        let Some(key) = item.pointer(by) else {
            return Err(Wrong::new(&format!("{}{by}", below(pointer, n)), "this member", None));
        };
        if !seen.insert(key.to_string()) {
            return Err(Wrong::new(
                &format!("{}{by}", below(pointer, n)),
                "another value than in the elements before",
                Some(key),
            ));
        }
    }
    Ok(())
}

fn covers(argument: &Value, pointer: &str, items: &[Value]) -> Result<(), Wrong> {
    let key = |value: &Value| value.get("id").unwrap_or(value).to_string();
    let there: BTreeSet<String> = items.iter().map(key).collect();
    let Some(wanted) = argument.as_array() else {
        return Err(Wrong::said(pointer, "a list to look for", short(argument)));
    };
    let missing: Vec<String> = wanted.iter().map(key).filter(|key| !there.contains(key)).collect();
    match missing.first() {
        None => Ok(()),
        Some(first) => {
            let got = format!("{} of {} are missing, first {first}", missing.len(), wanted.len());
            Err(Wrong::said(pointer, format!("all {} of these", wanted.len()), got))
        }
    }
}

fn same(argument: &Value, beside: &Map<String, Value>, pointer: &str, value: &Value) -> Result<(), Wrong> {
    let other = beside.get("$as").unwrap_or(&Value::Null);
    for part in argument.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let place = format!("{pointer}{part}");
        match (other.pointer(part), value.pointer(part)) {
            (Some(wanted), Some(found)) if equal(wanted, found) => {}
            (wanted, found) => {
                let wanted = wanted.map_or_else(|| "a member to compare with".to_owned(), short);
                return Err(Wrong::new(&place, wanted, found));
            }
        }
    }
    Ok(())
}

/// A content id is judged only where the record says enough to recompute it.
fn is_cid(pointer: &str, fact: &Value) -> Result<(), Wrong> {
    let Some(candidates) = cid::candidates(fact) else {
        return Ok(());
    };
    let found = fact.get("cid");
    if found
        .and_then(Value::as_str)
        .is_some_and(|found| candidates.iter().any(|one| one == found))
    {
        return Ok(());
    }
    Err(Wrong::new(&below(pointer, "cid"), candidates.join(" or "), found))
}

fn of_scalar(name: &str, argument: &Value, pointer: &str, value: &Value) -> Result<(), Wrong> {
    let text = value.as_str().unwrap_or_default();
    let wanted = argument.as_str().unwrap_or_default();
    let holds = match name {
        "$type" => is_type(wanted, value),
        "$matches" => value.is_string() && compiled(wanted).is_some_and(|pattern| pattern.is_match(text)),
        "$includes" => value.is_string() && text.contains(wanted),
        "$gt" | "$gte" | "$lt" | "$lte" => number(name, argument, value),
        "$literal" => value.as_number().is_some_and(|number| printed(number) == wanted),
        "$instant" => moment(text).is_some() && moment(text) == moment(wanted),
        "$after" => moment(text)
            .zip(moment(wanted))
            .is_some_and(|(found, other)| found > other),
        "$before" => moment(text)
            .zip(moment(wanted))
            .is_some_and(|(found, other)| found < other),
        "$hlc_after" => clock(text)
            .zip(clock(wanted))
            .is_some_and(|(found, other)| found > other),
        "$normalised" => uri::normalise(wanted).is_ok_and(|normal| value.as_str() == Some(&normal)),
        _ => {
            return Err(Wrong::said(
                pointer,
                "an operator that exists",
                format!("{name} in the vector"),
            ));
        }
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

/// Patterns come from the vectors, so there are few, and each is held against thousands of texts. A clone of a `Regex` would start with
/// empty caches, hence the `Arc`.
fn compiled(pattern: &str) -> Option<Arc<Regex>> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Arc<Regex>>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(pattern) {
        return known.clone();
    }
    let fresh = Regex::new(pattern).ok().map(Arc::new);
    compiled.insert(pattern.to_owned(), fresh.clone());
    fresh
}

/// The characters of a number as it was sent.
fn printed(number: &serde_json::Number) -> String {
    number.to_string()
}

fn number(name: &str, argument: &Value, value: &Value) -> bool {
    let (Some(found), Some(wanted)) = (value.as_f64(), argument.as_f64()) else {
        return false;
    };
    match name {
        "$gt" => found > wanted,
        "$gte" => found >= wanted,
        "$lt" => found < wanted,
        _ => found <= wanted,
    }
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

/// The operators, for the linter.
pub const NAMES: [&str; 30] = [
    "$repeat",
    "$includes",
    "$size",
    "$contains",
    "$excludes",
    "$each",
    "$unordered",
    "$ordered",
    "$distinct",
    "$covers",
    "$absent",
    "$any",
    "$type",
    "$not",
    "$oneOf",
    "$all",
    "$matches",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$literal",
    "$instant",
    "$after",
    "$before",
    "$hlc_after",
    "$normalised",
    "$cid",
    "$same",
    "$as",
];
