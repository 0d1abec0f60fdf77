//! A token bucket: a budget that fills steadily up to a bound. The clock comes in as an argument.

use std::time::Duration;

use super::declaration::RateLimit;
use crate::policy::BucketLevel;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    limit: RateLimit,
    tokens: f64,
    filled_at: Duration,
}

impl Bucket {
    /// Full at the start. `now` is the time since any fixed moment.
    pub(crate) fn new(limit: RateLimit, now: Duration) -> Self {
        let (tokens, filled_at) = match BucketLevel::now() {
            BucketLevel::EmptyAtTheStart => (0.0, Duration::ZERO),
            _ => (limit.burst, now),
        };
        Self {
            limit,
            tokens,
            filled_at,
        }
    }

    pub(crate) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes one token; the error is how long it takes until there is one.
    pub(crate) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let passed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.filled_at = self.filled_at.max(now);
        let filled = match BucketLevel::now() {
            BucketLevel::NeverRefilled => 0.0,
            _ => passed * self.limit.per_second,
        };
        self.tokens = (self.tokens + filled).min(self.limit.burst);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.limit.per_second;
        Err(Duration::from_secs_f64(wait.clamp(0.0, 3_600.0)))
    }

    /// Charges for what an answer turned out to cost; the budget may go below zero and is then waited for.
    pub(crate) fn charge(&mut self, tokens: f64) {
        self.tokens -= tokens;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_empties_and_fills() {
        let limit = RateLimit {
            per_second: 2.0,
            burst: 3.0,
        };
        let at = Duration::from_millis;
        let mut bucket = Bucket::new(limit, at(0));
        for _ in 0..3 {
            assert_eq!(bucket.take(at(0)), Ok(()));
        }
        assert_eq!(bucket.take(at(0)), Err(at(500)));
        assert_eq!(bucket.take(at(500)), Ok(()));
        assert_eq!(bucket.take(at(500)), Err(at(500)));
        // It never holds more than its bound, and a clock that stands still fills nothing.
        for _ in 0..3 {
            assert_eq!(bucket.take(at(60_000)), Ok(()));
        }
        assert!(bucket.take(at(0)).is_err());
        bucket.charge(10.0);
        assert_eq!(bucket.take(at(60_000)), Err(at(5_500)));
    }
}
