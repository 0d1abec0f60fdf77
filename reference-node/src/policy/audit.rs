//! Policies of the federation audit.

use serde_json::Value;

use crate::domain::declaration::RateLimit;
use crate::domain::peer::Way;
use crate::domain::token::Refusal;
use crate::store::Outcome;

policies! {
    /// What the audit says of a query for a forbidden scope.
    ForbiddenQueries {
        Noted,
        /// Nothing.
        NotNoted,
        /// Its detail is a text.
        NotedAsText,
    }

    /// Which end of the audit comes first.
    AuditOrder {
        NewestFirst,
        /// The other one.
        OldestFirst,
    }

    /// After which entry the next page of the audit begins.
    AuditCursor {
        LastShown,
        /// After the one behind it.
        OneTooFar,
        /// With the last shown again.
        LastShownAgain,
    }

    /// Where entries of one peer are looked for.
    AuditFilter {
        AllEntries,
        /// Among the newest four of all peers.
        NewestFour,
    }

    /// What the audit says of refused tokens.
    NotedRefusals {
        All,
        /// Nothing, unless they are replays.
        ReplaysAlone,
        /// Nothing, unless their issuer is known.
        KnownIssuersAlone,
        /// One entry a minute.
        OneAMinute,
        /// No reason.
        WithoutReason,
        /// Of replays the same as of others.
        ReplaysLikeOthers,
    }

    /// What the audit says of refused facts.
    NotedFacts {
        All,
        /// Nothing of pulled ones.
        PushedAlone,
        /// Nothing of pushed ones.
        PulledAlone,
        /// Of those of one page the first.
        FirstOfThePage,
        /// Of a pushed one with a forbidden scope the same as of others.
        ScopesLikeOthers,
    }

    /// What the audit says of failed registrations.
    FailedRegistrations {
        Noted,
        /// Nothing.
        NotNoted,
        /// No reason, when it lies in the discovery document.
        LookUpsWithoutReason,
    }
}

impl ForbiddenQueries {
    /// What is written down of one.
    pub(crate) fn noted(self, detail: Value) -> Option<Value> {
        match self {
            Self::Noted => Some(detail),
            Self::NotNoted => None,
            Self::NotedAsText => Some(detail.to_string().into()),
        }
    }
}

impl NotedRefusals {
    pub(crate) fn include(self, refusal: Refusal) -> bool {
        match self {
            Self::ReplaysAlone => refusal == Refusal::NonceSeen,
            Self::KnownIssuersAlone => refusal != Refusal::NotRegistered,
            _ => true,
        }
    }

    pub(crate) fn reason(self, refusal: Refusal) -> Option<&'static str> {
        (self != Self::WithoutReason).then(|| refusal.code())
    }

    /// How many entries there may be, of which no more than these are wanted.
    pub(crate) fn limit(self, wanted: RateLimit) -> RateLimit {
        match self {
            Self::OneAMinute => RateLimit {
                per_second: 1.0 / 60.0,
                burst: 1.0,
            },
            _ => wanted,
        }
    }
}

impl NotedFacts {
    /// Whether one more is written down after those that came before it in its page.
    pub(crate) fn include(self, way: Way, before: &[Outcome]) -> bool {
        match self {
            Self::PushedAlone => way == Way::Push,
            Self::PulledAlone => way == Way::Pull,
            Self::FirstOfThePage => !before.iter().any(|outcome| matches!(outcome, Outcome::Refused(_))),
            _ => true,
        }
    }

    /// Whether a forbidden scope is an event of its own.
    pub(crate) fn tell_scopes_apart(self, way: Way) -> bool {
        self != Self::ScopesLikeOthers || way == Way::Pull
    }
}

impl FailedRegistrations {
    /// Whether the audit gives the reason.
    pub(crate) fn tell(self, reason: &str) -> bool {
        self != Self::LookUpsWithoutReason || reason == "invalid_signature"
    }
}
