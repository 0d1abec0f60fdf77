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
pub fn cut(text: String) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_cut_behind_a_character() {
        assert_eq!(cut("a".repeat(MAX_SHOWN)), "a".repeat(MAX_SHOWN));
        assert_eq!(
            cut("a".repeat(MAX_SHOWN + 1)),
            format!("{}… ({} bytes)", "a".repeat(MAX_SHOWN), MAX_SHOWN + 1)
        );
        // Two bytes each, the first of them at an odd place.
        let text = format!("a{}", "é".repeat(MAX_SHOWN));
        let half = MAX_SHOWN / 2 - 1;
        assert_eq!(
            cut(text),
            format!("a{}… ({} bytes)", "é".repeat(half), 2 * MAX_SHOWN + 1)
        );
    }

    #[test]
    fn both_sides_of_a_mismatch_are_cut() {
        let wrong = Wrong::said("/a", "x".repeat(1000), "y".repeat(1000));
        assert!(wrong.expected.len() < 450 && wrong.got.len() < 450);
        assert_eq!(short(&json!(["a"])), "[\"a\"]");
        assert_eq!(Wrong::new("", "a", None).got, "nothing: the member is not there");
        assert_eq!(Wrong::new("", "a", Some(&json!("b"))).got, "\"b\"");
    }
}
