//! The operators over arrays, and over the size of anything that has one.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashSet},
};

use serde_json::{Number, Value};

use super::{scalars, unusable};
use crate::judge::{
    pattern::{at, below, order},
    wrong::{Wrong, short},
};

pub(super) fn apply(name: &str, argument: &Value, pointer: &str, value: &Value) -> Result<(), Wrong> {
    if name == "$size" {
        return size(argument, pointer, value);
    }
    let Some(items) = value.as_array() else {
        return Err(Wrong::new(pointer, "an array", Some(value)));
    };
    match (name, argument) {
        ("$contains", _) => contains(argument, pointer, items),
        ("$excludes", _) => match items.iter().position(|item| at(pointer, argument, Some(item)).is_ok()) {
            None => Ok(()),
            Some(n) => Err(Wrong::new(
                &below(pointer, n),
                format!("no element like {}", short(argument)),
                Some(&items[n]),
            )),
        },
        ("$each", _) if items.is_empty() => Err(Wrong::said(pointer, "at least one element", "an empty array")),
        ("$each", _) => items
            .iter()
            .enumerate()
            .try_for_each(|(n, item)| at(&below(pointer, n), argument, Some(item))),
        ("$unordered", Value::Array(patterns)) => unordered(patterns, pointer, items),
        ("$ordered", _) => ordered(argument, pointer, items),
        ("$distinct", Value::String(by)) => distinct(by, pointer, items),
        ("$covers", Value::Array(wanted)) => covers(wanted, pointer, items),
        _ => Err(unusable(name, argument, pointer)),
    }
}

fn size(argument: &Value, pointer: &str, value: &Value) -> Result<(), Wrong> {
    let size = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        Value::String(text) => text.chars().count(),
        other => return Err(Wrong::new(pointer, "something with a size", Some(other))),
    };
    at(pointer, argument, Some(&size.into())).map_err(|wrong| {
        Wrong::said(
            pointer,
            format!("size {}", wrong.expected),
            format!("size {size}: {}", short(value)),
        )
    })
}

fn contains(pattern: &Value, pointer: &str, items: &[Value]) -> Result<(), Wrong> {
    if items.iter().any(|item| at(pointer, pattern, Some(item)).is_ok()) {
        return Ok(());
    }
    Err(Wrong::said(
        pointer,
        format!("an element like {}", short(pattern)),
        format!("{} elements, none like it: {}", items.len(), short(&items.into())),
    ))
}

/// A one-to-one match between patterns and elements, by augmenting paths.
fn unordered(patterns: &[Value], pointer: &str, items: &[Value]) -> Result<(), Wrong> {
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
    let (Some(by), Some(kind), Some(direction)) = (
        argument["by"].as_str(),
        argument["as"].as_str(),
        argument["order"].as_str(),
    ) else {
        return Err(unusable("$ordered", argument, pointer));
    };
    let wanted = match direction {
        "ascending" => Ordering::Less,
        "descending" => Ordering::Greater,
        _ => return Err(unusable("$ordered", argument, pointer)),
    };
    if items.len() < 2 {
        return Err(Wrong::said(
            pointer,
            "at least two elements, to see their order",
            format!("{} elements", items.len()),
        ));
    }
    let may_repeat = argument["strict"] != Value::Bool(true);
    let mut before = None;
    for (n, item) in items.iter().enumerate() {
        let found = item.pointer(by);
        if compare(kind, found, found).is_none() {
            let place = format!("{}{by}", below(pointer, n));
            return Err(Wrong::new(&place, format!("a value that compares as {kind}"), found));
        }
        let order = compare(kind, before, found);
        let stands_right = order == Some(wanted) || order == Some(Ordering::Equal) && may_repeat;
        if before.is_some() && !stands_right {
            let got = [before, found].map(|value| value.map(short).unwrap_or_default());
            return Err(Wrong::said(
                &below(pointer, n),
                format!("{by} {direction}"),
                got.join(" before "),
            ));
        }
        before = found;
    }
    Ok(())
}

fn compare(kind: &str, one: Option<&Value>, other: Option<&Value>) -> Option<Ordering> {
    let (one, other) = (one?, other?);
    match kind {
        "number" => order(one.as_number()?, other.as_number()?),
        "hlc" => Some(scalars::clock(one.as_str()?)?.cmp(&scalars::clock(other.as_str()?)?)),
        "instant" => Some(scalars::moment(one.as_str()?)?.cmp(&scalars::moment(other.as_str()?)?)),
        "text" => Some(one.as_str()?.cmp(other.as_str()?)),
        _ => None,
    }
}

fn distinct(by: &str, pointer: &str, items: &[Value]) -> Result<(), Wrong> {
    let mut seen = HashSet::new();
    for (n, item) in items.iter().enumerate() {
        let place = format!("{}{by}", below(pointer, n));
        let Some(found) = item.pointer(by) else {
            return Err(Wrong::new(&place, "this member", None));
        };
        if !seen.insert(key(found)) {
            return Err(Wrong::new(
                &place,
                "another value than in the elements before",
                Some(found),
            ));
        }
    }
    Ok(())
}

fn covers(wanted: &[Value], pointer: &str, items: &[Value]) -> Result<(), Wrong> {
    let key = |value: &Value| key(value.get("id").unwrap_or(value));
    let there: BTreeSet<String> = items.iter().map(key).collect();
    let missing: Vec<String> = wanted.iter().map(key).filter(|key| !there.contains(key)).collect();
    match missing.first() {
        None => Ok(()),
        Some(first) => {
            let got = format!("{} of {} are missing, first {first}", missing.len(), wanted.len());
            Err(Wrong::said(pointer, format!("all {} of these", wanted.len()), got))
        }
    }
}

/// Equal values have equal keys, numbers whatever their literal. A node may send many: comparing each with each would take too long.
fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => number_key(number),
        Value::Array(items) => format!("[{}]", items.iter().map(key).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), key(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn number_key(number: &Number) -> String {
    match number.as_f64() {
        // Adding zero turns -0.0 into 0.0.
        Some(double) if number.is_f64() && double.fract() == 0.0 => format!("{:.0}", double + 0.0),
        _ => number.to_string(),
    }
}
