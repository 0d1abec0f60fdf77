//! What was expected, and what was there instead.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A mismatch, at a place in the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// JSON Pointer into the body; empty for the body itself or for the answer as a whole.
    pub pointer: String,
    pub expected: String,
    pub got: String,
}

impl Wrong {
    pub fn new(pointer: &str, expected: impl Into<String>, got: Option<&Value>) -> Self {
        Self::said(
            pointer,
            expected,
            got.map_or_else(|| "nothing: the member is not there".to_owned(), short),
        )
    }

    pub fn said(pointer: &str, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            expected: cut(expected.into()),
            got: cut(got.into()),
        }
    }
}

/// A value as text, cut where it is long.
pub(crate) fn short(value: &Value) -> String {
    cut(value.to_string())
}

/// A node may send anything: no message grows with it.
pub(crate) fn cut(text: String) -> String {
    if text.len() <= MAX_SHOWN {
        return text;
    }
    let end = (0..=MAX_SHOWN)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

const MAX_SHOWN: usize = 400;
