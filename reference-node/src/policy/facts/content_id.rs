//! Content ids of a node that deviates.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::names::{made_formal, with_combining_accents, without_combining_accents};
use super::values::{single, whole_as_integer};
use super::{
    CidConfidence, CidEscapes, CidMembers, CidNames, CidNumbers, CidScope, CidSeparators, CidTexts, CidWords,
    FactOfSeveral,
};
use crate::domain::cid::Cid;
use crate::domain::fact::Draft;
use crate::domain::number::float_text;
use crate::domain::scope::Scope;

impl CidSeparators {
    /// What stands between two members, and between a name and its content.
    pub(crate) fn marks(self) -> (&'static str, &'static str) {
        match self {
            Self::Compact => (",", ":"),
            Self::WithBlanks => (", ", ": "),
        }
    }
}

impl CidConfidence {
    pub(crate) fn of(self, confidence: f64) -> String {
        match self {
            Self::FloatStyle => float_text(confidence),
            Self::Rfc8785 if confidence == 0.0 => "0".to_owned(),
            Self::Rfc8785 if confidence < 1e-6 => format!("{confidence:e}"),
            Self::Rfc8785 => confidence.to_string(),
            Self::SixDecimals => format!("{confidence:.6}"),
            Self::SinglePrecision => float_text(single(confidence)),
        }
    }
}

impl CidNames {
    pub(crate) fn of(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::AsKept => Cow::Borrowed(name),
            Self::InformalMadeFormal => made_formal(name).map_or(Cow::Borrowed(name), Cow::Owned),
        }
    }
}

impl CidScope {
    pub(crate) fn of(self, scope: Scope) -> Scope {
        match self {
            Self::OfTheFact => scope,
            Self::AlwaysLocal => Scope::Local,
        }
    }
}

impl CidTexts {
    pub(crate) fn of(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::TrimmedLowerCase => Cow::Owned(text.trim().to_lowercase()),
            Self::Decomposed => Cow::Owned(with_combining_accents(text)),
            Self::Composed => Cow::Owned(without_combining_accents(text)),
            Self::NullWhenEmpty if text.is_empty() => Cow::Borrowed("null"),
            Self::AsKept | Self::NullWhenEmpty => Cow::Borrowed(text),
        }
    }
}

impl CidNumbers {
    pub(crate) fn of(self, text: &str) -> Cow<'_, str> {
        if self == Self::AsKept {
            return Cow::Borrowed(text);
        }
        let double: f64 = text.parse().unwrap_or_default();
        let is_float = text.contains(['.', 'e']);
        match self {
            Self::Floats => Cow::Owned(float_text(double)),
            Self::DigitsOfTheDouble if !is_float => Cow::Owned(format!("{double:.0}")),
            Self::IntegersWhenWhole => whole_as_integer(text),
            Self::SixDigits if is_float => Cow::Owned(format!("{double:.6e}")),
            Self::SinglePrecision if is_float => Cow::Owned(float_text(single(double))),
            _ => Cow::Borrowed(text),
        }
    }
}

impl CidWords {
    pub(crate) fn of(self, word: &str) -> Cow<'_, str> {
        match (self, word) {
            (Self::OfJson, _) => Cow::Borrowed(word),
            (Self::OfPython, "true") => Cow::Borrowed("True"),
            (Self::OfPython, "false") => Cow::Borrowed("False"),
            (Self::OfPython, _) => Cow::Borrowed("None"),
        }
    }
}

impl CidEscapes {
    /// The escape of a character, where the rule has none or another.
    pub(crate) fn instead(self, c: char) -> Option<String> {
        let is_short = "\u{8}\t\n\u{c}\r".contains(c);
        let deviates = match self {
            Self::NoMoreThanMust => false,
            Self::BeyondAscii => !c.is_ascii(),
            Self::Markup => "<>&".contains(c),
            Self::Slashes if c == '/' => return Some("\\/".to_owned()),
            Self::Slashes => false,
            Self::CapitalDigits if c < ' ' && !is_short => return Some(format!("\\u{:04X}", u32::from(c))),
            Self::CapitalDigits => false,
            Self::NoShortForms => c < ' ',
            Self::QuoteByNumber => c == '"',
        };
        deviates.then(|| long_escape(c))
    }
}

fn long_escape(c: char) -> String {
    let mut units = [0; 2];
    let units = c.encode_utf16(&mut units).iter();
    units.map(|unit| format!("\\u{unit:04x}")).collect()
}

impl CidMembers {
    /// The content id of a fact that is stored at `now`.
    pub(crate) fn of(self, draft: &Draft, now: i64) -> Cid {
        match (self, &draft.valid_until) {
            (Self::ValidUntilToo, Some(end)) => and_more(draft.cid(), end),
            (Self::TimestampToo, _) => and_more(draft.cid(), &now.to_string()),
            _ => draft.cid(),
        }
    }
}

fn and_more(cid: Cid, more: &str) -> Cid {
    let covered = [&cid.0[..], more.as_bytes()].concat();
    Cid(Sha256::digest(covered).into())
}

impl FactOfSeveral {
    /// The order in which the fact is the first, in the words of the database.
    pub(crate) fn order(self) -> &'static str {
        match self {
            Self::Newest => "DESC",
            Self::Oldest => "ASC",
        }
    }
}
