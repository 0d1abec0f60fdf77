//! What a verdict counts, and what it says to people.

use super::*;

fn judged(steps: &Value, record: &CaseRecord) -> CaseVerdict {
    judge(&case(steps), record)
}

/// A record of hosts that saw nothing of a node.
fn hosts(all: Vec<Hosted>) -> CaseRecord {
    record(all.into_iter().map(|hosted| (Vec::new(), hosted)).collect())
}

fn stays(how: &str) -> Hosted {
    Hosted {
        answer: json!({"failed": how == "none", "how": how}),
        ..Hosted::default()
    }
}

#[test]
fn each_step_that_judges_is_counted() {
    let steps =
        json!([{"do": "checkout", "expect": {"exit": 0}}, {"do": "ping"}, {"do": "done", "expect": {"exit": 0}}]);
    let found = judged(
        &steps,
        &hosts(vec![exited(0, "", &[]), exited(0, "", &[]), exited(0, "", &[])]),
    );
    assert_eq!(
        found,
        CaseVerdict {
            verdict: Verdict::Pass,
            subjects: 2,
            message: String::new(),
            failures: Vec::new(),
        }
    );
}

#[test]
fn a_case_that_only_prepares_shows_nothing() {
    let found = judged(&json!([{"do": "checkout"}]), &hosts(vec![exited(0, "", &[])]));
    assert_eq!(found, CaseVerdict::of(Verdict::Inconclusive, "nothing was observed"));
}

#[test]
fn a_run_that_ended_early_shows_nothing_of_the_rest() {
    let steps = json!([{"do": "checkout", "expect": {"exit": 0}}, {"do": "done", "expect": {"exit": 0}}]);
    let found = judged(&steps, &hosts(vec![exited(0, "", &[])]));
    assert_eq!(
        found,
        CaseVerdict::of(Verdict::Inconclusive, "the run ended before the case did")
    );
}

#[test]
fn a_failure_says_which_step_and_how_the_adapter_ended() {
    let steps = json!([{"do": "checkout"}, {"do": "done", "expect": {"exit": 7}}]);
    let talkative = Hosted {
        stderr: "first words\nlast words\n  \n".to_owned(),
        ..exited(0, "", &[])
    };
    let two = vec![write(4, "a:b", &string("x"), 201), write(5, "a:b", &string("x"), 201)];
    let found = judged(&steps, &record(vec![(vec![], exited(0, "", &[])), (two, talkative)]));
    assert_eq!(
        found.message,
        "step 2 (done): expected 7 at /exit, got 0 (exited with 0 after 5 ms, standard error ends: last words)"
    );
    let [failure] = &found.failures[..] else {
        panic!("one failure");
    };
    assert_eq!((failure.step, failure.verb.as_str()), (1, "done"));
    assert_eq!(failure.wrong, Wrong::said("/exit", "7", "0"));
    assert_eq!(failure.exchange, Some((String::new(), 5)));
    assert_eq!((found.verdict, found.subjects), (Verdict::Fail, 0));
}

#[test]
fn a_situation_that_never_arose_says_so() {
    let steps = json!([{"do": "checkout", "premise": {"exit": 7}}]);
    let found = judged(&steps, &hosts(vec![exited(0, "", &[])]));
    assert_eq!(
        found.message,
        "step 1 (checkout) is not the situation that the case is about: expected 7 at /exit, got 0 (exited with 0 after 5 ms)"
    );
    assert_eq!((found.verdict, found.failures.len()), (Verdict::Inconclusive, 1));
    let mut nothing = record(vec![]);
    nothing.steps = vec![StepRecord::default()];
    assert_eq!(
        judged(&steps, &nothing),
        CaseVerdict {
            failures: vec![Failure {
                step: 0,
                verb: "checkout".to_owned(),
                wrong: Wrong::said("", "something to be seen", "nothing was recorded"),
                exchange: None,
            }],
            ..CaseVerdict::of(
                Verdict::Inconclusive,
                "step 1 (checkout) is not the situation that the case is about: expected something to be seen at /, got \
                 nothing was recorded"
            )
        }
    );
}

#[test]
fn a_long_line_of_standard_error_is_cut_behind_a_character() {
    let steps = json!([{"do": "checkout", "expect": {"exit": 7}}]);
    for (line, shown) in [
        ("x".repeat(300), "x".repeat(200)),
        ("x".repeat(200), "x".repeat(200)),
        (format!("x{}", "é".repeat(200)), format!("x{}", "é".repeat(99))),
    ] {
        let long = Hosted {
            stderr: line,
            ..exited(0, "", &[])
        };
        let message = judged(&steps, &hosts(vec![long])).message;
        assert!(
            message.ends_with(&format!("standard error ends: {shown})")),
            "{message}"
        );
    }
}

#[test]
fn what_the_last_step_lacks_is_no_failure_where_the_adapter_was_never_there() {
    let steps = json!([{"do": "checkout", "expect": {"exit": 0}}, {"do": "done", "expect": {"exit": 0}}]);
    let gone = || {
        Some(Gone {
            what: "it cannot be started".to_owned(),
            log: Vec::new(),
        })
    };
    let (good, bad) = (|| exited(0, "", &[]), || exited(1, "", &[]));
    let last = CaseRecord {
        gone: gone(),
        ..hosts(vec![good(), bad()])
    };
    assert_eq!(
        judged(&steps, &last),
        CaseVerdict::of(Verdict::Unreachable, "it cannot be started")
    );
    let earlier = CaseRecord {
        gone: gone(),
        ..hosts(vec![bad(), bad()])
    };
    assert_eq!(judged(&steps, &earlier).verdict, Verdict::Fail);
    assert_eq!(judged(&steps, &hosts(vec![good(), bad()])).verdict, Verdict::Fail);
}

#[test]
fn the_last_words_of_what_is_gone_are_told() {
    let record = CaseRecord {
        gone: Some(Gone {
            what: "it died".to_owned(),
            log: vec!["out of".to_owned(), "memory".to_owned()],
        }),
        ..hosts(vec![exited(1, "", &[])])
    };
    let found = judged(&json!([{"do": "checkout", "expect": {"exit": 0}}]), &record);
    assert_eq!(found, CaseVerdict::of(Verdict::Unreachable, "it died: out of / memory"));
}

#[test]
fn what_is_missing_leaves_a_case_undecided() {
    let steps = json!([{"do": "checkout", "expect": {"exit": 0}}, {"do": "done", "expect": {"exit": 0}}]);
    let missing = |steps: Vec<Hosted>| CaseRecord {
        missing: Some("no port was free".to_owned()),
        ..hosts(steps)
    };
    let (good, bad) = (|| exited(0, "", &[]), || exited(1, "", &[]));
    let found = CaseVerdict::of(Verdict::Inconclusive, "no port was free");
    assert_eq!(judged(&steps, &missing(vec![good(), bad()])), found);
    assert_eq!(judged(&steps, &missing(vec![good()])), found);
    assert_eq!(judged(&steps, &missing(vec![bad(), good()])).verdict, Verdict::Fail);
}

#[test]
fn a_step_that_prepares_has_to_go_well() {
    let judges = json!({"do": "query", "expect": {"answer": {"failed": false}}});
    let exit = |exit: i32| exited(exit, "", &[]);
    for (verb, good, bad) in [
        ("start", stays("result"), stays("none")),
        ("start", stays("result"), exit(0)),
        ("close", exit(7), stays("result")),
        ("tools", stays("result"), stays("none")),
    ] {
        let mut step = json!({});
        step[verb] = true.into();
        let steps = json!([step, judges]);
        let of = |first: Hosted| judged(&steps, &hosts(vec![first, stays("result")])).verdict;
        assert_eq!((of(good), of(bad)), (Verdict::Pass, Verdict::Inconclusive), "{verb}");
    }
}

/// An answer that is a failure leaves the host unharmed, and prepares nothing all the same.
#[test]
fn an_answer_that_failed_prepares_nothing() {
    let steps = json!([{"do": "assert"}, {"do": "query", "expect": {"unharmed": true}}]);
    let mut refused = stays("tool-error");
    refused.answer["failed"] = true.into();
    let found = judged(&steps, &hosts(vec![refused, stays("result")]));
    assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.message);
}

#[test]
fn a_node_that_changes_is_no_step_of_the_adapter() {
    let steps = json!([{"node": {"absent": true}}, {"do": "checkout", "expect": {"exit": 0}}]);
    let mut found = hosts(vec![exited(0, "", &[])]);
    found.steps.insert(0, StepRecord::default());
    assert_eq!(judged(&steps, &found).verdict, Verdict::Pass);
}

#[test]
fn a_slip_of_the_vector_names_its_step() {
    let steps = json!([{"do": "ping"}, {"do": "checkout", "premise": {"exit": {"$foo": 1}}}]);
    let found = judged(&steps, &hosts(vec![exited(0, "", &[]), exited(0, "", &[])]));
    assert_eq!(found.verdict, Verdict::Error);
    assert!(
        found
            .message
            .starts_with("step 2: premise: the pattern at \"/exit/$foo\""),
        "{}",
        found.message
    );
}
