//! Deadlines, polling and the wall clock, in one place. Nothing else waits.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time after which waiting is over.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// Waits a little before the next look; `false` when the time is over.
    pub async fn another_look(self, pause: Duration) -> bool {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(pause.min(left)).await;
        true
    }
}

/// Holds something up on purpose, as a slow network or peer does. Nothing waits *for* something this way.
pub async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
