use anstyle::AnsiColor::{Cyan, Green, Magenta, Red, Yellow};

use super::*;
use crate::{
    compare::tests::{NEW, OLD, Row, old_and_new, report, sources},
    report::Report,
};

const PLAIN: View<'_> = View {
    colour: false,
    width: 100,
    written: &[],
};

const OLD_AND_NEW: &str = "
Profile core
  1  old 1.0, the base
     report.json
     undetermined: nothing failed, but not every MUST could be judged
     1 of 3 MUSTs judged and passed, 2 judged and failed
     5 cases: 3 pass, 2 fail
     kit 0.1.0, seed 1, begun 2026-01-02T03:04:05Z
  2  new 1.0
     report.json
     undetermined: nothing failed, but not every MUST could be judged
     2 of 4 MUSTs judged and passed, 2 judged and failed
     6 cases: 3 pass, 2 fail, 1 inconclusive
     kit 0.1.0, seed 1, begun 2026-01-02T03:04:05Z

2 new 1.0 against 1 old 1.0
                      requirements   cases
broken                           1       1
newly inconclusive               ·       1
fixed                            1       1
new                              1       1
unchanged                        1       2

broken: it held and does not any more, or a warning became a failure
  pass → fail  SEM-01
      MUST A node holds to SEM-01, `always`.
  pass → fail  breaks
      what was found in breaks

newly inconclusive: its situation does not arise any more
  pass → inconclusive  blurs
      what was found in blurs

fixed: it did not hold, and does now
  fail → pass  SEM-02: MUST A node holds to SEM-02, `always`.
  fail → pass  mends

new: the base does not have it
  – → pass  SEM-04: MUST A node holds to SEM-04, `always`.
  – → pass  comes

broken: 1 requirement, 1 case; newly inconclusive: 1 case; fixed: 1 requirement, 1 case
";

fn rendered(reports: Vec<Report>) -> String {
    render(&compare::groups(&sources(reports)), &PLAIN)
}

#[test]
fn two_reports_are_held_against_each_other() {
    assert_eq!(render(&compare::groups(&old_and_new()), &PLAIN), OLD_AND_NEW);
}

#[test]
fn what_makes_reports_incomparable_comes_first() {
    let mut other = report("new", NEW);
    other.kit = "0.2.0".to_owned();
    let text = rendered(vec![report("old", OLD), other]);
    let note = "\nBefore comparing\n  - different kits (0.1.0 in 1; 0.2.0 in 2): a verdict may differ because of the kit\n\nProfile core\n";
    assert!(text.starts_with(note), "{text}");
}

#[test]
fn a_report_that_is_alone_is_no_base() {
    let mut alone = report("alone", OLD);
    alone.profile = "federation".to_owned();
    let text = rendered(vec![report("old", OLD), report("new", NEW), alone]);
    assert_eq!(text.matches(", the base\n").count(), 1, "{text}");
    assert!(
        text.contains("\n  1  old 1.0, the base\n") && text.contains("\n  3  alone 1.0\n"),
        "{text}"
    );
}

/// The matrix of these, and how wide its widest line is.
fn matrix_of(reports: Vec<Report>, width: usize) -> (String, usize) {
    let sources = sources(reports);
    let mut screen = Screen::new(false, width);
    matrix(&mut screen, &compare::groups(&sources)[0], &PLAIN);
    let text = screen.into_text();
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    (text, widest)
}

fn three() -> Vec<Report> {
    vec![report("old", OLD), report("new", NEW), report("older", OLD)]
}

#[test]
fn more_reports_have_a_matrix_of_what_is_not_alike() {
    let (text, _) = matrix_of(three(), 100);
    assert_eq!(
        text,
        "
Requirements that are not alike in all reports
               1     2     3
SEM-01      pass  fail  pass  A node holds to SEM-01, `always`.
SEM-02      fail  pass  fail  A node holds to SEM-02, `always`.
SEM-04         ·  pass     ·  A node holds to SEM-04, `always`.
  1 requirement alike in all
"
    );
    assert!(rendered(three()).contains(&text));
    let (text, _) = matrix_of(vec![report("a", OLD), report("b", OLD), report("c", OLD)], 100);
    assert!(text.ends_with("     3\n  3 requirements alike in all\n"), "{text}");
}

#[test]
fn the_matrix_says_as_much_as_there_is_room_for() {
    let mut reports = three();
    for report in &mut reports {
        report
            .requirements
            .iter_mut()
            .for_each(|found| found.text = "x".repeat(200));
    }
    // Heading and last line are narrower; thirty columns are taken by the id and by three reports.
    let (text, widest) = matrix_of(reports.clone(), 70);
    assert_eq!((text.matches("xxx…\n").count(), widest), (3, 70), "{text}");
    let (text, _) = matrix_of(reports.clone(), 50);
    assert!(text.contains(&format!("  {}…\n", "x".repeat(19))), "{text}");
    let (text, _) = matrix_of(reports, 49);
    assert!(
        !text.contains('x') && text.contains("\nSEM-01      pass  fail  pass\n"),
        "{text}"
    );
}

#[test]
fn the_matrix_has_an_end() {
    let one = |name: &str, count: usize, verdict| {
        let rows: Vec<(String, String)> = (0..count)
            .map(|n| (format!("case-{n}"), format!("SEM-{n:02}")))
            .collect();
        let rows: Vec<Row<'_>> = rows
            .iter()
            .map(|(id, covers)| (id.as_str(), covers.as_str(), verdict))
            .collect();
        report(name, &rows)
    };
    let of = |count| {
        matrix_of(
            vec![one("a", count, Verdict::Pass), one("b", count, Verdict::Fail)],
            100,
        )
        .0
    };
    assert!(of(60).ends_with("\n  0 requirements alike in all\n") && !of(60).contains(" more"));
    assert!(
        of(65).ends_with("\n  5 more: --html FILE shows them\n  0 requirements alike in all\n"),
        "{}",
        of(65)
    );
}

#[test]
fn what_is_not_worse_takes_one_line() {
    let eased = |verdict| {
        let mut report = report("a", &[("case", "SEM-01", verdict)]);
        report.cases[0].message = "x".repeat(200);
        report
    };
    let text = rendered(vec![eased(Verdict::Fail), eased(Verdict::Warn)]);
    let line = text
        .lines()
        .find(|line| line.starts_with("  fail → warn  case: xxx"))
        .unwrap();
    assert_eq!((line.chars().count(), line.ends_with("x…")), (100, true), "{line}");
}

#[test]
fn what_is_worse_and_says_nothing_is_told_all_the_same() {
    let mut new = report("new", NEW);
    new.cases.iter_mut().for_each(|case| case.message.clear());
    let text = rendered(vec![report("old", OLD), new]);
    assert!(
        text.contains("\n  pass → fail  breaks\n\nnewly inconclusive: "),
        "{text}"
    );
}

#[test]
fn changes_beyond_the_first_are_counted() {
    let told = |all: usize, written: &[String]| {
        let mut screen = Screen::new(false, 100);
        more(&mut screen, all, "case", &View { written, ..PLAIN });
        screen.into_text()
    };
    assert_eq!(told(25, &[]), "");
    assert_eq!(told(26, &[]), "  1 more case: --html FILE shows them\n");
    let files = ["all.md".to_owned(), "all.html".to_owned()];
    assert_eq!(told(60, &files), "  35 more cases: all.html\n");
}

#[test]
fn a_change_has_the_colour_of_where_it_leads() {
    let coloured = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    for (shown, changes) in [
        (coloured(Green), &[Change::Fixed, Change::NewlyPassing][..]),
        (coloured(Yellow), &[Change::NewlyInconclusive][..]),
        (coloured(Magenta), &[Change::NewlyInError][..]),
        (coloured(Cyan), &[Change::New, Change::Gone, Change::Eased][..]),
        (
            coloured(Red),
            &[Change::Broken, Change::NewlyFailing, Change::NewlyUnreachable][..],
        ),
        (
            DIM,
            &[Change::NewlyNotApplicable, Change::NoLongerJudged, Change::Unchanged][..],
        ),
    ] {
        for change in changes {
            assert_eq!(colour(*change), shown, "{change:?}");
        }
    }
    assert_eq!(tint(Finding::Verdict(Verdict::Pass)), coloured(Green));
    assert_eq!(tint(Finding::NotJudged), DIM);
}
