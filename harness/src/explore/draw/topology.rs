//! Who is registered with whom.

use crate::{explore::history::Edge, seed::Draw};

/// A connected graph, with scopes for each of its edges.
pub(super) fn topology(draw: &mut Draw, nodes: usize) -> (&'static str, Vec<Edge>) {
    let mut order: Vec<usize> = (0..nodes).collect();
    draw.shuffle(&mut order);
    let chain = || order.windows(2).map(|pair| [pair[0], pair[1]]).collect::<Vec<_>>();
    let (shape, pairs) = match draw.below(5) {
        0 => ("chain", chain()),
        1 if nodes > 2 => {
            let mut ring = chain();
            ring.push([order[nodes - 1], order[0]]);
            ("ring", ring)
        }
        2 => ("star", order[1..].iter().map(|spoke| [order[0], *spoke]).collect()),
        _ => ("random graph", tangle(draw, &order)),
    };
    let edges = pairs.into_iter().map(|ends| {
        let (company, public) = match draw.below(20) {
            0..11 => (true, true),
            11..17 => (false, true),
            _ => (true, false),
        };
        Edge { ends, company, public }
    });
    (shape, edges.collect())
}

/// A random tree, and some edges more.
fn tangle(draw: &mut Draw, order: &[usize]) -> Vec<[usize; 2]> {
    let mut pairs: Vec<[usize; 2]> = (1..order.len()).map(|n| [order[draw.below(n)], order[n]]).collect();
    for _ in 0..draw.below(order.len()) {
        let pair = [draw.below(order.len()), draw.below(order.len())];
        let known = |known: &[usize; 2]| *known == pair || *known == [pair[1], pair[0]];
        if pair[0] != pair[1] && !pairs.iter().any(known) {
            pairs.push(pair);
        }
    }
    pairs
}
