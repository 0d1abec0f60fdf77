//! Closed-loop clients: each keeps one connection, and waits for an answer before it asks again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::task::JoinSet;

use super::workload::Ask;
use crate::{
    error::RunError,
    world::{
        clock::Deadline,
        http::{self, Limits},
        keys::Key,
    },
};

/// What a client needs to talk to a node.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub base: String,
    pub key: Option<Key>,
    pub limits: Limits,
}

/// One client with one connection.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    longest: usize,
}

impl Client {
    pub(super) fn new(access: &Access) -> Result<Self, RunError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &access.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.raw)).map_err(|_| {
                RunError::TargetGone("the key that the target gave cannot stand in a header".to_owned())
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let builder = http::client(&access.base, access.limits.time)
            .timeout(access.limits.time)
            .default_headers(headers);
        let client = builder.pool_max_idle_per_host(1).build();
        let http = client.map_err(|error| RunError::Harness(format!("the HTTP client: {error}")))?;
        Ok(Self {
            http,
            longest: access.limits.body,
        })
    }

    /// The status, when the answer came whole. What it holds is read and thrown away.
    pub(super) async fn status(&self, ask: Ask) -> Result<u16, &'static str> {
        self.pieces(ask, |_| ()).await
    }

    pub(super) async fn whole(&self, ask: Ask) -> Result<(u16, Vec<u8>), &'static str> {
        let mut body = Vec::new();
        let status = self.pieces(ask, |piece| body.extend_from_slice(piece)).await?;
        Ok((status, body))
    }

    /// Hands over the answer piece by piece, so that it may be larger than memory.
    pub(super) async fn pieces(&self, ask: Ask, mut take: impl FnMut(&[u8])) -> Result<u16, &'static str> {
        let mut response = self.begin(ask).await?;
        let mut read = 0;
        while let Some(piece) = response.chunk().await.map_err(|error| kind(&error))? {
            read += piece.len();
            if read > self.longest {
                return Err(TOO_LONG);
            }
            take(&piece);
        }
        Ok(response.status().as_u16())
    }

    async fn begin(&self, ask: Ask) -> Result<reqwest::Response, &'static str> {
        let mut request = reqwest::Request::new(ask.method, ask.url);
        *request.body_mut() = ask.body.map(Into::into);
        self.http.execute(request).await.map_err(|error| kind(&error))
    }
}

/// Silence as it is counted.
fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "connection broken"
    }
}

const TOO_LONG: &str = "answer too long";

/// Makes the requests of one client, one after the other.
pub(super) type Source = Box<dyn FnMut() -> Ask + Send>;

/// How long clients run; what they do in `warm_up` is not counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub warm_up: Duration,
    pub measured: Duration,
}

/// What came of one workload.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Of good answers, ascending. All that were asked for within the time are here, also those that came after it:
    /// to leave these out would hide the slowest.
    pub latencies_us: Vec<u32>,
    /// Good answers that came within the time.
    pub in_time: u64,
    /// Other statuses, and silence, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Errors, those of the warm-up too.
    pub failed: u64,
    /// Some requests got no answer at all.
    pub silent: bool,
}

impl Sample {
    pub(super) fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    fn error(&mut self, kind: String) {
        *self.errors.entry(kind).or_default() += 1;
    }

    fn take(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.in_time += other.in_time;
        self.failed += other.failed;
        self.silent |= other.silent;
        for (kind, count) in other.errors {
            *self.errors.entry(kind).or_default() += count;
        }
    }
}

/// Lets the clients run. `look` is called when the counted time begins and when it ends.
pub(super) async fn run<L>(
    access: &Access,
    clients: usize,
    span: Span,
    expected: u16,
    source: &dyn Fn(usize) -> Source,
    look: impl Fn() -> L,
) -> Result<(Sample, L, L), RunError> {
    let begin = Instant::now() + span.warm_up;
    let mut running = JoinSet::new();
    for number in 0..clients {
        let (client, source) = (Client::new(access)?, source(number));
        running.spawn(loop_until(client, source, expected, begin, begin + span.measured));
    }
    wait(begin).await;
    let before = look();
    wait(begin + span.measured).await;
    let after = look();
    let mut sample = Sample::default();
    while let Some(client) = running.join_next().await {
        sample.take(client.map_err(|error| RunError::Harness(format!("a client of the benchmark: {error}")))?);
    }
    sample.latencies_us.sort_unstable();
    Ok((sample, before, after))
}

async fn loop_until(client: Client, mut source: Source, expected: u16, begin: Instant, end: Instant) -> Sample {
    let mut sample = Sample::default();
    let mut silences = 0;
    loop {
        let asked = Instant::now();
        if asked >= end || silences >= SILENCES {
            return sample;
        }
        let answer = client.status(source()).await;
        let answered = Instant::now();
        silences = if answer.is_err() { silences + 1 } else { 0 };
        // A node that dies while it warms up is dead all the same.
        sample.silent |= answer.is_err();
        sample.failed += u64::from(!matches!(answer, Ok(status) if status == expected));
        if asked < begin {
            continue;
        }
        match answer {
            Ok(status) if status == expected => {
                let took = answered.duration_since(asked).as_micros();
                sample.latencies_us.push(u32::try_from(took).unwrap_or(u32::MAX));
                sample.in_time += u64::from(answered <= end);
            }
            Ok(status) => sample.error(status.to_string()),
            Err(kind) => sample.error(kind.to_owned()),
        }
    }
}

async fn wait(until: Instant) {
    let left = until.saturating_duration_since(Instant::now());
    Deadline::after(left).another_look(left).await;
}

/// A client that hears nothing so many times in a row gives up: a dead node refuses faster than a live one answers.
const SILENCES: u32 = 10;
