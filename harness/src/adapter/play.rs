//! Plays cases about an adapter and writes down what happened. Here is all the concurrency.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::{
    case::{AdapterCase, Deed, PlayedNode, Step},
    file::Adapter,
    host::Host,
    judge::{self, Outcome},
    node::{KEY, Played},
    operation,
    process::{self, NotRun, Start},
};
use crate::{
    bindings::Bindings,
    plan::Plan,
    protocol::instant,
    seed::Draw,
    trace::{CaseRecord, Event, Gone, Hosted, StepRecord},
    vectors::Case,
    world::{
        clock::{self, Deadline},
        node::{Ground, fill, gone},
        port::Port,
    },
};

/// What a run needs beside its plan.
#[derive(Debug, Clone)]
pub struct Setting {
    pub adapter: Adapter,
    pub ground: Ground,
    /// How many cases run at once.
    pub jobs: usize,
}

/// Called after each case, with the number of finished cases.
pub type Progress<'a> = &'a (dyn Fn(usize, &CaseRecord) + Sync);

/// Plays all cases. An error means that there was no adapter to begin with.
pub async fn run(plan: &Plan, setting: &Setting, progress: Progress<'_>) -> Result<Vec<CaseRecord>, Gone> {
    let done = AtomicUsize::new(0);
    let mut records: Vec<CaseRecord> = stream::iter(&plan.cases)
        .map(|case| play(case, setting, plan.seed))
        .buffer_unordered(setting.jobs)
        .map(|record| {
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, &record);
            record
        })
        .collect()
        .await;
    records.sort_by(|one, other| one.case.cmp(&other.case));
    match records.iter().find_map(|record| record.gone.clone()) {
        Some(gone) if records.iter().all(|record| record.gone.is_some()) => Err(gone),
        _ => Ok(records),
    }
}

async fn play(case: &Case, setting: &Setting, seed: u64) -> CaseRecord {
    let started = Instant::now();
    let mut record = CaseRecord {
        case: case.id.clone(),
        ..CaseRecord::default()
    };
    let stopped = match case.adapter() {
        Some(adapter) => one(case, adapter, setting, seed, &mut record).await,
        None => Err(NotRun::Harness("this case is not about adapters".to_owned())),
    };
    match stopped {
        Ok(()) => {}
        Err(NotRun::Command(what)) => record.gone = Some(gone(what)),
        Err(NotRun::Harness(message)) => record.harness_error = Some(message),
    }
    record.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    record
}

/// Plays the steps until one does not hold.
async fn one(
    case: &Case,
    adapter: &AdapterCase,
    setting: &Setting,
    seed: u64,
    record: &mut CaseRecord,
) -> Result<(), NotRun> {
    let mut draw = Draw::new(seed, &case.id);
    let names = drawn(&mut draw);
    let key = format!("sk-host-{}", draw.token(32));
    let wants_key = adapter.env.get("STIGMEM_API_KEY") != Some(&Value::Null);
    let mut play = Play {
        node: Played::new(key.clone(), wants_key, draw).map_err(NotRun::Harness)?,
        bindings: Bindings::default(),
    };
    record.names = names;
    record.names.insert("url".to_owned(), play.node.url().into());
    record
        .names
        .insert("authority".to_owned(), play.node.authority().into());
    for (name, value) in &record.names {
        play.bindings.set(name, value.clone());
    }
    play.set_node(&adapter.node).await?;
    let mut host = play.host(case, adapter, setting, &key)?;
    for step in &adapter.steps {
        let mut done = StepRecord::default();
        let played = play.step(step, &mut host, &mut done).await;
        let outcome = played.map(|()| judge::settle(step, &done, &mut play.bindings));
        record.steps.push(done);
        if !matches!(outcome, Ok(Outcome::Holds(_))) {
            host.end().await;
            return outcome.map(|_| ());
        }
    }
    host.end().await;
    Ok(())
}

/// What is there before the node is.
fn drawn(draw: &mut Draw) -> Map<String, Value> {
    let ns = format!("stigmem://{}.example", draw.token(12));
    let now = clock::now_ms();
    let at = |distance: i64| instant::format(now.saturating_add(distance)).unwrap_or_default();
    Map::from_iter([
        ("source".to_owned(), format!("{ns}/agent/host").into()),
        ("ns".to_owned(), ns.into()),
        ("tag".to_owned(), draw.token(10).into()),
        ("key".to_owned(), KEY.into()),
        ("earlier".to_owned(), at(-60_000).into()),
        ("later".to_owned(), at(120_000).into()),
    ])
}

struct Play {
    node: Played,
    bindings: Bindings,
}

impl Play {
    async fn set_node(&mut self, node: &Value) -> Result<(), NotRun> {
        let filled = self.fill(node)?;
        let node: PlayedNode = serde_json::from_value(filled).map_err(|error| NotRun::Harness(error.to_string()))?;
        self.node.set(&node).await.map_err(NotRun::Harness)
    }

    fn fill(&self, value: &Value) -> Result<Value, NotRun> {
        let filled = self.bindings.fill_value(value);
        filled.map_err(|unbound| NotRun::Harness(unbound.to_string()))
    }

    fn host<'a>(
        &self,
        case: &Case,
        adapter: &AdapterCase,
        setting: &'a Setting,
        key: &str,
    ) -> Result<Host<'a>, NotRun> {
        let folder = process::folder(&setting.ground.scratch, &case.id).map_err(NotRun::Harness)?;
        let port = Port::free().map_err(|error| NotRun::Harness(format!("no free port: {error}")))?;
        let names = BTreeMap::from([
            ("self", setting.ground.kit.display().to_string()),
            ("here", setting.adapter.here.display().to_string()),
            ("data", folder.display().to_string()),
            ("port", port.number.to_string()),
        ]);
        let mut env = BTreeMap::from([
            ("STIGMEM_URL".to_owned(), Some(self.node.url())),
            ("STIGMEM_API_KEY".to_owned(), Some(key.to_owned())),
        ]);
        let source = self.bindings.look_up("source");
        let source = source.and_then(|source| source.as_str().map(str::to_owned));
        env.insert("STIGMEM_SOURCE_ENTITY".to_owned(), source);
        let own = &setting.adapter.side.env;
        env.extend(
            own.iter()
                .map(|(name, value)| (name.clone(), Some(fill(value, &names)))),
        );
        let edits = self.fill(&Value::Object(adapter.env.clone()))?;
        for (name, value) in edits.as_object().into_iter().flatten() {
            env.insert(name.clone(), value.as_str().map(str::to_owned));
        }
        let start = Start {
            kit: setting.ground.kit.clone(),
            command: Vec::new(),
            env,
        };
        Ok(Host::new(&setting.adapter, names, start, port, key.to_owned()))
    }

    /// Does what a step says, and writes down what was seen.
    async fn step(&mut self, step: &Step, host: &mut Host<'_>, done: &mut StepRecord) -> Result<(), NotRun> {
        let deed = match &step.deed {
            Deed::Node(node) => {
                self.set_node(node).await?;
                done.events.push(Event::Set);
                return Ok(());
            }
            Deed::Do(name, with) => {
                let filled = self.fill(&Value::Object(operation::values(name, with)))?;
                Deed::Do(name.clone(), filled.as_object().cloned().unwrap_or_default())
            }
            other => other.clone(),
        };
        let (began, from) = (Instant::now(), self.node.count());
        let within = Duration::from_millis(step.within_ms);
        let deadline = Deadline::after(within);
        let mut hosted = host.perform(&deed, within).await?;
        let linger = Duration::from_millis(step.linger_ms).max(host.settling());
        let watched = Deadline::after(linger);
        while watched.another_look(LOOK).await {}
        host.settle().await;
        // What an adapter that stays writes to its standard error may come a little later than its answer.
        let patience = match deed {
            Deed::Start => deadline,
            _ => Deadline::after(PATIENCE),
        };
        loop {
            host.look(&mut hosted).await?;
            self.write_down(&hosted, began, from, done);
            let mut bindings = self.bindings.clone();
            let holds = matches!(judge::settle(step, done, &mut bindings), Outcome::Holds(_));
            if holds || !host.stays() || !patience.another_look(LOOK).await {
                break;
            }
        }
        host.forget();
        Ok(())
    }

    fn write_down(&self, hosted: &Hosted, began: Instant, from: usize, done: &mut StepRecord) {
        let log = self.node.log(from);
        let since = |at: Instant| u64::try_from(at.saturating_duration_since(began).as_millis()).unwrap_or(u64::MAX);
        let hosted = Hosted {
            arrivals_ms: log.iter().map(|logged| since(logged.at)).collect(),
            ..hosted.clone()
        };
        done.exchanges = log.into_iter().map(|logged| logged.exchange).collect();
        done.events = vec![Event::Hosted(Box::new(hosted))];
    }
}

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// How long an adapter that stays may take to show what a step expects, after it has answered: a write that failed is sent again after
/// two seconds.
const PATIENCE: Duration = Duration::from_secs(4);
