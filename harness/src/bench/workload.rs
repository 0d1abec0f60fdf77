//! What is asked of a node, and the facts that it is asked about.

use reqwest::{Method, Url};
use serde::{Deserialize, Serialize};

use crate::{seed::Draw, world::http::percent};

/// In the order in which they run: reads first, so that every node is read with the same number of facts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// `GET /v1/facts?entity=…`, ten facts each.
    QueryByEntity,
    /// `GET /v1/facts/{id}`
    GetById,
    /// `POST /v1/facts`, each fact a new one.
    Assert,
}

impl Workload {
    pub const ALL: [Self; 3] = [Self::QueryByEntity, Self::GetById, Self::Assert];

    pub fn title(self) -> &'static str {
        match self {
            Self::QueryByEntity => "query by entity",
            Self::GetById => "get by id",
            Self::Assert => "assert",
        }
    }

    /// The only status that counts.
    pub(super) fn expected(self) -> u16 {
        match self {
            Self::QueryByEntity | Self::GetById => 200,
            Self::Assert => 201,
        }
    }
}

/// One request.
#[derive(Debug)]
pub(super) struct Ask {
    pub method: Method,
    pub url: Url,
    pub body: Option<String>,
}

/// The facts of one round. Number `n` is about entity `n / 10`, so that no two share entity and relation and none contradicts another.
#[derive(Debug, Clone)]
pub(super) struct Stock {
    facts_url: Url,
    authority: String,
    /// How many are written before anything is measured.
    pub facts: u64,
    scope: &'static str,
}

impl Stock {
    /// The same seed, round and size give the same facts, whatever the node.
    pub(super) fn new(base: &str, seed: u64, round: usize, facts: u64) -> Result<Self, String> {
        let facts_url = Url::parse(&format!("{base}/v1/facts")).map_err(|error| format!("{base}: {error}"))?;
        let token = Draw::new(seed, &format!("bench/{round}/{facts}")).token(10);
        Ok(Self {
            facts_url,
            authority: format!("bench-{token}"),
            facts,
            scope: "local",
        })
    }

    /// The same facts, for everybody.
    pub(super) fn public(self) -> Self {
        Self {
            scope: "public",
            ..self
        }
    }

    pub(super) fn assert(&self, n: u64) -> Ask {
        let (authority, relation, scope) = (&self.authority, n % FACTS_PER_ENTITY, self.scope);
        let entity = self.entity(n / FACTS_PER_ENTITY);
        // No character of these needs an escape.
        let body = format!(
            "{{\"entity\":\"{entity}\",\"relation\":\"bench:r{relation}\",\"value\":{{\"type\":\"string\",\"v\":\"value {n} of {authority}\"}},\
             \"source\":\"stigmem://{authority}/agent/bench\",\"scope\":\"{scope}\"}}"
        );
        self.post(body)
    }

    /// An assertion of the caller's making.
    pub(super) fn post(&self, body: String) -> Ask {
        Ask {
            method: Method::POST,
            url: self.facts_url.clone(),
            body: Some(body),
        }
    }

    /// What stands in all names of this stock and in no others.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn query(&self, entity: u64) -> Ask {
        let mut url = self.facts_url.clone();
        url.set_query(Some(&format!("entity={}", percent(&self.entity(entity)))));
        Ask {
            method: Method::GET,
            url,
            body: None,
        }
    }

    pub(super) fn get(&self, id: &str) -> Ask {
        let mut url = self.facts_url.clone();
        let path = format!("{}/{}", url.path(), percent(id));
        url.set_path(&path);
        Ask {
            method: Method::GET,
            url,
            body: None,
        }
    }

    pub(super) fn entity(&self, entity: u64) -> String {
        format!("stigmem://{}/item/{entity}", self.authority)
    }

    /// Entities that have all their facts.
    pub(super) fn entities(&self) -> u64 {
        self.facts / FACTS_PER_ENTITY
    }
}

/// Facts to bring into a node: their number, and the assertion of each.
pub(super) trait Supply: Send + Sync + 'static {
    fn facts(&self) -> u64;
    fn assertion(&self, n: u64) -> Ask;
}

impl Supply for Stock {
    fn facts(&self) -> u64 {
        self.facts
    }

    fn assertion(&self, n: u64) -> Ask {
        self.assert(n)
    }
}

/// Also the smallest stock: below it there is no entity to ask for.
pub(super) const FACTS_PER_ENTITY: u64 = 10;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn stock() -> Stock {
        Stock::new("http://127.0.0.1:1/sub", 7, 2, 100).unwrap()
    }

    #[test]
    fn facts_are_distinct_and_ten_share_an_entity() {
        let stock = stock();
        let bodies: Vec<Value> = (0..100)
            .map(|n| serde_json::from_str(&stock.assert(n).body.unwrap()).unwrap())
            .collect();
        let keys: BTreeSet<String> = bodies
            .iter()
            .map(|body| format!("{} {}", body["entity"], body["relation"]))
            .collect();
        assert_eq!(keys.len(), 100);
        let of_third = bodies.iter().filter(|body| body["entity"] == stock.entity(3)).count();
        assert_eq!((of_third, stock.entities()), (10, 10));
    }

    #[test]
    fn requests_stay_below_the_base_and_are_encoded() {
        let stock = stock();
        assert_eq!(
            stock.get("sha256:a/..").url.as_str(),
            "http://127.0.0.1:1/sub/v1/facts/sha256%3Aa%2F.."
        );
        let query = stock.query(4).url;
        assert_eq!(query.path(), "/sub/v1/facts");
        assert_eq!(query.query_pairs().next().unwrap().1, stock.entity(4));
    }

    #[test]
    fn both_nodes_of_a_pair_are_asked_the_same() {
        let at = |base, round| Stock::new(base, 7, round, 100).unwrap().assert(5).body;
        assert_eq!(at("http://a", 1), at("http://b", 1));
        assert_ne!(at("http://a", 1), at("http://a", 2));
    }
}
