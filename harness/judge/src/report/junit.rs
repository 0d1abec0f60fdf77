//! `report.xml`: JUnit, for continuous integration. Each case is a test case; nothing that did not pass reads as green.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::{CaseResult, Report, figures};
use crate::{error::RunError, judge::Verdict};

pub fn render(report: &Report) -> Result<String, RunError> {
    let mut suite = TestSuite::new(clean(&format!("stigmem {}", report.profile)));
    suite.timestamp = report.started.parse().ok();
    suite.set_time(Duration::from_millis(report.duration_ms));
    suite.add_properties([
        Property::new("seed", report.seed.to_string()),
        Property::new("target", clean(&report.target.name)),
        Property::new("target.version", clean(&report.target.version)),
        Property::new("kit", clean(&report.kit)),
        Property::new("conclusion", report.conclusion.sentence()),
        Property::new("coverage", figures::denominator(report)),
    ]);
    suite.add_test_cases(report.cases.iter().map(|case| test_case(report, case)));
    let mut junit = quick_junit::Report::new("stigmem-conformance");
    junit.timestamp = suite.timestamp;
    junit.set_time(Duration::from_millis(report.duration_ms));
    junit.add_test_suite(suite);
    junit.to_string().map_err(|error| figures::unwritable("JUnit", error))
}

fn test_case(report: &Report, case: &CaseResult) -> TestCase {
    let mut test = TestCase::new(clean(&case.id), status(report, case));
    test.set_classname(clean(&case.area));
    test.set_time(Duration::from_millis(case.duration_ms));
    test.set_assertions(case.subjects);
    if case.verdict == Verdict::Warn {
        test.set_system_out(format!("warning: a SHOULD is not followed\n{}", details(report, case)));
    }
    test
}

/// In step with the exit code: a listed failure is skipped, a listed case that passes is a failure.
fn status(report: &Report, case: &CaseResult) -> TestCaseStatus {
    let mut status = match (case.verdict, &case.expected) {
        (Verdict::Pass, Some(reason)) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_type("stale")
                .set_message(clean(&format!("passes, but is listed as expected to fail: {reason}")));
            return status;
        }
        (Verdict::Fail, Some(reason)) => {
            let mut status = TestCaseStatus::skipped();
            status
                .set_type("expected-failure")
                .set_message(clean(&format!("fails, and is listed as expected to: {reason}")));
            status.set_description(details(report, case));
            return status;
        }
        (Verdict::Pass | Verdict::Warn, _) => return TestCaseStatus::success(),
        (Verdict::NotApplicable, _) => TestCaseStatus::skipped(),
        (Verdict::Fail | Verdict::Inconclusive, _) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Verdict::Unreachable | Verdict::Error, _) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    status.set_type(case.verdict.word()).set_message(clean(&case.message));
    if case.verdict != Verdict::NotApplicable {
        status.set_description(details(report, case));
    }
    status
}

/// What a person needs who sees nothing but the output of a failed test.
fn details(report: &Report, case: &CaseResult) -> String {
    let mut lines = Vec::new();
    for id in &case.covers {
        let sentence = report
            .requirement(id)
            .map(|requirement| format!(" {}: {}", requirement.level.word(), requirement.text));
        lines.push(format!("{id}{}", sentence.unwrap_or_default()));
    }
    lines.push(format!("why: {}", case.why));
    lines.extend(figures::message(case));
    for failure in &case.failures {
        lines.push(format!(
            "{}\n  expected: {}\n  got:      {}",
            figures::place(failure),
            failure.wrong.expected,
            failure.wrong.got
        ));
        if let Some(blamed) = failure.exchanges.last() {
            lines.push(format!("  $ {}\n  {}\n  {}", blamed.curl, blamed.answer, blamed.body));
        }
    }
    lines.push(format!("repeat: {}", case.repeat));
    clean(&lines.join("\n"))
}

/// XML has no way to write some characters, and the library drops them: they are made visible before.
fn clean(text: &str) -> String {
    super::curl::visible(text, usize::MAX)
        .replace('\u{fffe}', "\\u{fffe}")
        .replace('\u{ffff}', "\\u{ffff}")
}
