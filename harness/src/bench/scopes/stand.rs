//! A node with its facts, ready to be asked.

use std::{
    fs,
    time::{Duration, Instant},
};

use reqwest::{Method, Url};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Missing, Rules, Work,
    mix::{Mix, Owed},
    skim::Skim,
};
use crate::{
    bench::{
        Progress,
        load::{Access, Client},
        preload::{self, Pace, Trouble, hint},
        process::{self, Usage},
        report::thousands,
        round::{Contender, PRELOADERS, start, told},
        workload::{Ask, Supply},
    },
    drive::Place,
    error::{InputError, RunError},
    report::curl::visible,
    world::{
        clock::Deadline,
        http::{Limits, percent},
        node::Ground,
    },
};

/// One run over the whole scope, from the request to the last byte of the result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pass {
    pub seconds: f64,
    pub facts_per_second: f64,
    /// Of the body with the result.
    pub bytes: u64,
    /// Findings, or entries of the summary.
    pub listed: u64,
    /// `fact_count` as the node says it.
    pub fact_count: u64,
    /// The node answered with a job, and was asked for the result.
    pub job: bool,
    /// Resident memory of the node's processes just before.
    pub before_kib: Option<u64>,
    /// The most that it was during the run.
    pub peak_kib: Option<u64>,
    /// The system did not let the peak begin anew: it is that of the node's whole life.
    pub peak_of_life: bool,
    /// Processor time per time: 1.0 is one core all the time.
    pub node_cores: Option<f64>,
    pub client_cores: Option<f64>,
}

/// How a node was filled.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filling {
    pub owed: Owed,
    pub facts_per_second: f64,
    pub peak_kib: Option<u64>,
    /// Why it could not be.
    pub refused: Option<String>,
}

pub(super) struct Stand<'a> {
    pub contender: &'a Contender,
    pub filled: Filling,
    rules: &'a Rules,
    place: Place,
    shepherd: Option<u32>,
    folder: String,
    /// With the limits of one run.
    access: Access,
}

impl<'a> Stand<'a> {
    /// Starts a node and brings the facts in.
    pub(super) async fn set_up(
        contender: &'a Contender,
        rules: &'a Rules,
        ground: &Ground,
        progress: Progress<'_>,
    ) -> Result<Self, RunError> {
        let folder = format!("scopes-{}-{}", contender.label, contender.facts);
        let (place, shepherd) = start(contender, ground, &folder).await?;
        let key = place.ordinary_key().await;
        let key = key.map_err(|missing| InputError::at(&contender.target.name, "", missing))?;
        let access = Access {
            base: place.http.base().to_owned(),
            key,
            limits: ground.limits,
        };
        let mut stand = Self {
            contender,
            filled: Filling::default(),
            rules,
            place,
            shepherd,
            folder,
            access,
        };
        match stand.fill(progress).await {
            Ok(filled) => stand.filled = filled,
            Err(Trouble::Ours(error)) => return Err(error),
            Err(Trouble::Refused(reason)) => stand.filled.refused = Some(reason),
            Err(Trouble::Silent(what)) => stand.filled.refused = Some(stand.last_words(what).await),
        }
        stand.access.limits = Limits {
            time: rules.run_limit,
            body: most_bytes(contender.facts),
        };
        Ok(stand)
    }

    async fn fill(&self, progress: Progress<'_>) -> Result<Filling, Trouble> {
        let Rules { seed, soon, .. } = self.rules;
        let (label, name) = (&self.contender.label, &self.contender.target.name);
        let mix = Mix::new(&self.access.base, *seed, self.contender.facts, soon).map_err(RunError::Harness)?;
        if !preload::is_fresh(&Client::new(&self.access)?, mix.stock()).await? {
            let message = format!("{name} already holds the facts of this seed; give another --seed");
            return Err(RunError::from(InputError::at("", "", message)).into());
        }
        let pace = Pace {
            clients: self.rules.clients.max(PRELOADERS),
            limit: self.rules.fill_limit,
        };
        let filled = preload::fill(&self.access, &mix, pace, &format!("{label} ({name})"), progress).await?;
        let (facts, rate) = (thousands(mix.facts()), filled.facts_per_second);
        progress(&format!(
            "{label} ({name}): {facts} facts brought in, {rate:.0} a second"
        ));
        Ok(Filling {
            owed: mix.owed(),
            facts_per_second: rate,
            peak_kib: self.usage().map(|usage| usage.peak_kib),
            refused: None,
        })
    }

    fn usage(&self) -> Option<Usage> {
        self.shepherd.and_then(process::of_node)
    }

    /// Asks once. The inner error is why there is no figure.
    pub(super) async fn pass(&self, work: Work) -> Result<Result<Pass, Missing>, RunError> {
        if let Some(reason) = &self.filled.refused {
            return Ok(Err(Missing::Refused(reason.clone())));
        }
        let client = Client::new(&self.access)?;
        let forgotten = self.shepherd.is_some_and(process::forget_peak);
        let (before, client_before) = (self.usage(), process::own_cpu_ms());
        let started = Instant::now();
        let answer = match self.answer(&client, work).await {
            Ok(answer) => answer,
            Err(Trouble::Ours(error)) => return Err(error),
            Err(Trouble::Refused(reason)) => return Ok(Err(Missing::Refused(reason))),
            Err(Trouble::Silent(what)) => return Ok(Err(Missing::Refused(self.last_words(what).await))),
        };
        let seconds = started.elapsed().as_secs_f64();
        let (after, client_after) = (self.usage(), process::own_cpu_ms());
        let shown = match self.read(work, &answer) {
            Ok(shown) => shown,
            Err(missing) => return Ok(Err(missing)),
        };
        let cpu = |usage: Option<Usage>| usage.map(|usage| usage.cpu_ms);
        #[expect(clippy::cast_precision_loss, reason = "a count of facts fits")]
        let facts_per_second = self.contender.facts as f64 / seconds;
        Ok(Ok(Pass {
            seconds,
            facts_per_second,
            bytes: answer.bytes,
            listed: shown.listed,
            fact_count: shown.fact_count,
            job: answer.job,
            before_kib: before.map(|usage| usage.resident_kib),
            peak_kib: after.map(|usage| usage.peak_kib),
            peak_of_life: after.is_some() && !forgotten,
            node_cores: cores(cpu(before), cpu(after), seconds),
            client_cores: cores(client_before, client_after, seconds),
        }))
    }

    /// Asks, and asks for the result of a job until there is one.
    async fn answer(&self, client: &Client, work: Work) -> Result<Answer, Trouble> {
        let deadline = Deadline::after(self.rules.run_limit);
        let started = Instant::now();
        let ask = self.ask(Method::POST, work.path(), Some(work.body()))?;
        let first = skimmed(client, ask, work.path()).await?;
        if first.status != 202 {
            return Ok(first);
        }
        let Some(id) = first.text("job_id") else {
            let what = format!("POST {} was answered 202 without a `job_id`", work.path());
            return Err(Trouble::Refused(what));
        };
        let path = format!("{}/jobs/{}", work.path(), percent(id));
        loop {
            let job = skimmed(client, self.ask(Method::GET, &path, None)?, &path).await?;
            match (job.status, job.text("status")) {
                (200, Some("done")) => return Ok(Answer { job: true, ..job }),
                (200, Some("pending" | "running")) => {}
                (200, Some("failed")) => {
                    let reason = visible(job.text("error").unwrap_or("no reason is given"), 300);
                    return Err(Trouble::Refused(format!("the job failed: {reason}")));
                }
                (status, _) => {
                    let what = format!(
                        "GET {}/jobs/… was answered {status} without a known `status`",
                        work.path()
                    );
                    return Err(Trouble::Refused(what));
                }
            }
            // A fiftieth of the time so far: the questions cost the node little, and the end is seen soon enough.
            let pause = (started.elapsed() / 50).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            if !deadline.another_look(pause).await {
                let minutes = self.rules.run_limit.as_secs().div_ceil(60);
                let what = format!("the job was not done within {minutes} minutes (--run-minutes)");
                return Err(Trouble::Refused(what));
            }
        }
    }

    fn ask(&self, method: Method, path: &str, body: Option<String>) -> Result<Ask, RunError> {
        let text = format!("{}{path}", self.access.base);
        let url = Url::parse(&text).map_err(|error| RunError::Harness(format!("{text}: {error}")))?;
        Ok(Ask { method, url, body })
    }

    /// What the answer says, unless it leaves out what it owes.
    fn read(&self, work: Work, answer: &Answer) -> Result<Shown, Missing> {
        let path = work.path();
        if !answer.job && matches!(answer.status, 404 | 405 | 501) {
            return Err(Missing::Unknown(answer.status));
        }
        let refused = |what: String| Err(Missing::Refused(what));
        if answer.status != 200 {
            let (status, hint) = (answer.status, hint(answer.status));
            return refused(format!(
                "POST {path} was answered {status}; 200 or 202 is expected{hint}"
            ));
        }
        let (Some(listed), Some(fact_count)) = (answer.listed(work.list()), answer.count("fact_count")) else {
            let list = work.list();
            return refused(format!("the answer of {path} has no `{list}` or no `fact_count`"));
        };
        let Owed { live, triples } = self.filled.owed;
        if fact_count < live {
            let (said, live) = (thousands(fact_count), thousands(live));
            return refused(format!(
                "{path} speaks of {said} facts; {live} live ones were brought in"
            ));
        }
        if work == Work::Synthesis && listed < triples {
            let (said, triples) = (thousands(listed), thousands(triples));
            return refused(format!("{path} has {said} entries; {triples} triples have live facts"));
        }
        Ok(Shown { listed, fact_count })
    }

    /// What became of a node that says nothing.
    async fn last_words(&self, what: String) -> String {
        match self.place.is_gone().await {
            Some(gone) => told(self.contender, &gone).to_string(),
            None => what,
        }
    }

    pub(super) async fn take_down(self, ground: &Ground) {
        self.place.end().await;
        // The next node must find the machine as this one did; a folder that stays is only untidy.
        let _ = fs::remove_dir_all(ground.scratch.join(self.folder));
    }
}

/// What counts of an answer.
struct Shown {
    listed: u64,
    fact_count: u64,
}

/// An answer, without what it lists.
struct Answer {
    status: u16,
    bytes: u64,
    members: Map<String, Value>,
    job: bool,
}

impl Answer {
    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.members.get(name)?.as_u64()
    }

    fn listed(&self, name: &str) -> Option<u64> {
        self.members.get(name)?.as_array()?.first()?.as_u64()
    }
}

/// Reads an answer of any length.
async fn skimmed(client: &Client, ask: Ask, path: &str) -> Result<Answer, Trouble> {
    let (mut skim, mut bytes) = (Skim::new(), 0);
    let (method, take) = (ask.method.clone(), |piece: &[u8]| {
        bytes += piece.len() as u64;
        skim.feed(piece);
    });
    let status = client.pieces(ask, take).await;
    let status = status.map_err(|kind| Trouble::Silent(format!("{method} {}: {kind}", visible(path, 100))))?;
    Ok(Answer {
        status,
        bytes,
        members: skim.members().unwrap_or_default(),
        job: false,
    })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a benchmark fit")]
fn cores(before: Option<u64>, after: Option<u64>, seconds: f64) -> Option<f64> {
    let cores = after?.checked_sub(before?)? as f64 / 1000.0 / seconds;
    cores.is_finite().then_some(cores)
}

/// Of an answer about so many facts. Several times what anybody has to say of each.
fn most_bytes(facts: u64) -> usize {
    usize::try_from(facts.saturating_mul(4096).saturating_add(8 << 20)).unwrap_or(usize::MAX)
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
