//! The hybrid logical clock (section 2.4): a wall part in milliseconds and a counter, compared as a pair of integers.

use std::fmt;

/// The largest counter that three digits hold.
const LAST_COUNTER: i64 = 999;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hlc {
    pub(crate) wall: i64,
    pub(crate) counter: i64,
}

impl Hlc {
    /// The stamp of the next local write. At counter 999 the wall part runs ahead of the clock, because four digits
    /// would break the promise that text order is causal order.
    pub(crate) fn next(self, now_millis: i64) -> Self {
        if now_millis > self.wall {
            Self {
                wall: now_millis,
                counter: 0,
            }
        } else if self.counter >= LAST_COUNTER {
            Self {
                wall: self.wall + 1,
                counter: 0,
            }
        } else {
            Self {
                wall: self.wall,
                counter: self.counter + 1,
            }
        }
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}.{:03}", self.wall, self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: i64, counter: i64) -> Hlc {
        Hlc { wall, counter }
    }

    #[test]
    fn a_local_write_advances_the_pair() {
        for (last, now, next) in [
            (at(0, 0), 5, at(5, 0)),
            (at(5, 0), 5, at(5, 1)),
            (at(5, 7), 4, at(5, 8)),
            (at(5, 998), 5, at(5, 999)),
            (at(5, 999), 5, at(6, 0)),
            (at(6, 0), 5, at(6, 1)),
            (at(5, 4711), 5, at(6, 0)),
            (at(6, 3), 7, at(7, 0)),
        ] {
            assert_eq!(last.next(now), next, "{last} at {now}");
        }
    }

    #[test]
    fn text_order_is_causal_order() {
        let mut last = at(1_746_230_400_000, 0);
        for step in 0..5_000 {
            let next = last.next(1_746_230_400_000 + step / 2_000);
            assert!(last < next && last.to_string() < next.to_string(), "{last} then {next}");
            last = next;
        }
        assert_eq!(at(1_746_230_400_000, 3).to_string(), "1746230400000.003");
    }
}
