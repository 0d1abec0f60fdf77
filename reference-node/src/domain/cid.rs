//! Content ids (section 25): SHA-256 over seven members in a fixed order and a fixed spelling.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::scope::Scope;
use super::value::{Value, ValueType};
use crate::policy::{CidConfidence, CidEscapes, CidNames, CidNumbers, CidScope, CidSeparators, CidTexts, CidWords};

/// The digest inside a content id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cid(pub(crate) [u8; 32]);

impl Cid {
    /// Reads `sha256:` and 64 lower-case hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:")?;
        Some(Self(HEXLOWER.decode(digits.as_bytes()).ok()?.try_into().ok()?))
    }

    pub(crate) fn text(self) -> String {
        format!("sha256:{}", HEXLOWER.encode(&self.0))
    }
}

/// The members that the content id covers, in their stored forms.
pub(crate) struct Covered<'a> {
    pub(crate) entity: &'a str,
    pub(crate) relation: &'a str,
    pub(crate) value: &'a Value,
    pub(crate) source: &'a str,
    pub(crate) confidence: f64,
    pub(crate) scope: Scope,
}

impl Covered<'_> {
    pub(crate) fn cid(&self) -> Cid {
        Cid(Sha256::digest(self.canonical_text().as_bytes()).into())
    }

    fn canonical_text(&self) -> String {
        let (comma, colon) = CidSeparators::now().marks();
        let mut text = String::with_capacity(256);
        text.push_str("{\"confidence\"");
        text.push_str(colon);
        text.push_str(&CidConfidence::now().of(self.confidence));
        for (name, content) in [
            ("entity", CidNames::now().of(self.entity)),
            ("relation", CidTexts::now().of(self.relation)),
            ("scope", Cow::Borrowed(CidScope::now().of(self.scope).word())),
            ("source", CidNames::now().of(self.source)),
            ("value_type", Cow::Borrowed(self.value.kind.word())),
            ("value_v", self.value_text()),
        ] {
            text.push_str(comma);
            text.push('"');
            text.push_str(name);
            text.push('"');
            text.push_str(colon);
            push_string(&mut text, &content);
        }
        text.push('}');
        text
    }

    fn value_text(&self) -> Cow<'_, str> {
        let Value { kind, text } = self.value;
        match kind {
            ValueType::Number => CidNumbers::now().of(text),
            ValueType::Boolean | ValueType::Null => CidWords::now().of(text),
            _ => CidTexts::now().of(text),
        }
    }
}

/// Only the quotation mark, the backslash and U+0000 to U+001F are escaped; everything else stands for itself.
fn push_string(text: &mut String, content: &str) {
    text.push('"');
    for c in content.chars() {
        if let Some(escape) = CidEscapes::now().instead(c) {
            text.push_str(&escape);
            continue;
        }
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            control if control < ' ' => {
                text.push_str("\\u00");
                text.push_str(&HEXLOWER.encode(&[control as u8]));
            }
            plain => text.push(plain),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests;
