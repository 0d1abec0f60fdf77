//! Which policy governs a fact: at most one, and the most special that fits.

use std::cmp::Reverse;

use super::policy::DecayPolicy;
use crate::domain::scope::Scope;
use crate::policy::{DecayExempt, DecayExemptions, DecayPrecedence, DecayRelationMatch, DecayScopeMatch};

/// The node's own bookkeeping, and the parts of statements about several things at once: without them what is left means something else.
const NEVER: [&str; 2] = ["stigmem:", "rel:"];

/// All policies of a node, the most special first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(Vec<DecayPolicy>);

impl Policies {
    pub(crate) fn new(mut policies: Vec<DecayPolicy>) -> Self {
        let precedence = DecayPrecedence::now();
        match precedence {
            DecayPrecedence::MostSpecial | DecayPrecedence::ScopeFirst => {
                policies.sort_by(|one, other| one.order().cmp(&other.order()));
            }
            DecayPrecedence::FirstMade => {}
            DecayPrecedence::LastMade => policies.reverse(),
        }
        if precedence == DecayPrecedence::ScopeFirst {
            policies.sort_by_key(|policy| policy.scope.is_none());
        }
        Self(policies)
    }

    pub(crate) fn all(&self) -> &[DecayPolicy] {
        &self.0
    }

    /// The place of the policy that governs facts of a relation in a scope. Where one exempts the relation, the next that fits does.
    pub(crate) fn governing(&self, relation: &str, scope: Scope) -> Option<usize> {
        let exempt = DecayExempt::now().of(&NEVER);
        if exempt.iter().any(|beginning| relation.starts_with(*beginning)) {
            return None;
        }
        self.0.iter().position(|policy| policy.fits(relation, scope))
    }
}

impl DecayPolicy {
    /// A relation goes before patterns, a longer pattern before a shorter one, a scope before all of them; names decide what is left.
    fn order(&self) -> (bool, Reverse<usize>, bool, &str) {
        (
            self.relation.ends_with('*'),
            Reverse(self.relation.len()),
            self.scope.is_none(),
            &self.id,
        )
    }

    fn fits(&self, relation: &str, scope: Scope) -> bool {
        self.covers(scope) && self.is_about(relation) && !self.exempts(relation)
    }

    fn covers(&self, scope: Scope) -> bool {
        match DecayScopeMatch::now() {
            DecayScopeMatch::OwnOrStar => self.scope.is_none_or(|own| own == scope),
            DecayScopeMatch::Any => true,
            DecayScopeMatch::StarIsNone => self.scope == Some(scope),
        }
    }

    fn is_about(&self, relation: &str) -> bool {
        let instead = DecayRelationMatch::now().instead(&self.relation, relation);
        instead.unwrap_or_else(|| matches(&self.relation, relation))
    }

    fn exempts(&self, relation: &str) -> bool {
        let holds = |pattern: &str| DecayExemptions::now().hold(pattern, relation, matches(pattern, relation));
        self.exempt_relations.iter().any(|pattern| holds(pattern))
    }
}

/// A `*` at the end stands for whatever follows; elsewhere it is a character like any other.
fn matches(pattern: &str, relation: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => relation.starts_with(beginning),
        None => relation == pattern,
    }
}
