//! Arguments with names in them, as an adapter file has them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An argument of a command, or some that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    One(String),
    /// Left out when a name has no value, and repeated for each element of a list.
    Group(Vec<String>),
}

/// The arguments of a command line.
pub fn arguments(parts: &[Part], values: &Map<String, Value>) -> Vec<String> {
    let mut filled = Vec::new();
    for part in parts {
        match part {
            Part::One(text) => filled.extend(group(std::slice::from_ref(text), values)),
            Part::Group(texts) => filled.extend(group(texts, values)),
        }
    }
    filled
}

/// Once, or for each element of the list that a name stands for; not at all when a name has no value.
fn group(texts: &[String], values: &Map<String, Value>) -> Vec<String> {
    let used: BTreeSet<String> = texts.iter().flat_map(|text| names(text)).collect();
    if used.iter().any(|name| !has_value(values, name)) {
        return Vec::new();
    }
    let list = used
        .iter()
        .find_map(|name| Some((name, values.get(name)?.as_array()?.clone())));
    let Some((name, elements)) = list else {
        return texts.iter().map(|text| fill_text(text, values)).collect();
    };
    let mut filled = Vec::new();
    for element in elements {
        let mut values = values.clone();
        values.insert(name.clone(), element);
        filled.extend(texts.iter().map(|text| fill_text(text, &values)));
    }
    filled
}

fn has_value(values: &Map<String, Value>, name: &str) -> bool {
    values.get(name).is_some_and(|value| !value.is_null())
}

/// The arguments of a tool, or the body of a call: a member or element whose names have no value is left out.
pub fn json(template: &Value, values: &Map<String, Value>) -> Option<Value> {
    Some(match template {
        Value::String(text) => match only_name(text) {
            // A null that was asked for is a value.
            Some(name) => values.get(name)?.clone(),
            None if names(text).any(|name| !has_value(values, &name)) => return None,
            None => fill_text(text, values).into(),
        },
        Value::Array(items) => items.iter().filter_map(|item| json(item, values)).collect(),
        Value::Object(members) => members
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), json(value, values)?)))
            .collect(),
        other => other.clone(),
    })
}

/// Text for text; JSON for anything else.
fn fill_text(text: &str, values: &Map<String, Value>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_name(rest) {
        filled.push_str(before);
        match values.get(name) {
            Some(Value::String(value)) => filled.push_str(value),
            Some(value) => filled.push_str(&value.to_string()),
            None => {}
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The text before the next `{name}`, the name, and what follows.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        let rest = &text[open + 1..];
        if let Some((name, after)) = rest.split_once('}')
            && is_word(name)
        {
            return Some((&text[..open], name, after));
        }
        from = open + 1;
    }
    None
}

fn is_word(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_lowercase())
        && name.chars().all(|char| char.is_ascii_lowercase() || char == '_')
}

fn only_name(text: &str) -> Option<&str> {
    match next_name(text) {
        Some(("", name, "")) => Some(name),
        _ => None,
    }
}

/// The names in a text.
fn names(text: &str) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, name, after)) = next_name(rest) {
        found.push(name.to_owned());
        rest = after;
    }
    found.into_iter()
}

/// The names in all texts of a value.
pub fn names_of(template: &Value) -> BTreeSet<String> {
    match template {
        Value::String(text) => names(text).collect(),
        Value::Array(items) => items.iter().flat_map(names_of).collect(),
        Value::Object(members) => members.values().flat_map(names_of).collect(),
        _ => BTreeSet::new(),
    }
}

/// The names in the arguments of a command line.
pub fn names_of_parts(parts: &[Part]) -> BTreeSet<String> {
    let texts = parts.iter().flat_map(|part| match part {
        Part::One(text) => std::slice::from_ref(text),
        Part::Group(texts) => &texts[..],
    });
    texts.flat_map(|text| names(text)).collect()
}

/// A command line as people type it, in its words: blanks part them, quotes and backslashes keep them together.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (Some(open), char) if char == open => quote = None,
            (None | Some('"'), '\\') => {
                let next = chars.next().ok_or("it ends with a backslash")?;
                word.get_or_insert_default().push(next);
            }
            (None, char) if char.is_whitespace() => words.extend(word.take()),
            (_, char) => word.get_or_insert_default().push(char),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    if words.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(words)
}

#[cfg(test)]
mod tests;
