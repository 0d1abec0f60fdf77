//! RFC 3339 instants: read strictly, compared as instants and never as text.
//!
//! Written by hand because date libraries take more than RFC 3339 does (a space for the `T`, basic format, a missing offset)
//! and drop what the order needs (a leap second, a tenth fraction digit). The calendar itself is jiff's.

use jiff::Timestamp;
use jiff::civil::Date;

/// A point in time. The derived order is the order in time; equal instants written with different offsets are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Since the Unix epoch. A leap second shares the number of the second before it.
    seconds: i64,
    leap: bool,
    /// Digits after the decimal point without trailing zeros, so that their text order is their numeric order.
    fraction: String,
}

/// Why a text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("not an RFC 3339 date-time with an offset, such as 2026-01-02T03:04:05.678Z")]
    Malformed,
    #[error("the calendar has no such date")]
    NoSuchDate,
    #[error("the clock has no such time")]
    NoSuchTime,
    #[error("the offset from UTC is out of range")]
    NoSuchOffset,
    #[error("a 60th second exists only as 23:59:60 UTC")]
    NoLeapSecond,
}

/// Reads an instant; its offset must be there.
///
/// # Errors
///
/// When the text is not exactly RFC 3339, or names a date, time or offset that does not exist.
pub fn parse(text: &str) -> Result<Instant, Refusal> {
    let bytes = text.as_bytes();
    let (head, tail) = bytes.split_at_checked(HEAD.len()).ok_or(Refusal::Malformed)?;
    let follows_pattern = head.iter().zip(HEAD).all(|(byte, pattern)| match pattern {
        b'0' => byte.is_ascii_digit(),
        _ => byte == pattern,
    });
    if !follows_pattern {
        return Err(Refusal::Malformed);
    }
    let (fraction, offset) = split_fraction(tail)?;
    let (hour, minute, second) = (number(&head[11..13]), number(&head[14..16]), number(&head[17..19]));
    if hour > 23 || minute > 59 || second > 60 {
        return Err(Refusal::NoSuchTime);
    }
    let leap = second == 60;
    let local = days_since_epoch(number(&head[..4]), number(&head[5..7]), number(&head[8..10]))? * DAY
        + hour * HOUR
        + minute * MINUTE
        + if leap { 59 } else { second };
    let seconds = local - offset_seconds(offset)?;
    if leap && seconds.rem_euclid(DAY) != DAY - 1 {
        return Err(Refusal::NoLeapSecond);
    }
    Ok(Instant {
        seconds,
        leap,
        fraction,
    })
}

/// Milliseconds since the Unix epoch as text in UTC with exactly three fraction digits. `None` when the year has no four digits.
#[must_use]
pub fn format(millis: i64) -> Option<String> {
    let timestamp = Timestamp::from_millisecond(millis).ok()?;
    let text = format!("{timestamp:.3}");
    (text.len() == "2026-01-02T03:04:05.678Z".len()).then_some(text)
}

/// The same with an offset instead of the `Z`, such as `+14:00` or `-03:30`. `None` also when that is no offset.
#[must_use]
pub fn format_at(millis: i64, offset: &str) -> Option<String> {
    if offset == "Z" {
        return None;
    }
    let shift = offset_seconds(offset.as_bytes()).ok()?.checked_mul(1000)?;
    let local = format(millis.checked_add(shift)?)?;
    Some(local.replace('Z', offset))
}

/// Splits `.125+02:00` into the significant digits of the fraction and the offset.
fn split_fraction(tail: &[u8]) -> Result<(String, &[u8]), Refusal> {
    let Some(after_dot) = tail.strip_prefix(b".") else {
        return Ok((String::new(), tail));
    };
    let length = after_dot.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return Err(Refusal::Malformed);
    }
    let (digits, offset) = after_dot.split_at(length);
    let text: String = digits.iter().copied().map(char::from).collect();
    Ok((text.trim_end_matches('0').to_owned(), offset))
}

fn offset_seconds(offset: &[u8]) -> Result<i64, Refusal> {
    let (sign, rest) = match offset {
        b"Z" => return Ok(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return Err(Refusal::Malformed),
    };
    let [h1, h2, b':', m1, m2] = *rest else {
        return Err(Refusal::Malformed);
    };
    if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Malformed);
    }
    let (hours, minutes) = (number(&[h1, h2]), number(&[m1, m2]));
    if hours > 23 || minutes > 59 {
        return Err(Refusal::NoSuchOffset);
    }
    Ok(sign * (hours * HOUR + minutes * MINUTE))
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> Result<i64, Refusal> {
    let part = |number: i64| i8::try_from(number).ok();
    let date = i16::try_from(year).ok().zip(part(month)).zip(part(day));
    let date = date
        .and_then(|((year, month), day)| Date::new(year, month, day).ok())
        .ok_or(Refusal::NoSuchDate)?;
    let since_epoch = date.since(EPOCH).map_err(|_out_of_range| Refusal::NoSuchDate)?;
    Ok(i64::from(since_epoch.get_days()))
}

/// The value of a few ASCII digits.
fn number(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'))
}

const HEAD: &[u8] = b"0000-00-00T00:00:00";
const EPOCH: Date = Date::constant(1970, 1, 1);
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_names_its_reason() {
        for (text, reason) in [
            ("2026-11-22", Refusal::Malformed),
            ("2026-02-29T00:00:00Z", Refusal::NoSuchDate),
            ("2026-00-01T00:00:00Z", Refusal::NoSuchDate),
            ("2026-01-01T24:00:00Z", Refusal::NoSuchTime),
            ("2026-01-01T00:00:61Z", Refusal::NoSuchTime),
            ("2026-01-01T00:00:00+24:00", Refusal::NoSuchOffset),
            ("2026-01-01T12:00:60Z", Refusal::NoLeapSecond),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn every_calendar_year_can_be_read() {
        for text in [
            "0000-01-01T00:00:00+23:59",
            "9999-12-31T23:59:60-00:00",
            "9999-12-31T23:59:59-23:59",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn printed_instants_are_utc_with_milliseconds() {
        assert_eq!(format(0).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(format(1_746_230_400_007).as_deref(), Some("2025-05-03T00:00:00.007Z"));
        assert_eq!(format(-1).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        assert_eq!(format(i64::MAX), None);
        assert_eq!(format(i64::MIN), None);
        // One second before the year 0.
        assert_eq!(format(-62_167_219_201_000), None);
    }

    #[test]
    fn the_same_instant_is_printed_with_any_offset() {
        for (offset, text) in [
            ("+14:00", "2025-05-03T14:00:00.007+14:00"),
            ("-03:30", "2025-05-02T20:30:00.007-03:30"),
            ("-00:00", "2025-05-03T00:00:00.007-00:00"),
        ] {
            let printed = format_at(1_746_230_400_007, offset).unwrap();
            assert_eq!(printed, text);
            assert_eq!(parse(&printed), parse("2025-05-03T00:00:00.007Z"));
        }
        for no_offset in ["", "Z", "+1:00", "+24:00", "+01:60", "01:00"] {
            assert_eq!(format_at(0, no_offset), None, "{no_offset}");
        }
        assert_eq!(format_at(i64::MAX, "+01:00"), None);
    }
}
