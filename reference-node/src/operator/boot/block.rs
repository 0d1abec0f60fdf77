//! The context block of section 12.5. Whoever reads one, a model or a person, must be able to tell the block from what
//! the facts say: each fact is one line, and nothing in it can pass for another line, name or confidence.

use std::fmt::Write;

use serde_json::Value;

use crate::domain::hlc::Hlc;
use crate::operator::record::{FactRecord, FactValue};
use crate::operator::shown;

/// The longest value that every node takes, in characters at most.
const LONGEST_VALUE: usize = 64 << 10;
const LONGEST_NAME: usize = 4 << 10;

/// Puts the surest facts first, and of equally sure ones the latest.
pub(super) fn sort(facts: &mut [FactRecord]) {
    let clock = |fact: &FactRecord| fact.hlc.as_deref().and_then(Hlc::read);
    facts.sort_by(|a, b| {
        let by_confidence = b.confidence.total_cmp(&a.confidence);
        by_confidence.then_with(|| clock(b).cmp(&clock(a)))
    });
}

/// The block about `entity`, facts in the order given within each namespace; empty without facts. No line end at its end.
pub(super) fn render(entity: &str, facts: &[FactRecord]) -> String {
    let mut groups: Vec<(&str, Vec<&FactRecord>)> = Vec::new();
    for fact in facts {
        let namespace = namespace(&fact.relation);
        match groups.iter_mut().find(|(known, _)| *known == namespace) {
            Some((_, group)) => group.push(fact),
            None => groups.push((namespace, vec![fact])),
        }
    }
    if groups.is_empty() {
        return String::new();
    }
    let mut block = format!("## Stigmem context — {}", shown::line(entity, LONGEST_NAME));
    for (namespace, group) in groups {
        let _ = write!(block, "\n\n### {}", shown::line(namespace, LONGEST_NAME));
        for fact in group {
            block.push('\n');
            block.push_str(&line(fact));
        }
    }
    block
}

/// The line of one fact, which is all that it adds to a block.
pub(super) fn line(fact: &FactRecord) -> String {
    let (relation, entity) = (bold(&fact.relation), code(&fact.entity));
    let mut line = format!("- **{relation}** on `{entity}`: {}", value(&fact.value));
    if fact.confidence < 1.0 {
        let _ = write!(line, " _(confidence: {:.2})_", fact.confidence);
    }
    line
}

/// What stands before the first colon; the whole relation if there is none.
fn namespace(relation: &str) -> &str {
    relation.split(':').next().unwrap_or(relation)
}

/// A relation as it is in the record, save for stars that would end the bold that it stands in: two in a row, and those
/// at its ends.
fn bold(relation: &str) -> String {
    let mut before = '*';
    numbered(&shown::line(relation, LONGEST_NAME), |character, rest| {
        let after = rest.chars().next().unwrap_or('*');
        let ends = character == '*' && (before == '*' || after == '*');
        before = character;
        ends
    })
}

/// An entity as it is in the record, save for what would end the code that it stands in.
fn code(entity: &str) -> String {
    numbered(&shown::line(entity, LONGEST_NAME), |character, _| character == '`')
}

/// A value as a text, save for what would pass for a remark on the fact's confidence.
fn value(value: &FactValue) -> String {
    let text = match &value.v {
        Value::Null => return "(null)".to_owned(),
        _ if value.kind == "null" => return "(null)".to_owned(),
        Value::String(text) => shown::line(text, LONGEST_VALUE),
        other => shown::line(&other.to_string(), LONGEST_VALUE),
    };
    numbered(&text, |character, rest| {
        character == '_' && rest.starts_with("(confidence")
    })
}

/// The text with each character that `is_meant` by its number; what follows the character is given too.
fn numbered(text: &str, mut is_meant: impl FnMut(char, &str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if is_meant(character, rest.as_str()) {
            shown::number(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests;
