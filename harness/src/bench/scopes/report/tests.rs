use super::*;
use crate::{bench::scopes::mix::Owed, target::Target};

fn args() -> BenchArgs {
    BenchArgs {
        target: "bundled".into(),
        against: Some("it's mine.toml".into()),
        clients: 4,
        seconds: 2,
        rounds: 2,
        facts: 100,
        scale: Vec::new(),
        replication: false,
        ring: 0,
        scopes: true,
        alone: Some(5000),
        run_minutes: 3,
        preload_minutes: 5,
        seed: None,
        json: None,
    }
}

fn pass(seconds: f64, peak_kib: Option<u64>) -> Pass {
    Pass {
        seconds,
        facts_per_second: 100.0 / seconds,
        bytes: 12_345,
        listed: 7,
        fact_count: 100,
        job: false,
        before_kib: peak_kib.map(|peak| peak / 2),
        peak_kib,
        peak_of_life: false,
        node_cores: Some(0.5),
        client_cores: Some(0.25),
    }
}

type Outcomes<'a> = [(&'a str, u64, Vec<Result<Pass, Missing>>)];

/// Each lint of each node; synthesis is not known.
fn report(outcomes: &Outcomes<'_>) -> ScopesReport {
    let mut report = ScopesReport::begin(&args(), 7);
    for (label, facts, _) in outcomes {
        let contender = Contender {
            label: (*label).to_owned(),
            target: Target::at_url("http://127.0.0.1:1", None, None, Vec::new()).unwrap(),
            facts: *facts,
        };
        let filling = Filling {
            owed: Owed { live: 90, triples: 80 },
            facts_per_second: 10.0,
            ..Filling::default()
        };
        report.enter(&contender, &filling);
    }
    for (label, facts, outcomes) in outcomes {
        for outcome in outcomes {
            report.row(Work::Lint, label, *facts).unwrap().take(outcome.clone());
        }
        let row = report.row(Work::Synthesis, label, *facts).unwrap();
        row.take(Err(Missing::Unknown(404)));
    }
    report.conclude();
    report
}

#[test]
fn nodes_are_compared_at_one_size_and_a_node_with_itself_at_another() {
    let report = report(&[
        ("A", 100, vec![Ok(pass(1.0, Some(2048))), Ok(pass(3.0, Some(4096)))]),
        ("B", 100, vec![Ok(pass(10.0, Some(8192))), Ok(pass(10.0, Some(1024)))]),
        ("A", 5000, vec![Ok(pass(20.0, Some(4096))), Ok(pass(20.0, Some(4096)))]),
    ]);
    let said: Vec<_> = report
        .comparisons
        .iter()
        .map(|one| (one.what.as_str(), one.seconds, one.peak_memory))
        .collect();
    let expected = [("A/B", 0.2, Some(0.5)), ("A: 5,000 facts / 100 facts", 10.0, Some(1.0))];
    assert_eq!(said, expected);
    assert_eq!(report.exit(), Exit::Ok);
    let text = report.to_string();
    for part in [
        "lint A/B: seconds × 0.20 (2.000 / 10.0; by round × 0.10–0.30), peak memory × 0.50",
        "A has no synthesis: POST /v1/synthesis was answered 404",
        "12,345",
        "(90 live) brought in at 10 a second",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // The memory before is the least, the peak the most.
    let row = text
        .lines()
        .find(|line| line.starts_with("lint") && line.contains("B"))
        .unwrap();
    assert!(row.contains(" 0.5 ") && row.contains(" 8.0 "), "{text}");
}

#[test]
fn a_refused_round_leaves_no_figure() {
    let wrong = Missing::Refused("the job failed: no room".to_owned());
    let report = report(&[
        ("A", 100, vec![Ok(pass(1.0, None))]),
        ("B", 100, vec![Ok(pass(1.0, None)), Err(wrong)]),
    ]);
    assert_eq!(report.row_of("B").seconds, None);
    assert!(report.comparisons.is_empty());
    assert_eq!(report.exit(), Exit::TooLittle);
    let text = report.to_string();
    assert!(
        text.contains("no figure for lint on B with 100 facts: the job failed: no room"),
        "{text}"
    );
}

#[test]
fn memory_that_was_not_measured_is_not_zero() {
    let report = report(&[("A", 100, vec![Ok(pass(1.0, None))])]);
    assert_eq!(report.row_of("A").peak_kib, None);
    assert!(report.to_string().contains("not measured"), "{report}");
    assert!(serde_json::to_value(&report).unwrap()["rows"][0]["peak_kib"].is_null());
}

#[test]
fn routes_that_nobody_has_are_too_little() {
    let report = report(&[("A", 100, vec![Err(Missing::Unknown(405))])]);
    assert_eq!(
        (report.row_of("A").unknown, report.row_of("A").seconds),
        (Some(405), None)
    );
    assert_eq!(report.exit(), Exit::TooLittle);
    assert!(
        report
            .to_string()
            .contains("A has no lint: POST /v1/lint was answered 405"),
        "{report}"
    );
}

#[test]
fn the_command_repeats_the_run() {
    let expected = "stigmem-conformance bench --scopes --target bundled --against 'it'\\''s mine.toml' --facts 100 --alone 5000 --clients 4 \
                    --rounds 2 --run-minutes 3 --preload-minutes 5 --seed 7";
    assert_eq!(ScopesReport::begin(&args(), 7).command, expected);
}

impl ScopesReport {
    fn row_of(&self, label: &str) -> &Measure {
        let mut rows = self.rows.iter();
        rows.find(|row| row.work == Work::Lint && row.node == label).unwrap()
    }
}
