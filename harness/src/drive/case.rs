//! One case: its names, its steps, its record.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    Place,
    constellation::Constellation,
    minting::Minting,
    request::{self, Ready},
};
use crate::{
    bindings::Bindings,
    body::MAX_BODY,
    judge::{self},
    protocol::instant,
    schemas::Schemas,
    seed::Draw,
    trace::{Answer, CaseRecord, Event, Exchange, Gone, StepRecord},
    vectors::{
        Case, Credential, Step, Verb,
        step::{RawPart, RequestTemplate},
    },
    world::{
        clock::{self, Deadline},
        http::Outgoing,
        raw,
    },
};

/// Why a case stops before its end.
pub(super) enum Stop {
    Gone(Gone),
    /// What the situation lacks.
    Missing(String),
    /// Ours, or the vector's.
    Harness(String),
}

/// The record of a case whose node was never there.
pub(super) fn unreachable(case: &Case, gone: Gone) -> CaseRecord {
    CaseRecord {
        case: case.id.clone(),
        gone: Some(gone),
        ..CaseRecord::default()
    }
}

/// Where a case plays.
pub(super) struct Stage<'a> {
    place: Arc<Place>,
    world: Option<&'a Constellation>,
}

impl<'a> Stage<'a> {
    pub(super) fn on(place: &Arc<Place>) -> Self {
        Self {
            place: Arc::clone(place),
            world: None,
        }
    }

    pub(super) fn among(world: &'a Constellation) -> Self {
        Self {
            place: Arc::clone(world.first()),
            world: Some(world),
        }
    }
}

/// Runs the steps until one does not hold.
pub(super) async fn run(case: &Case, stage: Stage<'_>, schemas: &Schemas, seed: u64) -> CaseRecord {
    let started = Instant::now();
    let mut record = CaseRecord {
        case: case.id.clone(),
        ..CaseRecord::default()
    };
    let names = names(case, &stage, seed);
    let mut run = Run {
        case,
        first: Arc::clone(&stage.place),
        place: stage.place,
        world: stage.world,
        minting: Mutex::new(Minting::new(seed, case)),
        schemas,
        bindings: Bindings::default(),
        control: None,
        secrets: Vec::new(),
        exchanges: 0,
        held: Vec::new(),
    };
    match names {
        Ok(names) => record.names = names,
        Err(message) => record.harness_error = Some(message),
    }
    for (name, value) in &record.names {
        run.bindings.set(name, value.clone());
    }
    for step in case.steps().iter().take_while(|_| record.harness_error.is_none()) {
        let mut done = StepRecord::default();
        let stop = run.step(step, &mut done).await.err();
        let outcome = judge::settle(step, &done, &mut run.bindings, schemas);
        record.steps.push(done);
        match stop {
            Some(Stop::Gone(gone)) => record.gone = Some(gone),
            Some(Stop::Missing(what)) => record.missing = Some(what),
            Some(Stop::Harness(message)) => record.harness_error = Some(message),
            None if holds(&outcome) || matches!(step.verb, Verb::Refuse(_)) => continue,
            None => {}
        }
        break;
    }
    record.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    record
}

fn holds(outcome: &judge::Outcome) -> bool {
    matches!(outcome, judge::Outcome::Holds(_))
}

/// Everything that a case's texts can name from the start.
fn names(case: &Case, stage: &Stage<'_>, seed: u64) -> Result<serde_json::Map<String, Value>, String> {
    let mut draw = Draw::new(seed, &case.id);
    let place = &stage.place;
    let base = place.http.base();
    // Bytes that are no HTTP go to the node itself.
    let own = reqwest::Url::parse(&place.own_base()).map_err(|error| error.to_string())?;
    let mut names = serde_json::Map::new();
    names.insert("ns".to_owned(), format!("stigmem://{}.example", draw.token(12)).into());
    names.insert("tag".to_owned(), draw.token(10).into());
    let node = match stage.world {
        Some(_) => format!("{}/{}", case.id, place.label),
        None => place.label.clone(),
    };
    names.insert("node".to_owned(), node.into());
    names.extend(stage.world.into_iter().flat_map(Constellation::names));
    names.insert("url".to_owned(), base.into());
    names.insert("host".to_owned(), own.host_str().unwrap_or_default().into());
    names.insert(
        "port".to_owned(),
        own.port_or_known_default().unwrap_or_default().into(),
    );
    names.insert("row".to_owned(), Value::Object(case.row.clone()));
    let now = clock::now_ms();
    for (name, offset) in &case.times {
        let text = at(now, offset).ok_or_else(|| format!("times.{name}: {offset:?} is not like +2s or -1h@+14:00"))?;
        names.insert(name.clone(), text.into());
    }
    Ok(names)
}

/// The instant that `-1h` or `-1h@+14:00` names, seen from `now`.
fn at(now: i64, text: &str) -> Option<String> {
    match text.split_once('@') {
        None => instant::format(now.checked_add(milliseconds(text)?)?),
        Some((distance, offset)) => instant::format_at(now.checked_add(milliseconds(distance)?)?, offset),
    }
}

/// `+2s`, `-1h`, `+1500ms`, `+0s`.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    let digits = text.trim_start_matches(['+', '-']);
    let split = digits.find(|char: char| !char.is_ascii_digit())?;
    let (number, unit) = digits.split_at(split);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let value = number.parse::<i64>().ok()?.checked_mul(factor)?;
    Some(if text.starts_with('-') { -value } else { value })
}

pub(super) struct Run<'a> {
    pub(super) case: &'a Case,
    /// The node that the step is about.
    pub(super) place: Arc<Place>,
    first: Arc<Place>,
    pub(super) world: Option<&'a Constellation>,
    pub(super) minting: Mutex<Minting>,
    schemas: &'a Schemas,
    pub(super) bindings: Bindings,
    control: Option<Ready>,
    /// Raw secrets and what stands for them in the trace.
    pub(super) secrets: Vec<(String, String)>,
    pub(super) exchanges: usize,
    /// Connections that stay open until the case ends.
    held: Vec<tokio::net::TcpStream>,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step, done: &mut StepRecord) -> Result<(), Stop> {
        self.place = self.stage(step)?;
        match &step.verb {
            Verb::Observe(_) => Ok(()),
            Verb::Start => self.start(step, done).await,
            Verb::Pause | Verb::Resume => {
                let paused = matches!(step.verb, Verb::Pause);
                self.place.pause_node(paused).await.map_err(Stop::Gone)?;
                done.events.push(if paused { Event::Paused } else { Event::Resumed });
                Ok(())
            }
            Verb::Lose => {
                self.place.lose_node().await.map_err(Stop::Gone)?;
                done.events.push(Event::Lost);
                Ok(())
            }
            Verb::Stop => self.move_node(done, Event::Stopped).await,
            Verb::Kill => self.move_node(done, Event::Killed).await,
            Verb::Restart => {
                self.place.end_node(true).await.map_err(Stop::Gone)?;
                self.place.start_node().await.map_err(Stop::Gone)?;
                done.events.push(Event::Started);
                Ok(())
            }
            Verb::Raw { send, then, within_ms } => {
                let bytes = self.raw_bytes(send)?;
                let address = self.address()?;
                let event = raw::send(&address, &bytes, *then, Duration::from_millis(*within_ms)).await;
                done.events.push(event);
                self.place.is_gone().await.map_or(Ok(()), |gone| Err(Stop::Gone(gone)))
            }
            Verb::Hold { connections, send } => {
                let bytes = self.raw_bytes(send)?;
                let address = self.address()?;
                let opening = (0..*connections).map(|_| raw::hold(&address, &bytes));
                let held: Vec<_> = join_all(opening).await.into_iter().flatten().collect();
                done.events.push(Event::Held(held.len()));
                self.held.extend(held);
                Ok(())
            }
            Verb::Until { within_ms, step: inner } => self.until(*within_ms, inner, done).await,
            Verb::Walk { path, query, .. } => self.walk(path, query.clone(), &step.credential, done).await,
            Verb::Conflicts { status, .. } => {
                let mut query = serde_json::Map::from_iter([("limit".to_owned(), json!(500))]);
                query.extend(
                    status
                        .iter()
                        .map(|status| ("status".to_owned(), status.as_str().into())),
                );
                self.walk("/v1/conflicts", query, &step.credential, done).await
            }
            Verb::AssertMany { count, body } => self.assert_many(*count, body, &step.credential, done).await,
            Verb::AssertConcurrently { count, body } => {
                self.assert_concurrently(*count, body, &step.credential, done).await
            }
            Verb::KillDuringWrites {
                clients,
                kill_after,
                body,
            } => {
                self.kill_during_writes(*clients, *kill_after, body, &step.credential, done)
                    .await
            }
            Verb::AtOnce { count, request } => self.at_once(*count, request, &step.credential, done).await,
            verb @ (Verb::Register { .. }
            | Verb::Federate { .. }
            | Verb::Command(_)
            | Verb::Forge(_)
            | Verb::ForgeMany { .. }
            | Verb::Holds { .. }
            | Verb::Serve(_)
            | Verb::Log(_)
            | Verb::Link(_)
            | Verb::Replay { .. }) => self.peering(verb, done).await,
            Verb::Assert(_)
            | Verb::Query(_)
            | Verb::Get(_)
            | Verb::Fact(_)
            | Verb::Resolve { .. }
            | Verb::Request(_)
            | Verb::Refuse(_) => {
                let ready = request::ready(step, &self.bindings, self.control.as_ref()).map_err(Stop::Harness)?;
                let sent = match &step.verb {
                    Verb::Request(RequestTemplate { to: Some(to), .. }) => self.send_elsewhere(to, &ready, done).await,
                    _ => self.send(&ready, step.secret.as_deref(), done).await,
                };
                if step.control {
                    self.control = Some(ready);
                }
                sent
            }
        }
    }

    /// The node that a step is about.
    fn stage(&self, step: &Step) -> Result<Arc<Place>, Stop> {
        let Some(name) = &step.on else {
            return Ok(Arc::clone(&self.first));
        };
        let member = self.world.and_then(|world| world.member(name));
        let member = member.ok_or_else(|| Stop::Harness(format!("the case's world has no node {name:?}")))?;
        Ok(Arc::clone(&member.place))
    }

    /// How long a step waits for what other nodes have to bring.
    pub(super) fn patience(&self, within_ms: u64) -> Duration {
        let times = match self.world.and(self.place.federation()) {
            Some(federation) => federation.patience(),
            None => 1.0,
        };
        Duration::from_millis(within_ms).mul_f64(times)
    }

    /// Starts the node. A step that says what it expects may see it fail.
    async fn start(&mut self, step: &Step, done: &mut StepRecord) -> Result<(), Stop> {
        match self.place.start_node().await {
            Ok(()) => done.events.push(Event::Started),
            Err(gone) if step.expect.is_some() => done.events.push(Event::NotStarted(gone)),
            Err(gone) => return Err(Stop::Gone(gone)),
        }
        let Some(world) = self.world else { return Ok(()) };
        if let Some((name, value)) = world.introduce_again(&self.place.label).await {
            done.events.push(Event::Known { name, value });
        }
        Ok(())
    }

    /// Sends a request to another address than the node's, where perhaps nobody listens.
    async fn send_elsewhere(&mut self, to: &str, ready: &Ready, done: &mut StepRecord) -> Result<(), Stop> {
        let base = self.fill(&Value::from(to))?;
        let base = base
            .as_str()
            .ok_or_else(|| Stop::Missing(format!("an address for {to}: this machine has none")))?;
        let http = self.place.http.elsewhere(base).map_err(Stop::Harness)?;
        let out = self.outgoing(ready).await?;
        let mut exchange = http.send(out).await.map_err(Stop::Harness)?;
        self.exchanges += 1;
        exchange.n = self.exchanges;
        exchange.on = Some(base.to_owned());
        done.exchanges.push(exchange);
        Ok(())
    }

    async fn move_node(&self, done: &mut StepRecord, event: Event) -> Result<(), Stop> {
        self.place.end_node(event == Event::Stopped).await.map_err(Stop::Gone)?;
        done.events.push(event);
        Ok(())
    }

    async fn until(&mut self, within_ms: u64, inner: &Step, done: &mut StepRecord) -> Result<(), Stop> {
        let deadline = Deadline::after(self.patience(within_ms));
        let mut pause = FIRST_PAUSE;
        loop {
            let mut look = StepRecord::default();
            Box::pin(self.step(inner, &mut look)).await?;
            done.events.push(Event::Boundary(done.exchanges.len()));
            done.exchanges.append(&mut look.exchanges);
            // Of a peer's log only the last look is kept; it holds the earlier ones.
            done.events.retain(|event| !matches!(event, Event::Log { .. }));
            done.events.append(&mut look.events);
            let mut bindings = self.bindings.clone();
            if holds(&judge::settle(inner, &done.last_look(), &mut bindings, self.schemas)) {
                return Ok(());
            }
            if !deadline.another_look(pause).await {
                done.events.push(Event::Deadline);
                return Ok(());
            }
            // A node that has long to do is not asked all the time.
            pause = LONGEST_PAUSE.min(pause.mul_f64(1.25));
        }
    }

    pub(super) async fn walk(
        &mut self,
        path: &str,
        query: serde_json::Map<String, Value>,
        credential: &Credential,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let document = json!({"method": "GET", "path": path, "query": query});
        let mut document = self
            .bindings
            .fill_value(&document)
            .map_err(|unbound| Stop::Harness(unbound.to_string()))?;
        for _ in 0..MAX_PAGES {
            let ready = Ready {
                document: document.clone(),
                credential: credential.clone(),
            };
            self.send(&ready, None, done).await?;
            let Some(Exchange {
                answer: Answer::Response(response),
                ..
            }) = done.exchanges.last()
            else {
                return Ok(());
            };
            let page = response.body.json().unwrap_or_default();
            let more = page["has_more"] != false;
            let cursor = page["cursor"].as_str().filter(|_| more).map(str::to_owned);
            match cursor.filter(|_| response.status == 200) {
                Some(cursor) => document["query"]["cursor"] = cursor.into(),
                None => return Ok(()),
            }
        }
        done.events.push(Event::Deadline);
        Ok(())
    }

    /// Sends one request, writes it down, and looks whether the node is still there when no answer came.
    pub(super) async fn send(
        &mut self,
        ready: &Ready,
        secret: Option<&str>,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let out = self.outgoing(ready).await?;
        self.send_out(out, secret, done).await
    }

    pub(super) async fn send_out(
        &mut self,
        out: Outgoing,
        secret: Option<&str>,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let mut exchange = self.place.http.send(out).await.map_err(Stop::Harness)?;
        exchange.on = self.world.map(|_| self.place.label.clone());
        self.exchanges += 1;
        exchange.n = self.exchanges;
        self.hide(&mut exchange, secret);
        let silent = matches!(exchange.answer, Answer::None { .. });
        done.exchanges.push(exchange);
        if silent && let Some(gone) = self.place.is_gone().await {
            return Err(Stop::Gone(gone));
        }
        Ok(())
    }

    fn address(&self) -> Result<String, Stop> {
        self.bindings
            .fill_text("{host}:{port}")
            .map_err(|unbound| Stop::Harness(unbound.to_string()))
    }

    fn raw_bytes(&self, parts: &[RawPart]) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                RawPart::Text(text) => {
                    let text = self
                        .bindings
                        .fill_text(text)
                        .map_err(|unbound| Stop::Harness(unbound.to_string()))?;
                    bytes.extend_from_slice(text.as_bytes());
                }
                RawPart::Repeat { text, times } => {
                    if text.len().saturating_mul(*times) > MAX_BODY {
                        return Err(Stop::Harness(format!("a text of more than {MAX_BODY} bytes")));
                    }
                    bytes.extend_from_slice(text.repeat(*times).as_bytes());
                }
                RawPart::Bytes(more) => bytes.extend_from_slice(more),
            }
        }
        Ok(bytes)
    }
}

/// More pages than this is a walk without end.
const MAX_PAGES: usize = 1000;

/// Between two looks of `until`.
const FIRST_PAUSE: Duration = Duration::from_millis(40);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
