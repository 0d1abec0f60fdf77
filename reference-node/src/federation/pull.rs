//! The pull loop: one task per active peer, so that no peer delays another.

mod otherwise;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use super::client::{self, Answer, FetchError, Limits, percent};
use super::pace::{Pace, Round};
use crate::domain::id::fill_random;
use crate::domain::incoming::Offer;
use crate::domain::instant::now_micros;
use crate::domain::page::{Outline, outline};
use crate::domain::peer::{Owner, Peer, Policy, Status, Way};
use crate::domain::token;
use crate::http::App;
use crate::policy::{
    After401, AskedScopes, CursorAfterFailure, CursorMoves, FailedPull, Followed, FurtherPages, PageStatus, PauseReach,
    PullTurns, PulledScopes, Recovery, RetryAfter, StoredPage, TokenIssuer, TooLargePages,
};
use crate::store::{Batch, Outcome, Progress, StoreError};

/// How many facts are asked for at a time.
const PAGE: u32 = 200;
const TIME: Duration = Duration::from_secs(30);
/// The largest page that is read; one fact alone may be as large as the second, or as a value that is accepted.
const LARGEST_PAGE: usize = 8 << 20;
const LARGEST_FACT: usize = 16 << 20;
/// A peer that always has more is left alone between two rounds all the same.
const PAGES_PER_ROUND: u32 = 5_000;
/// How often the list of peers is read without being told to: the command line changes it too.
const RESCAN: Duration = Duration::from_secs(5);
/// A cursor has to fit into the next request.
const LONGEST_CURSOR: usize = 4_096;

/// Pulls from every active peer until told to stop.
pub(crate) async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    if !app.settings.federation.enabled {
        return;
    }
    let mut tasks = JoinSet::new();
    let mut running: HashMap<Id, String> = HashMap::new();
    while !*stop.borrow() {
        match app.store.peers().await {
            Ok(peers) => {
                let followed = peers.into_iter().filter(|peer| begins(&app, peer));
                let most = match Followed::now() {
                    Followed::FirstOne => 1,
                    _ => usize::MAX,
                };
                for peer in followed.take(most) {
                    if !running.values().any(|id| *id == peer.id) {
                        let id = peer.id.clone();
                        let task = tasks.spawn(follow(Arc::clone(&app), peer, stop.clone()));
                        running.insert(task.id(), id);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "the peers could not be read"),
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = app.exchange.changed.notified() => {}
            () = tokio::time::sleep(RESCAN) => {}
            Some(ended) = tasks.join_next_with_id() => {
                let id = match &ended {
                    Ok((id, ())) => *id,
                    Err(error) => {
                        tracing::error!(%error, "a pull task ended early");
                        error.id()
                    }
                };
                if let Some(peer_id) = running.remove(&id) {
                    app.exchange.pull_ends(&peer_id);
                }
                if FailedPull::now() != FailedPull::EndsNothing {
                    return;
                }
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Whether a task is made for a peer.
fn begins(app: &App, peer: &Peer) -> bool {
    match Followed::now() {
        Followed::ActiveOnes | Followed::FirstOne => peer.status == Status::Active,
        Followed::RejectedOnesToo => peer.status != Status::Revoked,
        Followed::RegisteredSinceTheStart => {
            peer.status == Status::Active && peer.established_at > Some(app.exchange.started_at)
        }
    }
}

/// Pulls from one peer for as long as it is active.
async fn follow(app: Arc<App>, peer: Peer, mut stop: watch::Receiver<bool>) {
    let mut pace = Pace::new(app.settings.federation.pull_interval);
    app.exchange.pull_begins(&peer.id);
    loop {
        let wait = tokio::select! {
            _ = stop.changed() => return,
            round = visit(&app, &peer.id) => match round {
                Some(round) => PauseReach::now().wait(round, pace.after(round, jitter())),
                None => return,
            },
        };
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One round; nothing when the peer is not active any more.
async fn visit(app: &Arc<App>, peer_id: &str) -> Option<Round> {
    let _turn = PullTurns::now().of_a_pull().await;
    let round = match app.store.peer(peer_id.to_owned()).await {
        Ok(Some(peer)) if peer.is_followed() || begins(app, &peer) => match Visit::start(app, peer).await {
            Ok(visit) => visit.round().await,
            Err(error) => Err(error),
        },
        Ok(_) => return None,
        Err(error) => Err(error.into()),
    };
    match round {
        Ok(Round::Complete) => {
            app.exchange.pull_went_well(peer_id, true);
            Some(Round::Complete)
        }
        Ok(other) => {
            app.exchange.pull_failed(peer_id);
            Some(other)
        }
        Err(Trouble::Gone) if Followed::now() != Followed::RejectedOnesToo => None,
        Err(error) => {
            app.exchange.pull_failed(peer_id);
            tracing::warn!(peer = peer_id, %error, "a pull failed");
            let deep = matches!(error, Trouble::Deep);
            FailedPull::now().lets_go_on(deep).then_some(Round::Failed)
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the answer is no page of facts")]
    NoPage,
    #[error("the answer is too deep")]
    Deep,
    #[error("the peer answered {0}")]
    Status(u16),
    #[error("the peer is not active any more")]
    Gone,
}

/// A page, or a reason to come back later.
enum Turn {
    Page(Answer),
    Later(Round),
}

struct Visit<'a> {
    app: &'a Arc<App>,
    peer: Peer,
    client: Client,
    policy: Policy,
    /// How many facts are asked for at a time.
    most: u32,
}

impl<'a> Visit<'a> {
    async fn start(app: &'a Arc<App>, peer: Peer) -> Result<Self, Trouble> {
        let allowed = app.settings.federation.allowed;
        let others = app.store.peers().await?;
        let delivering = |other: &Peer| {
            other.id != peer.id && other.status == Status::Active && app.exchange.is_pulled_from(&other.id)
        };
        let others = others.iter().filter(|other| delivering(other));
        let others = others.map(|other| (Owner::new(&other.node_id, &other.node_url), other.permitted(allowed)));
        let policy = Policy {
            way: Way::Pull,
            permitted: PulledScopes::now().of(&peer, allowed),
            sender: Owner::new(&peer.node_id, &peer.node_url),
            me: Owner::new(&app.store.node_id, &app.node_url),
            others: others.collect(),
            restoring: false,
        };
        Ok(Self {
            app,
            client: client::outward(&peer.node_url, &app.node_url).await?,
            peer,
            policy,
            most: PAGE,
        })
    }

    async fn round(mut self) -> Result<Round, Trouble> {
        if self.policy.permitted.is_empty() {
            // There is nothing that the operator would let in.
            return Ok(Round::Complete);
        }
        let state = self.app.store.pull_state(self.peer.node_id.clone()).await?;
        if state.walk.is_some() {
            self.most = Recovery::now().page(PAGE);
        }
        let round = self.drain(state.cursor, false).await;
        if CursorAfterFailure::now() == CursorAfterFailure::Dropped && !matches!(round, Ok(Round::Complete)) {
            self.app.store.forget_cursor(self.peer.node_id.clone()).await?;
        }
        let round = round?;
        let Some(walk) = state.walk.filter(|_| round == Round::Complete) else {
            return Ok(round);
        };
        self.policy.restoring = true;
        self.drain(Some(walk).filter(|cursor| !cursor.is_empty()), true).await
    }

    /// Takes page after page, each together with its cursor.
    async fn drain(&self, mut cursor: Option<String>, walking: bool) -> Result<Round, Trouble> {
        let mut limit = self.most;
        for _ in 0..PAGES_PER_ROUND {
            let answer = match self.ask(cursor.as_deref(), limit).await {
                Ok(Turn::Page(answer)) => answer,
                Ok(Turn::Later(round)) => return Ok(round),
                Err(Trouble::Fetch(FetchError::TooLarge(_)))
                    if limit > 1 && TooLargePages::now() == TooLargePages::AskedForInParts =>
                {
                    limit = (limit / 8).max(1);
                    continue;
                }
                Err(error) => return Err(self.after_a_fault(error).await),
            };
            if FailedPull::now() == FailedPull::EndsAllPullsWhenDeep && otherwise::is_deep(&answer.body) {
                return Err(Trouble::Deep);
            }
            let Some(page) = outline(&answer.body) else {
                return Err(self.after_a_fault(Trouble::NoPage).await);
            };
            let next = page.cursor.clone().filter(|next| Some(next) != cursor.as_ref());
            if next.as_ref().is_some_and(|next| next.len() > LONGEST_CURSOR) {
                return Err(Trouble::NoPage);
            }
            // A cursor that stands still, or a page without facts, will not get any further by being asked again.
            let stands_still = next.is_none() && FurtherPages::now() != FurtherPages::AtOnceWithTheSameCursor;
            let goes_on = page.has_more && !stands_still && !page.facts.is_empty();
            let outcomes = self.take_in(&page, progress(next.clone(), walking, goes_on)).await?;
            if !goes_on || !CursorMoves::now().after(&outcomes) {
                return Ok(Round::Complete);
            }
            self.app.exchange.pull_went_well(&self.peer.id, false);
            if self.most < PAGE {
                return Ok(Round::Busy(Some(otherwise::AN_HOUR)));
            }
            if FurtherPages::now() == FurtherPages::ASecondLater {
                tokio::time::sleep(otherwise::A_SECOND).await;
            }
            cursor = next.or(cursor);
            limit = limit.saturating_mul(2).min(PAGE);
        }
        Ok(Round::Complete)
    }

    async fn ask(&self, cursor: Option<&str>, limit: u32) -> Result<Turn, Trouble> {
        let cursor_part = cursor
            .map(|cursor| format!("&cursor={}", percent(cursor)))
            .unwrap_or_default();
        let base = self.peer.node_url.trim_end_matches('/');
        let url = format!("{base}/v1/federation/facts?limit={limit}{cursor_part}");
        let allowed = self.app.settings.federation.allowed;
        let token = token::mint(
            &self.app.exchange.key,
            match TokenIssuer::now() {
                TokenIssuer::NodeId => &self.app.store.node_id,
                TokenIssuer::NodeUrl => &self.app.node_url,
            },
            &self.peer.node_id,
            match AskedScopes::now() {
                AskedScopes::DeclaredAndAllowed => self.peer.permitted(allowed),
                AskedScopes::Declared => self.peer.scopes,
                AskedScopes::Allowed => allowed,
            },
            now_micros() / 1_000,
        );
        let limits = Limits {
            time: TIME,
            bytes: if limit > 1 {
                LARGEST_PAGE
            } else {
                // Every character of a value may come as an escape.
                LARGEST_FACT.max(self.app.settings.max_value_bytes.saturating_mul(6))
            },
        };
        let mut answer = client::get(&self.client, &url, Some(&token), limits).await?;
        if answer.status == 401 && After401::now() == After401::SameTokenOnceMore {
            answer = client::get(&self.client, &url, Some(&token), limits).await?;
        }
        match answer.status {
            200 => Ok(Turn::Page(answer)),
            _ if PageStatus::now() == PageStatus::Any => Ok(Turn::Page(answer)),
            401 => {
                let knew_us = self.app.exchange.is_pulled_from(&self.peer.id);
                Ok(Turn::Later(After401::now().round(knew_us)))
            }
            429 | 503 => {
                if answer.body.windows(RELAY_LAG.len()).any(|window| window == RELAY_LAG) {
                    self.app.exchange.peer_is_behind(&self.peer.id);
                }
                let is_read = answer.status == 429 || RetryAfter::now() != RetryAfter::Of429Alone;
                Ok(Turn::Later(Round::Busy(answer.retry_after.filter(|_| is_read))))
            }
            400 if cursor.is_some() => {
                tracing::warn!(
                    peer = self.peer.id,
                    "the peer does not know our cursor; reading starts over"
                );
                self.app.store.forget_cursor(self.peer.node_id.clone()).await?;
                Err(Trouble::Status(400))
            }
            status => Err(Trouble::Status(status)),
        }
    }

    async fn take_in(&self, page: &Outline<'_>, progress: Progress) -> Result<Vec<Outcome>, Trouble> {
        if page.facts.is_empty() && progress == Progress::Stay {
            return Ok(Vec::new());
        }
        let value_limit = self.app.settings.max_value_bytes;
        let batch = Batch {
            sender: self.peer.clone(),
            policy: self.policy.clone(),
            offers: page.facts.iter().map(|fact| Offer::read(fact, value_limit)).collect(),
            progress,
        };
        let outcomes = match StoredPage::now() {
            StoredPage::WithItsCursor => self.app.store.receive(batch).await?,
            how => self.store_behind_the_cursor(batch, how).await?,
        };
        let outcomes = outcomes.ok_or(Trouble::Gone)?;
        let stored = outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count();
        if stored > 0 {
            tracing::debug!(peer = self.peer.id, stored, of = outcomes.len(), "facts arrived");
        }
        Ok(outcomes)
    }
}

const RELAY_LAG: &[u8] = b"relay_lag_exceeded";

fn progress(next: Option<String>, walking: bool, goes_on: bool) -> Progress {
    match (walking, next) {
        (true, next) => Progress::Walk(next.filter(|_| goes_on)),
        (false, Some(next)) => Progress::Forward(next),
        (false, None) => Progress::Stay,
    }
}

/// Between 0 and 1.
fn jitter() -> f64 {
    let mut bytes = [0; 4];
    fill_random(&mut bytes);
    f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
}
