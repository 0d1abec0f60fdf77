//! Policies of reading JSON: its grammar, and the members of a body.

use crate::domain::fact::{Issue, Refusal};
use crate::domain::json::Json;

policies! {
    /// What is JSON.
    Grammar {
        Json,
        /// Comments and commas at the end are passed over too.
        CommentsAndCommas,
        /// What follows the first value does not count.
        FirstValue,
        /// What is open at the end of the text is closed there.
        OpenEnds,
        /// Control characters stand for themselves.
        RawControls,
        /// A NUL is a blank.
        NulIsBlank,
        /// Half of a surrogate pair is U+FFFD.
        HalfPairs,
        /// `NaN` and the infinities are numbers.
        Infinities,
        /// A number is what the language's own parser reads; `nan` and `inf` are 0.
        LanguageNumbers,
        /// What overflows a double is the largest one.
        LargestDouble,
        /// Numbers that are not written as their double prints are a panic.
        NumbersAsPrinted,
    }

    /// What becomes of a second member of one name.
    SameName {
        Refused,
        /// It replaces the first.
        LastCounts,
        /// It replaces the first, unless the name is known.
        RefusedWhereKnown,
    }

    /// How deep a body may be nested.
    Nesting {
        Bounded,
        /// As deep as it likes.
        Unbounded,
        /// Bounded, and beyond it is an internal error.
        BoundedByAnError,
    }

    /// What becomes of members that nobody knows.
    ForeignMembers {
        Ignored,
        /// An assertion with one is refused.
        RefusedInAssertions,
        /// A resolution with one is refused.
        RefusedInResolutions,
    }
}

impl Grammar {
    /// The length of what is passed over at the start of a text, though it is no blank of JSON.
    #[inline]
    pub(crate) fn passed_over(self, text: &[u8]) -> usize {
        match (self, text) {
            (Self::NulIsBlank, [0, ..]) => 1,
            (Self::CommentsAndCommas, [b'/', b'/', rest @ ..]) => 2 + length_to(rest, b"\n"),
            (Self::CommentsAndCommas, [b'/', b'*', rest @ ..]) => 2 + length_to(rest, b"*/"),
            _ => 0,
        }
    }

    /// What a text begins with that is read as a number, though JSON has no such number; and its length.
    #[inline]
    pub(crate) fn other_number(self, text: &str) -> Option<(&str, usize)> {
        match self {
            Self::Infinities => {
                let mut words = ["NaN", "Infinity", "-Infinity"].into_iter();
                words.find(|word| text.starts_with(word)).map(|word| (word, word.len()))
            }
            Self::LanguageNumbers => language_number(text),
            _ => None,
        }
    }

    /// Ends the request over a number that is not written as it would be printed.
    #[inline]
    pub(crate) fn expect_as_printed(self, literal: &str, double: f64) {
        let expected = || {
            [format!("{double}"), format!("{double:?}")]
                .iter()
                .any(|text| text == literal)
        };
        assert!(
            self != Self::NumbersAsPrinted || expected(),
            "{literal} is not {double}"
        );
    }
}

/// The length of a text up to this end and with it; of all of it where it has no such end.
fn length_to(text: &[u8], end: &[u8]) -> usize {
    let at = text.windows(end.len()).position(|part| part == end);
    at.map_or(text.len(), |at| at + end.len())
}

fn language_number(text: &str) -> Option<(&str, usize)> {
    let foreign = |char: char| !char.is_ascii_alphanumeric() && !"+-.".contains(char);
    let literal = &text[..text.find(foreign).unwrap_or(text.len())];
    let double: f64 = literal.parse().ok()?;
    match double.is_finite() {
        true => Some((literal, literal.len())),
        false if literal.contains(|char: char| char.is_ascii_digit()) => None,
        false => Some(("0", literal.len())),
    }
}

impl SameName {
    pub(crate) fn is_refused(self, name: &str) -> bool {
        match self {
            Self::Refused => true,
            Self::LastCounts => false,
            Self::RefusedWhereKnown => {
                let lists = [FACT, VALUE, RESOLUTION, KEY];
                lists.iter().any(|known| known.contains(&name))
            }
        }
    }
}

const FACT: &[&str] = &[
    "entity",
    "relation",
    "source",
    "value",
    "confidence",
    "scope",
    "valid_until",
    "timestamp",
    "id",
    "hlc",
    "cid",
    "received_from",
    "contradicted",
    "warnings",
];
const VALUE: &[&str] = &["type", "v"];
const RESOLUTION: &[&str] = &["winning_fact_id", "new_value", "resolution_note"];
const KEY: &[&str] = &[
    "entity_uri",
    "permissions",
    "allowed_scopes",
    "description",
    "expires_at",
];

impl ForeignMembers {
    /// Looks at the members of an assertion; those of an answer are known.
    pub(crate) fn in_assertion(body: &Json<'_>) -> Result<(), Refusal> {
        Self::RefusedInAssertions.look(body, FACT)?;
        let value = body.member("value");
        value.map_or(Ok(()), |value| Self::RefusedInAssertions.look(value, VALUE))
    }

    pub(crate) fn in_resolution(body: &Json<'_>) -> Result<(), Refusal> {
        Self::RefusedInResolutions.look(body, RESOLUTION)
    }

    fn look(self, body: &Json<'_>, known: &[&str]) -> Result<(), Refusal> {
        match body {
            Json::Object(members) if Self::now() == self => {
                let foreign = members.iter().any(|(name, _)| !known.contains(&&**name));
                let issue = || Issue::new(&[], "extra_forbidden", "nobody knows one of the members");
                if foreign {
                    Err(Refusal::Issues(vec![issue()]))
                } else {
                    Ok(())
                }
            }
            _ => Ok(()),
        }
    }
}
