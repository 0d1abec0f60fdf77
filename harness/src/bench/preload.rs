//! Brings facts into a node before it is measured, and looks whether they are there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    Progress,
    load::{Access, Client},
    report::thousands,
    workload::{FACTS_PER_ENTITY, Stock, Supply, Workload},
};
use crate::{error::RunError, seed::Draw, world::clock::Deadline};

/// Why there is nothing to measure.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The node answers, but not as it must.
    Refused(String),
    /// It does not answer; whether it is dead is for the caller to find out.
    Silent(String),
    Ours(RunError),
}

impl From<RunError> for Trouble {
    fn from(error: RunError) -> Self {
        Self::Ours(error)
    }
}

/// How a node is filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub clients: usize,
    pub limit: Duration,
}

/// What was brought in.
#[derive(Debug)]
pub(super) struct Filled {
    /// Ids of facts, at most `MAX_IDS` of them, spread over all.
    pub ids: Vec<String>,
    pub facts_per_second: f64,
}

/// Asserts all facts of a supply.
pub(super) async fn fill<S: Supply + Clone>(
    access: &Access,
    supply: &S,
    pace: Pace,
    label: &str,
    progress: Progress<'_>,
) -> Result<Filled, Trouble> {
    let shared = Arc::new(Shared {
        supply: supply.clone(),
        next: AtomicU64::new(0),
        done: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    });
    let mut running = JoinSet::new();
    for _ in 0..pace.clients {
        running.spawn(write(Client::new(access)?, Arc::clone(&shared)));
    }
    let (started, facts) = (Instant::now(), supply.facts());
    let deadline = Deadline::after(pace.limit);
    let mut ids = Vec::new();
    loop {
        match tokio::time::timeout(TELL_EVERY, running.join_next()).await {
            Ok(None) => break,
            Ok(Some(written)) => {
                let written =
                    written.map_err(|error| RunError::Harness(format!("a client of the benchmark: {error}")))?;
                ids.extend(written?);
            }
            Err(_) => progress(&shared.so_far(label, started.elapsed())),
        }
        if deadline.is_over() {
            shared.stop.store(true, Ordering::Relaxed);
            let done = shared.done.load(Ordering::Relaxed);
            let minutes = pace.limit.as_secs().div_ceil(60);
            let message = format!(
                "only {} of {} facts could be brought in within {minutes} minutes (--preload-minutes)",
                thousands(done),
                thousands(facts)
            );
            return Err(Trouble::Refused(message));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let facts_per_second = facts as f64 / started.elapsed().as_secs_f64();
    Ok(Filled { ids, facts_per_second })
}

struct Shared<S> {
    supply: S,
    next: AtomicU64,
    done: AtomicU64,
    stop: AtomicBool,
}

impl<S: Supply> Shared<S> {
    fn so_far(&self, label: &str, elapsed: Duration) -> String {
        let (done, all) = (self.done.load(Ordering::Relaxed), self.supply.facts());
        let rate = u64::try_from(u128::from(done) * 1000 / elapsed.as_millis().max(1)).unwrap_or(0);
        let left = (all - done.min(all))
            .checked_div(rate)
            .map_or_else(String::new, |left| format!(", about {left} s left"));
        format!(
            "{label}: {} of {} facts brought in, {} a second{left}",
            thousands(done),
            thousands(all),
            thousands(rate)
        )
    }
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// One client's share. Ends early when the others have to.
async fn write<S: Supply>(client: Client, shared: Arc<Shared<S>>) -> Result<Vec<String>, Trouble> {
    let facts = shared.supply.facts();
    let keep_each = facts.div_ceil(MAX_IDS).max(1);
    let mut ids = Vec::new();
    loop {
        let n = shared.next.fetch_add(1, Ordering::Relaxed);
        if n >= facts || shared.stop.load(Ordering::Relaxed) {
            return Ok(ids);
        }
        let body = match patiently(&client, &shared.supply, n).await {
            Ok(body) => body,
            Err(trouble) => {
                shared.stop.store(true, Ordering::Relaxed);
                return Err(trouble);
            }
        };
        shared.done.fetch_add(1, Ordering::Relaxed);
        if n.is_multiple_of(keep_each) {
            let created: Created = serde_json::from_slice(&body)
                .map_err(|_| Trouble::Refused("an acknowledged assertion came without the member `id`".to_owned()))?;
            ids.push(created.id);
        }
    }
}

/// A busy node may refuse once: the same fact is offered again before the node is given up.
async fn patiently(client: &Client, supply: &impl Supply, n: u64) -> Result<Vec<u8>, Trouble> {
    let mut attempt = 1;
    loop {
        let trouble = match client.whole(supply.assertion(n)).await {
            Ok((201, body)) => return Ok(body),
            // An earlier offer was stored, although no answer said so.
            Ok((200, body)) if attempt > 1 => return Ok(body),
            Ok((status, _)) => Trouble::Refused(format!(
                "assertion {n} was answered {status}, {attempt} times; 201 is expected{}",
                hint(status)
            )),
            Err(kind) => Trouble::Silent(format!("assertion {n}: {kind}, {attempt} times")),
        };
        if attempt == ATTEMPTS {
            return Err(trouble);
        }
        attempt += 1;
    }
}

/// What to do about a status.
pub(super) fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => " (look at the key of the target)",
        429 => " (its rate limiter is on: switch it off in the target's settings)",
        _ => "",
    }
}

/// Whether this entity is unknown to the node: a store that holds the facts already would make the figures of something else.
pub(super) async fn is_fresh(client: &Client, stock: &Stock) -> Result<bool, Trouble> {
    Ok(facts_of(client, stock, 0).await?.is_empty())
}

/// A node that answers fast because it stored nothing gets no figure: some facts are looked up.
pub(super) async fn verify(client: &Client, stock: &Stock, ids: &[String], draw: &mut Draw) -> Result<(), Trouble> {
    let entities = usize::try_from(stock.entities()).unwrap_or(usize::MAX);
    for _ in 0..LOOKS.min(entities) {
        let entity = draw.below(entities) as u64;
        let found = facts_of(client, stock, entity).await?.len() as u64;
        if found != FACTS_PER_ENTITY {
            let name = stock.entity(entity);
            return Err(Trouble::Refused(format!(
                "{name} was given {FACTS_PER_ENTITY} facts, a query shows {found}"
            )));
        }
    }
    for _ in 0..LOOKS.min(ids.len()) {
        let id = &ids[draw.below(ids.len())];
        let (status, body) = client
            .whole(stock.get(id))
            .await
            .map_err(|kind| Trouble::Silent(format!("GET /v1/facts/{{id}}: {kind}")))?;
        let shown: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status != 200 || shown["id"] != *id.as_str() {
            return Err(Trouble::Refused(format!(
                "GET /v1/facts/{{id}} of an acknowledged fact was answered {status} with another body"
            )));
        }
    }
    Ok(())
}

/// How many of the facts about entities in this range are missing, of those that were looked for.
pub(super) async fn missing(
    client: &Client,
    stock: &Stock,
    entities: std::ops::Range<u64>,
    draw: &mut Draw,
) -> Result<(u64, u64), Trouble> {
    let count = usize::try_from(entities.end.saturating_sub(entities.start)).unwrap_or(usize::MAX);
    let (mut missing, mut looked) = (0, 0);
    for _ in 0..LOOKS.min(count) {
        let found = facts_of(client, stock, entities.start + draw.below(count) as u64)
            .await?
            .len() as u64;
        looked += FACTS_PER_ENTITY;
        missing += FACTS_PER_ENTITY.saturating_sub(found);
    }
    Ok((missing, looked))
}

async fn facts_of(client: &Client, stock: &Stock, entity: u64) -> Result<Vec<Value>, Trouble> {
    let (status, body) = client
        .whole(stock.query(entity))
        .await
        .map_err(|kind| Trouble::Silent(format!("GET /v1/facts: {kind}")))?;
    if status != Workload::QueryByEntity.expected() {
        return Err(Trouble::Refused(format!(
            "GET /v1/facts was answered {status}; 200 is expected{}",
            hint(status)
        )));
    }
    let page: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(facts) = page["facts"].as_array() else {
        return Err(Trouble::Refused(
            "the answer of GET /v1/facts has no list `facts`".to_owned(),
        ));
    };
    let name = stock.entity(entity);
    Ok(facts
        .iter()
        .filter(|fact| fact["entity"] == *name.as_str())
        .cloned()
        .collect())
}

/// Enough that a node cannot keep all of them at hand, few enough for any machine.
const MAX_IDS: u64 = 100_000;
const ATTEMPTS: u32 = 3;
/// How many entities and ids are looked up before and after.
const LOOKS: usize = 20;
const TELL_EVERY: Duration = Duration::from_secs(2);
