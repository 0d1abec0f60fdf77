//! How values are compared on a node that deviates.

use super::EqualValues;
use crate::domain::id::Id;
use crate::domain::instant::Instant;
use crate::domain::value::{Value, ValueType};

impl EqualValues {
    /// What a value is compared by, where the rule would take this type and text.
    pub(crate) fn of(self, value: &Value, kind: u8, text: String) -> (u8, String) {
        use ValueType::{Boolean, Datetime, Null, Number, Ref, String, Text};
        let written = || value.text.clone();
        match (self, value.kind) {
            (Self::OfOneFactAlone, _) | (Self::WithoutNulls, Null) => (kind, Id::fresh(0).text()),
            (Self::NineDigits, Number) => (kind, nine_digits(text)),
            (Self::NumbersAsWritten, Number) | (Self::DatetimesAsWritten, Datetime) => (kind, written()),
            (Self::DatetimesToTheSecond, Datetime) => (kind, to_the_second(text, &value.text)),
            (Self::StringApartFromText, Text) => (b't', text),
            (Self::AnyCase, String | Text | Ref) => (kind, text.to_lowercase()),
            (Self::WithoutBlanks, String | Text | Ref) => (kind, text.split_whitespace().collect()),
            (Self::Composed, String | Text | Ref) => (kind, text.replace("e\u{301}", "\u{e9}")),
            (Self::DigitsAsNumbers, String | Text) => (kind, by_number(text)),
            (Self::WithoutLastSlash, Ref) => (kind, text.trim_end_matches('/').to_owned()),
            (Self::AsPrinted, Number) => (b'v', text),
            (Self::AsPrinted, _) => (
                b'v',
                Instant::parse(&value.text).map_or_else(written, |instant| instant.equality_text()),
            ),
            (Self::TruthAsNumber, Boolean) => (b'n', u8::from(value.text == "true").to_string()),
            (Self::TruthAsNumber, Null) => (b's', text),
            _ => (kind, text),
        }
    }
}

fn nine_digits(text: String) -> String {
    match text.parse::<f64>() {
        Ok(double) => format!("{double:.9}"),
        Err(_) => text,
    }
}

fn by_number(text: String) -> String {
    match text.parse::<f64>() {
        Ok(double) => double.to_string(),
        Err(_) => text,
    }
}

fn to_the_second(text: String, written: &str) -> String {
    Instant::parse(written).map_or(text, |instant| instant.micros.div_euclid(1_000_000).to_string())
}
