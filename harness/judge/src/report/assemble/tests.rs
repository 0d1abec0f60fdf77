mod parts;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::{
    data::Data,
    judge::Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass, Unreachable, Warn},
    registry,
    report::tests::outcome,
    schemas::tests::SCHEMAS,
    trace::{Answer, Body, Deviation, Exchange, LeftOut, Request, Response, StepRecord},
    vectors,
};

struct Edition {
    registry: Registry,
    vectors: Vectors,
}

const SPEC: &str = "## 3.1 Meaning
> **SEM-01** · MUST · node · core
> Text.

> **SEM-02** · SHOULD · node · core
> Text.

> **SEM-03** · MUST · node · core
> Text.
> not judged: nobody can see it

> **SEM-04** · MUST · node · core · when push
> Text.

> **SEM-05** · MUST · node · core · unless push
> Text.

## 9 Oddities
> **ODD-01** · MUST · node · core
> Text.

> **FED-01** · MUST · node · federation
> Text.
";

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let get = json!([{"get": "/x", "expect": {"status": 200}}]);
    let case = |id: &str, covers: &str, members: Value| {
        let mut case = json!({"id": id, "covers": [covers], "why": "people would act on it"});
        case.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        case
    };
    let witness = json!([{"assert": {}}, {"fact": FACT, "expect": {"body": {"id": FACT}}}]);
    let file = json!({"area": "facts", "title": "Some cases", "cases": [
        case("witness", "SEM-01", json!({"steps": witness})),
        case("should", "SEM-02", json!({"steps": get})),
        case("odd", "ODD-01", json!({"steps": [{"get": "/a"}, {"get": "/b", "expect": {"status": 200}}]})),
        case("rule", "SEM-01", json!({"every": "response", "expect": {"status": ["2xx", 404]}})),
        case("with-push", "SEM-04", json!({"needs": ["push"], "steps": get})),
        case("without-push", "SEM-05", json!({"lacks": ["push"], "steps": get})),
        case("elsewhere", "FED-01", json!({"steps": get})),
    ]});
    let data = Data::of([
        ("spec/x.md".to_owned(), SPEC.to_owned()),
        ("vectors/facts/some.json".to_owned(), file.to_string()),
    ]);
    Edition {
        registry: Registry::load(&data).unwrap(),
        vectors: vectors::load(&data, &SCHEMAS).unwrap(),
    }
});

const FACT: &str = "00000000-0000-4000-8000-000000000001";

fn fact() -> Value {
    json!({
        "id": FACT, "entity": "user:alice", "relation": "memory:role", "value": {"type": "string", "v": "CEO"},
        "source": "agent:a", "timestamp": "2026-01-01T00:00:01Z", "hlc": "1767225600001.000", "valid_until": null,
        "confidence": 1.0, "scope": "public", "contradicted": false, "received_from": null, "cid": null,
    })
}

fn exchange(n: usize, status: u16, body: &Value) -> Exchange {
    Exchange {
        n,
        on: None,
        request: Request {
            method: "GET".to_owned(),
            target: format!("/{n}"),
            ..Request::default()
        },
        answer: Answer::Response(Response {
            status,
            headers: Vec::new(),
            body: Body::Text(body.to_string()),
        }),
        took_us: 1,
    }
}

/// A case of which each step sent one request, and what came back.
fn record(case: &str, answers: &[(u16, Value)]) -> CaseRecord {
    let step = |(n, (status, body)): (usize, &(u16, Value))| StepRecord {
        exchanges: vec![exchange(n + 1, *status, body)],
        events: Vec::new(),
    };
    CaseRecord {
        case: case.to_owned(),
        names: json!({"url": "http://h", "node": "1"}).as_object().unwrap().clone(),
        steps: answers.iter().enumerate().map(step).collect(),
        duration_ms: 7,
        ..CaseRecord::default()
    }
}

fn ok() -> (u16, Value) {
    (200, json!({}))
}

fn witness() -> CaseRecord {
    record("witness", &[(201, fact()), (200, fact())])
}

fn run() -> RunRecord {
    RunRecord {
        format: 1,
        kit: "0.1.0".to_owned(),
        seed: 5,
        started: "2026-01-02T03:04:05Z".to_owned(),
        profile: "core".to_owned(),
        selection: Vec::new(),
        target: TargetRecord {
            name: "node".to_owned(),
            version: "1".to_owned(),
            how: "launched".to_owned(),
            features: Vec::new(),
            repeat: "run".to_owned(),
            expected: Vec::new(),
        },
        digests: BTreeMap::new(),
        left_out: vec![left_out("with-push", LeftOutAs::NotApplicable)],
    }
}

fn left_out(case: &str, verdict: LeftOutAs) -> LeftOut {
    LeftOut {
        case: case.to_owned(),
        verdict,
        reason: "something is missing".to_owned(),
    }
}

fn assembled(run: &RunRecord, records: &[CaseRecord]) -> Report {
    let end = EndRecord {
        cases: records.len(),
        exchanges: 11,
        duration_ms: 1234,
    };
    let Edition { registry, vectors } = &*EDITION;
    assemble(run, records, &end, vectors, registry, &SCHEMAS)
}

fn verdicts(report: &Report) -> Vec<(&str, Verdict)> {
    let cases = report.cases.iter();
    cases.map(|case| (case.id.as_str(), case.verdict)).collect()
}

fn requirements_of(report: &Report) -> Vec<(&str, Option<Verdict>)> {
    let found = report.requirements.iter();
    found.map(|found| (found.id.as_str(), found.verdict)).collect()
}

/// What a node does that follows every MUST and one SHOULD less.
fn good() -> [CaseRecord; 4] {
    [
        witness(),
        record("should", &[(404, json!({}))]),
        record("odd", &[ok(), ok()]),
        record("without-push", &[ok()]),
    ]
}

#[test]
fn a_whole_run_is_counted_case_by_case_and_requirement_by_requirement() {
    let report = assembled(&run(), &good());
    assert_eq!(
        verdicts(&report),
        [
            ("witness", Pass),
            ("should", Warn),
            ("odd", Pass),
            ("rule", Pass),
            ("with-push", NotApplicable),
            ("without-push", Pass)
        ]
    );
    assert_eq!(
        requirements_of(&report),
        [
            ("SEM-01", Some(Pass)),
            ("SEM-02", Some(Warn)),
            ("SEM-03", None),
            ("SEM-04", Some(NotApplicable)),
            ("SEM-05", Some(Pass)),
            ("ODD-01", Some(Pass))
        ]
    );
    assert_eq!(
        report.counts,
        BTreeMap::from([(Pass, 4), (Warn, 1), (NotApplicable, 1)])
    );
    let area = |id: &str, title: &str, requirements, counts: &[(Verdict, usize)]| Area {
        id: id.to_owned(),
        title: title.to_owned(),
        counts: counts.iter().copied().collect(),
        requirements,
    };
    assert_eq!(
        report.areas,
        [
            area("SEM", "Semantics", 5, &[(Pass, 2), (Warn, 1), (NotApplicable, 1)]),
            area("ODD", "9 Oddities", 1, &[(Pass, 1)]),
        ]
    );
    let counted = Coverage {
        musts: 4,
        judged: 3,
        passed: 3,
        excluded: 1,
    };
    assert_eq!((report.coverage, report.conclusion), (counted, Conclusion::Conformant));
    assert_eq!((report.requests, report.duration_ms), (11, 1234));
    assert_eq!((report.cases[0].duration_ms, report.cases[3].duration_ms), (7, 0));
    assert_eq!(report.cases[4].message, "something is missing");
    assert_eq!(report.cases[2].repeat, "run --select odd --seed 5");
}

#[test]
fn a_feature_decides_what_counts() {
    let mut run = run();
    run.target.features = vec!["push".to_owned()];
    run.left_out = vec![left_out("without-push", LeftOutAs::NotApplicable)];
    let report = assembled(
        &run,
        &[
            witness(),
            record("odd", &[ok(), ok()]),
            record("with-push", &[(500, json!({}))]),
        ],
    );
    let counted = Coverage {
        musts: 4,
        judged: 3,
        passed: 1,
        excluded: 1,
    };
    // The rule is broken by the same answer.
    assert_eq!(
        (report.coverage, report.conclusion),
        (counted, Conclusion::NotConformant)
    );
}

#[test]
fn what_never_began_and_what_could_not_begin_is_inconclusive() {
    let mut run = run();
    run.left_out.push(left_out("odd", LeftOutAs::Inconclusive));
    let report = assembled(&run, &[witness(), record("should", &[ok()])]);
    let of = |id: &str| report.cases.iter().find(|case| case.id == id).unwrap();
    assert_eq!(
        (of("odd").verdict, of("odd").message.as_str()),
        (Inconclusive, "something is missing")
    );
    assert_eq!(
        (of("without-push").verdict, of("without-push").message.as_str()),
        (Inconclusive, "the run ended before this case began")
    );
    assert_eq!(report.conclusion, Conclusion::Undetermined);
}

#[test]
fn a_failure_is_shown_with_what_led_there() {
    let records = [witness(), record("odd", &[ok(), (500, json!({"oops": 1}))])];
    let mut run = run();
    let known = |case: &str, reason: &str| Deviation {
        case: case.to_owned(),
        reason: reason.to_owned(),
    };
    run.target.expected = vec![known("another", "issue 1"), known("odd", "issue 2")];
    let report = assembled(&run, &records);
    let of = |id: &str| report.cases.iter().find(|case| case.id == id).unwrap();
    let numbers =
        |case: &CaseResult| -> Vec<usize> { case.failures[0].exchanges.iter().map(|shown| shown.n).collect() };
    let odd = of("odd");
    assert_eq!((odd.verdict, odd.expected.as_deref()), (Fail, Some("issue 2")));
    assert_eq!((odd.failures[0].step, numbers(odd)), (2, vec![1, 2]));
    let shown = &odd.failures[0].exchanges[1];
    assert_eq!(
        (
            shown.case.as_str(),
            shown.curl.as_str(),
            shown.answer.as_str(),
            shown.body.as_str()
        ),
        ("odd", "curl -i http://h/2", "500", "{\"oops\":1}")
    );
    let rule = of("rule");
    assert_eq!((rule.verdict, rule.expected.as_deref()), (Fail, None));
    assert_eq!((rule.failures[0].step, numbers(rule)), (0, vec![2]));
    assert_eq!(rule.failures[0].exchanges[0].case, "odd");
    assert_eq!((of("witness").verdict, of("witness").expected.as_deref()), (Pass, None));
}

#[test]
fn a_selection_shows_its_own_alone() {
    let mut run = run();
    run.selection = vec!["odd".to_owned()];
    let report = assembled(&run, &[witness(), record("odd", &[ok(), ok()])]);
    assert_eq!(verdicts(&report), [("odd", Pass)]);
    assert_eq!(requirements_of(&report), [("ODD-01", Some(Pass))]);
    assert_eq!(report.areas.len(), 1);
    assert_eq!(report.conclusion, Conclusion::SelectionPassed);
}

#[test]
fn a_requirement_is_as_good_as_its_worst_case() {
    let requirement = |more: &str| {
        let text = format!("> **SEM-01** · MUST · node · core\n> Text.\n{more}");
        registry::parse("spec/x.md", &text).unwrap().remove(0)
    };
    let plain = requirement("");
    for (verdicts, wanted) in [
        (vec![], Inconclusive),
        (vec![NotApplicable], NotApplicable),
        (vec![NotApplicable, Pass], Pass),
        (vec![Pass, Inconclusive], Inconclusive),
        (vec![Inconclusive, Unreachable], Unreachable),
        (vec![Unreachable, Warn], Warn),
        (vec![Warn, Fail], Fail),
        (vec![Fail, Error], Error),
    ] {
        let report = outcome::report(&verdicts.iter().map(|verdict| (*verdict, false)).collect::<Vec<_>>());
        let cases: Vec<&CaseResult> = report.cases.iter().collect();
        assert_eq!(worst(&plain, &cases), Some(wanted), "{verdicts:?}");
    }
    assert_eq!(worst(&requirement("> not judged: nobody can see it\n"), &[]), None);
    assert_eq!(worst(&requirement("> pending: a case\n"), &[]), Some(Inconclusive));
}

#[test]
fn a_conclusion_is_drawn_from_cases_and_coverage() {
    /// Two MUSTs passed of three, and the third is excluded.
    const ALL: Coverage = Coverage {
        musts: 3,
        judged: 2,
        passed: 2,
        excluded: 1,
    };
    const SOME: Coverage = Coverage { passed: 1, ..ALL };
    const NONE: Coverage = Coverage {
        musts: 0,
        judged: 0,
        passed: 0,
        excluded: 0,
    };
    let conclude = |verdicts: &[(Verdict, bool)], coverage, whole| {
        let report = outcome::report(verdicts);
        conclude(&report.cases.iter().collect::<Vec<_>>(), coverage, whole)
    };
    for (verdicts, coverage, whole, selected) in [
        (
            vec![(Pass, false)],
            ALL,
            Conclusion::Conformant,
            Conclusion::SelectionPassed,
        ),
        (
            vec![(Pass, false), (Warn, false)],
            ALL,
            Conclusion::Conformant,
            Conclusion::SelectionPassed,
        ),
        (
            vec![(Pass, false)],
            SOME,
            Conclusion::Undetermined,
            Conclusion::SelectionPassed,
        ),
        (
            vec![(Pass, false)],
            NONE,
            Conclusion::Undetermined,
            Conclusion::SelectionPassed,
        ),
        (
            vec![(Pass, false), (Inconclusive, false)],
            ALL,
            Conclusion::Undetermined,
            Conclusion::Undetermined,
        ),
        (
            vec![(NotApplicable, false)],
            ALL,
            Conclusion::Undetermined,
            Conclusion::Undetermined,
        ),
        (
            vec![(Pass, false), (Fail, false)],
            ALL,
            Conclusion::NotConformant,
            Conclusion::SelectionFailed,
        ),
        (
            vec![(Pass, false), (Fail, true)],
            ALL,
            Conclusion::AsExpected,
            Conclusion::AsExpected,
        ),
        (
            vec![(Fail, false), (Fail, true)],
            ALL,
            Conclusion::NotConformant,
            Conclusion::SelectionFailed,
        ),
        (
            vec![(Pass, true)],
            ALL,
            Conclusion::NotConformant,
            Conclusion::SelectionFailed,
        ),
        (
            vec![(Fail, false), (Unreachable, false)],
            ALL,
            Conclusion::Unreachable,
            Conclusion::Unreachable,
        ),
        (
            vec![(Error, false), (Unreachable, false)],
            ALL,
            Conclusion::HarnessError,
            Conclusion::HarnessError,
        ),
    ] {
        assert_eq!(conclude(&verdicts, coverage, true), whole, "{verdicts:?} of all");
        assert_eq!(conclude(&verdicts, coverage, false), selected, "{verdicts:?} of some");
    }
}
