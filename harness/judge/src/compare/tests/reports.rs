//! Reports as small as a test can do with, and some as large as they get.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};
use stigmem_judge::{
    compare::Change,
    judge::Verdict::{self, Error, Fail, Inconclusive, NotApplicable, Pass, Unreachable, Warn},
    report::{Report, json as as_json},
};

/// A case is its id, the requirement that it covers, and its verdict.
pub(crate) type Row<'a> = (&'a str, &'a str, Verdict);

/// Every way from one verdict to another that has a name of its own.
pub(crate) const BASE: &[Row<'_>] = &[
    ("case-broken", "SEM-01", Pass),
    ("case-seen-to-fail", "SEM-02", Inconclusive),
    ("case-inconclusive", "SEM-03", Fail),
    ("case-unreachable", "SEM-04", Pass),
    ("case-in-error", "SEM-05", Pass),
    ("case-not-applicable", "SEM-06", Pass),
    ("case-fixed", "SEM-07", Fail),
    ("case-eased", "SEM-08", Fail),
    ("case-seen-to-pass", "SEM-09", Unreachable),
    ("case-gone", "SEM-10", Pass),
    ("case-unchanged", "SEM-11", Fail),
];
pub(crate) const OTHER: &[Row<'_>] = &[
    ("case-broken", "SEM-01", Fail),
    ("case-seen-to-fail", "SEM-02", Fail),
    ("case-inconclusive", "SEM-03", Inconclusive),
    ("case-unreachable", "SEM-04", Unreachable),
    ("case-in-error", "SEM-05", Error),
    ("case-not-applicable", "SEM-06", NotApplicable),
    ("case-fixed", "SEM-07", Pass),
    ("case-eased", "SEM-08", Warn),
    ("case-seen-to-pass", "SEM-09", Pass),
    ("case-new", "SEM-12", Fail),
    ("case-unchanged", "SEM-11", Fail),
];
pub(crate) const NAMED: [(&str, Change); 12] = [
    ("case-broken", Change::Broken),
    ("case-seen-to-fail", Change::NewlyFailing),
    ("case-inconclusive", Change::NewlyInconclusive),
    ("case-unreachable", Change::NewlyUnreachable),
    ("case-in-error", Change::NewlyInError),
    ("case-not-applicable", Change::NewlyNotApplicable),
    ("case-fixed", Change::Fixed),
    ("case-eased", Change::Eased),
    ("case-seen-to-pass", Change::NewlyPassing),
    ("case-gone", Change::Gone),
    ("case-new", Change::New),
    ("case-unchanged", Change::Unchanged),
];

/// From JSON, so that a member which a report may have does not concern it.
pub(crate) fn report(name: &str, rows: &[Row<'_>]) -> Report {
    let cases: Vec<Value> = rows
        .iter()
        .map(|(id, covers, verdict)| case(id, covers, *verdict))
        .collect();
    let mut ids: Vec<&str> = rows.iter().map(|(_, covers, _)| *covers).collect();
    ids.sort_unstable();
    ids.dedup();
    let requirements: Vec<Value> = ids.iter().map(|id| requirement(id, rows)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, verdict) in rows {
        *counts.entry(verdict.word()).or_default() += 1;
    }
    let of = |verdict: &str| requirements.iter().filter(|found| found["verdict"] == verdict).count();
    let digest = format!("sha256:{}", "5f".repeat(32));
    let report = json!({
        "format": 1,
        "kit": "0.1.0",
        "digests": { "schemas": digest, "spec": digest, "vectors": digest },
        "target": { "name": name, "version": "1.0", "how": "launched", "repeat": "stigmem-conformance run" },
        "profile": "core",
        "selection": [],
        "seed": 1,
        "started": "2026-01-02T03:04:05Z",
        "duration_ms": 7350,
        "conclusion": "undetermined",
        "coverage": {
            "musts": requirements.len(),
            "judged": of("pass") + of("fail"),
            "passed": of("pass"),
            "excluded": 0,
        },
        "counts": counts,
        "requests": 93,
        "areas": [{ "id": "SEM", "title": "Semantics", "counts": {}, "requirements": requirements.len() }],
        "requirements": requirements,
        "cases": cases,
    });
    serde_json::from_value(report).unwrap()
}

fn case(id: &str, covers: &str, verdict: Verdict) -> Value {
    let message = match verdict {
        Verdict::Pass => String::new(),
        _ => format!("what was found in {id}"),
    };
    json!({
        "id": id,
        "area": "retraction",
        "covers": [covers],
        "why": "people would act on it",
        "verdict": verdict,
        "subjects": 1,
        "duration_ms": 41,
        "message": message,
        "repeat": format!("stigmem-conformance run --select {id}"),
    })
}

fn requirement(id: &str, rows: &[Row<'_>]) -> Value {
    let own: Vec<&Row<'_>> = rows.iter().filter(|(_, covers, _)| *covers == id).collect();
    let worst = [
        Verdict::Error,
        Verdict::Fail,
        Verdict::Warn,
        Verdict::Unreachable,
        Verdict::Inconclusive,
        Verdict::Pass,
        Verdict::NotApplicable,
    ];
    json!({
        "id": id,
        "level": "MUST",
        "section": "Semantics",
        "file": "spec/03-semantics.md",
        "text": format!("A node holds to {id}, `always`."),
        "verdict": worst.into_iter().find(|verdict| own.iter().any(|row| row.2 == *verdict)),
        "cases": own.iter().map(|row| row.0).collect::<Vec<_>>(),
    })
}

/// So many cases of 250 requirements, of which every `broken`-th fails in words of its own.
pub(crate) fn large(name: &str, cases: usize, broken: usize) -> Report {
    let rows: Vec<(String, String, Verdict)> = (0..cases)
        .map(|n| {
            let verdict = if n % broken == 0 { Verdict::Fail } else { Verdict::Pass };
            (
                format!("a-case-with-a-name-of-the-usual-length/row-{n}"),
                format!("SEM-{:02}", n % 250),
                verdict,
            )
        })
        .collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(id, covers, verdict)| (id.as_str(), covers.as_str(), *verdict))
        .collect();
    let mut report = report(name, &rows);
    for requirement in &mut report.requirements {
        requirement.text = format!("{} {}", requirement.id, "of a length that sentences have ".repeat(5));
    }
    for case in report.cases.iter_mut().filter(|case| case.verdict == Verdict::Fail) {
        case.message = format!(
            "{name} in {}: {}",
            case.id,
            "expected a text, got <null> & \"more\" ".repeat(6)
        );
    }
    report
}

/// Writes `report.json` into a folder, which is made.
pub(crate) fn write(folder: &Path, report: &Report) -> String {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join("report.json");
    std::fs::write(&path, as_json::render(report).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}
