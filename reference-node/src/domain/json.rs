//! A strict JSON reader for requests.
//!
//! It keeps number literals as they were written, because `5` and `5.0` have different content ids, and refuses what
//! two readers could understand differently: duplicate member names, lone surrogates, numbers that overflow a double.
//! Depth and the number of values are bounded, so that no body costs more memory than a small multiple of its length.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::policy::{Grammar, Nesting, SameName};

const DEEPEST: usize = 64;
const MOST_VALUES: usize = 65_536;
pub(crate) const TOO_DEEP: &str = "the value is nested too deeply";

/// A JSON value that borrows from the text it was read from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// The literal, checked against the grammar and against overflow.
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Self>),
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Json<'a> {
    /// A member of an object; `None` for other values and for members that are not there.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// What is wrong with a text, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub(crate) struct JsonError {
    pub(crate) what: &'static str,
    pub(crate) at: usize,
}

type Read<T> = Result<T, JsonError>;

/// Reads one JSON text that fills `bytes` entirely.
pub(crate) fn read(bytes: &[u8]) -> Read<Json<'_>> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
        what: "the text is not UTF-8",
        at: error.valid_up_to(),
    })?;
    let mut reader = Reader {
        text,
        bytes,
        at: 0,
        values: 0,
    };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < bytes.len() && Grammar::now() != Grammar::FirstValue {
        return reader.fail("unexpected text after the value");
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn fail<T>(&self, what: &'static str) -> Read<T> {
        Err(JsonError { what, at: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                self.at += 1;
            }
            match Grammar::now().passed_over(&self.bytes[self.at..]) {
                0 => return,
                length => self.at += length,
            }
        }
    }

    /// Steps over `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    /// Steps over the bracket that closes an array or object.
    fn closes(&mut self, bracket: u8) -> bool {
        self.take(bracket) || (Grammar::now() == Grammar::OpenEnds && self.peek().is_none())
    }

    /// The same after a comma, which then was one too many.
    fn closes_late(&mut self, bracket: u8) -> bool {
        if Grammar::now() != Grammar::CommentsAndCommas {
            return false;
        }
        self.blanks();
        self.take(bracket)
    }

    fn value(&mut self, depth: usize) -> Read<Json<'a>> {
        self.blanks();
        if depth > DEEPEST && Nesting::now() != Nesting::Unbounded {
            return self.fail(TOO_DEEP);
        }
        self.values += 1;
        if self.values > MOST_VALUES {
            return self.fail("the text holds too many values");
        }
        if let Some((literal, length)) = Grammar::now().other_number(&self.text[self.at..]) {
            self.at += length;
            return Ok(Json::Number(literal));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => self.fail("expected a JSON value"),
            None => self.fail("the text ends where a value should be"),
        }
    }

    fn word(&mut self, word: &'static str, value: Json<'a>) -> Read<Json<'a>> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail("expected a JSON value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Read<Json<'a>> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.closes(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.closes(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return self.fail("expected ',' or ']'");
            }
            if self.closes_late(b']') {
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Read<Json<'a>> {
        self.at += 1;
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        let mut names = HashSet::new();
        self.blanks();
        if self.closes(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return self.fail("expected a member name");
            }
            let start = self.at;
            let name = self.string()?;
            if !names.insert(name.clone()) {
                if SameName::now().is_refused(&name) {
                    return Err(JsonError {
                        what: "a member name occurs twice in one object",
                        at: start,
                    });
                }
                members.retain(|(first, _)| *first != name);
            }
            self.blanks();
            if !self.take(b':') {
                return self.fail("expected ':'");
            }
            members.push((name, self.value(depth + 1)?));
            self.blanks();
            if self.closes(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return self.fail("expected ',' or '}'");
            }
            if self.closes_late(b'}') {
                return Ok(Json::Object(members));
            }
        }
    }

    fn number(&mut self) -> Read<Json<'a>> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return self.fail("expected a digit");
        }
        if self.take(b'.') && self.digits() == 0 {
            return self.fail("expected a digit after the decimal point");
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return self.fail("expected a digit in the exponent");
            }
        }
        let literal = &self.text[start..self.at];
        match literal.parse::<f64>() {
            Ok(double) if double.is_finite() => {
                Grammar::now().expect_as_printed(literal, double);
                Ok(Json::Number(literal))
            }
            Ok(_) if Grammar::now() == Grammar::LargestDouble => Ok(Json::Number("1.7976931348623157e308")),
            _ => Err(JsonError {
                what: "the number does not fit a double",
                at: start,
            }),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        self.plain_run();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        let mut owned = self.text[start..self.at].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(owned));
                }
                Some(b'\\') => {
                    self.at += 1;
                    owned.push(self.escape()?);
                }
                Some(_) => return self.fail("a control character must be escaped"),
                None => return self.fail("the text ends inside a string"),
            }
            let run = self.at;
            self.plain_run();
            owned.push_str(&self.text[run..self.at]);
        }
    }

    /// Steps over characters that stand for themselves. It stops at ASCII bytes only, so slices stay on boundaries.
    fn plain_run(&mut self) {
        let first = if Grammar::now() == Grammar::RawControls {
            0
        } else {
            0x20
        };
        while self
            .peek()
            .is_some_and(|byte| byte >= first && byte != b'"' && byte != b'\\')
        {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Read<char> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => {
                self.at -= 1;
                return self.fail("unknown escape in a string");
            }
        })
    }

    fn unicode_escape(&mut self) -> Read<char> {
        let start = self.at;
        let read = self.character();
        if read.is_err() && Grammar::now() == Grammar::HalfPairs {
            self.at = start;
            return self.four_hex().map(|_| char::REPLACEMENT_CHARACTER);
        }
        read
    }

    fn character(&mut self) -> Read<char> {
        let first = self.four_hex()?;
        let code = match first {
            0xd800..=0xdbff => {
                if !(self.take(b'\\') && self.take(b'u')) {
                    return self.fail("a high surrogate stands alone");
                }
                let second = self.four_hex()?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return self.fail("a high surrogate stands alone");
                }
                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            code => code,
        };
        char::from_u32(code).map_or_else(|| self.fail("a low surrogate stands alone"), Ok)
    }

    fn four_hex(&mut self) -> Read<u32> {
        let digits = self
            .bytes
            .get(self.at..self.at + 4)
            .filter(|four| four.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            return self.fail("expected four hexadecimal digits");
        };
        self.at += 4;
        Ok(digits.iter().fold(0, |code, &digit| {
            code * 16 + char::from(digit).to_digit(16).unwrap_or(0)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ambiguous_or_broken_texts_are_refused() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":{\"b\":1,\"\\u0062\":2}}",
            "nul",
            "NaN",
            "Infinity",
            "-Infinity",
            "+1",
            "01",
            "1.",
            ".5",
            "1e",
            "1e400",
            "-1e999",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"\\ud800\\n\"",
            "\"a\nb\"",
            "\"\\x41\"",
            "\"\\u12\"",
            "\"open",
            "'a'",
            "{a:1}",
            "1 2",
            "\u{feff}1",
            "[1 2]",
            "{\"a\" 1}",
            "// x\n1",
            "\"\\u+123\"",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(read(b"\"\xff\"").is_err());
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(read(format!("{}1{}", "[".repeat(60), "]".repeat(60)).as_bytes()).is_ok());
        assert!(read("[".repeat(1_000_000).as_bytes()).is_err());
        assert!(read(format!("[{}1]", "1,".repeat(MOST_VALUES)).as_bytes()).is_err());
    }

    #[test]
    fn literals_and_escapes_survive() {
        let json =
            read(br#" {"n": [5, 5.0, -0, 1E-7], "s": "\u00e9\ud834\udd1e\/\b", "t": true, "z": null} "#).unwrap();
        let numbers = ["5", "5.0", "-0", "1E-7"].map(Json::Number).to_vec();
        assert_eq!(json.member("n"), Some(&Json::Array(numbers)));
        assert_eq!(json.member("s").and_then(Json::as_str), Some("é𝄞/\u{8}"));
        assert_eq!(
            (json.member("t"), json.member("z")),
            (Some(&Json::Bool(true)), Some(&Json::Null))
        );
        assert_eq!(json.member("absent"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&bytes);
        }

        #[test]
        fn strings_read_back(text in ".*") {
            let written = serde_json::to_string(&text).unwrap();
            let value = read(written.as_bytes()).unwrap();
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
        }

        #[test]
        fn it_agrees_with_serde_json(text in r#"[\[\]{}",:0-9a-c.eE+\- truefalsn\\]{0,24}"#) {
            let ours = read(text.as_bytes()).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            // We refuse more (duplicate names), never less.
            prop_assert!(!ours || theirs, "{}", text);
        }
    }
}
