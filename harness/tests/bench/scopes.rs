//! `bench --scopes`: the bundled node, and small nodes that answer otherwise.

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use stigmem_conformance::{
    bench::{self, BenchArgs, Measure, ScopesReport, Work},
    data::Data,
    error::RunError,
    exit::Exit,
    schemas::Schemas,
};

use super::{Manner, Running, args, ground, listen, serve};

async fn measure(args: &BenchArgs) -> Result<ScopesReport, RunError> {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    bench::scopes(args, &data, &schemas, &ground(scratch.path(), 30), &|_| {}).await
}

fn row<'a>(report: &'a ScopesReport, work: Work, node: &str, facts: u64) -> &'a Measure {
    let mut rows = report.rows.iter();
    rows.find(|row| row.work == work && row.node == node && row.facts == facts)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bundled_node_is_measured_with_and_without_jobs() {
    let folder = tempfile::tempdir().unwrap();
    // The same node, which answers lint with a job.
    let text = include_str!("../../targets/bundled.toml");
    let setting = "STIGMEM_LOG_LEVEL = \"info\"\n";
    assert!(text.contains(setting));
    let with_jobs = text.replacen(setting, "STIGMEM_ASYNC_JOB_THRESHOLD = \"20\"\n", 1);
    let (against, json) = (folder.path().join("jobs.toml"), folder.path().join("figures.json"));
    std::fs::write(&against, with_jobs).unwrap();
    let args = BenchArgs {
        scopes: true,
        against: Some(against),
        facts: 300,
        alone: Some(500),
        rounds: 2,
        json: Some(json.clone()),
        ..args("bundled".as_ref())
    };
    let report = measure(&args).await.unwrap();
    assert_eq!(report.exit(), Exit::Ok, "{report}");
    assert_eq!((report.rows.len(), report.nodes.len()), (6, 3));
    for row in &report.rows {
        assert_eq!(row.rounds.len(), 2, "{row:?}");
        let held = report.nodes.iter().find(|held| held.node.facts == row.facts).unwrap();
        for pass in &row.rounds {
            assert!(pass.seconds > 0.0 && pass.bytes > 1000 && pass.listed > 0, "{pass:?}");
            assert!(pass.fact_count >= held.live && held.live > 0, "{pass:?}");
            assert_eq!(pass.job, row.work == Work::Lint && row.node == "B", "{pass:?}");
            assert_eq!(pass.peak_kib.is_some(), cfg!(target_os = "linux"));
            assert!(pass.before_kib <= pass.peak_kib, "{pass:?}");
        }
    }
    for work in Work::ALL {
        let listed = |node| row(&report, work, node, 300).listed;
        assert_eq!(listed("A"), listed("B"), "both have the same facts");
    }
    let compared: Vec<&str> = report.comparisons.iter().map(|one| one.what.as_str()).collect();
    let of_one = ["A/B", "A: 500 facts / 300 facts"];
    assert_eq!(compared, [of_one, of_one].concat());
    let text = report.to_string();
    assert!(text.contains("lint on B with 300 facts was a job"), "{text}");
    assert!(
        text.contains("--alone 500") && text.contains(&format!("--seed {}", report.seed)),
        "{text}"
    );

    report.write_json(&args).unwrap();
    let data: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(data["rows"][0]["work"], "lint");
    assert_eq!(data["nodes"][2]["facts"], 500);
}

type Answer = fn() -> Response;

/// A node that takes every fact and answers lint with this.
async fn answering(answer: Answer) -> Running {
    let facts = get(|| async { Json(json!({"facts": [], "total": 0, "cursor": null})) }).post(|| async {
        (
            StatusCode::CREATED,
            Json(json!({"id": "3bdf8d18-66f0-4ecb-b9ac-f816cc991fea"})),
        )
    });
    let failed = || async { Json(json!({"job_id": "j 1", "status": "failed", "error": "no room"})) };
    let router = Router::new()
        .route("/.well-known/stigmem", get(|| async { Json(json!({})) }))
        .route("/v1/facts", facts)
        .route("/v1/lint", post(move || async move { answer() }))
        .route("/v1/lint/jobs/{id}", get(failed));
    listen(router).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_no_results_get_no_figure_and_the_reason() {
    let cases: [(Answer, &str); 6] = [
        (
            || Json(json!({"findings": [], "fact_count": 3})).into_response(),
            "/v1/lint speaks of 3 facts; ",
        ),
        (
            || Json(json!({"findings": []})).into_response(),
            "has no `findings` or no `fact_count`",
        ),
        (
            || "{\"fact_count\": 900, \"findings\": [".into_response(),
            "has no `findings` or no `fact_count`",
        ),
        (
            || StatusCode::SERVICE_UNAVAILABLE.into_response(),
            "POST /v1/lint was answered 503; 200 or 202 is expected",
        ),
        (
            || {
                (
                    StatusCode::ACCEPTED,
                    Json(json!({"job_id": "j 1", "status": "pending"})),
                )
                    .into_response()
            },
            "the job failed: no room",
        ),
        (
            || " ".repeat(10 << 20).into_response(),
            "POST /v1/lint: answer too long",
        ),
    ];
    for (answer, said) in cases {
        let node = answering(answer).await;
        let report = measure(&BenchArgs {
            scopes: true,
            ..args(&node.target)
        })
        .await
        .unwrap();
        let lint = row(&report, Work::Lint, "A", 200);
        assert_eq!((lint.seconds, lint.unknown), (None, None), "{said}");
        assert!(
            lint.refused.as_ref().is_some_and(|reason| reason.contains(said)),
            "{said}: {report}"
        );
        // It has no such route, and that is another matter.
        assert_eq!(row(&report, Work::Synthesis, "A", 200).unknown, Some(404));
        assert_eq!(report.exit(), Exit::TooLittle);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_one_of_the_routes_gets_a_figure_for_the_other() {
    let node = answering(|| Json(json!({"findings": [{}, {}], "fact_count": 1000})).into_response()).await;
    let report = measure(&BenchArgs {
        scopes: true,
        rounds: 3,
        ..args(&node.target)
    })
    .await
    .unwrap();
    let (lint, synthesis) = (
        row(&report, Work::Lint, "A", 200),
        row(&report, Work::Synthesis, "A", 200),
    );
    assert_eq!(
        (lint.rounds.len(), lint.rounds[0].listed, lint.rounds[0].bytes),
        (3, 2, 38)
    );
    assert_eq!(
        (lint.peak_kib, synthesis.unknown, synthesis.seconds),
        (None, Some(404), None)
    );
    assert_eq!(report.exit(), Exit::Ok);
    let text = report.to_string();
    assert!(
        text.contains("A has no synthesis: POST /v1/synthesis was answered 404"),
        "{text}"
    );
    assert!(text.contains("not measured"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_takes_no_facts_gets_no_figure() {
    let node = serve(Manner::Limits).await;
    let report = measure(&BenchArgs {
        scopes: true,
        ..args(&node.target)
    })
    .await
    .unwrap();
    assert_eq!(report.exit(), Exit::TooLittle);
    assert!(
        report
            .rows
            .iter()
            .all(|row| row.refused.as_ref().is_some_and(|reason| reason.contains("429"))),
        "{report}"
    );
    assert!(report.to_string().contains("could not be brought in"), "{report}");
}
