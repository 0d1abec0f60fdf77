//! The client side of federation, and what is remembered about peers while the node runs.

pub(crate) mod client;
pub(crate) mod pace;
pub(crate) mod pull;
pub(crate) mod registration;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::domain::bucket::Bucket;
use crate::domain::declaration::RateLimit;
use crate::domain::instant::now_micros;
use crate::domain::peer::{Peer, Status};
use crate::domain::signing::FederationKey;
use crate::http::App;
use crate::policy::{BucketLevel, BudgetOf, Deliveries, NotedRefusals, RelayLag, UndeclaredLimit, Writes};
use crate::store::StoreError;

/// What one running node knows beyond its file.
pub(crate) struct Exchange {
    pub(crate) key: FederationKey,
    /// Told when peers come or go.
    pub(crate) changed: Notify,
    started: Instant,
    /// The same by the wall clock, in microseconds.
    pub(crate) started_at: i64,
    /// What strangers may have written down about them.
    strangers: Mutex<Bucket>,
    budgets: Mutex<HashMap<String, Budget>>,
    pulls: Mutex<BTreeMap<String, PullState>>,
}

struct Budget {
    bucket: Bucket,
    /// Whether the last request was refused; only the first of a row is written down.
    empty: bool,
}

/// Anybody can send a token that does not hold. More of them than this are refused without filling the disk.
const REFUSALS: RateLimit = RateLimit {
    per_second: 20.0,
    burst: 1_000.0,
};

/// Why a request was not let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exceeded {
    pub(crate) wait: Duration,
    pub(crate) first: bool,
}

#[derive(Clone, Copy, Debug)]
struct PullState {
    succeeding: bool,
    /// When everything the peer had was last taken in; at first, when pulling began.
    complete_at: Instant,
}

impl Exchange {
    pub(crate) fn new(key: FederationKey) -> Self {
        Self {
            key,
            changed: Notify::new(),
            started: Instant::now(),
            started_at: now_micros(),
            strangers: Mutex::new(Bucket::new(NotedRefusals::now().limit(REFUSALS), Duration::ZERO)),
            budgets: Mutex::default(),
            pulls: Mutex::default(),
        }
    }

    /// Whether one more refused token is written down.
    pub(crate) fn notes_refusal(&self) -> bool {
        let now = self.started.elapsed();
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.take(now).is_ok()
    }

    /// Takes one request out of the peer's budget.
    pub(crate) fn spend(&self, peer: &Peer) -> Result<(), Exceeded> {
        let limit = limit_of(peer);
        let now = self.started.elapsed();
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Budget {
            bucket: Bucket::new(limit, now),
            empty: false,
        };
        let budget = budgets
            .entry(BudgetOf::now().key(&peer.id).to_owned())
            .or_insert_with(fresh);
        if budget.bucket.limit() != limit && BudgetOf::now() == BudgetOf::ThePeer {
            *budget = fresh();
        }
        match budget.bucket.take(now) {
            Ok(()) => {
                budget.empty = false;
                Ok(())
            }
            Err(wait) => {
                let first = !std::mem::replace(&mut budget.empty, true);
                Err(Exceeded { wait, first })
            }
        }
    }

    /// Charges served facts to a peer that declared a limit of its own; the first one was the request.
    pub(crate) fn charge(&self, peer: &Peer, facts: usize) {
        if peer.rate_limit.is_none() && UndeclaredLimit::now() == UndeclaredLimit::TwoHundredRequests {
            return;
        }
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = budgets.get_mut(BudgetOf::now().key(&peer.id)) {
            budget.bucket.charge(facts.saturating_sub(1) as f64);
        }
    }

    pub(crate) fn pull_begins(&self, peer_id: &str) {
        let fresh = PullState {
            succeeding: false,
            complete_at: Instant::now(),
        };
        self.pulls_mut(|pulls| pulls.entry(peer_id.to_owned()).or_insert(fresh).succeeding = false);
    }

    /// The peer answered; `complete` when everything it has is here.
    pub(crate) fn pull_went_well(&self, peer_id: &str, complete: bool) {
        self.pulls_mut(|pulls| {
            if let Some(state) = pulls.get_mut(peer_id) {
                state.succeeding = true;
                if complete {
                    state.complete_at = Instant::now();
                }
            }
        });
    }

    pub(crate) fn pull_failed(&self, peer_id: &str) {
        self.pulls_mut(|pulls| {
            if Deliveries::now() == Deliveries::UntilAPullFails {
                pulls.remove(peer_id);
            }
            if let Some(state) = pulls.get_mut(peer_id) {
                state.succeeding &= Deliveries::now() == Deliveries::OnceAPullSucceeded;
            }
        });
    }

    /// A peer that says it is behind itself is no lag of ours; otherwise two nodes could wait for each other for ever.
    pub(crate) fn peer_is_behind(&self, peer_id: &str) {
        self.pulls_mut(|pulls| {
            if let Some(state) = pulls.get_mut(peer_id) {
                state.complete_at = Instant::now();
            }
        });
    }

    pub(crate) fn pull_ends(&self, peer_id: &str) {
        self.pulls_mut(|pulls| pulls.remove(peer_id));
    }

    pub(crate) fn is_pulled_from(&self, peer_id: &str) -> bool {
        let succeeding = self.pulls_mut(|pulls| pulls.get(peer_id).is_some_and(|state| state.succeeding));
        succeeding || Deliveries::now() == Deliveries::TakenForGranted
    }

    /// How long ago the peer that is furthest behind was read to its end, beyond the interval that the operator chose.
    pub(crate) fn lag(&self, interval: Duration) -> Duration {
        let lag = self.pulls_mut(|pulls| {
            let lags = pulls.values().map(|state| state.complete_at.elapsed());
            lags.max().unwrap_or_default().saturating_sub(interval)
        });
        RelayLag::now().present(lag)
    }

    fn pulls_mut<T>(&self, change: impl FnOnce(&mut BTreeMap<String, PullState>) -> T) -> T {
        change(&mut self.pulls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A peer that declares a limit of its own is counted by facts, so its numbers may be larger; within reason.
fn limit_of(peer: &Peer) -> RateLimit {
    let default = RateLimit::DEFAULT;
    peer.rate_limit
        .map_or(UndeclaredLimit::now().limit(), |limit| RateLimit {
            per_second: limit.per_second.min(default.per_second * 100.0),
            burst: BucketLevel::now().granted(limit.burst).min(default.burst * 100.0),
        })
}

/// Whether an assertion is taken now; no peer has a part in that.
pub(crate) async fn takes_writes(app: &App) -> Result<bool, StoreError> {
    if Writes::now() == Writes::Always {
        return Ok(true);
    }
    let mut peers = app.store.peers().await?;
    peers.retain(|peer| peer.status == Status::Active);
    for peer in &peers {
        if client::answers(&peer.node_url, &app.node_url).await {
            return Ok(true);
        }
    }
    Ok(peers.is_empty())
}
