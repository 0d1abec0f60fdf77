//! Date-times: a strict RFC 3339 reader with explicit offset, and the form in which the node prints its own.
//!
//! Written out because the readers at hand are lenient, and refuse the year-9999 sentinels that clients send for "never".

/// A point in time: microseconds since the Unix epoch, and whatever finer digits the text had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    pub(crate) micros: i64,
    finer: String,
}

impl Instant {
    /// Reads `YYYY-MM-DDTHH:MM:SS[.digits](Z|±HH:MM)`; `T` and `Z` in either case, as RFC 3339 has it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape = b"dddd-dd-ddTdd:dd:dd";
        if bytes.len() < 20 || !bytes.iter().zip(shape).all(|(&byte, &kind)| fits(byte, kind)) {
            return None;
        }
        let two = |at: usize| i64::from(bytes[at] - b'0') * 10 + i64::from(bytes[at + 1] - b'0');
        let (year, month, day) = (two(0) * 100 + two(2), two(5), two(8));
        let (hour, minute, second) = (two(11), two(14), two(17));
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 {
            return None;
        }
        let (fraction, zone) = split_fraction(&text[19..])?;
        let offset = offset_seconds(zone)?;
        let seconds = days_from_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
        // A leap second exists only at the end of a UTC day; it is counted as the first second of the next one.
        if second > 60 || (second == 60 && seconds.rem_euclid(86_400) != 0) {
            return None;
        }
        let digits = fraction.trim_end_matches('0');
        let (micro_digits, finer) = digits.split_at(digits.len().min(6));
        let micros: i64 = format!("{micro_digits:0<6}").parse().ok()?;
        Some(Self {
            micros: seconds * 1_000_000 + micros,
            finer: finer.to_owned(),
        })
    }

    /// A text that two date-times share exactly when they are the same instant.
    pub(crate) fn equality_text(&self) -> String {
        format!("{}.{}", self.micros, self.finer)
    }
}

fn fits(byte: u8, kind: u8) -> bool {
    match kind {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't'),
        _ => byte == kind,
    }
}

/// Splits what follows the seconds into the fraction's digits (perhaps none) and the zone.
fn split_fraction(rest: &str) -> Option<(&str, &str)> {
    let Some(tail) = rest.strip_prefix('.') else {
        return Some(("", rest));
    };
    let end = tail.find(|c: char| !c.is_ascii_digit())?;
    (end > 0).then(|| tail.split_at(end))
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let bytes = zone.as_bytes();
    if bytes.len() != 6 || !bytes[1..].iter().zip(b"dd:dd").all(|(&byte, &kind)| fits(byte, kind)) {
        return None;
    }
    let hours = i64::from(bytes[1] - b'0') * 10 + i64::from(bytes[2] - b'0');
    let minutes = i64::from(bytes[4] - b'0') * 10 + i64::from(bytes[5] - b'0');
    if hours > 23 || minutes > 59 {
        return None;
    }
    match bytes[0] {
        b'+' => Some(hours * 3_600 + minutes * 60),
        b'-' => Some(-(hours * 3_600 + minutes * 60)),
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years start in March here, so that the leap day is last.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The node's own timestamps: UTC with a numeric offset, six fraction digits or none.
pub(crate) fn print(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_from_days(days);
    let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction == 0 {
        format!("{whole}+00:00")
    } else {
        format!("{whole}.{fraction:06}+00:00")
    }
}

/// The wall clock in microseconds since the Unix epoch.
pub(crate) fn now_micros() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_instant_in_other_words_is_equal() {
        for (a, b) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00"),
            ("2026-01-02T03:04:05Z", "2026-01-02t03:04:05.000z"),
            ("2026-01-02T03:04:05.1-00:00", "2026-01-02T03:04:05.100000000000+00:00"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2016-12-31T15:59:60-08:00", "2017-01-01T00:00:00Z"),
        ] {
            assert_eq!(Instant::parse(a).unwrap(), Instant::parse(b).unwrap(), "{a} {b}");
        }
        let finer = Instant::parse("2026-01-02T03:04:05.0000001Z").unwrap();
        assert!(finer > Instant::parse("2026-01-02T03:04:05Z").unwrap());
    }

    #[test]
    fn known_instants_have_known_numbers() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("1969-12-31T23:59:59Z", -1),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
        ] {
            assert_eq!(Instant::parse(text).unwrap().micros, seconds * 1_000_000, "{text}");
        }
    }

    #[test]
    fn anything_but_rfc_3339_with_offset_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05Z",
            "2026-1-02T03:04:05Z",
            "2026-01-02T03:04Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+0100",
            "2026-01-02T03:04:05+24:00",
            "2026-01-02T03:04:60Z",
            "2026-01-02T03:04:05ZZ",
            "20260102T030405Z",
            "2026-01-02T03:04:05.5",
            "+026-01-02T03:04:05Z",
            "2026-01-02T03:04:05é",
            "２026-01-02T03:04:05Z",
            "2026-01-02T03:04:05 01:00",
        ] {
            assert_eq!(Instant::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_fraction_is_left_out_when_it_is_zero() {
        assert_eq!(print(951_825_600_000_000), "2000-02-29T12:00:00+00:00");
        assert_eq!(print(951_825_600_000_001), "2000-02-29T12:00:00.000001+00:00");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
            prop_assert_eq!(Instant::parse(&print(micros)).map(|i| i.micros), Some(micros));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Instant::parse(&text);
        }
    }
}
