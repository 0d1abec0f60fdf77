//! What our peers serve, and the network between the nodes.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    case::{Run, Stop},
    request::{self, Ready},
};
use crate::{
    judge,
    trace::{Answer, Event, StepRecord},
    vectors::{
        Credential,
        world::{Fault, LinkOrder, LinkState, Serve},
    },
    world::{
        clock::Deadline,
        http::percent,
        link::{Counts, Rule},
    },
};

impl Run<'_> {
    pub(super) fn serve(&self, serve: &Serve, done: &mut StepRecord) -> Result<(), Stop> {
        let peer = self.peer(&serve.peer)?;
        peer.publish(|document| {
            for (pointer, value) in &serve.discovery {
                let value = self.bindings.fill_value(value).map_err(|unbound| unbound.to_string())?;
                request::set(document, pointer, value)?;
            }
            Ok(())
        })
        .map_err(Stop::Harness)?;
        if let Some(fault) = &serve.discovery_fault {
            peer.discovery_fault(Some(fault.clone()).filter(|fault| *fault != Fault::default()));
        }
        if let Some(fault) = &serve.push_fault {
            peer.push_fault(Some(fault.clone()).filter(|fault| *fault != Fault::default()));
        }
        for page in &serve.pages {
            let mut page = page.clone();
            page.facts = self.fill(&page.facts)?;
            peer.serve(page);
        }
        if let Some(facts) = &serve.facts {
            let facts = self.fill(facts)?;
            peer.publish_facts(facts.as_array().into_iter().flatten().cloned());
        }
        peer.fail_next(&serve.faults);
        done.events.push(Event::Set);
        Ok(())
    }

    pub(super) fn link(&self, order: &LinkOrder, done: &mut StepRecord) -> Result<(), Stop> {
        let world = self.world()?;
        let source = order.from.as_deref().map(|name| {
            world
                .node_id(name)
                .ok_or_else(|| Stop::Harness(format!("the case's world has no {name:?}")))
        });
        let source = source.transpose()?;
        let link = self.node(&order.to)?.link.as_ref();
        let link =
            link.ok_or_else(|| Stop::Missing("a node behind a link of ours; this one is attached by URL".to_owned()))?;
        link.order(
            source,
            Rule {
                cut: order.state == LinkState::Cut,
                delay: Duration::from_millis(order.delay_ms),
                shuffle: Duration::from_millis(order.shuffle_ms),
                edits: self
                    .fill(&Value::Object(order.edits.clone()))?
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
                chaos: order.chaos,
                skip: order.skip,
                next: Counts {
                    duplicate: order.duplicate,
                    drop: order.drop,
                    truncate: order.truncate,
                    refuse: order.refuse,
                    stale: order.stale,
                    spoil: order.spoil,
                },
            },
        );
        done.events.push(Event::Set);
        Ok(())
    }

    /// Sends the last request for a path that came over a link to its node once more.
    pub(super) async fn replay(&mut self, to: &str, from: &str, path: &str, done: &mut StepRecord) -> Result<(), Stop> {
        let source = self.world()?.node_id(from);
        let source = source.ok_or_else(|| Stop::Harness(format!("the case's world has no {from:?}")))?;
        let link = self.node(to)?.link.as_ref();
        let link =
            link.ok_or_else(|| Stop::Missing("a node behind a link of ours; this one is attached by URL".to_owned()))?;
        let recorded = link.recorded(&source, path);
        let mut out =
            recorded.ok_or_else(|| Stop::Missing(format!("a request of {from}'s for {path}: none came yet")))?;
        out.authorization = out
            .authorization
            .map(|(real, _)| (real, format!("Bearer {{a token of {from}'s, recorded}}")));
        let place = std::sync::Arc::clone(&self.node(to)?.place);
        let here = std::mem::replace(&mut self.place, place);
        let sent = self.send_out(out, None, done).await;
        self.place = here;
        sent
    }

    /// Asks for each fact, again for those that are missing until the time is over, and then for all bookkeeping.
    pub(super) async fn holds(
        &mut self,
        facts: &Value,
        not: &Value,
        within_ms: u64,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let deadline = Deadline::after(self.patience(within_ms));
        let mut missing = ids(facts);
        // A look at many facts may take longer than what is left of the time: the last one begins when it is over.
        let mut is_last = false;
        loop {
            let seen = self.look_for(&missing, done).await?;
            missing.retain(|id| seen.get(id) != Some(&true));
            if missing.is_empty() || is_last {
                break;
            }
            is_last = !deadline.another_look(Duration::from_millis(50)).await;
        }
        self.look_for(&ids(not), done).await?;
        let query = json!({"relation": "stigmem:received_from", "include_contradicted": true, "limit": 500});
        let query = query.as_object().cloned().unwrap_or_default();
        self.walk("/v1/facts", query, &Credential::Ordinary, done).await?;
        self.look_for_receipts(facts, done).await
    }

    /// Asks about each fact whose bookkeeping the list did not show: whether a list is whole is another rule's matter.
    async fn look_for_receipts(&mut self, facts: &Value, done: &mut StepRecord) -> Result<(), Stop> {
        for id in judge::unaccounted(facts, done).into_iter().take(MOST_RECEIPTS) {
            let query = json!({"entity": id, "relation": "stigmem:received_from", "include_contradicted": true});
            let ready = Ready {
                document: json!({"method": "GET", "path": "/v1/facts", "query": query}),
                credential: Credential::Ordinary,
            };
            self.send(&ready, None, done).await?;
        }
        Ok(())
    }

    /// Which of these facts the node shows. What was asked before of the same fact is forgotten, for only the last look counts.
    async fn look_for(&mut self, ids: &[String], done: &mut StepRecord) -> Result<BTreeMap<String, bool>, Stop> {
        let mut seen = BTreeMap::new();
        for some in ids.chunks(AT_ONCE) {
            let ready = some.iter().map(|id| Ready {
                document: json!({"method": "GET", "path": format!("/v1/facts/{}", percent(id))}),
                credential: Credential::Ordinary,
            });
            let ready: Vec<Ready> = ready.collect();
            let mut look = StepRecord::default();
            self.all_at_once(&ready, &mut look).await?;
            for (id, exchange) in some.iter().zip(&look.exchanges) {
                let there = matches!(&exchange.answer, Answer::Response(response) if response.status == 200);
                seen.insert(id.clone(), there);
            }
            let targets: Vec<&str> = look.exchanges.iter().map(|new| new.request.target.as_str()).collect();
            done.exchanges
                .retain(|old| !targets.contains(&old.request.target.as_str()));
            done.exchanges.append(&mut look.exchanges);
        }
        Ok(seen)
    }
}

fn ids(facts: &Value) -> Vec<String> {
    let ids = facts.as_array().into_iter().flatten();
    ids.filter_map(|fact| fact["id"].as_str().map(str::to_owned)).collect()
}

/// A node that keeps no books at all is not asked about each fact.
const MOST_RECEIPTS: usize = 500;
/// Questions that are on their way together.
const AT_ONCE: usize = 8;
