//! Taking a page of facts apart without believing anything in it.
//!
//! Facts are judged one by one, so one broken fact must not spoil the text around it. Only the outline is read here:
//! strings, brackets and commas. Each fact is then read strictly by itself, from the bytes that are its own. No
//! recursion, and no copy of the text.

use super::json::{self, Json};
use crate::policy::{PageElements, PageShape};

/// More facts than any page that was asked for has.
const MOST_FACTS: usize = 1_000;

/// The outline of `{"facts": [...], "cursor": ..., "has_more": ...}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outline<'a> {
    pub(crate) facts: Vec<&'a [u8]>,
    pub(crate) cursor: Option<String>,
    pub(crate) has_more: bool,
}

/// `None` for a text that is no such object, however its facts look.
pub(crate) fn outline(text: &[u8]) -> Option<Outline<'_>> {
    let mut scan = Scan { text, at: 0 };
    let (mut facts, mut cursor, mut has_more) = (None, None, false);
    scan.expect(b'{')?;
    if !scan.next_is(b'}') {
        loop {
            scan.blanks();
            let name = scan.value()?;
            scan.expect(b':')?;
            match name {
                b"\"facts\"" => facts = Some(scan.facts()?),
                b"\"cursor\"" => cursor = read_cursor(scan.value()?)?,
                b"\"has_more\"" => has_more = read_flag(scan.value()?)?,
                _ => drop(scan.value()?),
            }
            let breaks_off = PageShape::now() == PageShape::OpenEnds && scan.is_over();
            if scan.next_is(b'}') || breaks_off {
                break;
            }
            scan.expect(b',')?;
        }
    }
    scan.blanks();
    (scan.at == text.len()).then_some(())?;
    Some(Outline {
        facts: facts?,
        cursor,
        has_more,
    })
}

fn read_cursor(bytes: &[u8]) -> Option<Option<String>> {
    match json::read(bytes).ok()? {
        Json::Null => Some(None),
        Json::String(text) => Some(Some(text.into_owned()).filter(|text| !text.is_empty())),
        _ => None,
    }
}

fn read_flag(bytes: &[u8]) -> Option<bool> {
    match json::read(bytes).ok()? {
        Json::Null => Some(false),
        Json::Bool(flag) => Some(flag),
        _ => None,
    }
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn is_over(&mut self) -> bool {
        self.blanks();
        self.at == self.text.len()
    }

    /// Steps over `byte` if it comes next.
    fn next_is(&mut self, byte: u8) -> bool {
        self.blanks();
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.next_is(byte).then_some(())
    }

    fn facts(&mut self) -> Option<Vec<&'a [u8]>> {
        let mut facts = Vec::new();
        self.blanks();
        if PageShape::now() == PageShape::FactsOfAnyType && self.peek() != Some(b'[') {
            return self.value().map(|_| facts);
        }
        self.expect(b'[')?;
        if self.next_is(b']') {
            return Some(facts);
        }
        loop {
            if facts.len() == MOST_FACTS {
                return None;
            }
            facts.push(self.value().filter(|element| PageElements::now().include(element))?);
            if self.next_is(b']') {
                return Some(facts);
            }
            self.expect(b',')?;
        }
    }

    /// The bytes of the next value, by its outline alone.
    fn value(&mut self) -> Option<&'a [u8]> {
        self.blanks();
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth == 0 => return None,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                _ if depth > 0 => self.at += 1,
                _ => self.word()?,
            }
            if depth == 0 {
                return Some(&self.text[start..self.at]);
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// Anything up to the next comma, bracket or blank; whether it means something is for the strict reader.
    fn word(&mut self) -> Option<()> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| !matches!(byte, b',' | b']' | b'}' | b':' | b'"' | b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_fact_is_cut_out_however_broken_it_is() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let text = format!(
            r#" {{"more":[{{}}], "facts" : [ {{"id":"a}}]\""}} ,{{"v":NaN,"v":1e999}}, 5,"\ud800",{deep} ],"cursor":"c\u0041","has_more":true}} "#
        );
        let page = outline(text.as_bytes()).unwrap();
        let facts: Vec<&str> = page
            .facts
            .iter()
            .map(|fact| std::str::from_utf8(fact).unwrap())
            .collect();
        assert_eq!(
            facts,
            [r#"{"id":"a}]\""}"#, r#"{"v":NaN,"v":1e999}"#, "5", r#""\ud800""#, &deep]
        );
        assert_eq!((page.cursor.as_deref(), page.has_more), (Some("cA"), true));
    }

    #[test]
    fn an_empty_page_is_a_page() {
        let page = outline(br#"{"facts":[],"cursor":null,"has_more":false}"#).unwrap();
        assert_eq!((page.facts.len(), page.cursor, page.has_more), (0, None, false));
        assert!(outline(br#"{"facts":[]}"#).is_some());
    }

    #[test]
    fn other_texts_are_no_pages() {
        for text in [
            "",
            "[]",
            "{}",
            "{",
            r#"{"facts":{}}"#,
            r#"{"facts":null}"#,
            r#"{"facts":[}"#,
            r#"{"facts":[1"#,
            r#"{"facts":["\"]}"#,
            r#"{"facts":[],}"#,
            r#"{"facts":[]} x"#,
            r#"{"facts":[,]}"#,
            r#"{"facts":[],"cursor":5}"#,
            r#"{"facts":[],"has_more":"yes"}"#,
            "{\"facts\":[],\"cursor\":\"\u{fffd}",
        ] {
            assert_eq!(outline(text.as_bytes()), None, "{text}");
        }
        let many = format!("{{\"facts\":[{}1]}}", "1,".repeat(MOST_FACTS));
        assert_eq!(outline(many.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in r#"[\[\]{}",:0-9a \\factscursor]{0,40}"#, bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = outline(text.as_bytes());
            let _ = outline(&bytes);
        }
    }
}
