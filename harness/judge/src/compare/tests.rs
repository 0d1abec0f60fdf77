//! What is found between reports, and the reports from which the tests of the renderers start.

#[allow(dead_code, reason = "the tests of the binary use the rest")]
mod reports;

pub(crate) use reports::{BASE, NAMED, OTHER, Row, large, report};

use super::*;
use crate::{
    judge::Verdict::{Fail, Inconclusive, Pass},
    registry::Level,
};

/// From the first to the second something is broken, mended, blurred, stays as it was, and comes new.
pub(crate) const OLD: &[Row<'_>] = &[
    ("keeps", "SEM-01", Pass),
    ("breaks", "SEM-01", Pass),
    ("mends", "SEM-02", Fail),
    ("stays", "SEM-03", Fail),
    ("blurs", "SEM-03", Pass),
];
pub(crate) const NEW: &[Row<'_>] = &[
    ("keeps", "SEM-01", Pass),
    ("breaks", "SEM-01", Fail),
    ("mends", "SEM-02", Pass),
    ("stays", "SEM-03", Fail),
    ("blurs", "SEM-03", Inconclusive),
    ("comes", "SEM-04", Pass),
];

pub(crate) fn sources(reports: Vec<Report>) -> Vec<Source> {
    let source = |report| Source {
        place: "report.json".to_owned(),
        links: Links::default(),
        report,
    };
    reports.into_iter().map(source).collect()
}

pub(crate) fn old_and_new() -> Vec<Source> {
    sources(vec![report("old", OLD), report("new", NEW)])
}

#[test]
fn every_case_has_exactly_one_class_and_none_is_left_out() {
    let sources = sources(vec![report("a", BASE), report("b", OTHER)]);
    let groups = groups(&sources);
    let pair = &groups[0].pairs[0];
    let found = pair
        .cases
        .iter()
        .map(|changed| (groups[0].cases[changed.row].id, changed.change));
    let (mut found, mut named): (Vec<_>, Vec<_>) = (found.collect(), NAMED.to_vec());
    found.sort_unstable();
    named.sort_unstable();
    assert_eq!(found, named);
    assert_eq!(Pair::counts(&pair.cases).values().sum::<usize>(), groups[0].cases.len());
    assert_eq!(pair.requirements.len(), groups[0].requirements.len());
}

#[test]
fn each_further_report_is_held_against_the_first_of_its_profile() {
    let mut federation = report("c", OTHER);
    federation.profile = "federation".to_owned();
    let sources = sources(vec![
        report("a", BASE),
        federation.clone(),
        report("b", OTHER),
        report("a", BASE),
        federation,
    ]);
    let groups = groups(&sources);
    let numbers: Vec<Vec<usize>> = groups
        .iter()
        .map(|group| group.columns.iter().map(|column| column.number).collect())
        .collect();
    assert_eq!(numbers, [vec![1, 3, 4], vec![2, 5]]);
    assert_eq!((groups[0].pairs.len(), groups[1].pairs.len()), (2, 1));
    let is_unchanged = |pair: &Pair| pair.cases.iter().all(|changed| changed.change == Change::Unchanged);
    assert!(is_unchanged(&groups[0].pairs[1]) && is_unchanged(&groups[1].pairs[0]));
    assert!(!is_unchanged(&groups[0].pairs[0]));
}

#[test]
fn what_only_a_later_report_has_stands_with_its_like() {
    let sources = sources(vec![
        report(
            "a",
            &[
                ("one", "SEM-01", Pass),
                ("three", "SEM-03", Pass),
                ("http", "HTTP-07", Pass),
            ],
        ),
        report("b", &[("two", "SEM-02", Pass), ("ten", "SEM-100", Pass)]),
    ]);
    let groups = groups(&sources);
    let ids: Vec<&str> = groups[0]
        .requirements
        .iter()
        .map(|row| row.requirement.id.as_str())
        .collect();
    assert_eq!(ids, ["HTTP-07", "SEM-01", "SEM-02", "SEM-03", "SEM-100"]);
}

#[test]
fn changes_are_counted_over_all_pairs() {
    let sources = sources(vec![report("old", OLD), report("new", NEW), report("newer", NEW)]);
    let groups = groups(&sources);
    for (change, counted) in [
        (Change::Broken, (2, 2)),
        (Change::NewlyInconclusive, (0, 2)),
        (Change::Fixed, (2, 2)),
        (Change::New, (2, 2)),
        (Change::Unchanged, (2, 4)),
        (Change::Gone, (0, 0)),
    ] {
        assert_eq!(total(&groups, change), counted, "{change:?}");
    }
}

#[test]
fn what_is_fixed_or_new_is_not_worse() {
    let worse =
        |old: &[Row<'_>], new: &[Row<'_>]| is_worse(&groups(&sources(vec![report("old", old), report("new", new)])));
    assert!(worse(OLD, NEW));
    assert!(!worse(OLD, OLD));
    assert!(!worse(
        &[("a", "SEM-01", Fail)],
        &[("a", "SEM-01", Pass), ("b", "SEM-02", Fail)]
    ));
}

#[test]
fn a_case_covers_what_any_report_says() {
    let one = |covers| report("a", &[("a", covers, Pass), ("b", "SEM-02", Pass)]);
    let sources = sources(vec![one("SEM-01"), one("SEM-03"), one("SEM-01")]);
    let groups = groups(&sources);
    assert_eq!(groups[0].cases[0].covers, ["SEM-01", "SEM-03"]);
    let cases: Vec<&[usize]> = groups[0].requirements.iter().map(|row| &row.cases[..]).collect();
    assert_eq!(cases, [&[0][..], &[1][..], &[0][..]]);
}

#[test]
fn a_requirement_is_reworded_when_any_report_has_another_text_or_level() {
    let reworded = |edit: fn(&mut RequirementResult)| {
        let mut other = report("b", OLD);
        edit(&mut other.requirements[0]);
        let sources = sources(vec![report("a", OLD), other, report("c", OLD)]);
        groups(&sources)[0].requirements[0].reworded
    };
    assert!(reworded(|found| found.text = "Something else.".to_owned()));
    assert!(reworded(|found| found.level = Level::Should));
    assert!(!reworded(|found| found.verdict = None));
}

#[test]
fn requirements_are_alike_where_all_reports_have_them_and_say_the_same() {
    let all = report(
        "a",
        &[("a", "SEM-01", Pass), ("b", "SEM-02", Pass), ("c", "SEM-03", Pass)],
    );
    let some = report("b", &[("a", "SEM-01", Pass), ("b", "SEM-02", Fail)]);
    let sources = sources(vec![all.clone(), all, some]);
    let groups = groups(&sources);
    let alike = groups[0].requirements.iter().filter(|row| row.is_alike());
    let alike: Vec<&str> = alike.map(|row| row.requirement.id.as_str()).collect();
    assert_eq!(alike, ["SEM-01"]);
}

#[test]
fn a_report_says_nothing_of_what_passed_or_is_not_there() {
    let sources = old_and_new();
    let groups = groups(&sources);
    let said = |id: &str| {
        let row = groups[0].cases.iter().find(|row| row.id == id).unwrap();
        [row.said(0), row.said(1)]
    };
    assert_eq!(said("mends"), ["what was found in mends", ""]);
    assert_eq!(said("comes"), ["", ""]);
}
