use super::*;
use crate::{
    judge::wrong::Wrong,
    report::{Conclusion, ProfileResult, tests::sample},
};

#[test]
fn a_denominator_leaves_out_what_there_is_none_of() {
    let with = |[musts, judged, passed, excluded]: [usize; 4]| {
        let mut report = sample::report();
        report.coverage = Coverage {
            musts,
            judged,
            passed,
            excluded,
        };
        denominator(&report)
    };
    assert_eq!(with([3, 3, 3, 0]), "3 of 3 MUSTs judged and passed");
    assert_eq!(
        with([3, 3, 1, 0]),
        "1 of 3 MUSTs judged and passed, 2 judged and failed"
    );
    assert_eq!(
        with([3, 2, 2, 1]),
        "2 of 3 MUSTs judged and passed, 1 excluded with reasons"
    );
    assert_eq!(
        with([3, 2, 2, 0]),
        "2 of 3 MUSTs judged and passed, 1 not judged in this run"
    );
    assert_eq!(
        with([1, 1, 2, 5]),
        "2 of 1 MUSTs judged and passed, 5 excluded with reasons",
        "a stranger's report may count as it likes"
    );
}

#[test]
fn a_selection_has_a_denominator_of_its_own() {
    let mut report = sample::report();
    report.selection = vec!["paging".to_owned()];
    assert!(denominator(&report).starts_with("1 of 7 MUSTs that the selection touches judged and passed"));
}

#[test]
fn a_tally_leaves_out_what_there_is_none_of() {
    let mut report = sample::report();
    report.cases.truncate(2);
    report.counts = [(Verdict::Fail, 2)].into();
    assert_eq!(tally(&report), "2 cases: 2 fail");
    report.counts.clear();
    assert_eq!(tally(&report), "no case was run");
}

#[test]
fn two_verdicts_have_a_column_where_they_occur() {
    use Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass, Unreachable, Warn};
    let mut report = sample::report();
    report.areas.retain(|area| area.id == "SEM");
    assert_eq!(columns(&report), [Pass, Fail, Warn, Inconclusive, NotApplicable]);
    report.areas[0].counts = [(Error, 1)].into();
    assert_eq!(columns(&report), [Pass, Fail, Warn, Inconclusive, NotApplicable, Error]);
    report.areas[0].counts = [(Unreachable, 1)].into();
    assert_eq!(
        columns(&report),
        [Pass, Fail, Warn, Inconclusive, NotApplicable, Unreachable]
    );
}

#[test]
fn cases_are_held_up_alike_when_verdict_list_and_message_are_the_same() {
    let case = |verdict, expected: Option<&str>, message: &str| CaseResult {
        expected: expected.map(str::to_owned),
        ..sample::case("a", "SEM-07", verdict, message)
    };
    let one = case(Verdict::Inconclusive, None, "no keys");
    assert!(held_up_alike(&one, &case(Verdict::Inconclusive, None, "no keys")));
    for other in [
        case(Verdict::Inconclusive, None, "no time"),
        case(Verdict::Inconclusive, Some("issue 12"), "no keys"),
        case(Verdict::Unreachable, None, "no keys"),
    ] {
        assert!(!held_up_alike(&one, &other), "{other:?}");
    }
    for judged in [Verdict::Pass, Verdict::Fail, Verdict::Warn] {
        let one = case(judged, None, "no keys");
        assert!(!held_up_alike(&one, &one), "each of them has evidence of its own");
    }
}

#[test]
fn code_stands_between_backticks_that_come_in_pairs() {
    fn found(text: &str) -> Vec<(bool, &str)> {
        pieces(text).iter().map(|piece| (piece.code, piece.text)).collect()
    }
    assert_eq!(found("`a` b"), [(true, "a"), (false, " b")]);
    assert_eq!(
        found("a `b` c `d`"),
        [(false, "a "), (true, "b"), (false, " c "), (true, "d")]
    );
    assert_eq!(found("a `b` c` d"), [(false, "a `b` c` d")]);
}

/// What a run of all profiles says of one.
fn part(profile: &str, conclusion: Conclusion, [musts, judged, passed, excluded]: [usize; 4]) -> ProfileResult {
    ProfileResult {
        profile: profile.to_owned(),
        conclusion,
        coverage: Coverage {
            musts,
            judged,
            passed,
            excluded,
        },
        counts: std::collections::BTreeMap::new(),
    }
}

#[test]
fn each_profile_has_a_line_with_its_result_and_its_denominator() {
    let mut report = sample::report();
    assert_eq!(profiles(&report).count(), 0);
    report.profiles = vec![
        part("lint", Conclusion::Conformant, [53, 52, 52, 1]),
        part("decay\nlint", Conclusion::NotConformant, [3, 3, 2, 0]),
        part("synthesis", Conclusion::Undetermined, [3, 2, 2, 0]),
    ];
    assert_eq!(
        profiles(&report).collect::<Vec<_>>(),
        [
            "lint: conformant, 52 of 53 MUSTs judged and passed, 1 excluded with reasons",
            "decay\\nlint: not conformant, 2 of 3 MUSTs judged and passed, 1 judged and failed",
            "synthesis: undetermined, 2 of 3 MUSTs judged and passed, 1 not judged in this run",
        ]
    );
    report.selection = vec!["LINT".to_owned()];
    report.profiles = vec![part("lint", Conclusion::SelectionPassed, [2, 2, 2, 0])];
    assert_eq!(
        profiles(&report).collect::<Vec<_>>(),
        ["lint: the selected cases passed, 2 of 2 MUSTs that the selection touches judged and passed"]
    );
}

#[test]
fn what_is_open_is_neither_judged_nor_excluded() {
    let mut report = sample::report();
    assert_eq!(open(&report), 3);
    report.coverage.musts = 12;
    assert_eq!(open(&report), 8);
    report.coverage.musts = 4;
    assert_eq!(open(&report), 0);
}

#[test]
fn a_place_is_a_step_and_a_member_of_its_answer() {
    let at = |step: usize, pointer: &str| {
        place(&FailureResult {
            step,
            verb: "query".to_owned(),
            wrong: Wrong::said(pointer, "1", "2"),
            exchanges: Vec::new(),
        })
    };
    assert_eq!(at(3, "/facts/0/id"), "step 3 (query) at /facts/0/id");
    assert_eq!(at(1, ""), "step 1 (query)");
    assert_eq!(at(0, "/a\nb"), "the rule at /a\\nb");
}

#[test]
fn a_message_is_told_where_no_failure_says_the_same() {
    let told = |verdict, failures: &[usize], said: &str| {
        message(&CaseResult {
            failures: failures.iter().map(|step| sample::failure(*step, "", "2")).collect(),
            ..sample::case("a", "SEM-07", verdict, said)
        })
    };
    for (verdict, failures, wanted) in [
        (Verdict::Fail, &[1][..], None),
        (Verdict::Warn, &[1], None),
        // Of a rule about everything it says how often it was broken.
        (Verdict::Fail, &[0], Some("said")),
        (Verdict::Fail, &[], Some("said")),
        (Verdict::Inconclusive, &[1], Some("said")),
        (Verdict::Unreachable, &[1], Some("said")),
    ] {
        assert_eq!(
            told(verdict, failures, "said").as_deref(),
            wanted,
            "{verdict:?} {failures:?}"
        );
    }
    assert_eq!(told(Verdict::Unreachable, &[], ""), None);
}

#[test]
fn troubles_belong_together_when_they_are_rows_of_one_case_or_held_up_alike() {
    let trouble = |id: &str, verdict, expected: Option<&str>| CaseResult {
        expected: expected.map(str::to_owned),
        ..sample::case(id, "SEM-07", verdict, "no keys")
    };
    let mut report = sample::report();
    report.cases = vec![
        trouble("table/one", Verdict::Fail, None),
        trouble("table/two", Verdict::Fail, None),
        trouble("table/known", Verdict::Fail, Some("issue 12")),
        trouble("table/warned", Verdict::Warn, None),
        trouble("other", Verdict::Fail, None),
        trouble("held/one", Verdict::Inconclusive, None),
        trouble("held-too", Verdict::Inconclusive, None),
        trouble("passed", Verdict::Pass, None),
    ];
    let ids: Vec<Vec<&str>> = families(&report)
        .iter()
        .map(|family| family.iter().map(|case| case.id.as_str()).collect())
        .collect();
    assert_eq!(
        ids,
        [
            vec!["table/one", "table/two"],
            vec!["table/known"],
            vec!["other"],
            vec!["table/warned"],
            vec!["held/one", "held-too"],
        ]
    );
}
