use anstyle::AnsiColor::{Green, Magenta, Red, Yellow};

use super::*;
use crate::report::tests::sample;

const PLAIN: View<'_> = View {
    colour: false,
    width: 60,
    written: &[],
};

fn in_colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}

/// A report of these cases alone.
fn report(cases: Vec<CaseResult>) -> Report {
    let mut report = sample::report();
    report.cases = cases;
    report
}

fn failed(id: &str) -> CaseResult {
    sample::case(id, "SEM-07", Verdict::Fail, "said")
}

#[test]
fn twenty_troubles_are_shown_in_full() {
    let files = ["out/report.json".to_owned(), "out/report.html".to_owned()];
    let shown = |cases: usize, written: &[String]| {
        let cases = (0..cases).map(|n| failed(&format!("case-{n:02}"))).collect();
        render(&report(cases), &View { written, ..PLAIN })
    };
    let twenty = shown(20, &files);
    assert_eq!(twenty.matches("\n  why  ").count(), 20);
    assert!(!twenty.contains("shows all of them"), "{twenty}");
    let more = shown(22, &files);
    assert_eq!(more.matches("\n  why  ").count(), 20);
    assert!(
        more.contains("\nfail  case-20: said\nfail  case-21: said\n  out/report.html shows all of them, with what was"),
        "{more}"
    );
    assert!(shown(21, &[]).contains("\n  report.html shows all of them"));
}

#[test]
fn what_belongs_to_a_trouble_is_counted_where_it_is_too_much() {
    let with = |failures: usize| {
        let mut case = failed("case");
        case.failures = vec![sample::failure(1, "", "201"); failures];
        render(&report(vec![case]), &PLAIN)
    };
    let three = with(3);
    assert_eq!(three.matches("\n  where     step 1").count(), 3);
    assert!(!three.contains("of the kind"), "{three}");
    let five = with(5);
    assert_eq!(five.matches("\n  where     step 1").count(), 3);
    assert!(five.contains("\n  and       2 more of the kind\n"), "{five}");

    let rows = |rows: usize| {
        let rows = (0..rows).map(|n| failed(&format!("table/{n}"))).collect();
        render(&report(rows), &PLAIN)
    };
    let all = rows(13);
    assert!(all.contains("table/12\n") && !all.contains(" more"), "{all}");
    let some = rows(15);
    assert!(some.contains("table/12, and 2 more\n"), "{some}");
}

#[test]
fn a_command_that_is_too_long_to_be_pasted_is_left_out() {
    let with = |length: usize| {
        let mut case = failed("case");
        case.failures = vec![sample::failure(1, "", "201")];
        case.failures[0].exchanges[1].curl = "x".repeat(length);
        render(&report(vec![case]), &PLAIN).contains("  asked     xxx")
    };
    assert!(with(LONGEST_LINE) && !with(LONGEST_LINE + 1));
}

#[test]
fn a_listed_failure_takes_one_line_and_its_reason_another() {
    let listed = |id: &str| CaseResult {
        expected: Some("issue 12".to_owned()),
        message: "x".repeat(100),
        ..failed(id)
    };
    let alone = render(&report(vec![listed("one")]), &PLAIN);
    let line = alone.lines().find(|line| line.starts_with("fail  one: xxx")).unwrap();
    assert_eq!((line.chars().count(), line.ends_with("x…")), (60, true), "{line}");
    assert!(alone.contains("…\n      issue 12\n"), "{alone}");
    let rows = render(&report(vec![listed("table/one"), listed("table/two")]), &PLAIN);
    assert!(rows.contains("\nfail  table/one and 1 more like it: xxx"), "{rows}");
}

#[test]
fn the_table_is_as_wide_as_the_screen_where_titles_are_long() {
    let mut report = sample::report();
    report.areas[0].title = "x".repeat(200);
    let plain = render(&report, &View { width: 100, ..PLAIN });
    let widths: Vec<usize> = plain.lines().skip(2).take(4).map(|line| line.chars().count()).collect();
    assert_eq!(widths, [100; 4], "{plain}");
}

#[test]
fn only_a_pass_is_green() {
    for (verdict, shown) in [
        (Verdict::Pass, in_colour(Green)),
        (Verdict::Fail, in_colour(Red)),
        (Verdict::Unreachable, in_colour(Red)),
        (Verdict::Error, in_colour(Magenta)),
        (Verdict::Warn, in_colour(Yellow)),
        (Verdict::Inconclusive, in_colour(Yellow)),
        (Verdict::NotApplicable, DIM),
    ] {
        assert_eq!(style(verdict), shown, "{verdict:?}");
    }
}

#[test]
fn only_a_conformant_node_is_told_so_in_green() {
    for (conclusion, shown) in [
        (Conclusion::Conformant, in_colour(Green).bold()),
        (Conclusion::SelectionPassed, BOLD),
        (Conclusion::AsExpected, BOLD),
        (Conclusion::Undetermined, in_colour(Yellow).bold()),
        (Conclusion::NotConformant, in_colour(Red).bold()),
        (Conclusion::SelectionFailed, in_colour(Red).bold()),
        (Conclusion::Unreachable, in_colour(Red).bold()),
        (Conclusion::HarnessError, in_colour(Red).bold()),
    ] {
        let mut report = sample::report();
        report.conclusion = conclusion;
        let text = render(&report, &View { colour: true, ..PLAIN });
        let sentence = conclusion.sentence();
        assert!(text.contains(&format!("\n{shown}{sentence}{shown:#}\n")), "{text:?}");
    }
}
