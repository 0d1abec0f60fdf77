//! What became of one requirement or case from one report to another.

use crate::judge::Verdict;

/// What a report says of a requirement or a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    Verdict(Verdict),
    /// The specification says that no case judges it.
    NotJudged,
}

impl Finding {
    pub fn of(verdict: Option<Verdict>) -> Self {
        verdict.map_or(Self::NotJudged, Self::Verdict)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Verdict(verdict) => verdict.word(),
            Self::NotJudged => "not judged",
        }
    }
}

/// In the order in which they are told: what is worse first.
///
/// Each way from one finding to another is exactly one of these. A failure that could not be seen before is not called broken,
/// and a pass that could not be seen before is not called fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It held, and does not any more; or a warning became a failure.
    Broken,
    /// It fails, and was not judged before.
    NewlyFailing,
    NewlyInconclusive,
    NewlyUnreachable,
    NewlyInError,
    NewlyNotApplicable,
    /// The specification has come to say that no case judges it.
    NoLongerJudged,
    Fixed,
    /// A failure became a warning.
    Eased,
    /// It passes, and was not judged before.
    NewlyPassing,
    /// Only the other report has it.
    New,
    /// Only the base has it.
    Gone,
    Unchanged,
}

impl Change {
    pub const ALL: [Self; 13] = [
        Self::Broken,
        Self::NewlyFailing,
        Self::NewlyInconclusive,
        Self::NewlyUnreachable,
        Self::NewlyInError,
        Self::NewlyNotApplicable,
        Self::NoLongerJudged,
        Self::Fixed,
        Self::Eased,
        Self::NewlyPassing,
        Self::New,
        Self::Gone,
        Self::Unchanged,
    ];

    /// `None` when neither report has it.
    pub fn between(from: Option<Finding>, to: Option<Finding>) -> Option<Self> {
        match (from, to) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::New),
            (Some(_), None) => Some(Self::Gone),
            (Some(from), Some(to)) if from == to => Some(Self::Unchanged),
            (Some(from), Some(to)) => Some(Self::turned(from, to)),
        }
    }

    /// Of two findings that are not the same.
    fn turned(from: Finding, to: Finding) -> Self {
        let Finding::Verdict(to) = to else {
            return Self::NoLongerJudged;
        };
        let before = match from {
            Finding::Verdict(verdict @ (Verdict::Pass | Verdict::Warn | Verdict::Fail)) => Some(verdict),
            Finding::Verdict(_) | Finding::NotJudged => None,
        };
        match (before, to) {
            (Some(_), Verdict::Pass) => Self::Fixed,
            (None, Verdict::Pass) => Self::NewlyPassing,
            (Some(Verdict::Fail), Verdict::Warn) => Self::Eased,
            (Some(_), Verdict::Fail | Verdict::Warn) => Self::Broken,
            (None, Verdict::Fail | Verdict::Warn) => Self::NewlyFailing,
            (_, Verdict::Inconclusive) => Self::NewlyInconclusive,
            (_, Verdict::Unreachable) => Self::NewlyUnreachable,
            (_, Verdict::Error) => Self::NewlyInError,
            (_, Verdict::NotApplicable) => Self::NewlyNotApplicable,
        }
    }

    /// Whether `compare` exits with 1 for it. What a target declares and what the specification judges are decisions, and no damage.
    pub fn worsens(self) -> bool {
        matches!(
            self,
            Self::Broken | Self::NewlyFailing | Self::NewlyInconclusive | Self::NewlyUnreachable | Self::NewlyInError
        )
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::NewlyFailing => "newly failing",
            Self::NewlyInconclusive => "newly inconclusive",
            Self::NewlyUnreachable => "newly unreachable",
            Self::NewlyInError => "newly in error",
            Self::NewlyNotApplicable => "newly not applicable",
            Self::NoLongerJudged => "no longer judged",
            Self::Fixed => "fixed",
            Self::Eased => "eased",
            Self::NewlyPassing => "newly passing",
            Self::New => "new",
            Self::Gone => "gone",
            Self::Unchanged => "unchanged",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Broken => "it held and does not any more, or a warning became a failure",
            Self::NewlyFailing => "it fails, and was not judged before",
            Self::NewlyInconclusive => "its situation does not arise any more",
            Self::NewlyUnreachable => "the target was gone",
            Self::NewlyInError => "a mistake of the kit",
            Self::NewlyNotApplicable => "it hangs on a feature, and the target declares others than before",
            Self::NoLongerJudged => "the specification has come to say that no case judges it",
            Self::Fixed => "it did not hold, and does now",
            Self::Eased => "a failure became a warning",
            Self::NewlyPassing => "it passes, and was not judged before",
            Self::New => "the base does not have it",
            Self::Gone => "only the base has it",
            Self::Unchanged => "the same verdict in both",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Option<Finding>> {
        let verdicts = Verdict::ALL.map(|verdict| Some(Finding::Verdict(verdict)));
        verdicts.into_iter().chain([None, Some(Finding::NotJudged)]).collect()
    }

    #[test]
    fn only_what_neither_has_has_no_class() {
        for from in findings() {
            for to in findings() {
                let change = Change::between(from, to);
                assert_eq!(change.is_none(), from.is_none() && to.is_none());
                assert_eq!(change == Some(Change::Unchanged), from == to && from.is_some());
            }
        }
    }

    #[test]
    fn a_change_is_named_for_where_it_leads() {
        for (from, to) in findings()
            .into_iter()
            .flat_map(|from| findings().into_iter().map(move |to| (from, to)))
        {
            let (Some(change), Some(from), Some(Finding::Verdict(to))) = (Change::between(from, to), from, to) else {
                continue;
            };
            if Finding::Verdict(to) == from {
                continue;
            }
            let fits = match to {
                Verdict::Pass => matches!(change, Change::Fixed | Change::NewlyPassing),
                Verdict::Fail => matches!(change, Change::Broken | Change::NewlyFailing),
                Verdict::Warn => matches!(change, Change::Broken | Change::NewlyFailing | Change::Eased),
                Verdict::Inconclusive => change == Change::NewlyInconclusive,
                Verdict::Unreachable => change == Change::NewlyUnreachable,
                Verdict::NotApplicable => change == Change::NewlyNotApplicable,
                Verdict::Error => change == Change::NewlyInError,
            };
            assert!(fits, "{from:?} to {to:?} is {change:?}");
        }
    }

    #[test]
    fn what_was_not_judged_is_neither_broken_nor_fixed() {
        for from in [
            Finding::NotJudged,
            Finding::Verdict(Verdict::Inconclusive),
            Finding::Verdict(Verdict::Unreachable),
            Finding::Verdict(Verdict::NotApplicable),
            Finding::Verdict(Verdict::Error),
        ] {
            let to = |verdict| Change::between(Some(from), Some(Finding::Verdict(verdict)));
            assert_eq!(to(Verdict::Fail), Some(Change::NewlyFailing));
            assert_eq!(to(Verdict::Pass), Some(Change::NewlyPassing));
        }
    }

    #[test]
    fn a_finding_has_the_word_of_its_verdict() {
        for verdict in Verdict::ALL {
            assert_eq!(Finding::of(Some(verdict)).word(), verdict.word());
        }
        assert_eq!(Finding::of(None).word(), "not judged");
    }

    #[test]
    fn what_is_not_seen_any_more_is_worse_and_what_was_decided_is_not() {
        let worse: Vec<&str> = Change::ALL
            .into_iter()
            .filter(|change| change.worsens())
            .map(Change::word)
            .collect();
        assert_eq!(
            worse,
            [
                "broken",
                "newly failing",
                "newly inconclusive",
                "newly unreachable",
                "newly in error"
            ]
        );
    }

    #[test]
    fn each_is_told_in_words_of_its_own() {
        let distinct = |texts: [&str; 13]| texts.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(distinct(Change::ALL.map(Change::word)), 13);
        assert_eq!(distinct(Change::ALL.map(Change::meaning)), 13);
    }

    #[test]
    fn all_of_them_are_told_in_their_order() {
        let mut sorted = Change::ALL;
        sorted.sort_unstable();
        assert_eq!(sorted, Change::ALL);
        assert_eq!(Change::ALL.last(), Some(&Change::Unchanged));
    }
}
