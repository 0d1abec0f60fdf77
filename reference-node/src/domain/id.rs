//! Identifiers that the node gives: UUIDs in the time-ordered form (version 7), so that a new row lands at the end of its
//! index instead of at a random page.

use data_encoding::HEXLOWER;

/// A UUID; printed in lower case, read in lower case only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(pub(crate) [u8; 16]);

impl Id {
    /// A fresh id for an instant in Unix milliseconds.
    pub(crate) fn fresh(millis: i64) -> Self {
        let mut bytes = [0; 16];
        fill_random(&mut bytes[6..]);
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6] = (bytes[6] & 0x0f) | 0x70;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// Exactly the form that [`Self::text`] prints; anything else names no record.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 || [8, 13, 18, 23].iter().any(|&at| bytes[at] != b'-') {
            return None;
        }
        let digits: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != b'-').collect();
        Some(Self(HEXLOWER.decode(&digits).ok()?.try_into().ok()?))
    }

    pub(crate) fn text(self) -> String {
        let hex = HEXLOWER.encode(&self.0);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

/// Fills from the system's generator. A machine without one cannot make keys, so there is nothing to fall back to.
pub(crate) fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system provides random bytes");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_reads_back_and_sorts_by_time() {
        let early = Id::fresh(1_700_000_000_000);
        let late = Id::fresh(1_700_000_000_001);
        assert_eq!(Id::parse(&early.text()), Some(early));
        assert!(early.text() < late.text());
        assert_eq!(early.text().as_bytes()[14], b'7');
    }

    #[test]
    fn only_the_printed_form_is_an_id() {
        for text in [
            "",
            "3BDF8D18-66f0-4ecb-b9ac-f816cc991fea",
            "3bdf8d1866f04ecbb9acf816cc991fea",
            "3bdf8d18-66f0-4ecb-b9ac-f816cc991fe",
            "3bdf8d18-66f0-4ecb-b9ac-f816cc991fe-",
            "3bdf8d18-66f0-4ecb-b9ac-f816cc991feé",
        ] {
            assert_eq!(Id::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_has_one_text(bytes: [u8; 16], text: String, near in "[0-9a-fA-F-]{36}") {
            prop_assert_eq!(Id::parse(&Id(bytes).text()), Some(Id(bytes)));
            for text in [text, near] {
                prop_assert!(Id::parse(&text).is_none_or(|id| id.text() == text));
            }
        }
    }
}
