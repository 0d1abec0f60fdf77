//! Fact values (section 2.1): seven types, each with the JSON type its tag promises, and the texts derived from them.

use sha2::{Digest, Sha256};

use super::instant::Instant;
use super::json::Json;
use super::number;
use super::uri::is_whitespace;
use crate::policy::{DatetimeForm, EqualValues, RefForm, TextForm};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    String,
    Text,
    Number,
    Boolean,
    Datetime,
    Ref,
    Null,
}

impl ValueType {
    const ALL: [Self; 7] = [
        Self::String,
        Self::Text,
        Self::Number,
        Self::Boolean,
        Self::Datetime,
        Self::Ref,
        Self::Null,
    ];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Datetime => "datetime",
            Self::Ref => "ref",
            Self::Null => "null",
        }
    }

    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// A valid value: its type and its storage text, which is what the content id covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: ValueType,
    pub(crate) text: String,
}

/// Why a value was refused; `at` is the member of the value that is at fault, or nothing for the value itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ValueError {
    pub(crate) at: Option<&'static str>,
    pub(crate) kind: &'static str,
    pub(crate) what: &'static str,
}

const fn wrong(at: &'static str, kind: &'static str, what: &'static str) -> ValueError {
    ValueError {
        at: Some(at),
        kind,
        what,
    }
}

impl Value {
    pub(crate) fn string(text: impl Into<String>) -> Self {
        Self {
            kind: ValueType::String,
            text: text.into(),
        }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            kind: ValueType::Text,
            text: text.into(),
        }
    }

    pub(crate) fn reference(name: impl Into<String>) -> Self {
        Self {
            kind: ValueType::Ref,
            text: name.into(),
        }
    }

    /// Reads `{"type": ..., "v": ...}`. Other members are ignored.
    pub(crate) fn from_json(json: &Json<'_>) -> Result<Self, ValueError> {
        if !matches!(json, Json::Object(_)) {
            return Err(ValueError {
                at: None,
                kind: "object_type",
                what: "a value is an object with type and v",
            });
        }
        let kind = match json.member("type") {
            None => return Err(wrong("type", "missing", "a value needs a type")),
            Some(Json::String(word)) => ValueType::parse(word).ok_or(wrong(
                "type",
                "literal_error",
                "the type is one of string, text, number, boolean, datetime, ref, null",
            ))?,
            Some(_) => return Err(wrong("type", "string_type", "the type is a string")),
        };
        let text = match (kind, json.member("v")) {
            (ValueType::Null, None | Some(Json::Null)) => "null".to_owned(),
            (ValueType::Null, Some(_)) => {
                return Err(wrong("v", "null_type", "the v of a null is null or absent"));
            }
            (_, None) => return Err(wrong("v", "missing", "a value of this type needs a v")),
            (_, Some(v)) => storage_text(kind, v)?,
        };
        Ok(Self { kind, text })
    }

    /// A key that two values share exactly when they are equal: numbers as numbers, datetimes as instants, `string` and
    /// `text` alike, the rest exactly. Long texts enter as their hash.
    pub(crate) fn equality_key(&self) -> Vec<u8> {
        let (tag, text) = match self.kind {
            ValueType::String | ValueType::Text => (b's', self.text.clone()),
            ValueType::Number => (b'n', number::equality_text(&self.text)),
            ValueType::Boolean => (b'b', self.text.clone()),
            ValueType::Datetime => (
                b'd',
                Instant::parse(&self.text).map_or_else(|| self.text.clone(), |i| i.equality_text()),
            ),
            ValueType::Ref => (b'r', self.text.clone()),
            ValueType::Null => (b'0', String::new()),
        };
        let (tag, text) = EqualValues::now().of(self, tag, text);
        // A plain key is at most 25 bytes and a hashed one 33, so the two can never be mistaken for each other.
        let mut key = vec![tag];
        if text.len() <= 24 {
            key.extend_from_slice(text.as_bytes());
        } else {
            key.extend_from_slice(&Sha256::digest(text.as_bytes()));
        }
        key
    }
}

fn storage_text(kind: ValueType, v: &Json<'_>) -> Result<String, ValueError> {
    match (kind, v) {
        (ValueType::Boolean, Json::Bool(truth)) => Ok(truth.to_string()),
        (ValueType::Boolean, _) => Err(wrong("v", "bool_type", "the v of a boolean is true or false")),
        (ValueType::Number, Json::Number(literal)) => {
            number::storage_text(literal).ok_or(wrong("v", "finite_number", "the number does not fit a double"))
        }
        (ValueType::Number, _) => Err(wrong("v", "number_type", "the v of a number is a JSON number")),
        (ValueType::Datetime, Json::String(text)) if Instant::parse(text).is_none() => Err(wrong(
            "v",
            "datetime_parsing",
            "a datetime is RFC 3339 with an explicit offset",
        )),
        (ValueType::Ref, Json::String(name)) if !is_name(name) => Err(wrong(
            "v",
            "ref_format",
            "a ref is a non-empty name without white space or control characters",
        )),
        (ValueType::Datetime, Json::String(text)) => Ok(DatetimeForm::now().of(text)),
        (ValueType::Ref, Json::String(name)) => Ok(RefForm::now().of(name)),
        (_, Json::String(text)) => Ok(TextForm::now().of(text)),
        _ => Err(wrong("v", "string_type", "the v of this type is a string")),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| is_whitespace(c) || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json;

    fn value(text: &str) -> Result<Value, ValueError> {
        Value::from_json(&json::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn valid_values_have_a_storage_text() {
        for (json, text) in [
            (r#"{"type":"string","v":""}"#, ""),
            (r#"{"type":"text","v":" a\nb "}"#, " a\nb "),
            (r#"{"type":"number","v":1E-7}"#, "1e-07"),
            (r#"{"type":"number","v":-0}"#, "0"),
            (r#"{"type":"boolean","v":true}"#, "true"),
            (
                r#"{"type":"datetime","v":"2026-01-02T03:04:05Z"}"#,
                "2026-01-02T03:04:05Z",
            ),
            (
                r#"{"type":"ref","v":"stigmem://Example.com/User/BOB","extra":[]}"#,
                "stigmem://Example.com/User/BOB",
            ),
            (r#"{"type":"null"}"#, "null"),
            (r#"{"v":null,"type":"null"}"#, "null"),
        ] {
            assert_eq!(value(json).map(|v| v.text).as_deref(), Ok(text), "{json}");
        }
    }

    #[test]
    fn the_tag_decides_the_json_type() {
        for (json, at, kind) in [
            (r#"[]"#, None, "object_type"),
            (r#""CEO""#, None, "object_type"),
            (r#"{"v":1}"#, Some("type"), "missing"),
            (r#"{"type":null,"v":1}"#, Some("type"), "string_type"),
            (r#"{"type":"json","v":1}"#, Some("type"), "literal_error"),
            (r#"{"type":"String","v":"a"}"#, Some("type"), "literal_error"),
            (r#"{"type":"string"}"#, Some("v"), "missing"),
            (r#"{"type":"string","v":null}"#, Some("v"), "string_type"),
            (r#"{"type":"text","v":["a"]}"#, Some("v"), "string_type"),
            (r#"{"type":"number","v":"5"}"#, Some("v"), "number_type"),
            (r#"{"type":"number","v":true}"#, Some("v"), "number_type"),
            (r#"{"type":"boolean","v":1}"#, Some("v"), "bool_type"),
            (r#"{"type":"datetime","v":"2026-01-02"}"#, Some("v"), "datetime_parsing"),
            (r#"{"type":"datetime","v":5}"#, Some("v"), "string_type"),
            (r#"{"type":"ref","v":""}"#, Some("v"), "ref_format"),
            (r#"{"type":"ref","v":"a b"}"#, Some("v"), "ref_format"),
            (r#"{"type":"ref","v":"a\u0007"}"#, Some("v"), "ref_format"),
            (r#"{"type":"null","v":0}"#, Some("v"), "null_type"),
        ] {
            let error = value(json).unwrap_err();
            assert_eq!((error.at, error.kind), (at, kind), "{json}");
        }
    }

    #[test]
    fn equality_is_by_meaning() {
        let key = |json: &str| value(json).unwrap().equality_key();
        let long = "x".repeat(100);
        for (a, b) in [
            (r#"{"type":"number","v":5}"#, r#"{"type":"number","v":5.0}"#),
            (r#"{"type":"string","v":"a"}"#, r#"{"type":"text","v":"a"}"#),
            (
                r#"{"type":"datetime","v":"2026-01-02T03:04:05Z"}"#,
                r#"{"type":"datetime","v":"2026-01-02T04:04:05.0+01:00"}"#,
            ),
        ] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        for (a, b) in [
            (r#"{"type":"string","v":"5"}"#, r#"{"type":"number","v":5}"#),
            (r#"{"type":"string","v":"a"}"#, r#"{"type":"string","v":"A"}"#),
            (r#"{"type":"string","v":"user:a"}"#, r#"{"type":"ref","v":"user:a"}"#),
            (r#"{"type":"string","v":"true"}"#, r#"{"type":"boolean","v":true}"#),
            (r#"{"type":"string","v":""}"#, r#"{"type":"null"}"#),
        ] {
            assert_ne!(key(a), key(b), "{a} {b}");
        }
        assert_eq!(key(&format!(r#"{{"type":"text","v":"{long}"}}"#)).len(), 33);
    }
}
