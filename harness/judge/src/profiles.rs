//! Profiles: the sets of requirements that a node can be conformant in, and the one name for all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    registry::{NODE, Registry, Requirement},
    vectors::{Case, Vectors},
};

/// All profiles of nodes at once. A node is conformant in it when it is in each of them.
pub const FULL: &str = "full";

/// Whether a requirement counts for a profile.
pub fn holds(profile: &str, requirement: &Requirement) -> bool {
    if profile == FULL {
        requirement.actor == NODE
    } else {
        requirement.profile == profile
    }
}

/// The profiles that nodes are judged by, in the order of the specification, without [`FULL`].
pub fn of_nodes(registry: &Registry) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for requirement in registry.requirements.iter().filter(|one| one.actor == NODE) {
        if !found.contains(&requirement.profile.as_str()) {
            found.push(&requirement.profile);
        }
    }
    found
}

/// Which profiles each case belongs to.
#[derive(Debug)]
pub struct Memberships<'a> {
    of: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Memberships<'a> {
    pub fn of(vectors: &'a Vectors, registry: &'a Registry) -> Self {
        let profiles = |case: &'a Case| -> BTreeSet<&'a str> {
            let covered = case.covers.iter().filter_map(|id| registry.get(id));
            covered.map(|requirement| requirement.profile.as_str()).collect()
        };
        let cases = vectors.cases.iter();
        Self {
            of: cases.map(|case| (case.id.as_str(), profiles(case))).collect(),
        }
    }

    /// Whether two cases belong to one profile. Of a case that is not known nothing is said against it.
    pub fn share_a_profile(&self, one: &str, other: &str) -> bool {
        match (self.of.get(one), self.of.get(other)) {
            (Some(one), Some(other)) => !one.is_disjoint(other),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data::Data, registry, vectors::tests::VECTORS};

    const BLOCKS: &str = "> **AA-01** · MUST · node · one\n> Text.\n\n> **BB-01** · MUST · node · two\n> Text.\n\n\
                          > **CC-01** · MUST · adapter · three\n> Text.\n\n> **AA-02** · SHOULD · node · one\n> Text.\n";

    fn ids(profile: &str) -> Vec<String> {
        let blocks = registry::parse("spec/x.md", BLOCKS).unwrap();
        let held = blocks.into_iter().filter(|block| holds(profile, block));
        held.map(|block| block.id).collect()
    }

    #[test]
    fn full_is_all_that_is_asked_of_nodes() {
        assert_eq!(ids("one"), ["AA-01", "AA-02"]);
        assert_eq!(ids("three"), ["CC-01"]);
        assert_eq!(ids(FULL), ["AA-01", "BB-01", "AA-02"]);
        assert!(ids("four").is_empty());
    }

    #[test]
    fn no_profile_of_the_specification_is_called_full() {
        let registry = Registry::load(&Data::embedded()).unwrap();
        let found = of_nodes(&registry);
        assert!(found.starts_with(&["core", "federation"]), "{found:?}");
        for profile in ["lint", "decay", "synthesis"] {
            assert!(found.contains(&profile), "{profile}");
        }
        assert!(!found.contains(&FULL));
    }

    #[test]
    fn a_rule_shares_a_profile_with_cases_of_its_own_alone() {
        let (registry, vectors) = (Registry::load(&Data::embedded()).unwrap(), &*VECTORS);
        let of = |id: &str| {
            let mut cases = vectors.cases.iter().filter(|case| case.every().is_none());
            cases.find(|case| case.covers[0] == id).unwrap().id.as_str()
        };
        let memberships = Memberships::of(vectors, &registry);
        let rule = vectors.find("every-answer-is-below-500").unwrap().id.as_str();
        assert!(memberships.share_a_profile(rule, of("SEM-07")));
        assert!(!memberships.share_a_profile(rule, of("BACK-13")));
        assert!(memberships.share_a_profile(rule, "a-case-of-another-edition"));
    }
}
