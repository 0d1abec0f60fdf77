use super::*;
use crate::explore::history::{Deed, Edge};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const D: usize = 3;

fn edge(one: usize, other: usize, scopes: &str) -> Edge {
    Edge {
        ends: [one, other],
        company: scopes.contains("company"),
        public: scopes.contains("public"),
    }
}

fn history(edges: &[Edge], deeds: &[Does]) -> History {
    let history = History {
        nodes: (0..4).collect(),
        shape: "by hand",
        edges: edges.to_vec(),
        deeds: (1..)
            .zip(deeds)
            .map(|(number, does)| Deed { number, does: *does })
            .collect(),
    };
    assert_eq!(history.legal(), history, "a deed cannot happen");
    history
}

fn thing(scope: Scope) -> Triple {
    Triple {
        entity: Entity::Thing(1),
        relation: 0,
        scope,
    }
}

/// The values 0 and 1 are equal, 2 and 3 differ from them and from each other.
fn say(at: usize, scope: Scope, value: usize) -> Does {
    Does::Assert {
        at,
        triple: thing(scope),
        value,
        quarters: 4,
    }
}

fn retract(at: usize, scope: Scope) -> Does {
    Does::Retract {
        at,
        triple: thing(scope),
    }
}

fn holders(model: &Model, fact: usize) -> Vec<usize> {
    model
        .nodes
        .iter()
        .copied()
        .filter(|node| model.holds(*node, fact))
        .collect()
}

/// The conflicts of the public thing: pairs of classes, and whether they are certain.
fn conflicts(model: &Model, node: usize) -> Vec<(usize, usize, bool)> {
    let found = model.conflicts(node, thing(Scope::Public));
    found
        .into_iter()
        .map(|((one, other), how)| (one, other, how == Conflict::Certain))
        .collect()
}

fn chain() -> Vec<Edge> {
    let both = "company,public";
    vec![edge(A, B, both), edge(B, C, both), edge(C, D, both)]
}

#[test]
fn public_goes_down_the_chain_company_one_hop_and_local_nowhere() {
    let model = Model::of(&history(
        &chain(),
        &[
            say(A, Scope::Public, 0),
            say(A, Scope::Company, 0),
            say(A, Scope::Local, 0),
            say(B, Scope::Company, 0),
        ],
    ));
    assert_eq!(holders(&model, 0), [A, B, C, D]);
    assert_eq!(holders(&model, 1), [A, B]);
    assert_eq!(holders(&model, 2), [A]);
    assert_eq!(holders(&model, 3), [A, B, C]);
}

#[test]
fn each_hop_has_scopes_of_its_own() {
    let edges = [edge(A, B, "public"), edge(B, C, "company"), edge(C, D, "public")];
    let model = Model::of(&history(
        &edges,
        &[
            say(A, Scope::Public, 0),
            say(A, Scope::Company, 0),
            say(B, Scope::Company, 0),
            say(B, Scope::Public, 0),
            say(D, Scope::Public, 0),
        ],
    ));
    assert_eq!(holders(&model, 0), [A, B]);
    assert_eq!(holders(&model, 1), [A]);
    assert_eq!(holders(&model, 2), [B, C]);
    assert_eq!(holders(&model, 3), [A, B]);
    assert_eq!(holders(&model, 4), [C, D]);
}

#[test]
fn round_a_ring_everything_arrives_once_and_company_on_both_sides() {
    let mut edges = chain();
    edges.push(edge(D, A, "company,public"));
    let model = Model::of(&history(&edges, &[say(A, Scope::Public, 0), say(A, Scope::Company, 0)]));
    assert_eq!(holders(&model, 0), [A, B, C, D]);
    assert_eq!(holders(&model, 1), [A, B, D]);
}

#[test]
fn a_retraction_and_a_burst_travel_like_what_they_are_about() {
    let burst = Does::Burst {
        at: B,
        scope: Scope::Company,
        count: 20,
    };
    let deeds = [say(A, Scope::Public, 0), retract(D, Scope::Public), burst];
    let model = Model::of(&history(&chain(), &deeds));
    assert_eq!(holders(&model, 1), [A, B, C, D]);
    assert_eq!(holders(&model, 2), [A, B, C]);
    assert_eq!(model.facts[2].names().len(), 20);
    assert_eq!(model.triples().len(), 1);
}

#[test]
fn every_node_that_holds_both_values_has_one_conflict_for_the_pair() {
    let deeds = [
        say(A, Scope::Public, 0),
        say(B, Scope::Public, 1),
        say(C, Scope::Public, 2),
        say(D, Scope::Public, 2),
    ];
    let model = Model::of(&history(&chain(), &deeds));
    for node in [A, B, C, D] {
        assert_eq!(conflicts(&model, node), [(0, 1, true)], "equal values are one side");
    }
    let apart = [edge(A, B, "public"), edge(C, D, "public")];
    let model = Model::of(&history(&apart, &deeds));
    assert_eq!(conflicts(&model, A), []);
}

#[test]
fn what_was_withdrawn_at_home_before_contradicts_nothing_there_and_perhaps_elsewhere() {
    let deeds = [
        say(A, Scope::Public, 0),
        retract(A, Scope::Public),
        say(A, Scope::Public, 2),
    ];
    let model = Model::of(&history(&chain(), &deeds));
    assert_eq!(conflicts(&model, A), []);
    assert_eq!(conflicts(&model, B), [(0, 1, false)]);
}

#[test]
fn what_was_withdrawn_at_home_afterwards_was_a_conflict() {
    let deeds = [
        say(A, Scope::Public, 0),
        say(A, Scope::Public, 2),
        retract(A, Scope::Public),
    ];
    let model = Model::of(&history(&chain(), &deeds));
    assert_eq!(conflicts(&model, A), [(0, 1, true)]);
    assert_eq!(conflicts(&model, B), [(0, 1, false)]);
}

#[test]
fn a_retraction_before_both_at_their_node_says_nothing_about_them() {
    let deeds = [
        say(A, Scope::Public, 3),
        retract(A, Scope::Public),
        say(A, Scope::Public, 0),
        say(A, Scope::Public, 2),
    ];
    let model = Model::of(&history(&chain(), &deeds));
    let pairs = conflicts(&model, D);
    assert!(pairs.contains(&(0, 1, true)), "{pairs:?}");
    assert!(pairs.contains(&(0, 2, false)), "{pairs:?}");
}

#[test]
fn a_retraction_elsewhere_leaves_open_what_became_of_a_pair() {
    let deeds = [
        say(A, Scope::Public, 0),
        say(B, Scope::Public, 2),
        retract(D, Scope::Public),
    ];
    let model = Model::of(&history(&chain(), &deeds));
    for node in [A, B, C, D] {
        assert_eq!(conflicts(&model, node), [(0, 1, false)]);
    }
}

#[test]
fn a_resolution_settles_at_its_node_and_is_one_more_fact_elsewhere() {
    let side = |value| Does::Assert {
        at: B,
        triple: Triple {
            entity: Entity::Dispute(1),
            relation: 0,
            scope: Scope::Public,
        },
        value,
        quarters: 2,
    };
    for (by, pairs) in [(Decision::Second, 1), (Decision::New, 3)] {
        let resolve = Does::Resolve { at: B, dispute: 1, by };
        let model = Model::of(&history(&chain(), &[side(0), side(2), resolve]));
        let triple = model.facts[0].triple;
        assert!(model.conflicts(B, triple).is_empty());
        assert_eq!(model.conflicts(C, triple).len(), pairs);
        assert_eq!(holders(&model, 2), [A, B, C, D]);
        assert_eq!(model.facts[2].value().map(|(_, quarters)| quarters), Some(4));
        assert_eq!(model.settled[&1], Settled { at: B, by: 2 });
    }
}

#[test]
fn what_cannot_happen_is_left_out() {
    let deeds = [
        Does::Kill(A),
        say(A, Scope::Public, 0),
        Does::Start(A),
        Does::Start(B),
        Does::Await { at: B, said: 2 },
        Does::Link {
            to: A,
            from: C,
            way: super::super::history::Way::Cut,
        },
        retract(B, Scope::Public),
    ];
    let history = History {
        nodes: (0..4).collect(),
        shape: "by hand",
        edges: chain(),
        deeds: (1..).zip(deeds).map(|(number, does)| Deed { number, does }).collect(),
    };
    let kept: Vec<usize> = history.legal().deeds.iter().map(|deed| deed.number).collect();
    assert_eq!(kept, [1, 3]);
}
