//! Ends of facts on a node that deviates.

use super::{Ends, TtlFacts};
use crate::domain::fact::Draft;
use crate::domain::instant::Instant;
use crate::domain::standing::State;

/// In microseconds.
const GRACE: i64 = 5 * 60 * 1_000_000;

impl Ends {
    /// The moment at which a draft ends that is stored `now`, in microseconds.
    pub(crate) fn of(self, draft: &Draft, now: i64) -> Option<i64> {
        let at = draft.expires_at?;
        let text = draft.valid_until.as_deref().unwrap_or_default();
        match self {
            Self::NeverInHindsight if at <= now => None,
            Self::NeverAtZero if at <= 0 => None,
            Self::NeverWhenUnusual if !is_usual(text) => None,
            Self::AtOnceWhenUnusual if !is_usual(text) => Some(at.min(now)),
            Self::AtOnce => Some(at.min(now)),
            Self::WithGrace => Some(at.saturating_add(GRACE)),
            Self::ByTheText => as_written(text).map(|instant| instant.micros),
            _ => Some(at),
        }
    }
}

/// In UTC, to the second or the millisecond.
fn is_usual(text: &str) -> bool {
    text.ends_with('Z') && matches!(text.len(), 20 | 24)
}

/// The instant in UTC that has the local time of a date-time, to the second.
fn as_written(text: &str) -> Option<Instant> {
    Instant::parse(&format!("{}Z", text.get(..19)?))
}

impl TtlFacts {
    /// The instant that the text of a TTL names.
    pub(crate) fn instant(self, text: &str) -> Option<Instant> {
        match self {
            Self::DropTheOffset => as_written(text),
            _ => Instant::parse(text),
        }
    }

    /// What its target is when that instant has passed.
    pub(crate) fn end(self) -> State {
        match self {
            Self::Withdraw => State::Retracted,
            _ => State::Expired,
        }
    }
}
