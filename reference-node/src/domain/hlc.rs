//! The hybrid logical clock (section 2.4): a wall part in milliseconds and a counter, compared as a pair of integers.

use std::fmt;

use crate::policy::{CounterDigits, Ticks, WallStep, WallUnit};

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
        let now_millis = now_millis - now_millis % WallStep::now().millis();
        if let Some(stamp) = Ticks::now().instead(self, now_millis) {
            return stamp;
        }
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

    /// The largest stamp whose successors still have 13 digits.
    pub(crate) const LAST_RECEIVED: Self = Self {
        wall: 9_999_999_999_000,
        counter: 0,
    };

    /// Reads any `digits.digits` as a pair of integers; a missing counter is 0.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (wall, counter) = text.split_once('.').unwrap_or((text, "0"));
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<i64>().ok().filter(|_| plain)
        };
        Some(Self {
            wall: number(wall)?,
            counter: number(counter)?,
        })
    }

    /// The stamp after something stamped `received` has arrived: above the clock, the last stamp and the received one.
    pub(crate) fn merge(self, received: Self, now_millis: i64) -> Self {
        self.max(received).next(now_millis)
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wall = self.wall * WallUnit::now().per_millisecond();
        let digits = CounterDigits::now().least();
        write!(f, "{wall:013}.{:0digits$}", self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn received_texts_are_read_leniently() {
        for (text, stamp) in [
            ("1795327815729.14", Some(at(1_795_327_815_729, 14))),
            ("0005.003", Some(at(5, 3))),
            ("5", Some(at(5, 0))),
            ("5.", None),
            (".5", None),
            ("+5.1", None),
            ("5.1.1", None),
            ("99999999999999999999.0", None),
        ] {
            assert_eq!(Hlc::read(text), stamp, "{text}");
        }
        assert_eq!(at(5, 3).merge(at(9, 7), 6), at(9, 8));
        assert_eq!(at(5, 3).merge(at(5, 999), 4), at(6, 0));
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

    /// Stamps that may have been received, often of one millisecond.
    fn stamps() -> impl Strategy<Value = Hlc> {
        let walls = prop_oneof![1_746_230_400_000..1_746_230_400_003_i64, 0..=Hlc::LAST_RECEIVED.wall];
        let counters = prop_oneof![0..4_i64, 997..1_002_i64, 0..=i64::MAX];
        (walls, counters)
            .prop_map(|(wall, counter)| at(wall, counter))
            .prop_filter("it would be refused", |stamp| *stamp <= Hlc::LAST_RECEIVED)
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(wall in 0..=i64::MAX, counter in 0..=i64::MAX) {
            prop_assert_eq!(Hlc::read(&at(wall, counter).to_string()), Some(at(wall, counter)));
        }

        #[test]
        fn a_receipt_is_above_all_and_sorts_as_text(last in stamps(), received in stamps(), now in 0..=Hlc::LAST_RECEIVED.wall) {
            let merged = last.merge(received, now);
            prop_assert!(merged > last && merged > received && merged.wall >= now && merged.counter <= LAST_COUNTER);
            let next = merged.next(now);
            prop_assert!(next > merged && next.to_string() > merged.to_string());
            prop_assert_eq!(next.to_string().len(), "1746230400000.003".len());
        }

        #[test]
        fn no_text_panics(text: String, digits in "[0-9.+]{0,24}") {
            let _ = (Hlc::read(&text), Hlc::read(&digits));
        }
    }
}
