//! Content ids: the canonical bytes of a fact's content, and their hash.
//!
//! The bytes are a JSON object of seven members in a fixed order. Numbers are the hard part: the confidence and values with a
//! fraction or an exponent are printed in a style of their own, and an integer literal keeps its digits, so `5` and `5.0`
//! have different ids. A literal therefore comes in as text here, before any parser could change it.

mod candidates;
mod number;

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use candidates::candidates;
pub use number::{float_text, number_text};

/// What a content id covers, with `entity` and `source` in their stored form.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    pub confidence: f64,
    pub entity: &'a str,
    pub relation: &'a str,
    pub scope: &'a str,
    pub source: &'a str,
    pub value_type: &'a str,
    /// What [`storage_text`] says of the value.
    pub value_text: &'a str,
}

/// Why a value has no storage text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("`{0}` is not a value type: use string, text, number, boolean, datetime, ref or null")]
    UnknownType(String),
    #[error("a {0} value holds a JSON value of another type")]
    OtherType(&'static str),
    #[error("`{0}` is not a JSON number")]
    NotANumber(String),
    #[error("the number is too large for a double")]
    TooLarge,
}

/// The text that stands for a value under the hash. `literal` is the value as JSON text, exactly as it was sent.
///
/// # Errors
///
/// When the type is unknown, or the literal is not of that type.
pub fn storage_text(value_type: &str, literal: &str) -> Result<String, Refusal> {
    let parsed = || serde_json::from_str::<Value>(literal).ok();
    match value_type {
        "number" => number_text(literal),
        "boolean" => match parsed() {
            Some(Value::Bool(truth)) => Ok(truth.to_string()),
            _ => Err(Refusal::OtherType("boolean")),
        },
        "null" => match parsed() {
            Some(Value::Null) => Ok(NULL_TEXT.to_owned()),
            _ => Err(Refusal::OtherType("null")),
        },
        "string" | "text" | "datetime" | "ref" => match parsed() {
            Some(Value::String(text)) => Ok(text),
            _ => Err(Refusal::OtherType("textual")),
        },
        _ => Err(Refusal::UnknownType(value_type.to_owned())),
    }
}

/// The canonical bytes, which are UTF-8.
#[must_use]
pub fn canonical_bytes(content: &Content<'_>) -> String {
    format!(
        r#"{{"confidence":{},"entity":{},"relation":{},"scope":{},"source":{},"value_type":{},"value_v":{}}}"#,
        float_text(content.confidence),
        quoted(content.entity),
        quoted(content.relation),
        quoted(content.scope),
        quoted(content.source),
        quoted(content.value_type),
        quoted(content.value_text),
    )
}

/// The content id: `sha256:` and the hash of the canonical bytes in lower-case hexadecimal.
#[must_use]
pub fn cid(content: &Content<'_>) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(canonical_bytes(content))))
}

/// A JSON string that escapes no more than it must. What must be is what serde_json escapes: the quote, the backslash and the
/// characters below U+0020, with the short form where there is one and lower-case `\u00xx` otherwise.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

const NULL_TEXT: &str = "null";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_has_no_storage_text() {
        for (value_type, literal) in [
            ("json", "{}"),
            ("String", "\"a\""),
            ("boolean", "\"true\""),
            ("boolean", "1"),
            ("null", "\"null\""),
            ("string", "5"),
            ("string", "\"unfinished"),
            ("datetime", "null"),
            ("number", "\"5\""),
            ("number", "true"),
        ] {
            assert!(storage_text(value_type, literal).is_err(), "{value_type} {literal}");
        }
    }

    #[test]
    fn every_control_character_is_escaped_and_nothing_else_is() {
        assert_eq!(quoted("\u{8}\t\n\u{c}\r"), r#""\b\t\n\f\r""#);
        assert_eq!(quoted("\0\u{1f}\u{b}"), r#""\u0000\u001f\u000b""#);
        assert_eq!(quoted("\"\\/"), r#""\"\\/""#);
        assert_eq!(
            quoted("\u{7f}\u{80}\u{2028}\u{2029}é𝄞"),
            "\"\u{7f}\u{80}\u{2028}\u{2029}é𝄞\""
        );
    }
}
