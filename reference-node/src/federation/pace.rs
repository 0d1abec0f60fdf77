//! When to ask a peer again.

use std::time::Duration;

use crate::policy::{AskedAgain, PauseGrowth, RetryAfter};

const LONGEST: Duration = Duration::from_secs(300);
/// A peer that wants to be left alone for longer is asked again all the same.
const LONGEST_WISH: Duration = Duration::from_secs(3_600);

/// What a round of pulling from one peer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Everything the peer had is here.
    Complete,
    /// The peer does not know us, or not any more; that changes when its operator acts.
    Unauthorized,
    /// The peer is busy, and perhaps says for how long.
    Busy(Option<Duration>),
    Failed,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    interval: Duration,
    failures: u32,
}

impl Pace {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, failures: 0 }
    }

    /// The wait before the next round. `jitter` is between 0 and 1 and spreads the peers that failed together.
    pub(crate) fn after(&mut self, round: Round, jitter: f64) -> Duration {
        if let Some(pause) = AskedAgain::now().after(round) {
            return pause;
        }
        match round {
            Round::Complete | Round::Unauthorized => {
                self.failures = 0;
                self.interval
            }
            Round::Busy(Some(wish)) => RetryAfter::now().granted(wish, LONGEST_WISH).max(self.interval),
            Round::Busy(None) | Round::Failed => {
                let doubled = self.interval.saturating_mul(PauseGrowth::now().factor(self.failures));
                self.failures += 1;
                let longest = LONGEST.max(self.interval);
                doubled
                    .min(longest)
                    .mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0))
                    .min(longest)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_slow_it_down_and_success_brings_it_back() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::new(seconds(30));
        for expected in [30, 60, 120, 240, 300, 300] {
            assert_eq!(pace.after(Round::Failed, 0.5), seconds(expected));
        }
        assert_eq!(pace.after(Round::Failed, 1.0), seconds(300));
        assert_eq!(pace.after(Round::Failed, 0.0), seconds(240));
        assert_eq!(pace.after(Round::Complete, 0.5), seconds(30));
        assert_eq!(pace.after(Round::Failed, 0.5), seconds(30));
        for _ in 0..100 {
            assert!(pace.after(Round::Busy(None), 0.5) <= seconds(300));
        }
    }

    #[test]
    fn a_wish_is_granted_within_reason() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::new(seconds(5));
        assert_eq!(pace.after(Round::Busy(Some(seconds(60))), 0.5), seconds(60));
        assert_eq!(pace.after(Round::Busy(Some(seconds(1))), 0.5), seconds(5));
        assert_eq!(pace.after(Round::Busy(Some(seconds(1_000_000))), 0.5), seconds(3_600));
        assert_eq!(pace.after(Round::Unauthorized, 0.5), seconds(5));
    }
}
