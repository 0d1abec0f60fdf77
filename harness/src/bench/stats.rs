//! The arithmetic of figures: percentiles of one round, the middle and the range of several.

use serde::Serialize;

/// The middle of several rounds, with the lowest and the highest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Figure {
    /// `None` for no rounds, or for a round that is no number.
    pub fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        if sorted.is_empty() || sorted.iter().any(|round| !round.is_finite()) {
            return None;
        }
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[half]
        } else {
            f64::midpoint(sorted[half - 1], sorted[half])
        };
        Some(Self {
            median,
            min: sorted[0],
            max: sorted[sorted.len() - 1],
        })
    }
}

/// The value that so many percent do not exceed: the nearest rank, always one that was measured.
pub(super) fn percentile(sorted: &[u32], percent: u64) -> Option<u32> {
    let rank = (sorted.len() as u64 * percent).div_ceil(100).max(1);
    sorted.get(usize::try_from(rank - 1).ok()?).copied()
}

/// `one / other`, where that is a number.
pub(super) fn ratio(one: f64, other: f64) -> Option<f64> {
    (one / other).is_finite().then(|| one / other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred: Vec<u32> = (1..=100).collect();
        let ranks = [1, 50, 99, 100].map(|percent| percentile(&hundred, percent));
        assert_eq!(ranks, [Some(1), Some(50), Some(99), Some(100)]);
        assert_eq!(percentile(&[15, 20, 35, 40, 50], 30), Some(20));
        assert_eq!(percentile(&[15, 20, 35, 40, 50], 99), Some(50));
        assert_eq!(percentile(&[7], 1), Some(7));
        assert_eq!(percentile(&[7], 0), Some(7));
        assert_eq!(percentile(&[], 50), None);
        // 99 % of 101 is 99.99, so it takes 100 values to reach that share.
        assert_eq!(percentile(&(1..=101).collect::<Vec<_>>(), 99), Some(100));
    }

    #[test]
    fn a_figure_is_the_middle_and_the_range() {
        assert_eq!(
            Figure::of(&[3.0, 1.0, 2.0]),
            Some(Figure {
                median: 2.0,
                min: 1.0,
                max: 3.0
            })
        );
        assert_eq!(
            Figure::of(&[4.0, 1.0]),
            Some(Figure {
                median: 2.5,
                min: 1.0,
                max: 4.0
            })
        );
        assert_eq!(Figure::of(&[]), None);
        assert_eq!(Figure::of(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(ratio(3.0, 2.0), Some(1.5));
        assert_eq!(ratio(3.0, 0.0), None);
        assert_eq!(ratio(0.0, 0.0), None);
    }
}
