//! How fast facts get from one node to another, and how long a ring of four needs to agree after a cut.

mod report;
mod ring;

use std::time::{Duration, Instant};

pub use report::ReplicationReport;

use super::{
    BenchArgs, Progress, check, contenders,
    load::{Access, Client},
    preload::{self, Pace, Trouble},
    process,
    report::thousands,
    round::Contender,
    workload::Stock,
};
use crate::{
    data::Data,
    drive::Station,
    error::RunError,
    schemas::Schemas,
    seed,
    seed::Draw,
    world::{clock::Deadline, node::Ground},
};

/// One round of one node kind.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Passage {
    pub facts_per_second: f64,
    pub seconds: f64,
    /// Peak resident memory of the node that pulled.
    pub peak_kib: Option<u64>,
}

/// Measures both; nothing that did not arrive is counted.
pub async fn replication(
    args: &BenchArgs,
    data: &Data,
    schemas: &Schemas,
    ground: &Ground,
    progress: Progress<'_>,
) -> Result<ReplicationReport, RunError> {
    check(args)?;
    let seed = args.seed.unwrap_or_else(seed::fresh);
    let contenders = contenders(args, data, schemas)?;
    let bench = Bench {
        args,
        seed,
        ground,
        progress,
    };
    let mut report = ReplicationReport::begin(args, seed, &contenders);
    for number in 1..=usize::from(args.rounds) {
        for (n, contender) in contenders.iter().enumerate() {
            report.rows[n].take(bench.passage(contender, number).await);
        }
    }
    if args.ring > 0 {
        for (n, contender) in contenders.iter().enumerate().take(1) {
            report.rows[n].ring = Some(bench.ring(contender).await?);
        }
    }
    Ok(report)
}

/// What all rounds share.
struct Bench<'a> {
    args: &'a BenchArgs,
    seed: u64,
    ground: &'a Ground,
    progress: Progress<'a>,
}

impl Bench<'_> {
    /// One node is filled; then another becomes its peer, and the time runs until that has everything.
    async fn passage(&self, contender: &Contender, number: usize) -> Result<Passage, String> {
        let label = format!("round {number}, {} ({})", contender.label, contender.target.name);
        let enter = |name: &'static str| {
            let folder = format!("replication-{}-{number}-{name}", contender.label);
            async move { Station::enter(self.ground, &contender.target, &folder, None).await }
        };
        let (publisher, puller) = (enter("a").await.map_err(told)?, enter("b").await.map_err(told)?);
        let ids = self.fill(&publisher, contender.facts, number, &label).await?;
        publisher.register_at(&puller, SCOPES).await.map_err(told)?;
        let started = Instant::now();
        puller.register_at(&publisher, SCOPES).await.map_err(told)?;
        self.await_all(&puller, &ids).await?;
        let seconds = started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a count of facts fits")]
        let facts_per_second = contender.facts as f64 / seconds;
        let peak_kib = puller.shepherd.and_then(process::of_node).map(|usage| usage.peak_kib);
        (self.progress)(&format!(
            "{label}: {} facts passed in {seconds:.2} s",
            thousands(contender.facts)
        ));
        publisher.place.end().await;
        puller.place.end().await;
        Ok(Passage {
            facts_per_second,
            seconds,
            peak_kib,
        })
    }

    /// Brings public facts into a node; the ids of some, drawn from all.
    async fn fill(&self, station: &Station, facts: u64, number: usize, label: &str) -> Result<Vec<String>, String> {
        let stock = Stock::new(station.place.http.base(), self.seed, number, facts)?.public();
        let pace = Pace {
            clients: usize::from(self.args.clients),
            limit: Duration::from_secs(self.args.preload_minutes * 60),
        };
        let filled = preload::fill(&self.access(station), &stock, pace, label, self.progress).await;
        let mut ids = filled.map_err(in_words)?.ids;
        Draw::new(self.seed, &format!("replication/{number}/{}", station.name)).shuffle(&mut ids);
        ids.truncate(LOOKS);
        Ok(ids)
    }

    /// Waits until a node has all of these; asked one after the other, so that the questions cost it little.
    async fn await_all(&self, station: &Station, ids: &[String]) -> Result<(), String> {
        let client = Client::new(&self.access(station)).map_err(told)?;
        let stock = Stock::new(station.place.http.base(), 0, 0, 0)?;
        let deadline = Deadline::after(Duration::from_secs(self.args.preload_minutes * 60));
        for id in ids {
            while !matches!(client.status(stock.get(id)).await, Ok(200)) {
                if let Some(gone) = station.place.is_gone().await {
                    return Err(format!("{}: {}", station.name, gone.what));
                }
                if !deadline.another_look(Duration::from_millis(20)).await {
                    let minutes = self.args.preload_minutes;
                    return Err(format!(
                        "not everything arrived within {minutes} minutes (--preload-minutes)"
                    ));
                }
            }
        }
        Ok(())
    }

    fn access(&self, station: &Station) -> Access {
        Access {
            base: station.place.http.base().to_owned(),
            key: Some(station.key.clone()),
            limits: self.ground.limits,
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn told(error: RunError) -> String {
    error.to_string()
}

fn in_words(trouble: Trouble) -> String {
    match trouble {
        Trouble::Refused(what) | Trouble::Silent(what) => what,
        Trouble::Ours(error) => error.to_string(),
    }
}

const SCOPES: &str = "company,public";
/// Of how many facts, drawn from all, the arrival is awaited.
const LOOKS: usize = 500;
