//! Files about runs, from somebody else: reports that are compared and become pages and badges, and lists of known failures.

use std::path::Path;

use serde_json::Value;
use stigmem_conformance::{
    compare::{self, Links, Source},
    expected,
    report::{self, Report, badge, html, json, markdown, terminal},
};

use crate::{EDITION, VIEW, is_plain};

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(report) = report::file::parse(text, Path::new("report.json"), &EDITION.schemas) {
        let written = json::render(&report).expect("it can be written");
        let again = report::file::parse(&written, Path::new("report.json"), &EDITION.schemas);
        assert_eq!(again.as_ref(), Ok(&report));
        badges(&report);
        compared(&report);
    }
    if let Ok(list) = expected::parse(text, Path::new("known.toml"), &EDITION.schemas) {
        assert!(list.iter().all(|known| !known.case.is_empty()));
    }
}

fn badges(report: &Report) {
    // 2026.
    let badge = badge::of(report, 1_780_000_000_000);
    let svg = badge.svg().expect("it can be written");
    assert_eq!(svg.matches("<svg").count(), 1);
    assert!(is_plain(&svg), "{svg}");
    let shields = badge.json().expect("it can be written");
    serde_json::from_str::<Value>(&shields).expect("it is JSON");
}

/// With itself, so that nothing has changed.
fn compared(report: &Report) {
    let source = || Source {
        place: report.target.repeat.clone(),
        links: Links::default(),
        report: report.clone(),
    };
    let sources = [source(), source()];
    let groups = compare::groups(&sources);
    assert!(!compare::is_worse(&groups));
    let page = html::comparison::render(&groups).expect("it can be written");
    let index = html::comparison::index(&groups).expect("it can be written");
    let plain = terminal::comparison::render(&groups, &VIEW);
    for text in [&page, &index, &plain] {
        assert!(is_plain(text));
    }
    assert_eq!(
        (page.matches("<script").count(), page.matches("</script").count()),
        (2, 2)
    );
    let _ = markdown::comparison::render(&groups);
}
