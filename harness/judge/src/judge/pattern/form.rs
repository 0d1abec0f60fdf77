//! Whether a pattern can be judged at all. Nothing matches an operator that does not exist, so inside of `$not` it would match everything.

use serde_json::{Map, Value};

use super::{
    below,
    operators::{NAMES, TYPES, compiled},
    plain,
};
use crate::{
    bindings,
    body::repeated,
    protocol::{hlc::Hlc, instant},
};

/// What is wrong with a pattern, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern at {pointer:?}: {message}")]
pub struct Malformed {
    /// JSON Pointer into the pattern.
    pub pointer: String,
    pub message: String,
}

/// Looks at a pattern as it stands in a file. A name such as `{first.hlc}` may stand for any argument.
///
/// # Errors
///
/// The first operator that does not exist, or that does not take its argument.
pub fn check(pattern: &Value) -> Result<(), Malformed> {
    check_below("", pattern)
}

fn check_below(pointer: &str, pattern: &Value) -> Result<(), Malformed> {
    match pattern {
        Value::Object(members) => {
            for (name, part) in members.iter().filter(|(name, _)| name.starts_with('$')) {
                operator(&below(pointer, name), name, part, members)?;
            }
            plain(members).try_for_each(|(name, part)| check_below(&below(pointer, name), part))
        }
        Value::Array(parts) => all(pointer, parts),
        _ => Ok(()),
    }
}

fn all(pointer: &str, patterns: &[Value]) -> Result<(), Malformed> {
    let mut patterns = patterns.iter().enumerate();
    patterns.try_for_each(|(n, pattern)| check_below(&below(pointer, n), pattern))
}

fn operator(pointer: &str, name: &str, argument: &Value, beside: &Map<String, Value>) -> Result<(), Malformed> {
    let fail = |message: &str| {
        Err(Malformed {
            pointer: pointer.to_owned(),
            message: message.to_owned(),
        })
    };
    if !NAMES.contains(&name) {
        return fail("is no operator; vectors/README.md lists them");
    }
    if name == "$as" && !beside.contains_key("$same") {
        return fail("stands beside $same");
    }
    if argument.as_str().is_some_and(bindings::is_name) {
        return Ok(());
    }
    match (name, argument) {
        ("$contains" | "$excludes" | "$each" | "$not", _) | ("$size", Value::Number(_) | Value::Object(_)) => {
            check_below(pointer, argument)
        }
        ("$all", Value::Array(patterns)) if !patterns.is_empty() => all(pointer, patterns),
        ("$oneOf" | "$unordered", Value::Array(patterns)) => all(pointer, patterns),
        _ => match wants(name, argument, beside) {
            None => Ok(()),
            Some(wanted) => fail(&format!("wants {wanted}")),
        },
    }
}

/// What an operator wants whose argument is no pattern, unless the argument is that.
fn wants(name: &str, argument: &Value, beside: &Map<String, Value>) -> Option<&'static str> {
    let text = argument.as_str();
    let (is_right, wanted) = match name {
        "$size" => (false, "a number or a pattern"),
        "$all" => (false, "a list of patterns that is not empty"),
        "$oneOf" | "$unordered" => (false, "a list of patterns"),
        "$ordered" => (is_order(argument), "`by`, `as`, `order` and perhaps `strict`"),
        "$distinct" => (text.is_some_and(is_pointer), "a JSON Pointer"),
        "$covers" => (argument.is_array(), "a list"),
        "$absent" => (argument.is_boolean(), "true or false"),
        "$any" | "$cid" => (*argument == Value::Bool(true), "true"),
        "$type" => (
            text.is_some_and(|text| TYPES.contains(&text)),
            "the name of a JSON type",
        ),
        "$matches" => (
            text.is_some_and(|text| compiled(&bindings::without_names(text)).is_some()),
            "a regular expression",
        ),
        "$gt" | "$gte" | "$lt" | "$lte" => (argument.is_number(), "a number"),
        "$instant" | "$after" | "$before" => (text.is_some_and(|text| instant::parse(text).is_ok()), "an instant"),
        "$same" => (
            is_list_of_pointers(argument) && beside.contains_key("$as"),
            "a list of JSON Pointers and `$as`",
        ),
        "$repeat" => (
            repeated(beside).is_ok()
                || beside
                    .get("times")
                    .and_then(Value::as_str)
                    .is_some_and(bindings::is_name),
            "a text and `times`",
        ),
        "$as" => (true, ""),
        "$hlc_after" => (text.is_some_and(|text| text.parse::<Hlc>().is_ok()), "a clock value"),
        // `$includes`, `$literal`, `$normalised`
        _ => (text.is_some(), "a text"),
    };
    (!is_right).then_some(wanted)
}

fn is_order(argument: &Value) -> bool {
    let Some(members) = argument.as_object() else {
        return false;
    };
    let one_of = |name: &str, all: &[&str]| argument[name].as_str().is_some_and(|word| all.contains(&word));
    argument["by"].as_str().is_some_and(is_pointer)
        && one_of("as", &["hlc", "number", "text", "instant"])
        && one_of("order", &["ascending", "descending"])
        && argument.get("strict").is_none_or(Value::is_boolean)
        && members
            .keys()
            .all(|name| ["by", "as", "order", "strict"].contains(&name.as_str()))
}

fn is_list_of_pointers(argument: &Value) -> bool {
    argument
        .as_array()
        .is_some_and(|all| !all.is_empty() && all.iter().all(|one| one.as_str().is_some_and(is_pointer)))
}

fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}
