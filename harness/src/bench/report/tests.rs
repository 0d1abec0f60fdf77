use super::*;
use crate::{bench::BenchArgs, target::Target};

fn args() -> BenchArgs {
    BenchArgs {
        replication: false,
        ring: 0,
        target: "bundled".into(),
        against: Some("it's mine.toml".into()),
        clients: 4,
        seconds: 2,
        rounds: 3,
        facts: 100,
        scale: Vec::new(),
        scopes: false,
        alone: None,
        run_minutes: 1,
        preload_minutes: 5,
        seed: None,
        json: None,
    }
}

fn contender(label: &str, facts: u64) -> Contender {
    let target = Target::at_url("http://127.0.0.1:1", None, None, Vec::new()).unwrap();
    Contender {
        label: label.to_owned(),
        target,
        facts,
    }
}

fn measured(per_second: f64, p99_ms: f64) -> Measured {
    Measured {
        per_second,
        p50_ms: 1.0,
        p99_ms,
        requests: 10,
        errors: BTreeMap::from([("503".to_owned(), 1)]),
        peak_kib: Some(2048),
        node_cores: Some(0.5),
        client_cores: Some(0.25),
    }
}

fn rounds(of: &[f64], p99_ms: f64) -> Vec<Round> {
    let round = |rate: &f64| {
        Workload::ALL
            .into_iter()
            .map(|workload| (workload, Ok(measured(*rate, p99_ms))))
            .collect()
    };
    of.iter().map(round).collect()
}

fn report(contenders: &[Contender], rounds: &[Vec<Round>]) -> BenchReport {
    let mut report = BenchReport::begin(&args(), 7, Duration::from_millis(500), contenders);
    report.fill(rounds, contenders);
    report
}

#[test]
fn two_nodes_are_compared_with_their_ranges() {
    let report = report(
        &[contender("A", 100), contender("B", 100)],
        &[rounds(&[300.0, 100.0, 200.0], 4.0), rounds(&[100.0, 50.0, 50.0], 8.0)],
    );
    assert_eq!(report.rows.len(), 6);
    assert_eq!(
        report.rows[0].per_second,
        Some(Figure {
            median: 200.0,
            min: 100.0,
            max: 300.0
        })
    );
    assert_eq!((report.rows[0].requests, report.rows[0].errors["503"]), (30, 3));
    assert_eq!(report.comparisons.len(), 3);
    let first = &report.comparisons[0];
    assert_eq!(
        (first.what.as_str(), first.per_second, first.p99, first.peak_memory),
        ("A/B", 4.0, Some(0.5), Some(1.0))
    );
    assert_eq!(
        first.per_second_range,
        Some(Figure {
            median: 3.0,
            min: 2.0,
            max: 4.0
        })
    );
    assert_eq!((first.per_second_of, first.p99_ms_of), ([200.0, 50.0], [4.0, 8.0]));
    assert_eq!(report.exit(), Exit::Ok);
    let text = report.to_string();
    assert!(
        text.contains(
            "query by entity A/B: answers/s × 4.00 (200 / 50; by round × 2.00–4.00), p99 × 0.50 (4.00 / 8.00 ms)"
        ),
        "{text}"
    );
    assert!(text.contains("3 of 30"), "{text}");
}

#[test]
fn sizes_are_compared_with_the_smallest_of_the_same_node() {
    let contenders = [("A", 100), ("B", 100), ("A", 2000), ("B", 2000)].map(|(label, facts)| contender(label, facts));
    let report = report(
        &contenders,
        &[
            rounds(&[10.0], 1.0),
            rounds(&[10.0], 1.0),
            rounds(&[5.0], 3.0),
            rounds(&[5.0], 6.0),
        ],
    );
    let of_query: Vec<_> = report
        .comparisons
        .iter()
        .filter(|comparison| comparison.workload == Workload::QueryByEntity)
        .collect();
    let said: Vec<_> = of_query
        .iter()
        .map(|comparison| (comparison.what.as_str(), comparison.p99))
        .collect();
    let expected = [
        ("A/B", Some(1.0)),
        ("A/B", Some(0.5)),
        ("A: 2,000 facts / 100 facts", Some(3.0)),
        ("B: 2,000 facts / 100 facts", Some(6.0)),
    ];
    assert_eq!(said, expected);
}

#[test]
fn one_refused_round_leaves_no_figure_and_no_ratio() {
    let mut bad = rounds(&[1.0, 2.0], 1.0);
    bad[1].insert(
        Workload::Assert,
        Err("12 of 13 requests were not answered 201".to_owned()),
    );
    let report = report(
        &[contender("A", 100), contender("B", 100)],
        &[rounds(&[1.0, 2.0], 1.0), bad],
    );
    let refused = report
        .rows
        .iter()
        .find(|row| row.workload == Workload::Assert && row.node == "B")
        .unwrap();
    assert_eq!((refused.per_second, refused.p99_ms), (None, None));
    assert!(
        report
            .comparisons
            .iter()
            .all(|comparison| comparison.workload != Workload::Assert)
    );
    assert_eq!(report.comparisons.len(), 2);
    assert_eq!(report.exit(), Exit::TooLittle);
    assert!(
        report
            .to_string()
            .contains("no figure for assert on B with 100 facts: 12 of 13"),
        "{report}"
    );
}

#[test]
fn the_command_repeats_the_run() {
    let report = report(&[contender("A", 100)], &[rounds(&[1.0], 1.0)]);
    let expected = "stigmem-conformance bench --target bundled --against 'it'\\''s mine.toml' --clients 4 --seconds 2 --rounds 3 --facts 100 \
                    --preload-minutes 5 --seed 7";
    assert_eq!(report.command, expected);
    let scaled = BenchArgs {
        scale: vec![10, 20],
        against: None,
        ..args()
    };
    assert!(command(&scaled, 7).contains(" --scale 10,20 --preload-minutes 5 --seed 7"));
}

#[test]
fn memory_that_is_not_known_is_not_zero() {
    let mut round = rounds(&[1.0], 1.0);
    for outcome in round[0].values_mut() {
        outcome.as_mut().unwrap().peak_kib = None;
    }
    let report = report(&[contender("A", 100)], &[round]);
    assert_eq!(report.rows[0].peak_kib, None);
    assert!(report.to_string().contains("not available"), "{report}");
    assert!(serde_json::to_value(&report).unwrap()["rows"][0]["peak_kib"].is_null());
}

#[test]
fn digits_are_grouped() {
    let grouped = [0, 999, 1000, 1_234_567].map(thousands);
    assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
}
