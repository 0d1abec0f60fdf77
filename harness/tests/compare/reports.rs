//! Reports as small as a test can do with, and some as large as they get.

use std::{collections::BTreeMap, path::Path};

use stigmem_conformance::{
    judge::Verdict,
    registry::Level,
    report::{Area, CaseResult, Conclusion, Coverage, Report, RequirementResult, json},
    trace::TargetRecord,
};

/// A case is its id, the requirement that it covers, and its verdict.
pub(crate) type Row<'a> = (&'a str, &'a str, Verdict);

pub(crate) fn report(name: &str, rows: &[Row<'_>]) -> Report {
    let cases: Vec<CaseResult> = rows
        .iter()
        .map(|(id, covers, verdict)| case(id, covers, *verdict))
        .collect();
    let mut ids: Vec<&str> = rows.iter().map(|(_, covers, _)| *covers).collect();
    ids.sort_unstable();
    ids.dedup();
    let requirements: Vec<RequirementResult> = ids.into_iter().map(|id| requirement(id, &cases)).collect();
    let mut counts = BTreeMap::new();
    for case in &cases {
        *counts.entry(case.verdict).or_default() += 1;
    }
    let of = |verdict| {
        requirements
            .iter()
            .filter(|found| found.verdict == Some(verdict))
            .count()
    };
    Report {
        format: 1,
        kit: "0.1.0".to_owned(),
        digests: ["schemas", "spec", "vectors"]
            .map(|folder| (folder.to_owned(), format!("sha256:{}", "5f".repeat(32))))
            .into(),
        trace: None,
        target: TargetRecord {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            how: "launched".to_owned(),
            features: Vec::new(),
            repeat: "stigmem-conformance run".to_owned(),
            expected: Vec::new(),
        },
        profile: "core".to_owned(),
        selection: Vec::new(),
        seed: 1,
        started: "2026-01-02T03:04:05Z".to_owned(),
        duration_ms: 7_350,
        conclusion: Conclusion::Undetermined,
        coverage: Coverage {
            musts: requirements.len(),
            judged: of(Verdict::Pass) + of(Verdict::Fail),
            passed: of(Verdict::Pass),
            excluded: 0,
        },
        counts,
        requests: 93,
        areas: vec![Area {
            id: "SEM".to_owned(),
            title: "Semantics".to_owned(),
            counts: BTreeMap::new(),
            requirements: requirements.len(),
        }],
        requirements,
        cases,
    }
}

fn case(id: &str, covers: &str, verdict: Verdict) -> CaseResult {
    let message = match verdict {
        Verdict::Pass => String::new(),
        _ => format!("what was found in {id}"),
    };
    CaseResult {
        id: id.to_owned(),
        area: "retraction".to_owned(),
        covers: vec![covers.to_owned()],
        why: "people would act on it".to_owned(),
        verdict,
        subjects: 1,
        duration_ms: 41,
        message,
        expected: None,
        failures: Vec::new(),
        repeat: format!("stigmem-conformance run --select {id}"),
    }
}

fn requirement(id: &str, cases: &[CaseResult]) -> RequirementResult {
    let own: Vec<&CaseResult> = cases.iter().filter(|case| case.covers[0] == id).collect();
    let worst = [
        Verdict::Error,
        Verdict::Fail,
        Verdict::Warn,
        Verdict::Unreachable,
        Verdict::Inconclusive,
        Verdict::Pass,
        Verdict::NotApplicable,
    ];
    RequirementResult {
        id: id.to_owned(),
        level: Level::Must,
        section: "Semantics".to_owned(),
        file: "spec/03-semantics.md".to_owned(),
        text: format!("A node holds to {id}, `always`."),
        feature: None,
        not_judged: None,
        verdict: worst
            .into_iter()
            .find(|verdict| own.iter().any(|case| case.verdict == *verdict)),
        cases: own.iter().map(|case| case.id.clone()).collect(),
    }
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
    std::fs::write(&path, json::render(report).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}
