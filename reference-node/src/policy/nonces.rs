//! Policies of nonces: those that the node sends, and those of its peers that it remembers.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::domain::id::Id;

policies! {
    /// The nonces that the node sends.
    SentNonces {
        Chance,
        /// 1, 2, 3 for each peer, from each start anew.
        CountedForEachPeer,
        /// One for all tokens of a minute.
        OneAMinute,
    }

    /// What a nonce looks like.
    NonceForm {
        AnyText,
        /// A UUID.
        Uuid,
    }

    /// Tokens without a nonce.
    MissingNonce {
        Refused,
        /// They are good, as often as they come.
        PassedOver,
    }

    /// What is remembered of a token.
    Remembers {
        Nonce,
        /// Its text.
        Text,
    }

    /// How long a nonce is remembered.
    NonceMemory {
        UntilExp,
        /// Not at all.
        Never,
        /// Until ten others of its issuer have come.
        LastTen,
        /// For five minutes from the beginning of its token.
        FiveMinutesFromIat,
        /// Until `exp`, unless that is less than a minute away.
        NotInTheLastMinute,
    }

    /// Who cannot use a nonce again.
    NonceOwner {
        Issuer,
        /// Nobody can.
        Everybody,
        /// The issuer, on this route.
        IssuerOnThisRoute,
        /// The issuer, before the next start.
        IssuerInThisRun,
    }

    /// The nonces that the node sent itself.
    OwnNonces {
        NobodysBusiness,
        /// Its peers cannot use them any more.
        Taken,
    }

    /// Which tokens are used up when they come.
    UsedUp {
        GoodOnes,
        /// Those whose query is answered.
        AnsweredOnes,
        /// Refused ones as well.
        RefusedOnesToo,
    }

    /// How a nonce is used up.
    NonceUse {
        InOneStep,
        /// It is looked up, and written down a moment later.
        InTwoSteps,
    }
}

impl SentNonces {
    pub(crate) fn next(self, peer: &str, now_millis: i64) -> String {
        static COUNTS: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Mutex::default);
        match self {
            Self::Chance => Id::fresh(now_millis).text(),
            Self::CountedForEachPeer => {
                let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
                let count = counts.entry(peer.to_owned()).or_default();
                *count += 1;
                count.to_string()
            }
            Self::OneAMinute => (now_millis / 60_000).to_string(),
        }
    }
}

impl NonceForm {
    pub(crate) fn takes(self, nonce: &str) -> bool {
        self == Self::AnyText || Id::parse(nonce).is_some()
    }
}

impl NonceMemory {
    /// From when on a nonce may be forgotten, before any grace.
    pub(crate) const fn end(self, issued_at: i64, expires_at: i64) -> i64 {
        match self {
            Self::FiveMinutesFromIat => issued_at,
            _ => expires_at,
        }
    }

    /// Whether a nonce that may be forgotten at `end` is not kept at all.
    pub(crate) const fn drops(self, end: i64, now_millis: i64) -> bool {
        match self {
            Self::Never => true,
            Self::NotInTheLastMinute => end < now_millis + 60_000,
            _ => false,
        }
    }
}

impl NonceOwner {
    /// The name that a nonce is remembered under.
    pub(crate) fn name(self, issuer: &str, route: &str) -> String {
        static RUN: LazyLock<String> = LazyLock::new(|| Id::fresh(0).text());
        match self {
            Self::Issuer => issuer.to_owned(),
            Self::Everybody => String::new(),
            Self::IssuerOnThisRoute => format!("{issuer} {route}"),
            Self::IssuerInThisRun => format!("{issuer} {}", *RUN),
        }
    }
}

static OWN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

impl OwnNonces {
    pub(crate) fn note(self, nonce: &str) {
        if self == Self::Taken {
            OWN.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(nonce.to_owned());
        }
    }

    pub(crate) fn forbid(self, nonce: &str) -> bool {
        self == Self::Taken && OWN.lock().unwrap_or_else(PoisonError::into_inner).contains(nonce)
    }
}
