//! One round of one contender: a fresh node, filled, read, written to.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use super::{
    Progress,
    load::{self, Access, Client, Sample, Source, Span},
    preload::{self, Pace, Trouble, hint},
    process::{self, Usage},
    report::thousands,
    stats::percentile,
    workload::{FACTS_PER_ENTITY, Stock, Workload},
};
use crate::{
    drive::Place,
    error::{InputError, RunError},
    report::curl::visible,
    seed::Draw,
    target::Target,
    trace::Gone,
    world::{
        http::Http,
        node::{Ground, Node},
    },
};

/// A node kind and how many facts it is read with.
#[derive(Debug)]
pub(super) struct Contender {
    /// `A`, `B`.
    pub label: String,
    pub target: Target,
    pub facts: u64,
}

/// What one round gave for one workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Answers, good and bad.
    pub requests: u64,
    /// Answers with another status than the expected one, and silence.
    pub errors: BTreeMap<String, u64>,
    /// Peak resident memory of the node's processes since the round began.
    pub peak_kib: Option<u64>,
    /// Processor time per time: 1.0 is one core all the time.
    pub node_cores: Option<f64>,
    pub client_cores: Option<f64>,
}

/// One round: a figure for each workload, or why there is none.
pub(super) type Round = BTreeMap<Workload, Result<Measured, String>>;

/// The settings that all rounds share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub clients: usize,
    pub span: Span,
    pub seed: u64,
    pub preload_limit: Duration,
}

/// Plays a round on a node of its own and takes the node down again.
pub(super) async fn play(
    contender: &Contender,
    number: usize,
    rules: Rules,
    ground: &Ground,
    progress: Progress<'_>,
) -> Result<Round, RunError> {
    let folder = format!("bench-{}-{}-{number}", contender.label, contender.facts);
    let (place, shepherd) = start(contender, ground, &folder).await?;
    let run = Run {
        contender,
        number,
        rules,
        place: &place,
        shepherd,
        limits: ground.limits,
        progress,
    };
    let outcome = match run.all().await {
        Ok(round) => Ok(round),
        Err(Trouble::Ours(error)) => Err(error),
        Err(Trouble::Refused(reason)) => Ok(Workload::ALL
            .into_iter()
            .map(|workload| (workload, Err(reason.clone())))
            .collect()),
        Err(Trouble::Silent(what)) => match place.is_gone().await {
            Some(gone) => Err(told(contender, &gone)),
            None => Ok(Workload::ALL
                .into_iter()
                .map(|workload| (workload, Err(what.clone())))
                .collect()),
        },
    };
    place.end().await;
    // The next node must find the machine as this one did; a folder that stays is only untidy.
    let _ = fs::remove_dir_all(ground.scratch.join(folder));
    outcome
}

pub(super) async fn start(
    contender: &Contender,
    ground: &Ground,
    folder: &str,
) -> Result<(Place, Option<u32>), RunError> {
    let (target, label) = (contender.target.clone(), contender.label.clone());
    if let Some(attach) = &contender.target.attach {
        let http = Http::new(attach.url.trim_end_matches('/'), ground.limits).map_err(RunError::Harness)?;
        if !http.is_alive().await {
            return Err(RunError::TargetGone(format!(
                "{}: nothing answers at {}",
                target.name, attach.url
            )));
        }
        return Ok((Place::attached(target, http, label), None));
    }
    let node = Node::launch(ground, &target, &[], folder, None)
        .await
        .map_err(|gone| told(contender, &gone))?;
    let shepherd = node.shepherd_pid();
    Ok((Place::launched(target, node, label), shepherd))
}

pub(super) fn told(contender: &Contender, gone: &Gone) -> RunError {
    let log: String = gone
        .log
        .iter()
        .map(|line| format!("\n  | {}", visible(line, 500)))
        .collect();
    RunError::TargetGone(format!(
        "{} ({}): {}{log}",
        contender.target.name, contender.label, gone.what
    ))
}

struct Run<'a> {
    contender: &'a Contender,
    number: usize,
    rules: Rules,
    place: &'a Place,
    shepherd: Option<u32>,
    limits: crate::world::http::Limits,
    progress: Progress<'a>,
}

impl Run<'_> {
    async fn all(&self) -> Result<Round, Trouble> {
        let stock = Stock::new(
            self.place.http.base(),
            self.rules.seed,
            self.number,
            self.contender.facts,
        )
        .map_err(RunError::Harness)?;
        let key = self
            .place
            .ordinary_key()
            .await
            .map_err(|missing| InputError::at(&self.contender.target.name, "", missing));
        let access = Access {
            base: self.place.http.base().to_owned(),
            key: key.map_err(RunError::from)?,
            limits: self.limits,
        };
        let client = Client::new(&access)?;
        if !preload::is_fresh(&client, &stock).await? {
            let message = format!(
                "{} already holds the facts of this seed; give another --seed",
                self.contender.target.name
            );
            return Err(RunError::from(InputError::at("", "", message)).into());
        }
        let pace = Pace {
            clients: self.rules.clients.max(PRELOADERS),
            limit: self.rules.preload_limit,
        };
        let filled = preload::fill(&access, &stock, pace, &self.label(), self.progress).await?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate for people"
        )]
        let rate = thousands(filled.facts_per_second as u64);
        (self.progress)(&format!(
            "{}: {} facts brought in, {rate} a second",
            self.label(),
            thousands(stock.facts)
        ));
        let mut draw = Draw::new(self.rules.seed, "bench/looks");
        // Idle connections may be closed by now, so the looks get one of their own.
        preload::verify(&Client::new(&access)?, &stock, &filled.ids, &mut draw).await?;
        let (stock, ids) = (Arc::new(stock), Arc::new(filled.ids));
        let mut round = Round::new();
        for workload in Workload::ALL {
            let written = Arc::new(AtomicU64::new(stock.facts));
            let source = |client| self.source(workload, client, &stock, &ids, &written);
            let (mut measured, failed) = self.measure(&access, workload, &source).await?;
            if workload == Workload::Assert
                && measured.is_ok()
                && let Some(reason) = self
                    .lost(&access, &stock, written.load(Ordering::Relaxed), failed, &mut draw)
                    .await?
            {
                measured = Err(reason);
            }
            round.insert(workload, measured);
        }
        Ok(round)
    }

    fn label(&self) -> String {
        format!(
            "round {}, {} ({})",
            self.number, self.contender.label, self.contender.target.name
        )
    }

    /// The requests of one client.
    fn source(
        &self,
        workload: Workload,
        client: usize,
        stock: &Arc<Stock>,
        ids: &Arc<Vec<String>>,
        written: &Arc<AtomicU64>,
    ) -> Source {
        let stock = Arc::clone(stock);
        let mut draw = Draw::new(self.rules.seed, &format!("bench/{}/{workload:?}/{client}", self.number));
        match workload {
            Workload::QueryByEntity => {
                let entities = usize::try_from(stock.entities()).unwrap_or(usize::MAX);
                Box::new(move || stock.query(draw.below(entities) as u64))
            }
            Workload::GetById => {
                let ids = Arc::clone(ids);
                Box::new(move || stock.get(&ids[draw.below(ids.len())]))
            }
            Workload::Assert => {
                let written = Arc::clone(written);
                Box::new(move || stock.assert(written.fetch_add(1, Ordering::Relaxed)))
            }
        }
    }

    /// The outer error ends the round, the inner one is why this workload has no figure. With the number of failed requests.
    async fn measure(
        &self,
        access: &Access,
        workload: Workload,
        source: &dyn Fn(usize) -> Source,
    ) -> Result<(Result<Measured, String>, u64), Trouble> {
        (self.progress)(&format!("{}: {}", self.label(), workload.title()));
        let look = || (self.shepherd.and_then(process::of_node), process::own_cpu_ms());
        let (sample, before, after) = load::run(
            access,
            self.rules.clients,
            self.rules.span,
            workload.expected(),
            source,
            look,
        )
        .await?;
        if sample.silent
            && let Some(gone) = self.place.is_gone().await
        {
            return Err(Trouble::Ours(told(self.contender, &gone)));
        }
        let peak = self.shepherd.and_then(process::of_node).map(|usage| usage.peak_kib);
        let cpu = |usage: Option<Usage>| usage.map(|usage| usage.cpu_ms);
        let measured = judge(&sample, workload, self.rules.span.measured).map(|measured| Measured {
            peak_kib: peak,
            node_cores: self.cores(cpu(before.0), cpu(after.0)),
            client_cores: self.cores(before.1, after.1),
            ..measured
        });
        Ok((measured, sample.failed))
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a benchmark fit")]
    fn cores(&self, before: Option<u64>, after: Option<u64>) -> Option<f64> {
        Some(after?.checked_sub(before?)? as f64 / 1000.0 / self.rules.span.measured.as_secs_f64())
    }

    /// Whether acknowledged assertions cannot be found again.
    async fn lost(
        &self,
        access: &Access,
        stock: &Stock,
        written: u64,
        failed: u64,
        draw: &mut Draw,
    ) -> Result<Option<String>, Trouble> {
        let entities = stock.facts.div_ceil(FACTS_PER_ENTITY)..written / FACTS_PER_ENTITY;
        let (missing, looked) = preload::missing(&Client::new(access)?, stock, entities, draw).await?;
        let refused = format!("{failed} assertions were refused");
        Ok((missing > failed)
            .then(|| format!("{missing} of {looked} asserted facts that were looked up are not there; {refused}")))
    }
}

/// A figure, unless too many answers were wrong.
fn judge(sample: &Sample, workload: Workload, window: Duration) -> Result<Measured, String> {
    let (good, errors) = (sample.latencies_us.len() as u64, sample.error_count());
    let requests = good + errors;
    let (Some(p50), Some(p99)) = (
        percentile(&sample.latencies_us, 50),
        percentile(&sample.latencies_us, 99),
    ) else {
        return Err(format!(
            "no request was answered {}{}",
            workload.expected(),
            listed(&sample.errors)
        ));
    };
    if errors * 100 > requests * MAX_ERROR_PERCENT {
        let (errors, requests) = (thousands(errors), thousands(requests));
        return Err(format!(
            "{errors} of {requests} requests were not answered {}{}",
            workload.expected(),
            listed(&sample.errors)
        ));
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of requests fits")]
    let per_second = sample.in_time as f64 / window.as_secs_f64();
    let ms = |us: u32| f64::from(us) / 1000.0;
    Ok(Measured {
        per_second,
        p50_ms: ms(p50),
        p99_ms: ms(p99),
        requests,
        errors: sample.errors.clone(),
        peak_kib: None,
        node_cores: None,
        client_cores: None,
    })
}

/// `: 429 12 times (…), no connection 3 times`
fn listed(errors: &BTreeMap<String, u64>) -> String {
    let each =
        |(kind, count): (&String, &u64)| format!("{kind} {} times{}", thousands(*count), kind.parse().map_or("", hint));
    let all: Vec<String> = errors.iter().map(each).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!(": {}", all.join(", "))
    }
}

/// More than this share of errors, and speed says nothing.
const MAX_ERROR_PERCENT: u64 = 1;
/// How many clients fill a node at least.
pub(super) const PRELOADERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(good: u64, errors: &[(&str, u64)]) -> Sample {
        Sample {
            latencies_us: (1..=u32::try_from(good).unwrap()).map(|n| n * 1000).collect(),
            in_time: good,
            errors: errors
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count))
                .collect(),
            failed: 0,
            silent: false,
        }
    }

    #[test]
    fn throughput_and_latency_come_from_the_counted_time() {
        let measured = judge(&sample(200, &[]), Workload::Assert, Duration::from_secs(4)).unwrap();
        assert_eq!(
            (measured.per_second, measured.p50_ms, measured.p99_ms),
            (50.0, 100.0, 198.0)
        );
        assert_eq!((measured.requests, measured.errors.len()), (200, 0));
    }

    #[test]
    fn errors_are_counted_and_too_many_leave_no_figure() {
        let few = judge(&sample(990, &[("503", 10)]), Workload::GetById, Duration::from_secs(1)).unwrap();
        assert_eq!((few.requests, few.errors["503"]), (1000, 10));
        let many = judge(
            &sample(989, &[("429", 10), ("no connection", 1)]),
            Workload::GetById,
            Duration::from_secs(1),
        );
        let reason = many.unwrap_err();
        assert!(
            reason.starts_with("11 of 1,000 requests were not answered 200: 429 10 times (its rate limiter is on"),
            "{reason}"
        );
        assert!(
            judge(&sample(0, &[]), Workload::Assert, Duration::from_secs(1))
                .unwrap_err()
                .contains("no request was answered 201")
        );
    }
}
