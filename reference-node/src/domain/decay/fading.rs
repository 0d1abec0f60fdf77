//! How a fact fades: when it is overdue, and how much of its confidence is left.

use super::policy::DecayPolicy;
use crate::policy::{DecayAge, DecayCurve, DecayFloor, DecayStep, DecayUnderflow};

const MICROS: f64 = 1_000_000.0;

/// A smaller difference of confidence is not worth a fact; between 0.001 and 0.01 each node decides for itself.
const LEAST_STEP: f64 = 0.005;

/// What is left at least where a policy names no floor: a confidence of 0 would withdraw.
const LEAST_LEFT: f64 = 1e-9;

/// What decay looks at in a live fact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trail {
    pub(crate) confidence: f64,
    /// The confidence and the time in microseconds that it was asserted with; of a reduction, those of the fact that it stands for.
    pub(crate) asserted: f64,
    pub(crate) since: i64,
    /// Whether somebody said how long it holds.
    pub(crate) ends: bool,
    /// Whether it was a side of a dispute that somebody settled. The decision is a fact like any other.
    pub(crate) settled: bool,
}

impl Trail {
    /// In seconds; nothing is younger than new.
    fn age(&self, now: i64) -> f64 {
        now.saturating_sub(self.since).max(0) as f64 / MICROS
    }
}

impl DecayPolicy {
    /// Whether a live fact may be withdrawn at this instant.
    pub(crate) fn is_overdue(&self, trail: &Trail, now: i64) -> bool {
        let is_old = |ttl_s: u64| trail.age(now) > ttl_s as f64 || DecayAge::now() == DecayAge::Ignored;
        self.ttl_s.is_some_and(|ttl_s| !trail.ends && is_old(ttl_s))
    }

    /// The confidence that is to take the place of a live fact's, when the difference is worth a fact.
    pub(crate) fn reduced(&self, trail: &Trail, now: i64) -> Option<f64> {
        if trail.settled {
            return None;
        }
        let due = self.due(trail, now)?;
        is_worth_a_fact(trail.confidence, due).then_some(due)
    }

    /// What is left of the confidence that a fact was asserted with.
    fn due(&self, trail: &Trail, now: i64) -> Option<f64> {
        let halvings = trail.age(now) / self.half_life_s? as f64;
        let left = match DecayCurve::now() {
            DecayCurve::Halving => trail.asserted * (-halvings).exp2(),
            DecayCurve::NaturalExponent => trail.asserted * (-halvings).exp(),
            DecayCurve::HalvedEachSweep => trail.confidence / 2.0,
        };
        let holds = |floor: &f64| *floor > 0.0 && DecayFloor::now() != DecayFloor::Ignored;
        let least = self.min_confidence.filter(holds).unwrap_or(LEAST_LEFT);
        match DecayUnderflow::now() {
            DecayUnderflow::MoreThanNothing => Some(left.max(least)),
            DecayUnderflow::Rounded => Some((left.max(least) * 10_000.0).round() / 10_000.0),
        }
    }
}

fn is_worth_a_fact(present: f64, due: f64) -> bool {
    if DecayFloor::now() == DecayFloor::Raises && due > present {
        return true;
    }
    match DecayStep::now() {
        DecayStep::WorthAFact => present - due >= LEAST_STEP,
        DecayStep::Any => due < present,
    }
}
