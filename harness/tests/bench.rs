//! `bench` against small nodes of this file's own, reached over sockets.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "bench/scopes.rs"]
mod scopes;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path as InPath, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use stigmem_conformance::{
    bench::{self, BenchArgs, BenchReport, Workload},
    data::Data,
    error::RunError,
    exit::Exit,
    schemas::Schemas,
    world::{http::Limits, node::Ground},
};

/// How a node of this file behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Good,
    /// Acknowledges, stores nothing.
    Forgets,
    /// 429 for every write.
    Limits,
    /// Stores what is brought in before the measurement, and forgets what comes later.
    ForgetsAfter(usize),
    /// Every third read fails.
    FailsReads,
}

#[derive(Debug, Clone)]
struct Store {
    manner: Manner,
    facts: Arc<Mutex<HashMap<String, Vec<Value>>>>,
    ids: Arc<Mutex<HashMap<String, Value>>>,
    count: Arc<AtomicUsize>,
}

fn router(manner: Manner) -> Router {
    let store = Store {
        manner,
        facts: Arc::default(),
        ids: Arc::default(),
        count: Arc::default(),
    };
    Router::new()
        .route("/.well-known/stigmem", get(|| async { Json(json!({})) }))
        .route("/v1/facts", get(query).post(assert))
        .route("/v1/facts/{id}", get(by_id))
        .with_state(store)
}

async fn assert(State(store): State<Store>, Json(mut fact): Json<Value>) -> Response {
    if store.manner == Manner::Limits {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let n = store.count.fetch_add(1, Ordering::Relaxed);
    let id = format!("00000000-0000-4000-8000-{n:012}");
    fact["id"] = json!(id);
    let forgets =
        matches!(store.manner, Manner::Forgets) || matches!(store.manner, Manner::ForgetsAfter(limit) if n >= limit);
    if !forgets {
        let entity = fact["entity"].as_str().unwrap().to_owned();
        store
            .facts
            .lock()
            .unwrap()
            .entry(entity)
            .or_default()
            .push(fact.clone());
        store.ids.lock().unwrap().insert(id, fact.clone());
    }
    (StatusCode::CREATED, Json(fact)).into_response()
}

async fn query(State(store): State<Store>, Query(parameters): Query<HashMap<String, String>>) -> Response {
    let facts = store
        .facts
        .lock()
        .unwrap()
        .get(&parameters["entity"])
        .cloned()
        .unwrap_or_default();
    let found = !facts.is_empty();
    if store.manner == Manner::FailsReads && found && store.count.fetch_add(1, Ordering::Relaxed) > 300 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Json(json!({"facts": facts, "total": facts.len(), "cursor": null})).into_response()
}

async fn by_id(State(store): State<Store>, InPath(id): InPath<String>) -> Response {
    match store.ids.lock().unwrap().get(&id) {
        Some(fact) => Json(fact.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A node that is up, and the target file that names it.
struct Running {
    folder: tempfile::TempDir,
    target: PathBuf,
    server: tokio::task::JoinHandle<()>,
}

async fn serve(manner: Manner) -> Running {
    listen(router(manner)).await
}

async fn listen(router: Router) -> Running {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target.toml");
    std::fs::write(
        &target,
        format!("name = \"small node\"\n[attach]\nurl = \"http://{address}\"\n"),
    )
    .unwrap();
    Running { folder, target, server }
}

fn args(target: &Path) -> BenchArgs {
    BenchArgs {
        replication: false,
        ring: 0,
        target: target.to_owned(),
        against: None,
        clients: 4,
        seconds: 1,
        rounds: 1,
        facts: 200,
        scale: Vec::new(),
        scopes: false,
        alone: None,
        run_minutes: 1,
        preload_minutes: 1,
        seed: Some(11),
        json: None,
    }
}

async fn measure(args: &BenchArgs) -> Result<BenchReport, RunError> {
    measure_telling(args, &|_| {}).await
}

async fn measure_telling(args: &BenchArgs, progress: bench::Progress<'_>) -> Result<BenchReport, RunError> {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    bench::bench(args, &data, &schemas, &ground(scratch.path(), 5), progress).await
}

fn ground(scratch: &Path, seconds: u64) -> Ground {
    Ground {
        kit: env!("CARGO_BIN_EXE_stigmem-conformance").into(),
        scratch: scratch.to_owned(),
        limits: Limits {
            time: Duration::from_secs(seconds),
            ..Limits::default()
        },
        mask: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_workload_gets_a_figure_and_the_same_as_data() {
    let node = serve(Manner::Good).await;
    let json = node.folder.path().join("figures.json");
    let args = BenchArgs {
        json: Some(json.clone()),
        rounds: 2,
        against: Some(node.target.clone()),
        seed: None,
        ..args(&node.target)
    };
    // Both sides of the pair are the same attached node: it must be noticed that its store is not fresh.
    let error = measure(&args).await.unwrap_err();
    assert!(error.to_string().contains("another --seed"), "{error}");

    let args = BenchArgs { against: None, ..args };
    let report = measure(&args).await.unwrap();
    assert_eq!(report.exit(), Exit::Ok);
    let workloads: Vec<Workload> = report.rows.iter().map(|row| row.workload).collect();
    assert_eq!(workloads, Workload::ALL);
    for row in &report.rows {
        let (rate, p50, p99) = (row.per_second.unwrap(), row.p50_ms.unwrap(), row.p99_ms.unwrap());
        assert!(
            rate.min > 0.0 && rate.min <= rate.median && rate.median <= rate.max,
            "{row:?}"
        );
        assert!(p50.median > 0.0 && p50.median <= p99.median, "{row:?}");
        assert_eq!(
            (row.errors.len(), row.rounds.len(), row.peak_kib),
            (0, 2, None),
            "{row:?}"
        );
    }
    report.write_json(&args).unwrap();
    let data: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(data["rows"].as_array().unwrap().len(), 3);
    assert_eq!(data["command"], report.command.as_str());
    assert!(report.command.ends_with(&format!("--seed {}", report.seed)));
    let text = report.to_string();
    assert!(
        text.contains("get by id") && text.contains("not available") && text.contains(&report.command),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sizes_are_compared_in_one_run() {
    let node = serve(Manner::Good).await;
    let report = measure(&BenchArgs {
        scale: vec![100, 1000],
        ..args(&node.target)
    })
    .await
    .unwrap();
    let sizes: Vec<u64> = report.nodes.iter().map(|node| node.facts).collect();
    assert_eq!(sizes, [100, 1000]);
    let query = report
        .comparisons
        .iter()
        .find(|comparison| comparison.workload == Workload::QueryByEntity)
        .unwrap();
    assert!(
        query.what == "A: 1,000 facts / 100 facts" && query.p99.is_some(),
        "{query:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stores_nothing_gets_no_figure() {
    let node = serve(Manner::Forgets).await;
    let report = measure(&args(&node.target)).await.unwrap();
    assert_eq!(report.exit(), Exit::TooLittle);
    assert!(report.rows.iter().all(|row| row.per_second.is_none()));
    assert!(
        report.rows[0]
            .refused
            .as_ref()
            .unwrap()
            .contains("was given 10 facts, a query shows 0"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_loses_measured_writes_gets_no_figure_for_them() {
    let node = serve(Manner::ForgetsAfter(200)).await;
    let report = measure(&args(&node.target)).await.unwrap();
    let refused: Vec<bool> = report.rows.iter().map(|row| row.refused.is_some()).collect();
    assert_eq!(refused, [false, false, true]);
    assert!(
        report.rows[2].refused.as_ref().unwrap().contains("are not there"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_writes_and_failing_reads_are_told_with_their_status() {
    let node = serve(Manner::Limits).await;
    let report = measure(&args(&node.target)).await.unwrap();
    assert!(
        report.rows[0]
            .refused
            .as_ref()
            .unwrap()
            .contains("429, 3 times; 201 is expected (its rate limiter is on"),
        "{report}"
    );

    // Whether it shows while the facts are brought in or later depends on the machine's speed; told it is, either way.
    let node = serve(Manner::FailsReads).await;
    let told = match measure(&args(&node.target)).await {
        Ok(report) => {
            assert_eq!(report.exit(), Exit::TooLittle);
            let refused: Vec<String> = report.rows.iter().filter_map(|row| row.refused.clone()).collect();
            refused.join("; ")
        }
        Err(error) => error.to_string(),
    };
    assert!(told.contains("503"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_there_is_told() {
    let node = serve(Manner::Good).await;
    node.server.abort();
    let _ = node.server.await;
    let error = measure(&args(&node.target)).await.unwrap_err();
    assert!(
        matches!(&error, RunError::TargetGone(message) if message.contains("nothing answers at http")),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_under_the_clients_is_told() {
    // A runtime of its own, so that its connections end with it as those of a process do.
    let machine = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let node = machine.spawn(serve(Manner::Good)).await.unwrap();
    let machine = Mutex::new(Some(machine));
    let progress = |told: &str| {
        if told.contains("get by id") {
            machine.lock().unwrap().take().unwrap().shutdown_background();
        }
    };
    let error = measure_telling(&args(&node.target), &progress).await.unwrap_err();
    assert!(
        matches!(&error, RunError::TargetGone(message) if message.contains("nothing answers at http")),
        "{error:?}"
    );
}

#[tokio::test]
async fn wrong_arguments_are_told_before_anything_is_measured() {
    let nowhere = Path::new("/nonexistent/target.toml");
    let wrong = |change: fn(&mut BenchArgs)| {
        let mut args = args(nowhere);
        change(&mut args);
        args
    };
    let cases = [
        (wrong(|args| args.scale = vec![5]), "at least two sizes"),
        (wrong(|args| args.scale = vec![50, 20]), "the smallest first"),
        (wrong(|args| args.alone = Some(args.facts)), "more facts than --facts"),
        (
            wrong(|args| args.json = Some("/nonexistent/x.json".into())),
            "does not exist",
        ),
        (wrong(|args| args.json = Some("/".into())), "folder"),
        (
            wrong(|args| args.target = "http://127.0.0.1:1".into()),
            "stigmem-conformance init http://127.0.0.1:1",
        ),
        (wrong(|_| {}), "cannot be read"),
    ];
    for (args, said) in cases {
        let error = measure(&args).await.unwrap_err();
        assert!(
            matches!(&error, RunError::Input(_)) && error.to_string().contains(said),
            "{said}: {error}"
        );
    }
}
