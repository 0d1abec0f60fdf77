//! Decay (section 15): by which policies facts fade, which of them governs a fact, and what it makes of the fact.

mod fading;
mod governance;
mod policy;
mod sweep;

pub(crate) use self::fading::Trail;
pub(crate) use self::governance::Policies;
pub(crate) use self::policy::{DecayPolicy, Mode};
pub(crate) use self::sweep::{Plan, SweepMode};

/// The source of everything that a sweep writes.
pub(crate) const SOURCE: &str = "system:stigmem:decay";

/// The most policies that a node has, from its setting and by its routes together.
pub(crate) const MOST_POLICIES: usize = 1_000;

#[cfg(test)]
mod tests;
