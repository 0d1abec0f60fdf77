//! The facts of one scope, as a store that people use has them: most are sound, and a few are what lint is for.

use crate::{
    bench::workload::{Ask, FACTS_PER_ENTITY, Stock, Supply},
    seed::Draw,
};

/// Facts about entities, ten each. What is the matter with an entity is drawn from the seed, so that all nodes get the same facts.
#[derive(Debug, Clone)]
pub(super) struct Mix {
    stock: Stock,
    seed: u64,
    /// An end that is near.
    soon: String,
}

/// What is the matter with an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lot {
    Sound,
    /// Nothing about it holds any more: all its facts have ended.
    Ended,
    /// Two of its facts contradict each other.
    Disputed,
    /// What it refers to was never told of.
    Astray,
    /// One of its relations has no namespace.
    Bare,
    /// One of its facts ends soon.
    Ending,
}

/// What a node owes about the facts of a mix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Owed {
    pub live: u64,
    /// Triples with live facts.
    pub triples: u64,
}

impl Mix {
    /// `soon` is an instant that lies ahead during the whole measurement.
    pub(super) fn new(base: &str, seed: u64, facts: u64, soon: &str) -> Result<Self, String> {
        Ok(Self {
            stock: Stock::new(base, seed, 0, facts)?,
            seed,
            soon: soon.to_owned(),
        })
    }

    pub(super) fn stock(&self) -> &Stock {
        &self.stock
    }

    pub(super) fn owed(&self) -> Owed {
        let mut owed = Owed::default();
        for entity in 0..self.entities() {
            let told = (self.stock.facts - entity * FACTS_PER_ENTITY).min(FACTS_PER_ENTITY);
            match self.lot(entity).0 {
                Lot::Ended => {}
                Lot::Disputed if told == FACTS_PER_ENTITY => {
                    owed.live += told;
                    owed.triples += told - 1;
                }
                _ => {
                    owed.live += told;
                    owed.triples += told;
                }
            }
        }
        owed
    }

    /// The last may have less than its ten facts.
    fn entities(&self) -> u64 {
        self.stock.facts.div_ceil(FACTS_PER_ENTITY)
    }

    /// Its lot, and what else is drawn for it.
    fn lot(&self, entity: u64) -> (Lot, Draw) {
        let mut draw = Draw::new(self.seed, &format!("scopes/{entity}"));
        // The first is asked for before and after, so it is always there.
        let lot = match draw.below(100) {
            _ if entity == 0 => Lot::Sound,
            0..2 => Lot::Ended,
            2..12 => Lot::Disputed,
            12..16 => Lot::Astray,
            16..18 => Lot::Bare,
            18..28 => Lot::Ending,
            _ => Lot::Sound,
        };
        (lot, draw)
    }

    fn body(&self, n: u64) -> String {
        let (entity, place) = (n / FACTS_PER_ENTITY, n % FACTS_PER_ENTITY);
        let (lot, mut draw) = self.lot(entity);
        let (name, authority) = (self.stock.entity(entity), self.stock.authority());
        // Everything is drawn whatever the place, so that the facts of an entity agree on it.
        let other = draw.below(usize::try_from(self.entities()).unwrap_or(usize::MAX));
        let agent = draw.below(AGENTS);
        let confidence = CONFIDENCES[(draw.below(CONFIDENCES.len()) + usize::try_from(place).unwrap_or(0)) % 4];
        let mut relation = RELATIONS[usize::try_from(place).unwrap_or(0)];
        let mut value = match place {
            REF if lot == Lot::Astray => format!(r#"{{"type":"ref","v":"stigmem://{authority}/nobody/{entity}"}}"#),
            REF => format!(r#"{{"type":"ref","v":"{}"}}"#, self.stock.entity(other as u64)),
            5 => format!(r#"{{"type":"datetime","v":"2031-01-{:02}T09:00:00Z"}}"#, 1 + n % 28),
            6 => format!(r#"{{"type":"number","v":{}}}"#, n % 1000),
            7 => r#"{"type":"boolean","v":true}"#.to_owned(),
            3 => format!(
                r#"{{"type":"text","v":"Note {n}: what was agreed, by whom, and what is still to be done about it."}}"#
            ),
            _ => format!(r#"{{"type":"string","v":"value {n} of {authority}"}}"#),
        };
        let mut end = String::new();
        match (lot, place) {
            (Lot::Ended, _) => end = format!(r#","valid_until":"{PAST}""#),
            (Lot::Ending, 4) => end = format!(r#","valid_until":"{}""#, self.soon),
            (Lot::Bare, 4) => relation = "status",
            (Lot::Disputed, 9) => {
                relation = RELATIONS[8];
                value = format!(r#"{{"type":"string","v":"another value than {}"}}"#, n - 1);
            }
            _ => {}
        }
        // No character of these needs an escape.
        format!(
            "{{\"entity\":\"{name}\",\"relation\":\"{relation}\",\"value\":{value},\"confidence\":{confidence},\
             \"source\":\"stigmem://{authority}/agent/{agent}\",\"scope\":\"{SCOPE}\"{end}}}"
        )
    }
}

impl Supply for Mix {
    fn facts(&self) -> u64 {
        self.stock.facts
    }

    fn assertion(&self, n: u64) -> Ask {
        self.stock.post(self.body(n))
    }
}

/// The one that everything is in.
pub(super) const SCOPE: &str = "company";
const RELATIONS: [&str; 10] = [
    "memory:role",
    "memory:team",
    "memory:manager",
    "memory:note",
    "roadmap:status",
    "roadmap:due",
    "metric:load",
    "policy:active",
    "memory:skill",
    "memory:location",
];
/// The place of the relation that refers to another entity.
const REF: u64 = 2;
const CONFIDENCES: [&str; 4] = ["1.0", "0.9", "0.75", "0.5"];
const AGENTS: usize = 20;
const PAST: &str = "2020-01-01T00:00:00Z";

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;

    fn mix(base: &str, facts: u64) -> Mix {
        Mix::new(base, 7, facts, "2126-01-01T00:00:00Z").unwrap()
    }

    fn bodies(mix: &Mix) -> Vec<Value> {
        let body = |n| serde_json::from_str(&mix.assertion(n).body.unwrap()).unwrap();
        (0..mix.facts()).map(body).collect()
    }

    #[test]
    fn what_is_owed_is_what_the_facts_say() {
        for facts in [10, 19, 4000, 4005] {
            let mix = mix("http://127.0.0.1:1", facts);
            let bodies = bodies(&mix);
            let live: Vec<&Value> = bodies.iter().filter(|body| body["valid_until"] != PAST).collect();
            let triples: BTreeSet<String> = live
                .iter()
                .map(|body| format!("{} {}", body["entity"], body["relation"]))
                .collect();
            let owed = Owed {
                live: live.len() as u64,
                triples: triples.len() as u64,
            };
            assert_eq!(mix.owed(), owed, "{facts}");
        }
    }

    #[test]
    fn lint_has_something_to_find_of_every_kind() {
        let bodies = bodies(&mix("http://127.0.0.1:1", 4000));
        let entities: BTreeSet<&str> = bodies.iter().filter_map(|body| body["entity"].as_str()).collect();
        let count = |holds: &dyn Fn(&Value) -> bool| bodies.iter().filter(|body| holds(body)).count();
        let astray =
            |body: &Value| body["value"]["type"] == "ref" && !entities.contains(body["value"]["v"].as_str().unwrap());
        let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for body in &bodies {
            let triple = format!("{} {}", body["entity"], body["relation"]);
            values.entry(triple).or_default().insert(body["value"].to_string());
        }
        let disputed = values.values().filter(|values| values.len() == 2).count();
        let ended = count(&|body| body["valid_until"] == PAST);
        let ending = count(&|body| body["valid_until"].is_string() && body["valid_until"] != PAST);
        let bare = count(&|body| body["relation"] == "status");
        let found = [disputed, ended, ending, count(&astray), bare];
        assert!(found.iter().all(|count| (1..400).contains(count)), "{found:?}");
        assert!(bodies.iter().all(|body| body["scope"] == SCOPE));
    }

    #[test]
    fn all_nodes_get_the_same_facts() {
        let at = |base| bodies(&mix(base, 300));
        assert_eq!(at("http://a"), at("http://b"));
        let other = Mix::new("http://a", 8, 300, "2126-01-01T00:00:00Z").unwrap();
        assert_ne!(at("http://a"), bodies(&other));
    }
}
