//! More than two nodes: what has to get everywhere does, and what must stay near stays near.

use serde_json::Value;

use crate::support::{Node, fact};

const NODES: usize = 5;
/// A ring of four with one node hanging on it.
const EDGES: [(usize, usize); 5] = [(0, 1), (1, 2), (2, 3), (3, 0), (3, 4)];
const FACTS: usize = 4;

fn entities(page: &Value) -> Vec<String> {
    let facts = page["facts"].as_array().unwrap();
    let mut names: Vec<String> = facts
        .iter()
        .map(|fact| fact["entity"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn neighbours(a: usize, b: usize) -> bool {
    a == b || EDGES.contains(&(a, b)) || EDGES.contains(&(b, a))
}

#[test]
fn public_facts_get_everywhere_once_and_company_ones_go_one_hop() {
    let nodes = [(); NODES].map(|()| Node::federating(&[("STIGMEM_FEDERATION_PULL_INTERVAL_S", "0.25")]));
    // Half of the facts are there before anybody knows anybody, the others come while the nodes are being introduced.
    let write = |n: usize| {
        for (at, node) in nodes.iter().enumerate() {
            for scope in ["public", "company", "local"] {
                let body = fact(&format!("{scope}:{at}-{n}"), "x", scope);
                assert_eq!(node.post("/v1/facts", "", &body).status, 201);
            }
        }
    };
    (0..FACTS / 2).for_each(write);
    for (n, (a, b)) in EDGES.iter().enumerate() {
        nodes[*a].introduce_to(&nodes[*b]);
        nodes[*b].introduce_to(&nodes[*a]);
        if n < FACTS / 2 {
            write(FACTS / 2 + n);
        }
    }
    let expected = |scope: &str, reaches: &dyn Fn(usize) -> bool| {
        let from = (0..NODES).filter(|at| reaches(*at));
        let mut names: Vec<String> = from
            .flat_map(|at| (0..FACTS).map(move |n| format!("{at}-{n}")))
            .collect();
        names
            .iter_mut()
            .for_each(|name| name.insert_str(0, &format!("{scope}:")));
        names.sort();
        names
    };
    for (at, node) in nodes.iter().enumerate() {
        let list = |scope: &str| format!("/v1/facts?scope={scope}&relation=memory:role&limit=500");
        let everything = expected("public", &|_| true);
        node.until(&list("public"), |page| entities(page) == everything);
        let near = expected("company", &|from| neighbours(from, at));
        node.until(&list("company"), |page| entities(page) == near);
        assert_eq!(
            entities(&node.get(&list("local"), "").json()),
            expected("local", &|from| from == at)
        );
        assert_eq!(
            node.get("/v1/conflicts", "").json()["conflicts"]
                .as_array()
                .unwrap()
                .len(),
            0
        );
    }
}
