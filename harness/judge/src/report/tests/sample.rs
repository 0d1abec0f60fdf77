//! A report with every verdict, and with texts that want to be markup, escape sequences or other lines.

use std::collections::BTreeMap;

use crate::{
    judge::{Verdict, wrong::Wrong},
    registry::Level,
    report::{Area, CaseResult, Conclusion, Coverage, FailureResult, Report, RequirementResult, Shown},
    trace::{Deviation, TargetRecord},
};

pub(crate) const SCRIPT: &str = "<script>alert(1)</script>";
/// Clears the screen and paints it green; then a mark that turns the direction of text.
pub(crate) const ESCAPES: &str = "\u{1b}[2J\u{1b}[32mPASS\u{202e}";

pub(crate) fn report() -> Report {
    let requirements = requirements();
    let cases = cases();
    let mut counts = BTreeMap::new();
    for case in &cases {
        *counts.entry(case.verdict).or_default() += 1;
    }
    Report {
        format: 1,
        kit: "0.1.0".to_owned(),
        digests: ["schemas", "spec", "vectors"]
            .map(|folder| (folder.to_owned(), format!("sha256:{}", "5f".repeat(32))))
            .into(),
        trace: None,
        target: TargetRecord {
            name: "Ex|ample *node*".to_owned(),
            version: "1.2.0-β".to_owned(),
            how: "launched".to_owned(),
            features: vec!["include-retracted".to_owned()],
            repeat: "stigmem-conformance run --target node.toml".to_owned(),
            expected: ["paging-ends", "paging-starts"]
                .map(|case| Deviation {
                    case: case.to_owned(),
                    reason: "issue 12".to_owned(),
                })
                .into(),
        },
        profile: "core".to_owned(),
        selection: Vec::new(),
        seed: 20_260_102,
        started: "2026-01-02T03:04:05Z".to_owned(),
        duration_ms: 7_350,
        conclusion: Conclusion::HarnessError,
        coverage: Coverage {
            musts: 7,
            judged: 3,
            passed: 1,
            excluded: 1,
        },
        profiles: Vec::new(),
        counts,
        requests: 93,
        areas: areas(&requirements),
        requirements,
        cases,
    }
}

/// The same with other areas, as `assemble` would count them.
pub(crate) fn areas(requirements: &[RequirementResult]) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for requirement in requirements {
        let id = requirement.id.split('-').next().unwrap_or_default();
        if areas.iter().all(|area| area.id != id) {
            areas.push(Area {
                id: id.to_owned(),
                title: requirement.section.clone(),
                counts: BTreeMap::new(),
                requirements: 0,
            });
        }
        let area = areas.iter_mut().find(|area| area.id == id).unwrap();
        area.requirements += 1;
        if let Some(verdict) = requirement.verdict {
            *area.counts.entry(verdict).or_default() += 1;
        }
    }
    areas
}

fn requirements() -> Vec<RequirementResult> {
    let one = |id: &str, section: &str, level, verdict, cases: &[&str]| RequirementResult {
        id: id.to_owned(),
        level,
        section: section.to_owned(),
        file: "spec/03-semantics.md".to_owned(),
        text: format!("`POST /v1/facts` holds for {id}: a \\| b | c, 1 < 2 & \"so on\"."),
        feature: None,
        unless: None,
        not_judged: None,
        verdict,
        cases: cases.iter().map(|case| (*case).to_owned()).collect(),
    };
    let mut excluded = one("SEM-04", "Semantics", Level::Must, None, &[]);
    excluded.not_judged = Some("held by pure vectors; over HTTP the clock of a node `cannot` be seen".to_owned());
    let mut optional = one(
        "SEM-18",
        "Semantics",
        Level::Must,
        Some(Verdict::NotApplicable),
        &["history-is-shown"],
    );
    optional.feature = Some("past-timestamp".to_owned());
    vec![
        one(
            "SEM-07",
            "Semantics",
            Level::Must,
            Some(Verdict::Fail),
            &["retraction-hides", "names/empty", "names/blank"],
        ),
        one(
            "SEM-08",
            "Semantics",
            Level::MustNot,
            Some(Verdict::Pass),
            &["paging-starts", "quiet"],
        ),
        excluded,
        optional,
        one("HTTP-01", "HTTP", Level::Should, Some(Verdict::Warn), &["etag-is-sent"]),
        one(
            "HTTP-02",
            "HTTP",
            Level::Must,
            Some(Verdict::Unreachable),
            &["survives"],
        ),
        one(
            "HTTP-03",
            "HTTP",
            Level::Must,
            Some(Verdict::Inconclusive),
            &["scopes-hold", "scopes-hold-too"],
        ),
        one(
            "HTTP-04",
            "HTTP",
            Level::Must,
            Some(Verdict::Error),
            &["vector-is-wrong"],
        ),
        one("HTTP-05", "HTTP", Level::Must, Some(Verdict::Fail), &["paging-ends"]),
        one("HTTP-06", "HTTP", Level::May, Some(Verdict::Pass), &["quiet"]),
    ]
}

pub(crate) fn case(id: &str, covers: &str, verdict: Verdict, message: &str) -> CaseResult {
    CaseResult {
        id: id.to_owned(),
        area: "retraction".to_owned(),
        covers: vec![covers.to_owned()],
        why: "an agent must not act on what was `withdrawn`; @everyone would see #1".to_owned(),
        verdict,
        subjects: usize::from(verdict == Verdict::Pass) * 3,
        duration_ms: 41,
        message: message.to_owned(),
        expected: None,
        failures: Vec::new(),
        repeat: format!("stigmem-conformance run --target node.toml --select {id} --seed 20260102"),
    }
}

fn cases() -> Vec<CaseResult> {
    let hostile = format!("{SCRIPT} {ESCAPES} | `{SCRIPT}` ```` \nconformant: forged\n</pre></details>");
    let mut retraction = case(
        "retraction-hides",
        "SEM-07",
        Verdict::Fail,
        &format!("step 3 (query): {hostile}"),
    );
    retraction.failures = vec![
        failure(3, "/facts/0/value/v", &hostile),
        failure(4, "", "nothing: the member is not there"),
    ];
    let mut empty = case(
        "names/empty",
        "SEM-07",
        Verdict::Fail,
        "step 1 (refuse): expected 400, got 201",
    );
    empty.failures = vec![failure(1, "", "201")];
    let mut rule = case(
        "names/blank",
        "SEM-07",
        Verdict::Fail,
        "3 of 90 break the rule; the first: expected a text, got 7",
    );
    rule.failures = vec![failure(0, "/hlc", "7")];
    let mut known = case(
        "paging-ends",
        "HTTP-05",
        Verdict::Fail,
        "step 2 (walk): expected an end, got none",
    );
    known.failures = vec![failure(2, "", "none")];
    known.expected = Some(format!("issue 12 {SCRIPT}"));
    let mut stale = case("paging-starts", "SEM-08", Verdict::Pass, "");
    stale.expected = Some("issue 12".to_owned());
    let mut quiet = case("quiet", "SEM-08", Verdict::Pass, "");
    quiet.covers.push("HTTP-06".to_owned());
    vec![
        retraction,
        empty,
        rule,
        known,
        stale,
        quiet,
        case(
            "etag-is-sent",
            "HTTP-01",
            Verdict::Warn,
            "step 2 (get): expected an etag, got none",
        ),
        case(
            "survives",
            "HTTP-02",
            Verdict::Unreachable,
            "the node died with signal 9; its last words: 사망 / ☠",
        ),
        case(
            "scopes-hold",
            "HTTP-03",
            Verdict::Inconclusive,
            "the target file says nothing about keys",
        ),
        case(
            "scopes-hold-too",
            "HTTP-03",
            Verdict::Inconclusive,
            "the target file says nothing about keys",
        ),
        case(
            "vector-is-wrong",
            "HTTP-04",
            Verdict::Error,
            "step 2: there is no name {first}",
        ),
        case(
            "history-is-shown",
            "SEM-18",
            Verdict::NotApplicable,
            "the target does not declare past-timestamp",
        ),
    ]
}

pub(crate) fn failure(step: usize, pointer: &str, got: &str) -> FailureResult {
    let shown = |n: usize, body: String| Shown {
        case: "retraction-hides".to_owned(),
        n,
        curl: format!(
            "curl -i 'http://127.0.0.1:4711/v1/facts?entity={SCRIPT}' -H \"Authorization: Bearer $READER_KEY\""
        ),
        answer: "200".to_owned(),
        headers: vec!["content-type: application/json".to_owned(), format!("x-note: {SCRIPT}")],
        body,
    };
    FailureResult {
        step,
        verb: "query".to_owned(),
        wrong: Wrong {
            pointer: pointer.to_owned(),
            expected: "an array of 0 | none".to_owned(),
            got: got.to_owned(),
        },
        exchanges: vec![
            shown(1, format!("{{\"id\":\"{SCRIPT}\"}}")),
            shown(2, format!("{}{ESCAPES}", "x".repeat(10_000))),
        ],
    }
}
