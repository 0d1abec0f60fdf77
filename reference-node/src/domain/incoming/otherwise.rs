//! What only a deviating node makes of received facts: the wrong values of the policies that are asked next door.

use std::borrow::Cow;

use super::Incoming;
use crate::domain::cid::Cid;
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::instant::{Instant, now_micros, print};
use crate::domain::json::{self, Json};
use crate::domain::number::float_text;
use crate::domain::scope::Scope;
use crate::domain::uri::normalise;
use crate::domain::value::{Value, ValueType};
use crate::policy::{AlsoRequired, ContentIds, Copies, Mends, UnprovableNumbers};

/// What every fact has.
const MEMBERS: [&str; 8] = [
    "id",
    "entity",
    "relation",
    "value",
    "source",
    "timestamp",
    "confidence",
    "scope",
];

impl Mends {
    /// The text of a fact, with a number that can be read in place of one that is too large.
    pub(super) fn literals_of(self, fact: &[u8]) -> Cow<'_, [u8]> {
        if self != Self::HugeNumbers {
            return Cow::Borrowed(fact);
        }
        let Err(error) = json::read(fact) else {
            return Cow::Borrowed(fact);
        };
        let (before, rest) = fact.split_at(error.at.min(fact.len()));
        let digits = rest.iter().take_while(|byte| b"+-.0123456789eE".contains(byte)).count();
        if digits == 0 {
            return Cow::Borrowed(fact);
        }
        let largest: &[u8] = if rest.starts_with(b"-") {
            b"-1.7976931348623157e308"
        } else {
            b"1.7976931348623157e308"
        };
        Cow::Owned([before, largest, &rest[digits..]].concat())
    }

    /// The fact with other members in place of those that are mended. The content id would tell.
    pub(super) fn members_of(self, mut fact: Json<'_>) -> Json<'_> {
        if self == Self::Nothing {
            return fact;
        }
        for name in MEMBERS {
            if let Some(mended) = self.mended(name, fact.member(name)) {
                put(&mut fact, name, mended);
                put(&mut fact, "cid", Json::Null);
            }
        }
        fact
    }

    /// What a member is changed to, if it is.
    fn mended<'a>(self, name: &str, sent: Option<&Json<'a>>) -> Option<Json<'a>> {
        match (self, name, sent) {
            (Self::Gaps, _, None) | (Self::Types, _, Some(Json::Null)) => Some(made_up(name)),
            (Self::Types, _, Some(sent)) => converted(name, sent),
            (Self::UnknownTypes | Self::ValueTypes, "value", Some(value)) => self.mended_value(value),
            (Self::Confidence | Self::NearlyOne, "confidence", Some(Json::Number(literal))) => {
                let number: f64 = literal.parse().ok()?;
                let is_one = match self {
                    Self::NearlyOne => number > 1.0 && number < 1.000_001,
                    _ => !(0.0..=1.0).contains(&number),
                };
                is_one.then_some(Json::Number("1.0"))
            }
            (Self::Scopes, "scope", Some(Json::String(word))) if Scope::parse(word).is_none() => Some(text("public")),
            _ => None,
        }
    }

    fn mended_value<'a>(self, value: &Json<'a>) -> Option<Json<'a>> {
        const NULL: &Json<'static> = &Json::Null;
        let v = value.member("v").unwrap_or(NULL);
        match value.member("type").and_then(Json::as_str).and_then(ValueType::parse) {
            None if self == Self::UnknownTypes => Some(tagged("string", text(plain(v)))),
            Some(kind) if self == Self::ValueTypes && !fits(kind, v) => Some(match v {
                Json::Null => tagged("null", Json::Null),
                Json::Bool(truth) => tagged("boolean", Json::Bool(*truth)),
                Json::Number(literal) => tagged("number", Json::Number(literal)),
                other => tagged("string", text(plain(other))),
            }),
            _ => None,
        }
    }
}

/// What stands for a member that was not sent.
fn made_up(name: &str) -> Json<'static> {
    match name {
        "id" => text(Id::fresh(now_micros() / 1_000).text()),
        "timestamp" => text(print(now_micros())),
        "confidence" => Json::Number("1.0"),
        "scope" => text("public"),
        "value" => tagged("null", Json::Null),
        _ => text("unknown"),
    }
}

/// What a member of another JSON type is taken for.
fn converted<'a>(name: &str, sent: &Json<'a>) -> Option<Json<'a>> {
    match (name, sent) {
        ("value", Json::Object(_)) | ("confidence", Json::Number(_)) => None,
        ("value", _) => Some(tagged("string", text(plain(sent)))),
        ("confidence", _) => Some(made_up(name)),
        (_, Json::String(_)) => None,
        ("entity" | "relation" | "source", _) => Some(text(plain(sent))),
        _ => Some(made_up(name)),
    }
}

fn fits(kind: ValueType, v: &Json<'_>) -> bool {
    match kind {
        ValueType::Null => *v == Json::Null,
        ValueType::Boolean => matches!(v, Json::Bool(_)),
        ValueType::Number => matches!(v, Json::Number(_)),
        _ => matches!(v, Json::String(_)),
    }
}

/// A value as a text; of lists and objects what comes first.
fn plain(json: &Json<'_>) -> String {
    match json {
        Json::Null => String::new(),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(literal) => (*literal).to_owned(),
        Json::String(text) => text.clone().into_owned(),
        Json::Array(items) => items.first().map(plain).unwrap_or_default(),
        Json::Object(members) => members.first().map(|(_, first)| plain(first)).unwrap_or_default(),
    }
}

fn text(text: impl Into<String>) -> Json<'static> {
    Json::String(Cow::Owned(text.into()))
}

fn tagged<'a>(kind: &'static str, v: Json<'a>) -> Json<'a> {
    Json::Object(vec![("type".into(), text(kind)), ("v".into(), v)])
}

fn put<'a>(fact: &mut Json<'a>, name: &'static str, value: Json<'a>) {
    if let Json::Object(members) = fact {
        members.retain(|(known, _)| known != name);
        members.push((name.into(), value));
    }
}

impl AlsoRequired {
    pub(super) fn is_in(self, fact: &Json<'_>) -> bool {
        let text = |name| fact.member(name).and_then(Json::as_str);
        let v = || fact.member("value").and_then(|value| value.member("v")?.as_str());
        let has_offset = |text: Option<&str>| text.is_none_or(|text| Instant::parse(text).is_some());
        match self {
            Self::Nothing => true,
            Self::Offsets => {
                let kind = fact.member("value").and_then(|value| value.member("type")?.as_str());
                [
                    text("timestamp"),
                    text("valid_until"),
                    v().filter(|_| kind == Some("datetime")),
                ]
                .into_iter()
                .all(has_offset)
            }
            Self::RelationPrefix => text("relation").is_some_and(|relation| relation.contains(':')),
            Self::ShortValue => v().is_none_or(|v| v.len() <= 16 << 10),
            Self::ClockValue => text("hlc").is_some(),
            Self::BareValue => matches!(fact.member("value"), Some(Json::Object(members)) if members.len() <= 2),
            Self::ContentId => text("cid").is_some(),
        }
    }
}

impl ContentIds {
    pub(super) fn of(self, draft: &Draft) -> Cid {
        if self != Self::AreOfNormalNames {
            return draft.cid();
        }
        let normal = |name: &str| normalise(name).unwrap_or_else(|_| name.to_owned());
        let draft = Draft {
            entity: normal(&draft.entity),
            source: normal(&draft.source),
            ..draft.clone()
        };
        draft.cid()
    }

    /// What becomes of a fact whose content id is not the one of its members.
    pub(super) fn verdict(self, reason: &'static str) -> Result<(), &'static str> {
        match self {
            Self::AreNotChecked => Ok(()),
            Self::AreMalformedWhenFalse => Err("malformed_fact"),
            _ => Err(reason),
        }
    }
}

impl UnprovableNumbers {
    /// Why such a number is refused, where it is.
    pub(crate) const REASON: &'static str = "cid_unprovable";

    pub(super) fn verdict(self) -> Result<(), &'static str> {
        match self {
            Self::AreTaken => Ok(()),
            Self::SpoilThePage => Err(Self::REASON),
        }
    }
}

impl Copies {
    /// Makes of a fact that was found good what is stored of it.
    pub(super) fn change(self, fact: &mut Incoming) {
        let draft = &mut fact.draft;
        match self {
            Self::AreAsReceived => {}
            Self::HaveNormalNames => {
                draft.relation = draft.relation.trim().to_owned();
                for name in [&mut draft.entity, &mut draft.source] {
                    if let Ok(normal) = normalise(name) {
                        *name = normal;
                    }
                }
            }
            Self::HaveTidyTexts | Self::HaveOneSpelling | Self::HaveDoubles | Self::HaveIntegers => {
                if let Some(text) = self.respelt(&draft.value) {
                    draft.value.text = text;
                }
            }
            Self::AreDatedAtArrivalWithoutOffset if fact.timestamp_text.is_some() => {}
            Self::AreDatedAtArrival | Self::AreDatedAtArrivalWithoutOffset => {
                draft.timestamp = None;
                fact.timestamp_text = None;
            }
            Self::AreDiscounted => draft.confidence *= 0.9,
            Self::HavePaddedClocks => {
                if let Some((stamp, text)) = &mut fact.hlc {
                    *text = stamp.to_string();
                }
            }
            Self::AreRestamped => fact.hlc = None,
        }
    }

    /// Another text of the same value.
    fn respelt(self, value: &Value) -> Option<String> {
        match (self, value.kind) {
            (Self::HaveTidyTexts, ValueType::String | ValueType::Text) => {
                let shows =
                    |c: &char| !matches!(c, '\r' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{feff}');
                Some(value.text.trim().chars().filter(shows).collect())
            }
            (Self::HaveOneSpelling, ValueType::Ref) => normalise(&value.text).ok(),
            (Self::HaveOneSpelling, ValueType::Datetime) => {
                Instant::parse(&value.text).map(|instant| print(instant.micros))
            }
            (Self::HaveDoubles, ValueType::Number) => value.text.parse().ok().map(float_text),
            (Self::HaveIntegers, ValueType::Number) => {
                let double: f64 = value.text.parse().ok()?;
                (double.fract() == 0.0).then(|| format!("{double:.0}"))
            }
            _ => None,
        }
    }
}
