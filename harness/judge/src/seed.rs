//! Everything random comes from one seed that every report prints.

use sha2::{Digest, Sha256};

/// A stream of numbers that depends only on the seed and a label.
#[derive(Debug, Clone)]
pub struct Draw {
    state: [u8; 32],
    count: u64,
}

impl Draw {
    pub fn new(seed: u64, label: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update(label);
        Self {
            state: hash.finalize().into(),
            count: 0,
        }
    }

    pub fn number(&mut self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.state);
        hash.update(self.count.to_be_bytes());
        self.count += 1;
        let bytes: [u8; 32] = hash.finalize().into();
        u64::from_be_bytes(bytes[..8].try_into().expect("eight of thirty-two"))
    }

    /// Lower-case letters and digits, a letter first.
    pub fn token(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
        const ALL: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..length)
            .map(|n| {
                let from: &[u8] = if n == 0 { LETTERS } else { ALL };
                char::from(from[self.below(from.len())])
            })
            .collect()
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (4 << 76) | (2 << 62);
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// Thirty-two bytes, as a key's seed wants.
    pub fn bytes(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.number().to_be_bytes()[0])
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % bound as u64).unwrap_or(0)
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n + 1));
        }
    }
}

/// A seed for a run that was given none.
pub fn fresh() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // Small enough to be typed again.
    RandomState::new().hash_one(std::process::id()) % 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_labels_part_them() {
        let stream = |seed, label| Draw::new(seed, label).token(12);
        assert_eq!(stream(1, "a"), stream(1, "a"));
        assert_ne!(stream(1, "a"), stream(1, "b"));
        assert_ne!(stream(1, "a"), stream(2, "a"));
    }

    #[test]
    fn a_shuffle_keeps_every_element() {
        let mut items: Vec<usize> = (0..100).collect();
        Draw::new(7, "order").shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
