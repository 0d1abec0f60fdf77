use std::collections::BTreeSet;

use super::*;
use crate::explore::{history::Edge, state::reach};

#[test]
fn one_seed_gives_one_history_and_every_deed_in_it_can_happen() {
    for seed in 0..40 {
        let drawn = history(seed, 2 + usize::try_from(seed % 7).unwrap(), 150);
        assert_eq!(drawn, history(seed, drawn.nodes.len(), 150));
        assert_eq!(drawn.deeds.len(), 150);
        assert_eq!(drawn.legal(), drawn, "seed {seed}");
    }
    assert_ne!(history(1, 4, 50), history(2, 4, 50));
}

#[test]
fn all_kinds_of_deeds_occur() {
    let kinds: BTreeSet<&str> = (0..10)
        .flat_map(|seed| history(seed, 5, 200).counts())
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds.len(), 14, "{kinds:?}");
}

#[test]
fn a_topology_is_connected() {
    for seed in 0..60 {
        let drawn = history(seed, 6, 1);
        let everywhere: Vec<Edge> = drawn.edges.iter().map(|edge| Edge { public: true, ..*edge }).collect();
        let met = reach(&everywhere, 0, Scope::Public, |_, _| true);
        assert_eq!(met.len(), 6, "seed {seed}: {}", drawn.topology());
    }
}
