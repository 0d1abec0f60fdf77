//! The `$` operators, one arm each.

mod lists;
mod records;
mod scalars;

use serde_json::{Map, Value};

pub(super) use scalars::{TYPES, compiled};

use super::at;
use crate::{
    body::repeated,
    judge::wrong::{Wrong, short},
};

/// Applies one operator. `beside` are all members of the pattern's object: some operators have options there.
pub(super) fn apply(
    name: &str,
    argument: &Value,
    beside: &Map<String, Value>,
    pointer: &str,
    value: Option<&Value>,
) -> Result<(), Wrong> {
    match (name, argument) {
        ("$absent", Value::Bool(absent)) => return is_absent(*absent, pointer, value),
        ("$not", _) => {
            return match at(pointer, argument, value) {
                Ok(()) => Err(Wrong::new(pointer, format!("anything but {}", short(argument)), value)),
                Err(_) => Ok(()),
            };
        }
        ("$oneOf", Value::Array(all)) => {
            return if all.iter().any(|one| at(pointer, one, value).is_ok()) {
                Ok(())
            } else {
                Err(Wrong::new(pointer, format!("one of {}", short(argument)), value))
            };
        }
        ("$all", Value::Array(all)) if !all.is_empty() => {
            return all.iter().try_for_each(|one| at(pointer, one, value));
        }
        _ => {}
    }
    let Some(value) = value else {
        return Err(Wrong::new(pointer, format!("{} {}", &name[1..], short(argument)), None));
    };
    match (name, argument) {
        ("$any", Value::Bool(true)) => Ok(()),
        ("$repeat", _) => match repeated(beside) {
            Ok(text) if value.as_str() == Some(text.as_str()) => Ok(()),
            Ok(text) => Err(Wrong::new(pointer, short(&text.into()), Some(value))),
            Err(message) => Err(Wrong::said(pointer, message, short(argument))),
        },
        ("$size" | "$contains" | "$excludes" | "$each" | "$unordered" | "$ordered" | "$distinct" | "$covers", _) => {
            lists::apply(name, argument, pointer, value)
        }
        ("$same", _) => records::same(argument, beside.get("$as"), pointer, value),
        ("$as", _) if beside.contains_key("$same") => Ok(()),
        ("$cid", Value::Bool(true)) => records::is_cid(pointer, value),
        _ => scalars::apply(name, argument, pointer, value),
    }
}

fn is_absent(absent: bool, pointer: &str, value: Option<&Value>) -> Result<(), Wrong> {
    match (absent, value) {
        (true, None) | (false, Some(_)) => Ok(()),
        (true, found) => Err(Wrong::new(pointer, "no such member", found)),
        (false, None) => Err(Wrong::new(pointer, "this member", None)),
    }
}

/// Nothing matches a pattern that cannot be judged.
fn unusable(name: &str, argument: &Value, pointer: &str) -> Wrong {
    Wrong::said(
        pointer,
        "an operator that exists, with an argument that it takes",
        format!("{name} with {} in the vector", short(argument)),
    )
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
