//! Hybrid logical clock values: read leniently, emitted strictly, always compared as a pair of integers.
//!
//! Owns the advance rules for a local write and for a received fact. It never looks at a clock: `now` comes in.

use std::fmt;
use std::str::FromStr;

/// One clock value. The derived order is the causal order: wall part first, then counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hlc {
    /// Milliseconds since the Unix epoch.
    pub wall: u64,
    /// Separates events of one millisecond.
    pub counter: u64,
}

/// Why a text is not a clock value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the clock value is longer than {LONGEST} characters")]
    TooLong,
    #[error("the clock value is not decimal digits, a dot and decimal digits")]
    Malformed,
    #[error("a part of the clock value does not fit 64 bits")]
    TooLarge,
}

impl Hlc {
    #[must_use]
    pub fn new(wall: u64, counter: u64) -> Self {
        Self { wall, counter }
    }

    /// The text a node emits: 13 digits, a dot, 3 digits. `None` when the pair has none, because with more digits the order of
    /// texts would no longer be the order of pairs.
    #[must_use]
    pub fn emitted(self) -> Option<String> {
        (self.wall <= LAST_WALL && self.counter <= LAST_COUNTER)
            .then(|| format!("{:013}.{:03}", self.wall, self.counter))
    }

    /// The next value of the same millisecond; after counter 999 the wall part advances instead.
    fn successor(self) -> Option<Self> {
        if self.counter < LAST_COUNTER {
            return Some(Self::new(self.wall, self.counter + 1)).filter(|next| next.wall <= LAST_WALL);
        }
        Self::at(self.wall.checked_add(1)?)
    }

    /// The first value of a millisecond, as long as it can be emitted.
    fn at(wall: u64) -> Option<Self> {
        (wall <= LAST_WALL).then_some(Self::new(wall, 0))
    }
}

/// The clock value of a local write. `None` once the 13 digits are used up: whatever followed could not be both emitted and greater.
#[must_use]
pub fn tick(now: u64, last: Hlc) -> Option<Hlc> {
    if now > last.wall {
        Hlc::at(now)
    } else {
        last.successor()
    }
}

/// The clock value after receiving a fact: greater than both what was emitted last and what came in.
///
/// The pair order already picks the value whose wall part is largest and, among equal ones, whose counter is largest.
#[must_use]
pub fn merge(now: u64, last: Hlc, received: Hlc) -> Option<Hlc> {
    tick(now, last.max(received))
}

/// Whether a text has the shape that nodes must emit: 13 decimal digits, a dot, at least 3 decimal digits.
#[must_use]
pub fn is_emitted_form(text: &str) -> bool {
    text.len() <= LONGEST
        && text.split_once('.').is_some_and(|(wall, counter)| {
            wall.len() == WALL_DIGITS && counter.len() >= COUNTER_DIGITS && all_digits(wall) && all_digits(counter)
        })
}

impl FromStr for Hlc {
    type Err = Refusal;

    /// Reads a received value: padding is optional and a missing counter is 0.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let (wall, counter) = text.split_once('.').unwrap_or((text, "0"));
        Ok(Self::new(integer(wall)?, integer(counter)?))
    }
}

impl fmt::Display for Hlc {
    /// Padded like an emitted value, and wider where the pair needs it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}.{:03}", self.wall, self.counter)
    }
}

fn integer(digits: &str) -> Result<u64, Refusal> {
    // `u64::from_str` alone would also take a leading plus sign.
    if !all_digits(digits) {
        return Err(Refusal::Malformed);
    }
    digits.parse().map_err(|_overflow| Refusal::TooLarge)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

const WALL_DIGITS: usize = 13;
const COUNTER_DIGITS: usize = 3;
/// The largest wall part of 13 digits, in the year 2286.
const LAST_WALL: u64 = 9_999_999_999_999;
/// The largest counter of 3 digits.
const LAST_COUNTER: u64 = 999;
/// Twice what two 64-bit integers can need; what is longer is not read at all.
const LONGEST: usize = 82;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emitted_form_has_13_digits_and_at_least_3() {
        for good in ["1746230400000.003", "0000000000001.000", "1746230400000.1000"] {
            assert!(is_emitted_form(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "1746230400000",
            "1746230400000.",
            "1746230400000.03",
            "174623040000.003",
            "17462304000000.003",
            "1746230400000.003.1",
            "1746230400000,003",
            "+746230400000.003",
            " 1746230400000.003",
            "1746230400000.00x",
            "174623040000\u{0663}.003",
        ] {
            assert!(!is_emitted_form(bad), "{bad}");
        }
    }

    #[test]
    fn what_does_not_fit_64_bits_is_refused_not_wrapped() {
        let largest = "18446744073709551615.18446744073709551615";
        assert_eq!(largest.parse(), Ok(Hlc::new(u64::MAX, u64::MAX)));
        assert_eq!("18446744073709551616.0".parse::<Hlc>(), Err(Refusal::TooLarge));
        assert_eq!("0.18446744073709551616".parse::<Hlc>(), Err(Refusal::TooLarge));
        assert_eq!("1".repeat(83).parse::<Hlc>(), Err(Refusal::TooLong));
    }

    #[test]
    fn twice_what_can_be_needed_is_read_and_not_more() {
        let padded = |zeros: usize| format!("{}7.1", "0".repeat(zeros));
        assert_eq!(padded(79).parse(), Ok(Hlc::new(7, 1)));
        assert_eq!(padded(80).parse::<Hlc>(), Err(Refusal::TooLong));
    }

    #[test]
    fn a_pair_that_cannot_be_emitted_is_shown_all_the_same() {
        assert_eq!(Hlc::new(1_746_230_400_000, 3).to_string(), "1746230400000.003");
        assert_eq!(Hlc::new(10_000_000_000_000, 1000).to_string(), "10000000000000.1000");
    }

    #[test]
    fn nothing_follows_the_largest_pair() {
        assert_eq!(tick(0, Hlc::new(u64::MAX, u64::MAX)), None);
        assert_eq!(tick(u64::MAX, Hlc::new(u64::MAX, 0)), None);
        assert_eq!(merge(u64::MAX, Hlc::default(), Hlc::default()), None);
    }
}
