use super::*;
use crate::explore::{
    draw,
    history::{Entity, Scope},
    model::Model,
};

/// Shrinks with a rule instead of nodes; how often it was tried.
fn shrink(history: &History, fails: impl Fn(&History) -> bool) -> (History, usize) {
    assert!(fails(history), "it fails to begin with");
    let mut shrinker = Shrinker::new(history.clone());
    let mut tries = 0;
    while let Some(candidate) = shrinker.propose() {
        assert_eq!(candidate.legal(), candidate, "only what can happen is tried");
        tries += 1;
        shrinker.told(fails(&candidate));
    }
    (shrinker.best().clone(), tries)
}

fn count(history: &History, kind: &str) -> usize {
    history.deeds.iter().filter(|deed| deed.does.kind() == kind).count()
}

#[test]
fn one_guilty_deed_is_found_in_few_tries() {
    let history = draw::history(3, 5, 200);
    let guilty = history
        .deeds
        .iter()
        .find(|deed| deed.does.kind() == "burst")
        .unwrap()
        .number;
    let (small, tries) = shrink(&history, |history| {
        history.deeds.iter().any(|deed| deed.number == guilty)
    });
    assert_eq!(small.deeds.len(), 1);
    assert!(matches!(small.deeds[0].does, Does::Burst { count: 1, .. }));
    assert_eq!((small.nodes.len(), small.edges.len()), (1, 0));
    assert!(tries < 60, "{tries}");
}

#[test]
fn deeds_that_fail_only_together_stay_together() {
    let guilty = |history: &History| {
        let public = |does: &Does| matches!(does, Does::Assert { triple, .. } if triple.scope == Scope::Public);
        let spoken = history.deeds.iter().position(|deed| public(&deed.does));
        let killed = history.deeds.iter().rposition(|deed| deed.does.kind() == "kill");
        spoken.zip(killed).is_some_and(|(spoken, killed)| spoken < killed)
    };
    let history = (0..50).map(|seed| draw::history(seed, 4, 150)).find(guilty).unwrap();
    let (small, _) = shrink(&history, guilty);
    let kinds: Vec<&str> = small.deeds.iter().map(|deed| deed.does.kind()).collect();
    assert_eq!(kinds, ["assert", "kill"]);
    assert!(small.nodes.len() <= 2, "{:?}", small.nodes);
}

#[test]
fn what_a_deed_needs_is_kept_with_it() {
    let history = (0..50)
        .map(|seed| draw::history(seed, 4, 150))
        .find(|history| count(history, "resolve") > 0)
        .unwrap();
    let (small, _) = shrink(&history, |history| count(history, "resolve") > 0);
    let kinds: Vec<&str> = small.deeds.iter().map(|deed| deed.does.kind()).collect();
    assert_eq!(kinds, ["assert", "assert", "resolve"]);
    let dispute = |deed: &crate::explore::history::Deed| match deed.does {
        Does::Assert { triple, .. } => matches!(triple.entity, Entity::Dispute(_)),
        _ => false,
    };
    assert!(dispute(&small.deeds[0]) && dispute(&small.deeds[1]));
}

#[test]
fn a_registration_that_matters_stays_with_the_scope_that_matters() {
    let history = draw::history(8, 6, 60);
    let edge = *history.edges.iter().find(|edge| edge.public && edge.company).unwrap();
    let (small, _) = shrink(&history, |history| {
        history
            .edges
            .iter()
            .any(|known| known.ends == edge.ends && known.public)
    });
    assert_eq!(small.deeds, []);
    assert_eq!(small.nodes.len(), 2);
    assert_eq!(small.edges.len(), 1);
    assert!(small.edges[0].public && !small.edges[0].company);
}

#[test]
fn a_detour_becomes_a_neighbour() {
    let arrives = |history: &History| {
        let model = Model::of(history);
        let facts = model.facts.iter().enumerate();
        facts
            .filter(|(_, fact)| fact.at != 1)
            .any(|(n, _)| history.nodes.contains(&1) && model.holds(1, n))
    };
    let edge = |one, other| Edge {
        ends: [one, other],
        company: false,
        public: true,
    };
    let mut history = draw::history(1, 4, 200);
    history.edges = vec![edge(3, 2), edge(2, 0), edge(0, 1)];
    history
        .deeds
        .retain(|deed| deed.does.kind() == "assert" && deed.does.concerns(3));
    let (small, _) = shrink(&history.legal(), arrives);
    assert_eq!((small.nodes.len(), small.deeds.len()), (2, 1), "{small:?}");
}

#[test]
fn a_history_that_cannot_be_smaller_is_left_alone() {
    let history = draw::history(2, 3, 20);
    let (small, _) = shrink(&history, |candidate| *candidate == history);
    assert_eq!(small, history);
}
