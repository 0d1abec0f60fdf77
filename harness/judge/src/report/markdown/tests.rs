use super::*;
use crate::report::{FailureResult, tests::sample};

#[test]
fn a_block_fits_where_it_ends_before_the_end() {
    assert!(fits("abc", "d", 5));
    assert!(!fits("abc", "d", 4));
}

#[test]
fn what_a_list_has_no_room_for_is_counted() {
    let listed = |end| {
        let mut page = "ab".to_owned();
        let lines = ["one", "two", "three", "four"].map(str::to_owned);
        list(&mut page, lines.to_vec(), end);
        page
    };
    assert_eq!(listed(100), "abone\ntwo\nthree\nfour\n\n");
    assert_eq!(listed(10), "abone\ntwo\n\n2 more: see `report.html`.\n\n");
    assert_eq!(listed(9), "abone\n\n3 more: see `report.html`.\n\n");
    assert_eq!(listed(0), "ab\n4 more: see `report.html`.\n\n");
}

/// So many failures that have nothing to do with each other.
fn report(cases: usize, broken: &FailureResult) -> Report {
    let case = |n: usize| CaseResult {
        failures: vec![broken.clone(); 3],
        ..sample::case(&format!("case-{n:02}"), "SEM-07", Verdict::Fail, "said")
    };
    let mut report = sample::report();
    report.cases = (0..cases).map(case).collect();
    report
}

fn in_full(page: &str) -> usize {
    page.matches("<details>").count()
}

#[test]
fn twenty_troubles_are_shown_in_full() {
    let short = FailureResult {
        exchanges: Vec::new(),
        ..sample::failure(1, "", "201")
    };
    let page = render(&report(20, &short));
    assert_eq!((in_full(&page), page.contains("- fail `case-")), (20, false));
    let page = render(&report(22, &short));
    assert_eq!(in_full(&page), 20);
    assert!(page.contains("\n- fail `case-20`\n- fail `case-21`\n"), "{page}");
}

#[test]
fn fewer_are_shown_in_full_where_they_are_long() {
    let page = render(&report(15, &sample::failure(1, "", &"x".repeat(600))));
    let shown = in_full(&page);
    assert!((5..15).contains(&shown), "{shown} of them");
    assert!(page.rfind("</details>").is_some_and(|end| end < TROUBLES_END));
    assert_eq!(page.matches("\n- fail `case-").count(), 15 - shown);
}
