//! One sweep: what was asked for, and what it therefore does to facts of a relation.

use super::governance::Policies;
use super::policy::{DecayPolicy, Mode};
use crate::domain::scope::Scope;
use crate::policy::DecayForcedMode;

/// The word of a sweep that takes the place of the modes of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SweepMode {
    All(Mode),
    /// Each policy in its own mode, and nothing is written.
    DryRun,
}

impl SweepMode {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "dry_run" => Some(Self::DryRun),
            word => Mode::parse(word).map(Self::All),
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::All(mode) => mode.word(),
            Self::DryRun => "dry_run",
        }
    }
}

/// Everything that decides about the facts of one sweep.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) policies: Policies,
    pub(crate) scope: Scope,
    pub(crate) mode: Option<SweepMode>,
    /// The id of the one policy whose facts are swept.
    pub(crate) only: Option<String>,
    /// The instant to which ages are counted, in microseconds.
    pub(crate) now: i64,
}

impl Plan {
    pub(crate) fn is_dry(&self) -> bool {
        self.mode == Some(SweepMode::DryRun)
    }

    /// The policy by which this sweep acts in a mode on facts of a relation, and its place.
    pub(crate) fn acting(&self, relation: &str, mode: Mode) -> Option<(usize, &DecayPolicy)> {
        let place = self.policies.governing(relation, self.scope)?;
        let policy = self.policies.all().get(place)?;
        (self.includes(policy) && self.mode_of(policy) == mode).then_some((place, policy))
    }

    /// Whether there is any policy that could act in a mode.
    pub(crate) fn has(&self, mode: Mode) -> bool {
        let could = |policy: &DecayPolicy| self.includes(policy) && self.mode_of(policy) == mode && policy.can(mode);
        self.policies.all().iter().any(could)
    }

    fn includes(&self, policy: &DecayPolicy) -> bool {
        self.only.as_ref().is_none_or(|only| *only == policy.id)
    }

    fn mode_of(&self, policy: &DecayPolicy) -> Mode {
        let falls_back = |mode| DecayForcedMode::now() == DecayForcedMode::FallsBack && !policy.can(mode);
        match self.mode {
            Some(SweepMode::All(mode)) if !falls_back(mode) => mode,
            _ => policy.mode,
        }
    }
}
