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
        let (high, low) = (self.number(), self.number());
        let hex = format!("{high:016x}{low:016x}");
        let variant = 8 + (low >> 60) % 4;
        let [head, middle] = [&hex[..8], &hex[8..12]];
        format!(
            "{head}-{middle}-4{}-{variant:x}{}-{}",
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        )
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

    /// Who runs a seed again with another edition of the kit must get the same.
    #[test]
    fn what_a_seed_gives_stays_the_same() {
        let draw = || Draw::new(1, "a");
        let mut again = draw();
        assert_eq!(
            [again.number(), again.number()],
            [9_687_108_912_082_400_325, 17_789_289_838_186_325_406]
        );
        assert_eq!(draw().token(12), "hgrppp5ivujy");
        let mut again = draw();
        assert_eq!(again.uuid(), "866f863b-2531-4445-b6e0-40db2b8fe59e");
        assert_eq!(again.uuid(), "fcaca16b-5017-4ba9-abb4-6b97dd1042af");
        assert_eq!(draw().bytes()[..6], [134, 246, 252, 107, 23, 2]);
        let mut again = draw();
        assert_eq!([(); 8].map(|()| again.below(10)), [5, 6, 9, 3, 3, 7, 1, 6]);
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7];
        draw().shuffle(&mut items);
        assert_eq!(items, [2, 1, 0, 4, 6, 7, 3, 5]);
    }

    #[test]
    fn a_fresh_seed_can_be_typed_again() {
        let seeds = [(); 10].map(|()| fresh());
        assert!(seeds.iter().all(|seed| *seed < 1_000_000_000), "{seeds:?}");
        assert!(seeds.iter().any(|seed| *seed != seeds[0]), "{seeds:?}");
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
