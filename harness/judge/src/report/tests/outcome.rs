//! What a report says of itself as a whole, and of the list of known failures.

use std::collections::BTreeMap;

use super::{on_terminal, sample};
use crate::{
    exit::Exit,
    judge::Verdict::{self, Error, Fail, Inconclusive, NotApplicable, Pass, Unreachable, Warn},
    report::{CaseResult, Conclusion, Coverage, ProfileResult, Report, html, markdown},
};

/// A report with a case for each verdict, listed as known to fail or not.
pub(in crate::report) fn report(verdicts: &[(Verdict, bool)]) -> Report {
    let mut report = sample::report();
    report.cases.clear();
    report.counts.clear();
    for (n, (verdict, listed)) in verdicts.iter().enumerate() {
        let mut case = sample::case(&format!("case-{n}"), "SEM-07", *verdict, "said");
        case.expected = listed.then(|| "issue 12".to_owned());
        report.cases.push(case);
        *report.counts.entry(*verdict).or_default() += 1;
    }
    report
}

fn ids<'a>(cases: impl Iterator<Item = &'a CaseResult>) -> Vec<&'a str> {
    cases.map(|case| case.id.as_str()).collect()
}

#[test]
fn a_report_is_bound_to_its_trace() {
    let bound = sample::report().of_trace("sha256:00".to_owned());
    assert_eq!(bound.trace.as_deref(), Some("sha256:00"));
    assert_eq!(Report { trace: None, ..bound }, sample::report());
}

#[test]
fn what_is_worst_is_told_first_and_what_passed_is_no_trouble() {
    let all = [Pass, Fail, Warn, Unreachable, Inconclusive, NotApplicable, Error, Fail];
    let report = report(&all.map(|verdict| (verdict, false)));
    assert_eq!(
        ids(report.troubles()),
        ["case-6", "case-3", "case-1", "case-7", "case-2", "case-4"]
    );
}

#[test]
fn a_list_is_held_to_what_was_judged() {
    let all = [Pass, Fail, Warn, Unreachable, Inconclusive, NotApplicable, Error];
    let listed = report(&all.map(|verdict| (verdict, true)));
    assert_eq!(ids(listed.stale()), ["case-0"]);
    assert_eq!(ids(listed.unseen()), ["case-3", "case-4", "case-5", "case-6"]);
    let open = report(&all.map(|verdict| (verdict, false)));
    assert_eq!(ids(open.stale()), [""; 0]);
    assert_eq!(ids(open.unseen()), [""; 0]);
}

#[test]
fn what_is_listed_and_was_not_judged_is_told_everywhere() {
    let report = report(&[(Inconclusive, true), (Fail, true)]);
    let heading = "Listed as expected to fail, but not judged in this run";
    let plain = on_terminal(&report, false);
    assert!(
        plain.contains(&format!("\n{heading}\n  inconclusive: case-0: issue 12\n")),
        "{plain}"
    );
    let comment = markdown::render(&report);
    assert!(
        comment.contains(&format!("## {heading}\n\n- inconclusive `case-0`: issue 12\n\n")),
        "{comment}"
    );
    let page = html::render(&report).unwrap();
    assert!(page.contains(&format!("<h3>{heading}</h3>")) && page.contains("<code>case-0</code>: issue 12"));
}

#[test]
fn a_run_of_all_profiles_says_the_result_in_each_everywhere() {
    let mut report = sample::report();
    report.profile = "full".to_owned();
    report.profiles = vec![ProfileResult {
        profile: "lint".to_owned(),
        conclusion: Conclusion::Conformant,
        coverage: Coverage {
            musts: 2,
            judged: 2,
            passed: 2,
            excluded: 0,
        },
        counts: BTreeMap::new(),
    }];
    let line = "lint: conformant, 2 of 2 MUSTs judged and passed";
    let plain = on_terminal(&report, false);
    assert!(plain.contains(&format!("\n  {line}\n")), "{plain}");
    let comment = markdown::render(&report);
    assert!(comment.contains(&format!("\n- {line}\n\n")), "{comment}");
    let page = html::render(&report).unwrap();
    assert!(page.contains(&format!("<dt>Of these</dt><dd>{line}</dd>")), "{page}");
}

#[test]
fn the_exit_code_follows_from_the_conclusion() {
    let exit = |conclusion, verdicts: &[(Verdict, bool)]| {
        let mut report = report(verdicts);
        report.conclusion = conclusion;
        report.exit()
    };
    for conclusion in [
        Conclusion::Conformant,
        Conclusion::SelectionPassed,
        Conclusion::AsExpected,
    ] {
        assert_eq!(exit(conclusion, &[(Pass, false)]), Exit::Ok);
    }
    for conclusion in [Conclusion::NotConformant, Conclusion::SelectionFailed] {
        assert_eq!(exit(conclusion, &[(Fail, false)]), Exit::NotConformant);
        assert_eq!(exit(conclusion, &[(Pass, true)]), Exit::NotConformant, "a stale list");
        assert_eq!(exit(conclusion, &[(Inconclusive, false)]), Exit::TooLittle);
    }
    assert_eq!(
        exit(Conclusion::Undetermined, &[(Inconclusive, false)]),
        Exit::TooLittle
    );
    assert_eq!(exit(Conclusion::Unreachable, &[(Fail, false)]), Exit::TargetGone);
    assert_eq!(exit(Conclusion::HarnessError, &[(Fail, false)]), Exit::Harness);
}
