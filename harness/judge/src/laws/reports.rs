//! Reports of hostile runs: each renderer stays in its format, and what is written reads back.

use proptest::prelude::*;
use serde_json::Value;

use super::{
    EDITION,
    records::{ends, of_case, runs},
    showing::is_shown_as_it_is,
};
use crate::{
    compare::{self, Links, Source},
    registry::Level,
    report::{self, Coverage, Report, html, json, junit, markdown, terminal},
    trace::{CaseRecord, RunRecord},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_report_of_anything_is_a_report(run in runs(), records in records()) {
        let report = assembled(&run, &records);
        prop_assert_eq!(&assembled(&run, &records), &report);
        let text = json::render(&report).expect("it can be written");
        let value: Value = serde_json::from_str(&text).expect("it is JSON");
        prop_assert_eq!(EDITION.schemas.mismatch("report", &value), None);
        prop_assert_eq!(serde_json::from_value::<Report>(value).expect("it was written"), report);
    }

    #[test]
    fn no_text_becomes_markup_or_another_line(run in runs(), records in records()) {
        let report = assembled(&run, &records);
        let page = html::render(&report).expect("it can be written");
        prop_assert_eq!(page.matches("<script").count(), 1);
        prop_assert_eq!(page.matches("</script").count(), 1);
        prop_assert_eq!(page.matches("<pre").count(), page.matches("</pre").count());
        prop_assert!(page.chars().all(|char| is_shown_as_it_is(char) || matches!(char, '\n' | '\t')));
        let xml = junit::render(&report).expect("it can be written");
        let read = quick_junit::Report::deserialize_from_str(&xml).expect("it is JUnit");
        prop_assert_eq!(read.test_suites[0].tests, report.cases.len());
        let plain = terminal::render(&report, &terminal::View { colour: false, width: 100, written: &[] });
        prop_assert!(plain.chars().all(|char| is_shown_as_it_is(char) || matches!(char, '\n' | '\t')));
        let comment = markdown::render(&report);
        let word_joiner = char::from_u32(0x2060);
        prop_assert!(comment.chars().all(|char| is_shown_as_it_is(char) || matches!(char, '\n' | '\t') || Some(char) == word_joiner));
    }

    #[test]
    fn reports_side_by_side_stay_in_their_formats(runs in (runs(), runs()), records in (records(), records()), counts: [usize; 4]) {
        let mut reports = [assembled(&runs.0, &records.0), assembled(&runs.1, &records.1)];
        let [musts, judged, passed, excluded] = counts;
        // A stranger's report may count as it likes.
        reports[1].coverage = Coverage { musts, judged, passed, excluded };
        let sources = reports.map(|report| Source { place: report.target.repeat.clone(), links: Links::default(), report });
        let groups = compare::groups(&sources);
        let page = html::comparison::render(&groups).expect("it can be written");
        prop_assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (2, 2));
        let block = page.split_once("id=\"data\">").and_then(|(_, rest)| rest.split_once("</script>")).map(|(block, _)| block);
        prop_assert!(block.is_some_and(|block| serde_json::from_str::<Value>(block).is_ok()), "{:?}", block);
        let plain = terminal::comparison::render(&groups, &terminal::View { colour: false, width: 100, written: &[] });
        for text in [&page, &plain] {
            prop_assert!(text.chars().all(|char| is_shown_as_it_is(char) || matches!(char, '\n' | '\t')));
        }
        let _ = (markdown::comparison::render(&groups), html::comparison::index(&groups));
    }

    #[test]
    fn every_text_of_a_requirement_is_escaped(run in runs(), text in super::drawn::texts()) {
        let mut report = assembled(&run, &[]);
        report.requirements.push(report::RequirementResult {
            id: "SEM-99".to_owned(),
            level: Level::Must,
            section: text.clone(),
            file: text.clone(),
            text: text.clone(),
            feature: Some(text.clone()),
            unless: Some(text.clone()),
            not_judged: Some(text.clone()),
            verdict: None,
            cases: vec![text],
        });
        let page = html::render(&report).expect("it can be written");
        prop_assert_eq!(page.matches("<script").count(), 1);
        prop_assert_eq!(page.matches("<pre").count(), page.matches("</pre").count());
        let _ = (markdown::render(&report), junit::render(&report));
    }
}

/// Of cases that the vectors have, so that they are shown.
fn records() -> impl Strategy<Value = Vec<CaseRecord>> {
    let known: Vec<&str> = EDITION
        .vectors
        .cases
        .iter()
        .filter(|case| case.area == "uri" || case.covers.iter().any(|id| id.starts_with("SEM-")))
        .map(|case| case.id.as_str())
        .collect();
    let one = prop::sample::select(known).prop_flat_map(|id| of_case(id.to_owned()));
    prop::collection::vec(one, 0..4)
}

fn assembled(run: &RunRecord, records: &[CaseRecord]) -> Report {
    report::assemble(
        run,
        records,
        &ends(records.len()),
        &EDITION.vectors,
        &EDITION.registry,
        &EDITION.schemas,
    )
}
