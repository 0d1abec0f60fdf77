//! Runs a plan against a target and writes down what happened. Here is all the concurrency.

mod case;
mod constellation;
mod credentials;
mod crowd;
mod minting;
mod network;
mod peering;
mod place;
mod registration;
mod request;
mod station;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{StreamExt, stream};
use tokio::sync::Mutex;

pub use place::Place;
pub use station::Station;

use case::Stage;
use constellation::Constellation;

use crate::{
    plan::Plan,
    schemas::Schemas,
    target::Target,
    trace::{CaseRecord, Gone},
    vectors::Case,
    world::{
        http::{Http, Limits},
        node::{Ground, Node, gone},
    },
};

/// What a run needs beside its plan.
#[derive(Debug, Clone)]
pub struct Setting {
    pub ground: Ground,
    pub target: Target,
    /// Targets of single nodes of a world, by name.
    pub named: BTreeMap<String, Target>,
    pub schemas: Arc<Schemas>,
    /// How many cases run at once.
    pub jobs: usize,
    /// How many cases with nodes of their own run at once, beside those.
    pub worlds: usize,
}

/// Called after each case, with the number of finished cases.
pub type Progress<'a> = &'a (dyn Fn(usize, &CaseRecord) + Sync);

/// Runs all cases. An error means that there was no node to begin with.
pub async fn run(plan: &Plan, setting: &Setting, progress: Progress<'_>) -> Result<Vec<CaseRecord>, Gone> {
    let places = Places {
        setting,
        shared: Mutex::new(BTreeMap::new()),
        groups: groups(&plan.cases),
        launches: AtomicUsize::new(0),
    };
    if let Some(first) = plan.cases.first()
        && setting.target.attach.is_some()
    {
        // A dead URL is told at once, not once for each case.
        places.shared(first).await?;
    }
    let done = AtomicUsize::new(0);
    let finish = |record: CaseRecord| {
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, &record);
        record
    };
    let (own, shared): (Vec<&Case>, Vec<&Case>) = plan.cases.iter().partition(|case| case.wants_own_node());
    // Cases with nodes of their own take time to start them: they go beside the others, not after them.
    let beside = stream::iter(own)
        .map(|case| places.alone(case, plan.seed))
        .buffer_unordered(setting.worlds)
        .map(finish);
    let together = stream::iter(shared)
        .map(|case| places.together(case, plan.seed))
        .buffer_unordered(setting.jobs)
        .map(|outcome| outcome.map(finish));
    let (mut records, rest) = tokio::join!(beside.collect::<Vec<_>>(), together.collect::<Vec<_>>());
    let mut again = Vec::new();
    for outcome in rest {
        match outcome {
            Ok(record) => records.push(record),
            Err(case) => again.push(case),
        }
    }
    // A shared node died. Whose fault it was shows when each runs alone.
    for case in again {
        records.push(finish(places.alone(case, plan.seed).await));
    }
    places.end().await;
    records.sort_by(|one, other| one.case.cmp(&other.case));
    if records.is_empty() || records.iter().any(|record| !record.steps.is_empty()) {
        return Ok(records);
    }
    match records.iter().find_map(|record| record.gone.clone()) {
        Some(gone) => Err(gone),
        None => Ok(records),
    }
}

/// The variant of the settings, and the number of a group of cases that weigh on their node; 0 for all others.
type Group = (Option<String>, usize);

/// The list of conflicts is common to all cases on a node, and each case that reads it reads all of it: on one node that would be
/// quadratic in the number of cases. The same holds for API keys, which a node may have to try one by one at each request, with a
/// hash that is slow by design. So such cases share a node with few others.
fn groups(cases: &[Case]) -> BTreeMap<&str, usize> {
    let heavy = cases
        .iter()
        .filter(|case| !case.wants_own_node() && case.weighs_on_the_node());
    heavy
        .enumerate()
        .map(|(n, case)| (case.id.as_str(), 1 + n / HEAVY_TOGETHER))
        .collect()
}

struct Places<'a> {
    setting: &'a Setting,
    /// Shared nodes by variant and group.
    shared: Mutex<BTreeMap<Group, Arc<Place>>>,
    groups: BTreeMap<&'a str, usize>,
    launches: AtomicUsize,
}

impl Places<'_> {
    /// The shared node with the settings that the case wants, started when it is not there yet.
    async fn shared(&self, case: &Case) -> Result<Arc<Place>, Gone> {
        let group = self.group(case);
        let mut shared = self.shared.lock().await;
        if let Some(place) = shared.get(&group) {
            return if place.is_dead() {
                Err(gone("the node died"))
            } else {
                Ok(Arc::clone(place))
            };
        }
        let label = format!("shared-{}-{}", group.0.as_deref().unwrap_or("plain"), group.1);
        let place = Arc::new(self.start(group.0.as_deref(), label).await?);
        // First of all keys, because most requests carry it and a node that tries its keys in turn finds it soonest. When none can
        // be made the cases say so.
        let _ = place.ordinary_key().await;
        shared.insert(group, Arc::clone(&place));
        Ok(place)
    }

    /// A node that is attached is there once, for all.
    fn group(&self, case: &Case) -> Group {
        let number = match self.setting.target.attach {
            Some(_) => None,
            None => self.groups.get(case.id.as_str()),
        };
        (case.node.variant.clone(), number.copied().unwrap_or_default())
    }

    async fn start(&self, variant: Option<&str>, label: String) -> Result<Place, Gone> {
        let target = &self.setting.target;
        if let Some(attach) = &target.attach {
            let http = Http::new(&attach.url, self.setting.ground.limits).map_err(gone)?;
            if !http.is_alive().await {
                return Err(gone(format!("nothing answers at {}", attach.url)));
            }
            return Ok(Place::attached(target.clone(), http, label));
        }
        let number = self.launches.fetch_add(1, Ordering::Relaxed);
        let folder = format!("{number:03}-{}", label.replace('/', "-"));
        let variants: Vec<&str> = variant.into_iter().collect();
        let node = Node::launch(&self.setting.ground, target, &variants, &folder, None).await?;
        Ok(Place::launched(target.clone(), node, label))
    }

    /// Beside other cases on a shared node; the case comes back when that node dies under it.
    async fn together<'c>(&self, case: &'c Case, seed: u64) -> Result<CaseRecord, &'c Case> {
        let place = match self.shared(case).await {
            Ok(place) => place,
            Err(_) if self.setting.target.launch.is_some() && self.has_started(case).await => return Err(case),
            Err(gone) => return Ok(case::unreachable(case, gone)),
        };
        let record = case::run(case, Stage::on(&place), &self.setting.schemas, seed).await;
        if record.gone.is_some() && self.setting.target.launch.is_some() {
            place.declare_dead();
            return Err(case);
        }
        Ok(record)
    }

    async fn has_started(&self, case: &Case) -> bool {
        self.shared.lock().await.contains_key(&self.group(case))
    }

    /// On a node that nobody else uses.
    async fn alone(&self, case: &Case, seed: u64) -> CaseRecord {
        if case.world.is_some() {
            return self.among_others(case, seed).await;
        }
        match self.start(case.node.variant.as_deref(), case.id.clone()).await {
            Ok(place) => {
                let place = Arc::new(place);
                let record = case::run(case, Stage::on(&place), &self.setting.schemas, seed).await;
                place.end().await;
                record
            }
            Err(gone) => case::unreachable(case, gone),
        }
    }

    /// In a world of its own, with several nodes or with peers.
    async fn among_others(&self, case: &Case, seed: u64) -> CaseRecord {
        if let Some(missing) = constellation::lacks(self.setting, case) {
            return CaseRecord {
                case: case.id.clone(),
                missing: Some(missing),
                ..CaseRecord::default()
            };
        }
        let number = self.launches.fetch_add(1, Ordering::Relaxed);
        let folder = format!("{number:03}-{}", case.id.replace('/', "-"));
        match Constellation::start(self.setting, case, &folder, seed).await {
            Ok(world) => {
                let stage = Stage::among(&world);
                let record = case::run(case, stage, &self.setting.schemas, seed).await;
                world.end().await;
                record
            }
            Err(gone) => case::unreachable(case, gone),
        }
    }

    async fn end(&self) {
        for place in self.shared.lock().await.values() {
            place.end().await;
        }
    }
}

/// The ordinary limits of a run.
pub fn limits(seconds: u64) -> Limits {
    Limits {
        time: std::time::Duration::from_secs(seconds),
        ..Limits::default()
    }
}

/// How many cases that weigh on their node share one.
const HEAVY_TOGETHER: usize = 16;
