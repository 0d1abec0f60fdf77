//! Reads a JSON object of any length in a little memory: its own members, and how many elements its lists have.

use serde_json::{Map, Value};

/// What was read so far: the object as it came, with a number for the elements of each list and nothing inside of inner objects.
#[derive(Debug)]
pub(super) struct Skim {
    /// Grows no longer than `LONGEST`.
    outline: Vec<u8>,
    depth: u64,
    text: Text,
    /// Of the list that is open at depth 2.
    list: Option<List>,
    too_long: bool,
}

/// Where in a string we are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Text {
    Outside,
    Inside,
    /// Behind a backslash.
    Escaped,
}

#[derive(Debug, Default)]
struct List {
    commas: u64,
    /// Something stands in it.
    filled: bool,
}

impl Skim {
    pub(super) fn new() -> Self {
        Self {
            outline: Vec::new(),
            depth: 0,
            text: Text::Outside,
            list: None,
            too_long: false,
        }
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let [byte, behind @ ..] = rest {
            rest = behind;
            match self.text {
                Text::Outside => self.outside(*byte),
                Text::Escaped => {
                    self.text = Text::Inside;
                    self.keep(*byte);
                }
                Text::Inside => {
                    self.inside(*byte);
                    // Most of a long answer is the inside of strings, and of no account.
                    if self.depth > 1 && self.text == Text::Inside {
                        let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                        rest = &rest[end.unwrap_or(rest.len())..];
                    }
                }
            }
        }
    }

    fn inside(&mut self, byte: u8) {
        match byte {
            b'"' => self.text = Text::Outside,
            b'\\' => self.text = Text::Escaped,
            _ => {}
        }
        self.keep(byte);
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b'[' | b'{' => {
                self.note_element();
                self.depth += 1;
                if self.depth == 2 {
                    self.outline(byte);
                    self.list = (byte == b'[').then(List::default);
                } else {
                    self.keep(byte);
                }
            }
            b']' | b'}' => {
                if self.depth == 2 {
                    if let Some(list) = self.list.take() {
                        self.write_count(&list);
                    }
                    self.outline(byte);
                } else {
                    self.keep(byte);
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => {
                if self.depth == 2
                    && let Some(list) = &mut self.list
                {
                    list.commas += 1;
                }
                self.keep(byte);
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => {
                if byte == b'"' {
                    self.text = Text::Inside;
                }
                self.note_element();
                self.keep(byte);
            }
        }
    }

    fn note_element(&mut self) {
        if self.depth == 2
            && let Some(list) = &mut self.list
        {
            list.filled = true;
        }
    }

    fn write_count(&mut self, list: &List) {
        let count = if list.filled { list.commas + 1 } else { 0 };
        for digit in count.to_string().bytes() {
            self.outline(digit);
        }
    }

    /// What is the object's own.
    fn keep(&mut self, byte: u8) {
        if self.depth <= 1 {
            self.outline(byte);
        }
    }

    fn outline(&mut self, byte: u8) {
        if self.outline.len() < LONGEST {
            self.outline.push(byte);
        } else {
            self.too_long = true;
        }
    }

    /// The members, lists as a list with the number of their elements; nothing when it was no object, or none that came to its end.
    pub(super) fn members(self) -> Option<Map<String, Value>> {
        if self.too_long || self.depth != 0 || self.text != Text::Outside {
            return None;
        }
        serde_json::from_slice(&self.outline).ok()
    }
}

/// Longer than all that the specification puts beside a list.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn skimmed(text: &str, piece: usize) -> Option<Value> {
        let mut skim = Skim::new();
        for piece in text.as_bytes().chunks(piece) {
            skim.feed(piece);
        }
        skim.members().map(Value::Object)
    }

    #[test]
    fn lists_are_counted_and_short_members_kept_however_the_pieces_fall() {
        let text = r#" {"summary": [ {"a": [1, 2, {"b": "]},\"["}], "c": "\\"}, 7, "x,y", [ ], null ],
            "none" : [ ], "one":[{}], "scope":"a \"b\" [c]", "inner": {"x": [1,2], "y": {"z": 1}}, "fact_count": 5, "ok": true}"#;
        let expected = json!({"summary": [5], "none": [0], "one": [1], "scope": "a \"b\" [c]", "inner": {}, "fact_count": 5, "ok": true});
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(skimmed(text, piece).as_ref(), Some(&expected), "pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_whole_object_has_no_members() {
        let none = [
            "",
            "[]",
            "7",
            "not found",
            r#"{"a": [1, 2"#,
            r#"{"a": "b"#,
            r#"{"a": 1}}"#,
            r#"{"a": 1} x"#,
            r#"{"a" 1}"#,
            r#"{"a": [1]]"#,
        ];
        for text in none {
            assert_eq!(skimmed(text, 4), None, "{text}");
        }
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(LONGEST));
        assert_eq!(skimmed(&long, 1000), None);
    }

    #[test]
    fn a_long_list_takes_no_memory() {
        let mut skim = Skim::new();
        skim.feed(b"{\"findings\":[");
        skim.feed(b"{\"detail\":\"x\"}");
        for _ in 1..10_000 {
            skim.feed(b",{\"detail\":\"x\"}");
        }
        skim.feed(b"]}");
        assert!(skim.outline.len() < 100);
        assert_eq!(skim.members().map(Value::Object), Some(json!({"findings": [10_000]})));
    }
}
