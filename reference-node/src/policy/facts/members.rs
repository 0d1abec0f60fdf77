//! Members of facts as a node keeps or shows them that deviates.

use std::borrow::Cow;

use super::names::{decoded, without_combining_accents};
use super::{AnswerShows, ConfidenceSteps, OffsetOfEnds, RelationForm};
use crate::domain::fact::Fact;
use crate::domain::id::Id;
use crate::domain::instant::Instant;
use crate::domain::json::{self, Json};

impl AnswerShows {
    /// The fact as the answer to `request` shows it.
    pub(crate) fn of(self, mut fact: Fact, request: &[u8]) -> Fact {
        if self == Self::StoredRecord {
            return fact;
        }
        let Ok(body) = json::read(request) else {
            return fact;
        };
        let sent = |member| body.member(member).and_then(Json::as_str);
        if self == Self::IdAsSent {
            fact.id = sent("id").and_then(Id::parse).unwrap_or(fact.id);
        } else if let (Some(entity), Some(source)) = (sent("entity"), sent("source")) {
            fact.entity = entity.to_owned();
            fact.source = source.to_owned();
        }
        fact
    }
}

impl RelationForm {
    pub(crate) fn of(self, sent: &str) -> String {
        match self {
            Self::AsSent => sent.to_owned(),
            Self::LowerCase => sent.to_lowercase(),
            Self::BlanksCollapsed => sent.split_whitespace().collect::<Vec<_>>().join(" "),
            Self::Composed => without_combining_accents(sent),
            Self::PercentDecoded => decoded(sent, |_| true),
            Self::WithoutLastSlash => sent.strip_suffix('/').unwrap_or(sent).to_owned(),
            Self::WithoutQuotes => sent.replace(['"', '\\'], ""),
            Self::BasicPlane => sent.replace(|c: char| c > '\u{ffff}', "?"),
        }
    }
}

impl ConfidenceSteps {
    pub(crate) fn of(self, confidence: f64) -> f64 {
        match self {
            Self::Double => confidence,
            Self::Byte => (confidence * 255.0).round() / 255.0,
        }
    }
}

impl OffsetOfEnds {
    /// An end as it is kept; one that is none stays as it is, and is refused.
    pub(crate) fn of(self, sent: &str) -> Cow<'_, str> {
        if self == Self::Counted || Instant::parse(sent).is_none() || sent.ends_with(['Z', 'z']) {
            return Cow::Borrowed(sent);
        }
        let offset = "+00:00".len();
        Cow::Owned(sent[..sent.len() - offset].to_owned() + "Z")
    }
}
