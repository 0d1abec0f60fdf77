//! Values as a node keeps or shows them that deviates.

use std::borrow::Cow;

use super::names::without_combining_accents;
use super::{DatetimeForm, NumberForm, PrintedNumbers, RefForm, TextForm, ValueLimit};
use crate::domain::instant::{Instant, print};
use crate::domain::number::float_text;
use crate::domain::uri;

/// One byte less than every node takes.
const SHORT: usize = 65_535;

impl TextForm {
    pub(crate) fn of(self, sent: &str) -> String {
        match self {
            Self::AsSent => sent.to_owned(),
            Self::Trimmed => sent.trim().to_owned(),
            Self::Composed => without_combining_accents(sent),
            Self::Ascii => sent.replace(|c: char| !c.is_ascii(), "?"),
            Self::WithoutControls => sent.replace(|c: char| c.is_control() && !"\t\r\n".contains(c), ""),
            Self::EscapedForHtml => sent.chars().map(entity).collect(),
            Self::EscapedForSql => sent.replace('\'', "''"),
            // What is no string of JSON stays.
            Self::Unescaped => serde_json::from_str(&format!("\"{sent}\"")).unwrap_or_else(|_| sent.to_owned()),
            Self::CutShort => sent[..sent.floor_char_boundary(SHORT)].to_owned(),
        }
    }
}

fn entity(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    }
}

impl DatetimeForm {
    pub(crate) fn of(self, sent: &str) -> String {
        match (self, Instant::parse(sent)) {
            (Self::Utc, Some(instant)) => print(instant.micros).replace("+00:00", "Z"),
            (Self::PrintedAnew, Some(instant)) => print(instant.micros),
            _ => sent.to_owned(),
        }
    }
}

impl RefForm {
    pub(crate) fn of(self, sent: &str) -> String {
        match self {
            Self::NormalisedName => uri::normalise(sent).unwrap_or_else(|_| sent.to_owned()),
            Self::NormalisedUrl if sent.starts_with("https://") => {
                sent.replace(":443/", "/").trim_end_matches('/').to_owned()
            }
            Self::AsSent | Self::NormalisedUrl => sent.to_owned(),
        }
    }
}

impl ValueLimit {
    /// The most bytes of a value's text.
    pub(crate) fn of(self, configured: usize) -> usize {
        match self {
            Self::AsConfigured => configured,
            Self::Of65535Bytes => configured.min(SHORT),
        }
    }
}

impl NumberForm {
    /// The text of a number that was sent as `literal`.
    pub(crate) fn of(self, literal: &str, canonical: String) -> String {
        match self {
            Self::AsSent => literal.to_owned(),
            Self::WithMinusZero if literal == "-0" => literal.to_owned(),
            Self::SinglePrecision if canonical.contains(['.', 'e']) => match canonical.parse::<f32>() {
                Ok(single) if single.is_finite() => float_text(f64::from(single)),
                _ => canonical,
            },
            Self::Unsigned => canonical.trim_start_matches('-').to_owned(),
            Self::WithoutCapitalExponent => match literal.split_once('E') {
                Some((mantissa, _)) => mantissa.parse().map_or(canonical, float_text),
                None => canonical,
            },
            Self::Canonical | Self::WithMinusZero | Self::SinglePrecision => canonical,
        }
    }
}

impl PrintedNumbers {
    pub(crate) fn of(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::AsKept => Cow::Borrowed(text),
            Self::Floats => Cow::Owned(float_text(text.parse().unwrap_or_default())),
            Self::IntegersWhenWhole => whole_as_integer(text),
        }
    }
}

/// A number without a fractional part as an integer, while its double tells all its digits.
pub(super) fn whole_as_integer(text: &str) -> Cow<'_, str> {
    match text.parse::<f64>() {
        Ok(double) if double.fract() == 0.0 && double.abs() < 1e15 => Cow::Owned(format!("{double:.0}")),
        _ => Cow::Borrowed(text),
    }
}

/// What the shortest digits of a double's single say.
pub(super) fn single(double: f64) -> f64 {
    let single = double as f32;
    if !single.is_finite() {
        return double;
    }
    single.to_string().parse().unwrap_or(double)
}
