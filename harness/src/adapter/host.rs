//! The host of an adapter: it sets its environment, calls it, and lives with what comes of it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use super::{
    case::Deed,
    file::{Adapter, ContextForm, Means},
    node::KEY,
    operation,
    process::{End, Kept, NotRun, Running, Start},
    session::{Session, nothing},
    template::{self, Part},
};
use crate::{
    body::repeated,
    judge::wrong::cut,
    report::curl::quoted,
    trace::{Ended, Hosted},
    world::{clock::Deadline, node::fill, port::Port},
};

#[derive(Debug)]
pub(super) struct Host<'a> {
    adapter: &'a Adapter,
    start: Start,
    /// `{self}`, `{here}`, `{data}`, `{port}`.
    names: BTreeMap<&'static str, String>,
    key: String,
    port: Port,
    stays: Option<Session>,
    /// The command of this step, until nothing of it is left.
    once: Option<Once>,
    /// How much of the standard error of an adapter that stays is older than this step.
    heard: usize,
    strays: usize,
}

/// A process of one operation.
#[derive(Debug)]
struct Once {
    running: Running,
    stdout: Kept,
    /// Its output is a boot context in JSON.
    is_json: bool,
}

impl<'a> Host<'a> {
    pub(super) fn new(
        adapter: &'a Adapter,
        names: BTreeMap<&'static str, String>,
        mut start: Start,
        port: Port,
        key: String,
    ) -> Self {
        start.command = adapter.side.command.iter().map(|part| fill(part, &names)).collect();
        Self {
            adapter,
            start,
            names,
            key,
            port,
            stays: None,
            once: None,
            heard: 0,
            strays: 0,
        }
    }

    /// Does what a step says. `within` bounds it; what takes longer is killed.
    pub(super) async fn perform(&mut self, deed: &Deed, within: Duration) -> Result<Hosted, NotRun> {
        let started = Instant::now();
        self.heard = self.stays.as_ref().map_or(0, |session| session.running.stderr.len());
        self.strays = self.stays.as_ref().map_or(0, |session| session.stray().len());
        let mut hosted = match deed {
            Deed::Do(operation, with) => self.operate(operation, with, within).await?,
            Deed::Start => self.start_staying(within).await?,
            Deed::Tools => self.tools(within).await?,
            Deed::Close => self.close(within).await?,
            Deed::Node(_) => Hosted::default(),
        };
        hosted.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(hosted)
    }

    async fn operate(
        &mut self,
        operation: &str,
        with: &Map<String, Value>,
        within: Duration,
    ) -> Result<Hosted, NotRun> {
        let means = self.adapter.side.operations.get(operation).cloned();
        let means = means.ok_or_else(|| NotRun::Harness(format!("the adapter file has no {operation}")))?;
        let mut values = operation::values(operation, with);
        for value in values.values_mut() {
            if let Some(text) = value.as_object().and_then(|members| repeated(members).ok()) {
                *value = text.into();
            }
        }
        for (name, value) in &self.names {
            values.insert((*name).to_owned(), value.as_str().into());
        }
        match &means.run {
            Some(parts) => self.run(parts, &values, means.context, within).await,
            None => self.call(&means, &values, within).await,
        }
    }

    /// A process of its own.
    async fn run(
        &mut self,
        parts: &[Part],
        values: &Map<String, Value>,
        context: Option<ContextForm>,
        within: Duration,
    ) -> Result<Hosted, NotRun> {
        let mut start = self.start.clone();
        start.command.extend(template::arguments(parts, values));
        let words: Vec<String> = start.command.iter().map(|word| quoted(word)).collect();
        let mut running = start.run(false).await?;
        let stdout = Kept::default();
        if let Some(stream) = running.stdout.take() {
            stdout.fill_from(stream);
        }
        let end = running.ended_within(within).await?;
        self.once = Some(Once {
            running,
            stdout,
            is_json: context == Some(ContextForm::Json),
        });
        Ok(Hosted {
            did: self.masked(&cut(words.join(" "))),
            ..ended(end)
        })
    }

    /// Through the process that stays.
    async fn call(&mut self, means: &Means, values: &Map<String, Value>, within: Duration) -> Result<Hosted, NotRun> {
        let at_start = match &self.stays {
            Some(_) => None,
            None => Some(self.start_staying(within).await?),
        };
        if let Some(hosted) = at_start
            && hosted.answer["how"] == "none"
        {
            return Ok(hosted);
        }
        let Some(session) = &mut self.stays else {
            return Err(NotRun::Harness("the adapter does not stay".to_owned()));
        };
        let (did, mut answer) = match (&means.tool, &means.call) {
            (Some(tool), _) => {
                let arguments = template::json(&Value::Object(means.arguments.clone()), values);
                let arguments = arguments
                    .and_then(|arguments| arguments.as_object().cloned())
                    .unwrap_or_default();
                let did = format!("tools/call {tool} {}", Value::Object(arguments.clone()));
                (did, session.tool(tool, arguments, within).await?)
            }
            (None, Some(call)) => {
                let did = format!("{} {}", call.method, call.path);
                (did, session.http(call, values).await?)
            }
            (None, None) => return Err(NotRun::Harness("an operation without means".to_owned())),
        };
        if means.context == Some(ContextForm::Json) {
            add_context(&mut answer);
        }
        Ok(Hosted {
            did: self.masked(&cut(did)),
            answer,
            ..Hosted::default()
        })
    }

    async fn start_staying(&mut self, within: Duration) -> Result<Hosted, NotRun> {
        let stays = self.adapter.side.stays;
        let stays = stays.ok_or_else(|| NotRun::Harness("the adapter does not stay".to_owned()))?;
        let (session, answer) = Session::start(&self.start, stays, self.port.number, within.min(GREETING)).await?;
        self.stays = Some(session);
        let words: Vec<String> = self.start.command.iter().map(|word| quoted(word)).collect();
        Ok(Hosted {
            did: self.masked(&cut(words.join(" "))),
            answer,
            ..Hosted::default()
        })
    }

    async fn tools(&mut self, within: Duration) -> Result<Hosted, NotRun> {
        if self.stays.is_none() {
            let hosted = self.start_staying(within).await?;
            if hosted.answer["how"] == "none" {
                return Ok(hosted);
            }
        }
        let Some(session) = &mut self.stays else {
            return Err(NotRun::Harness("the adapter does not stay".to_owned()));
        };
        Ok(Hosted {
            did: "tools/list".to_owned(),
            answer: session.tools(within).await?,
            ..Hosted::default()
        })
    }

    async fn close(&mut self, within: Duration) -> Result<Hosted, NotRun> {
        let Some(session) = &mut self.stays else {
            return Err(NotRun::Harness("there is no adapter that stays".to_owned()));
        };
        let end = session.close(within).await?;
        Ok(Hosted {
            did: "closed its standard input".to_owned(),
            answer: nothing(),
            ..ended(end)
        })
    }

    /// Ends what was started for this step alone, so that all it wrote is there.
    pub(super) async fn settle(&mut self) {
        let Some(once) = &mut self.once else { return };
        once.running.clear().await;
        let deadline = Deadline::after(Duration::from_secs(2));
        let at_end = || once.stdout.is_at_end() && once.running.stderr.is_at_end();
        while !at_end() && deadline.another_look(Duration::from_millis(2)).await {}
    }

    /// Adds to a record what can be seen now.
    pub(super) async fn look(&mut self, hosted: &mut Hosted) -> Result<(), NotRun> {
        if let Some(once) = &self.once {
            hosted.stdout = self.masked(&once.stdout.text(0));
            hosted.stderr = self.masked(&once.running.stderr.text(0));
            hosted.answer = json!({
                "failed": hosted.ended != Ended::Exited || hosted.exit != Some(0), "how": "exit",
                "text": hosted.stdout, "shown": hosted.stdout,
            });
            if once.is_json {
                add_context(&mut hosted.answer);
            }
            return Ok(());
        }
        let Some(session) = &mut self.stays else { return Ok(()) };
        if hosted.ended == Ended::Stays
            && let Some(end) = session.running.ended_within(Duration::ZERO).await?
        {
            (hosted.ended, hosted.exit) = (end.ended, end.exit);
        }
        let (stderr, mut stray) = (session.running.stderr.text(self.heard), session.stray());
        hosted.stray = stray.split_off(self.strays.min(stray.len()));
        hosted.stderr = self.masked(&stderr);
        Ok(())
    }

    /// Whether an adapter that stays is there, which may write at any time.
    pub(super) fn stays(&self) -> bool {
        self.stays.is_some()
    }

    /// Ends what is left of the step.
    pub(super) fn forget(&mut self) {
        self.once = None;
    }

    /// Ends what is left of the case.
    pub(super) async fn end(&mut self) {
        self.settle().await;
        if let Some(session) = &mut self.stays {
            session.running.clear().await;
        }
    }

    /// What the adapter may do in the background after its command has ended.
    pub(super) fn settling(&self) -> Duration {
        Duration::from_millis(self.adapter.side.settle_ms)
    }

    fn masked(&self, text: &str) -> String {
        text.replace(&self.key, KEY)
    }
}

fn ended(end: Option<End>) -> Hosted {
    let (ended, exit) = end.map_or((Ended::RanOut, None), |end| (end.ended, end.exit));
    Hosted {
        ended,
        exit,
        ..Hosted::default()
    }
}

/// The parts of a boot context that is handed over as JSON.
fn add_context(answer: &mut Value) {
    let text = answer["text"].as_str().unwrap_or_default();
    let parsed: Value = serde_json::from_str(text).unwrap_or_default();
    let context = match &answer["structured"] {
        Value::Null => parsed,
        structured => structured.clone(),
    };
    for name in ["facts", "summary"] {
        answer[name] = context[name].clone();
    }
}

/// How long an adapter that stays may take to answer its host for the first time.
const GREETING: Duration = Duration::from_secs(30);
