//! Policies of what a node may be asked for, of leaving a busy peer alone, and of falling behind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::declaration::RateLimit;
use crate::federation::pace::Round;

policies! {
    /// What a bucket holds.
    BucketLevel {
        WholeBurst,
        /// Ten at most.
        TenAtMost,
        /// Nothing when the node starts.
        EmptyAtTheStart,
        /// What was not taken yet.
        NeverRefilled,
    }

    /// The limit of a peer that declared none.
    UndeclaredLimit {
        TwoHundredRequests,
        /// Facts are counted, and the bucket holds 50.
        FiftyFacts,
    }

    /// Whose budget a request is taken from.
    BudgetOf {
        ThePeer,
        /// One for all, with the limit of the peer that asked first.
        TheNode,
    }

    /// What `Retry-After` does.
    RetryAfter {
        Granted,
        /// Nothing.
        NotRead,
        /// Nothing on a 503.
        Of429Alone,
        /// It is granted for 2 s at most.
        TwoSecondsAtMost,
        /// It makes the longest pause there is.
        LongestPause,
    }

    /// Pauses after one failure upon another.
    PauseGrowth {
        Doubling,
        /// They stay as they are.
        Constant,
    }

    /// Who is left alone when a peer asks for a pause.
    PauseReach {
        ThisPeer,
        /// Every peer.
        AllPeers,
        /// Every other peer, for 10 s, when one fails.
        OthersAfterFailures,
    }

    /// What follows a 401.
    After401 {
        NewTokenAtTheInterval,
        /// The growing pauses of failures.
        GrowingPauses,
        /// The same request with the same token.
        SameTokenOnceMore,
        /// An hour without a request, when the peer knew this node before.
        LongPause,
    }

    /// The cursor of a peer that failed.
    CursorAfterFailure {
        Kept,
        /// Reading starts over.
        Dropped,
    }

    /// What a node says of its lag.
    RelayLag {
        InMilliseconds,
        /// It is counted in seconds.
        InSeconds,
        /// It is never a reason to refuse.
        NeverRefuses,
        /// The longest there was is the present one.
        LongestEver,
        /// Nodes that are no relays have one too.
        OfLeavesToo,
    }
}

impl BucketLevel {
    /// What is granted of a declared burst.
    pub(crate) fn granted(self, burst: f64) -> f64 {
        match self {
            Self::TenAtMost => burst.min(10.0),
            _ => burst,
        }
    }
}

impl UndeclaredLimit {
    pub(crate) const fn limit(self) -> RateLimit {
        match self {
            Self::TwoHundredRequests => RateLimit::DEFAULT,
            Self::FiftyFacts => RateLimit {
                burst: 50.0,
                ..RateLimit::DEFAULT
            },
        }
    }
}

impl BudgetOf {
    /// The name that the budget is kept under.
    pub(crate) fn key(self, peer_id: &str) -> &str {
        match self {
            Self::ThePeer => peer_id,
            Self::TheNode => "",
        }
    }
}

impl RetryAfter {
    /// What is granted of a wish, where `longest` is the most that is granted to anybody.
    pub(crate) fn granted(self, wish: Duration, longest: Duration) -> Duration {
        match self {
            Self::NotRead => Duration::ZERO,
            Self::TwoSecondsAtMost => wish.min(Duration::from_secs(2)),
            Self::LongestPause => longest,
            _ => wish.min(longest),
        }
    }
}

impl PauseGrowth {
    /// How much longer the pause is after so many failures before.
    pub(crate) fn factor(self, failures: u32) -> u32 {
        match self {
            Self::Doubling => 1 << failures.min(20),
            Self::Constant => 1,
        }
    }
}

impl PauseReach {
    /// How long a peer is left alone after a round that calls for this wait.
    pub(crate) fn wait(self, round: Round, wait: Duration) -> Duration {
        static UNTIL: Mutex<Option<Instant>> = Mutex::new(None);
        let pause = match (self, round) {
            (Self::ThisPeer, _) => return wait,
            (Self::AllPeers, Round::Busy(Some(_))) => Some(wait),
            (Self::OthersAfterFailures, Round::Failed) => Some(Duration::from_secs(10)),
            _ => None,
        };
        let now = Instant::now();
        let mut until = UNTIL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = pause {
            *until = (*until).max(Some(now + pause));
            return wait;
        }
        until.map_or(wait, |until| wait.max(until.saturating_duration_since(now)))
    }
}

impl After401 {
    /// What a round came to that a peer answered 401, which perhaps `knew_us` before.
    pub(crate) fn round(self, knew_us: bool) -> Round {
        match self {
            Self::GrowingPauses => Round::Failed,
            Self::LongPause if knew_us => Round::Busy(Some(Duration::from_secs(3_600))),
            _ => Round::Unauthorized,
        }
    }
}

impl RelayLag {
    /// What is taken for the present lag.
    pub(crate) fn present(self, lag: Duration) -> Duration {
        static LONGEST: AtomicU64 = AtomicU64::new(0);
        if self != Self::LongestEver {
            return lag;
        }
        let millis = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(millis.max(LONGEST.fetch_max(millis, Ordering::Relaxed)))
    }

    /// The number that peers are told.
    pub(crate) const fn announced(self, millis: u64) -> u64 {
        match self {
            Self::InSeconds => millis / 1_000,
            _ => millis,
        }
    }
}
