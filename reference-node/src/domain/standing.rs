//! What a stored fact's standing is at the moment, and which standings a query shows (section 3).
//!
//! The store keeps the standing beside the fact and changes it when something happens to the fact's triple; the fact
//! itself never changes.

use crate::policy::ExpiredView;

/// The relation of the meta-fact that sets an expiry afterwards.
pub(crate) const TTL: &str = "stigmem:ttl";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Live, and part of a default query.
    Shown = 0,
    /// Live, but another fact of its contradicted triple is preferred.
    Hidden = 1,
    /// Its expiry has passed.
    Expired = 2,
    /// A retraction, or withdrawn by one.
    Retracted = 3,
}

impl State {
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn is_live_code(code: u8) -> bool {
        code <= Self::Hidden.code()
    }
}

/// How many distinct values a triple's live facts hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    /// All of them.
    pub(crate) live: i64,
    /// Those that no resolution has settled.
    pub(crate) open: i64,
}

impl Values {
    /// Whether only the preferred fact of the triple is shown.
    pub(crate) fn contested(self) -> bool {
        self.live > 1
    }
}

/// Whether a fact is flagged: it is live in a contested triple, and either lost against a resolution or still disagrees
/// with a value that nothing has settled.
pub(crate) fn contradicted(state_code: u8, settled: bool, values: Values) -> bool {
    State::is_live_code(state_code) && values.contested() && (settled || values.open > 1)
}

/// The order of preference within a triple: confidence first, then the clock.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Rank {
    pub(crate) confidence: f64,
    pub(crate) wall: i64,
    pub(crate) counter: i64,
}

/// The highest of the ranks at hand. Facts that share it exactly have no preferred one among them; all are shown.
pub(crate) fn preferred(ranks: impl IntoIterator<Item = Rank>) -> Option<Rank> {
    ranks
        .into_iter()
        .reduce(|best, rank| if rank > best { rank } else { best })
}

/// The parts of the store that a query asks for beyond the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) contradicted: bool,
    pub(crate) expired: bool,
    pub(crate) retracted: bool,
}

impl View {
    pub(crate) fn is_default(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn states(self) -> impl Iterator<Item = State> {
        [
            (
                State::Shown,
                !self.expired || ExpiredView::now() == ExpiredView::BesideTheLive,
            ),
            (State::Hidden, self.contradicted),
            (State::Expired, self.expired),
            (State::Retracted, self.retracted),
        ]
        .into_iter()
        .filter_map(|(state, wanted)| wanted.then_some(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_live_facts_of_a_contested_triple_are_flagged() {
        let quiet = Values { live: 1, open: 1 };
        let contested = Values { live: 2, open: 2 };
        let resolved = Values { live: 2, open: 1 };
        for (state, settled, values, flagged) in [
            (State::Shown, false, quiet, false),
            (State::Shown, false, contested, true),
            (State::Hidden, false, contested, true),
            (State::Expired, false, contested, false),
            (State::Retracted, false, contested, false),
            (State::Shown, false, resolved, false),
            (State::Hidden, true, resolved, true),
        ] {
            assert_eq!(
                contradicted(state.code(), settled, values),
                flagged,
                "{state:?} {settled} {values:?}"
            );
        }
    }

    #[test]
    fn confidence_goes_before_the_clock() {
        let rank = |confidence, wall, counter| Rank {
            confidence,
            wall,
            counter,
        };
        let (old, new, sure) = (rank(0.5, 1, 9), rank(0.5, 2, 0), rank(0.6, 1, 0));
        assert_eq!(preferred([old, new]), Some(new));
        assert_eq!(preferred([new, sure, old]), Some(sure));
        assert_eq!(preferred([]), None);
    }

    #[test]
    fn a_view_adds_to_the_default() {
        let states = |view: View| view.states().collect::<Vec<_>>();
        assert_eq!(states(View::default()), [State::Shown]);
        let all = View {
            contradicted: true,
            expired: true,
            retracted: true,
        };
        assert_eq!(
            states(all),
            [State::Shown, State::Hidden, State::Expired, State::Retracted]
        );
        assert_eq!(
            states(View {
                expired: true,
                ..View::default()
            }),
            [State::Shown, State::Expired]
        );
    }
}
